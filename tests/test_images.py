import io
import math
import sys

import numpy as np
import pytest
from PIL import Image

from pipeline import images
from pipeline.errors import UserError


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), np.float64)


def test_a_picture_is_read_as_it_was_written(tmp_path):
    (tmp_path / "x.png").write_bytes(images.png(noise(16, 16)))

    assert np.array_equal(images.read_image(tmp_path / "x.png", 16), noise(16, 16))


def test_a_picture_of_another_size_is_named_with_both(tmp_path):
    (tmp_path / "x.png").write_bytes(images.png(noise(16, 24)))

    with pytest.raises(UserError, match=r"x\.png: 24 × 16 pixels, not 16 × 16"):
        images.read_image(tmp_path / "x.png", 16)


def test_a_picture_with_a_fourth_channel_is_not_one_of_ours(tmp_path):
    (tmp_path / "x.png").write_bytes(images.png(np.zeros((16, 16, 4), np.uint8)))

    with pytest.raises(UserError, match="not an 8-bit RGB PNG picture"):
        images.read_image(tmp_path / "x.png", 16)


def test_snapshots_are_read_as_a_row_of_as_many_squares(tmp_path):
    path = tmp_path / "x.webp"
    path.write_bytes(images.encode_snapshots([noise(16, 16)] * 3))

    assert images.read_strip(path, 3).size == (48, 16)
    with pytest.raises(UserError, match=r"x\.webp: 48 × 16 pixels, not 2 squares in a row"):
        images.read_strip(path, 2)


def test_a_strip_too_long_for_webp_is_made_smaller():
    strip = images.encode_snapshots([np.zeros((40, 40, 3), np.uint8)] * 500)
    with Image.open(io.BytesIO(strip)) as picture:
        assert picture.size == (16000, 32)


@pytest.mark.parametrize("read", [images.read_mosaic, images.check_mosaic])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_mosaic_is_named(tmp_path, read, share):
    path = tmp_path / "x.png"
    data = images.png(noise(64, 64))
    path.write_bytes(data[: int(share * len(data))])

    with pytest.raises(UserError, match=r"x\.png: damaged picture"):
        read(path)


def test_a_mosaic_is_read_up_to_a_size_that_none_of_ours_has(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(images.png(noise(20, 10)))

    monkeypatch.setattr(images, "LARGEST_MOSAIC_PIXELS", 200)
    assert images.read_mosaic(path).size == (10, 20)
    monkeypatch.setattr(images, "LARGEST_MOSAIC_PIXELS", 199)
    with pytest.raises(UserError, match=r"x\.png: implausibly large \(10 × 20 pixels\)"):
        images.read_mosaic(path)


def test_a_copy_is_the_same_bytes_every_time():
    picture = Image.fromarray(noise(64, 64))

    assert images.encode(picture, 50) == images.encode(picture, 50)


@pytest.mark.parametrize(("side", "is_whole"), [(images.WHOLE_COLOUR_PX, True), (images.WHOLE_COLOUR_PX + 2, False)])
def test_small_pictures_keep_the_colour_of_every_pixel(side, is_whole):
    stripes = np.zeros((side, side, 3), np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 255

    red = decoded(images.encode(Image.fromarray(stripes), 90))[..., 0]

    assert (red[:, ::2].mean() - red[:, 1::2].mean() > 200) == is_whole


def test_decibels_are_those_of_the_mean_squared_error():
    picture = noise(16, 16)

    assert images.decibels(picture, picture) == math.inf
    assert images.decibels(np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)) == 0
    assert images.decibels(np.full((4, 4, 3), 10, np.uint8), np.full((4, 4, 3), 9, np.uint8)) == pytest.approx(
        48.13, abs=0.01
    )


def test_a_copy_has_the_first_quality_that_is_like_the_picture_or_else_the_last():
    picture = Image.fromarray(noise(64, 64))
    copies = {quality: images.encode_faithfully(picture, quality) for quality in (20, 60, 90)}
    alike = {quality: images.decibels(noise(64, 64), decoded(copy)) for quality, copy in copies.items()}

    # A little less and a little more, for it is added up in another order here.
    assert images.encode_like(picture, copies, alike[20] - 0.1) == copies[20]
    assert images.encode_like(picture, copies, alike[20] + 0.1) == copies[60]
    assert images.encode_like(picture, copies, 99) == copies[90]


def test_a_copy_has_the_first_quality_that_fits_or_else_the_last():
    picture = Image.fromarray(noise(64, 64))
    sizes = {quality: len(images.encode(picture, quality)) for quality in (60, 40, 20)}

    assert len(images.encode_within(picture, (60, 40, 20), sizes[60])) == sizes[60]
    assert len(images.encode_within(picture, (60, 40, 20), sizes[60] - 1)) == sizes[40]
    assert len(images.encode_within(picture, (60, 40, 20), 1)) == sizes[20]


def test_a_picture_is_made_smaller_only_where_it_is_too_large():
    wide = Image.fromarray(noise(30, 90))

    assert images.at_most(wide, 90) is wide
    assert images.at_most(wide, 45).size == (45, 15)
    # A side is never lost.
    assert images.at_most(Image.fromarray(noise(1, 90)), 10).size == (10, 1)


def test_a_square_has_the_side_that_is_asked_for():
    picture = Image.fromarray(noise(32, 32))

    assert images.square(picture, 32) is picture
    assert images.square(picture, 72).size == (72, 72)


@pytest.mark.parametrize(("channels", "seen"), [(1, [0, 0, 0]), (2, [0, 1, 1]), (3, [0, 1, 2]), (5, [0, 1, 2])])
def test_an_image_is_shown_in_the_colours_that_are_said(channels, seen):
    image = np.arange(channels, dtype=np.uint8)[None, None].repeat(2, 0)

    assert images.shown(image)[0, 0].tolist() == list(images.shown_channels(channels)) == seen


def test_channels_are_read_as_they_were_written_side_by_side(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 5), np.uint8)
    (tmp_path / "x.png").write_bytes(images.encode_channels(image))

    assert np.array_equal(images.read_channels(tmp_path / "x.png", 16, 5), image)
    with Image.open(tmp_path / "x.png") as strip:
        assert np.array_equal(np.asarray(strip)[:, 16:32], image[..., 1])
    with pytest.raises(UserError, match=r"x\.png: 80 × 16 pixels, not 64 × 16"):
        images.read_channels(tmp_path / "x.png", 16, 4)


def test_a_pillow_without_a_format_is_a_mistake(monkeypatch):
    images.check_codecs()
    monkeypatch.setitem(sys.modules, "PIL._avif", None)

    with pytest.raises(
        UserError, match="was built here without AVIF, which pictures are written in: install its wheel"
    ):
        images.check_codecs()
