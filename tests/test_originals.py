import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline import originals
from pipeline.errors import UserError

RED, GREEN, BLUE = (200, 40, 30), (30, 180, 60), (20, 60, 220)


def quarters(width: int = 120, height: int = 80) -> Image.Image:
    """Return a picture whose corners are red, green, blue and white, from the upper left on."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    picture.paste((255, 255, 255), (width // 2, height // 2, width, height))
    return picture


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def corner(picture: Image.Image) -> tuple[int, ...]:
    return picture.getpixel((picture.width // 8, picture.height // 8))


@pytest.mark.parametrize("kind", originals.FORMATS)
def test_every_kind_of_file_is_opened(kind):
    opened = originals.decode(encoded(quarters(), kind), "x")

    assert (opened.picture.mode, opened.picture.size) == ("RGB", (120, 80))
    assert np.abs(np.subtract(corner(opened.picture), RED)).max() < 12


def in_mode(mode: str) -> Image.Image:
    if mode == "P":
        return quarters().quantize(4)
    if mode == "I;16":
        return Image.fromarray(np.asarray(quarters().convert("L")).astype(np.uint16) << 8)
    return quarters().convert(mode)


@pytest.mark.parametrize(
    ("mode", "shows"),
    [("P", "RGB"), ("CMYK", "RGB"), ("RGBA", "RGB"), ("L", "L"), ("LA", "L"), ("1", "1"), ("I;16", "L")],
)
def test_every_mode_becomes_rgb_of_the_right_colour(mode, shows):
    data = encoded(in_mode(mode), "JPEG" if mode == "CMYK" else "PNG")

    opened = originals.decode(data, "x").picture

    assert opened.mode == "RGB"
    wanted = np.asarray(quarters().convert(shows).convert("RGB"), int)
    assert np.abs(np.asarray(opened, int) - wanted).max() < 12


def test_transparent_pixels_are_mid_grey_whatever_colour_hides_in_them():
    picture = quarters().convert("RGBA")
    picture.paste((255, 0, 0, 0), (0, 0, 60, 40))

    assert corner(originals.decode(encoded(picture, "PNG"), "x").picture) == (128, 128, 128)


def test_a_transparent_entry_of_a_palette_is_mid_grey():
    picture = quarters().quantize(4)
    data = encoded(picture, "PNG", transparency=picture.getpixel((5, 5)))

    assert corner(originals.decode(data, "x").picture) == (128, 128, 128)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_upright_as_its_exif_says(orientation):
    stored = quarters()
    if orientation in originals._UPRIGHT:
        undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        stored = stored.transpose(undo.get(orientation, originals._UPRIGHT[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation

    opened = originals.decode(encoded(stored, "JPEG", exif=exif, quality=95), "x")

    assert (opened.width_px, opened.height_px) == opened.picture.size == (120, 80)
    assert np.abs(np.subtract(corner(opened.picture), RED)).max() < 12


def test_exif_of_nonsense_turns_nothing():
    data = encoded(quarters(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(20))

    assert originals.decode(data, "x").picture.size == (120, 80)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    data = encoded(quarters(), kind, save_all=True, append_images=[Image.new("RGB", (120, 80), BLUE)])

    assert np.abs(np.subtract(corner(originals.decode(data, "x").picture), RED)).max() < 12


def a_png_of(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(10**6)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9_000, 12_000, 60_000, 2**31 - 1])
def test_a_bomb_is_refused_before_any_pixel_is_made(side):
    with pytest.raises(UserError, match=r"^x: (9000 × 9000 pixels, more than 64 megapixels|no picture|12000 × 12000)"):
        originals.decode(a_png_of(side, side), "x")


@pytest.mark.parametrize(
    "data", [b"", b"hello", encoded(quarters(), "JPEG")[:600], encoded(quarters(), "GIF"), a_png_of(200, 2000)[:300]]
)
def test_what_is_no_photograph_is_one_line(data):
    with pytest.raises(UserError, match=r"^x: no picture that can be read \([^\n]+\)\Z"):
        originals.decode(data, "x")


@pytest.mark.parametrize("kind", originals.FORMATS)
def test_scrambled_files_are_a_picture_or_one_line(kind):
    data = encoded(quarters(), kind)
    random = np.random.default_rng(0)
    for _ in range(40):
        broken = np.frombuffer(data, np.uint8).copy()
        broken[random.integers(0, len(broken), 8)] = random.integers(0, 256, 8)

        outcome = outcome_of(broken.tobytes())

        assert outcome == "RGB" or (outcome.startswith("x: ") and "\n" not in outcome)


def outcome_of(data: bytes) -> str:
    try:
        return originals.decode(data, "x").picture.mode
    except UserError as error:
        return str(error)


def test_a_jpeg_is_decoded_no_larger_than_is_needed():
    data = encoded(quarters(3000, 2000), "JPEG")

    opened = originals.decode(data, "x", 512)

    assert opened.picture.size == (1500, 1000)
    assert (opened.width_px, opened.height_px) == (3000, 2000)


def sizes(width: int, height: int) -> list[tuple[int, int]]:
    return [(each.width_px, each.height_px) for each in originals.views(width, height)]


def test_a_photograph_is_seen_at_two_scales_where_it_is_large_enough():
    assert sizes(640, 480) == [(352, 256), (672, 512)]
    assert sizes(436, 500) == [(256, 288), (512, 576)]
    assert sizes(400, 400) == [(256, 256)]


def test_of_a_panorama_the_middle_is_seen():
    (view,) = originals.views(3000, 300)

    assert (view.width_px, view.height_px) == (512, 256)
    assert view.box == (1200, 0, 1800, 300)


def test_a_place_in_what_is_seen_is_one_in_the_photograph():
    (view,) = originals.views(300, 1000)

    assert view.in_photograph((0, 0, 256, 512)) == view.box == (0, 200, 300, 800)
    assert view.in_photograph((128, 256, 128 + 256, 256 + 64)) == (150, 500, 300, 575)


@pytest.mark.parametrize("short_px", [None, 512])
def test_what_is_seen_shows_the_same_whatever_it_was_decoded_to(short_px):
    opened = originals.decode(encoded(quarters(3001, 2001), "JPEG"), "x", short_px)
    for view in originals.views(opened.width_px, opened.height_px):
        pixels = originals.seen(opened, view)

        assert (pixels.dtype, pixels.shape) == (np.uint8, (view.height_px, view.width_px, 3))
        middle_row, middle_column = view.height_px // 2, view.width_px // 2
        assert np.abs(pixels[middle_row - 3, middle_column - 3] - np.array(RED)).max() < 40
        assert np.abs(pixels[middle_row + 3, middle_column - 3] - np.array(BLUE)).max() < 40


def test_a_small_photograph_is_enlarged():
    opened = originals.decode(encoded(quarters(64, 64), "PNG"), "x")

    assert originals.seen(opened, originals.views(64, 64)[0]).shape == (256, 256, 3)


def test_a_file_is_read_and_named(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(quarters(), "PNG"))
    (tmp_path / "b.png").write_bytes(b"")

    assert originals.read(tmp_path / "a.png").width_px == 120
    with pytest.raises(UserError, match=r"b\.png: no picture that can be read"):
        originals.read(tmp_path / "b.png")
