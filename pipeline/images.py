"""Pictures as bytes: encoding them, and reading them without trusting what they claim to be."""

import io
import math
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError, features

from pipeline import files
from pipeline.errors import UserError

# zlib level: 8 ms and 94 kB for a 224-px picture; levels 5 to 9 give the same bytes, 1 to 3 save 2 ms and cost 11 kB.
PNG_COMPRESS_LEVEL = 4

# Of snapshots and animations, which are looked at small; the slower methods take 2 to 6 times as long to save a few per
# cent.
WEBP_QUALITY = 90
WEBP_METHOD = 1

# Longest side that the WebP format allows.
WEBP_LARGEST_PX = 16383

# Of AVIF: a colour for every pixel, or for every square of four.
WHOLE_COLOUR, QUARTER_COLOUR = "4:4:4", "4:2:0"

# Pictures up to this side, in pixels, are looked at so closely that their colours need every pixel.
WHOLE_COLOUR_PX = 96

# The AVIF encoder's speed (0..10): 9 takes a quarter of the time of 8 and gives, at the same size, pictures 0.2 dB
# further from the original.
SPEED = 9
# Of pictures, whose error is bounded: for the same error a twentieth fewer bytes, of 4,224 of them 6 MB, in 12 ms more
# each.
FAITHFUL_SPEED = 8
# With the least error rather than the best look: the encoder's usual aim takes an eighth more bytes for the same error.
# What symbols cost is counted once a picture, and coefficients are weighed against their cost for the chosen blocks
# alone: the same bytes in a quarter less time.
FAITHFUL = {"tune": "psnr", "coeff-cost-upd-freq": "3", "mode-cost-upd-freq": "3", "disable-trellis-quant": "2"}

# A mosaic larger than this is no mosaic of ours: 5,000 filters of 100 pixels are 50 megapixels.
LARGEST_MOSAIC_PIXELS = 200_000_000

# Which channels of an image that is neither RGB nor grey are shown as red, green and blue: the first three; of two, the
# second as both green and blue, so that equal values are grey.
_OF_TWO, _OF_MORE = (0, 1, 1), (0, 1, 2)

# What Pillow raises on files that are truncated, scrambled or of another kind.
PICTURE_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

# The first bytes of a PNG file, and the bit depth and the colour type of 8-bit RGB and grey.
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH_AND_COLOUR = slice(24, 26)
_PNG_8_BIT_RGB, _PNG_8_BIT_GREY = b"\x08\x02", b"\x08\x00"


def check_codecs() -> None:
    """Raise `UserError` where this machine's Pillow was built without a format that pictures are written in."""
    missing = [name for name, part in (("AVIF", "avif"), ("WebP", "webp"), ("PNG", "zlib")) if not features.check(part)]
    if missing:
        raise UserError(
            f"Pillow {PIL.__version__} was built here without {' and '.join(missing)}, which pictures are written in: "
            "install its wheel (pip install --force-reinstall --only-binary=:all: pillow)"
        )


def is_false_colour(channels: int) -> bool:
    """Return whether pictures of images with so many channels are shown in colours that are not theirs."""
    return channels not in (1, 3)


def shown_channels(channels: int) -> tuple[int, int, int]:
    """Return which channels of an image are shown as red, green and blue."""
    if channels == 1:
        return (0, 0, 0)
    return _OF_TWO if channels == 2 else _OF_MORE


def shown(image: np.ndarray) -> np.ndarray:
    """Return an image as it is shown: (height, width, channels) as (height, width, 3)."""
    channels = image.shape[-1]
    return image if channels == 3 else image[..., shown_channels(channels)]


def encode_channels(image: np.ndarray) -> bytes:
    """Return the channels of an image, uint8 (side, side, channels), side by side as one grey picture: PNG bytes."""
    buffer = io.BytesIO()
    strip(image).save(buffer, "PNG", compress_level=PNG_COMPRESS_LEVEL)
    return buffer.getvalue()


def strip(image: np.ndarray) -> Image.Image:
    """Return the channels of an image, uint8 (side, side, channels), side by side as one grey picture."""
    return Image.fromarray(np.concatenate(list(np.moveaxis(image, -1, 0)), axis=1))


def read_channels(path: Path, side_px: int, channels: int) -> np.ndarray:
    """Return the image whose channels are side by side in `path`, uint8 (side_px, side_px, channels); raise
    `UserError` when it is anything else."""
    pixels = _read_png(path, _PNG_8_BIT_GREY, "grey", (side_px * channels, side_px))
    return np.ascontiguousarray(np.moveaxis(pixels.reshape(side_px, channels, side_px), 1, -1))


def read_image(path: Path, side_px: int) -> np.ndarray:
    """Return the picture in `path`, uint8 (side_px, side_px, 3); raise `UserError` when it is anything else."""
    return _read_png(path, _PNG_8_BIT_RGB, "RGB", (side_px, side_px))


def _read_png(path: Path, kind: bytes, called: str, wanted: tuple[int, int]) -> np.ndarray:
    data = files.read_bytes(path)
    if not data.startswith(_PNG_SIGNATURE) or data[_PNG_DEPTH_AND_COLOUR] != kind:
        raise UserError(f"{path}: not an 8-bit {called} PNG picture")
    try:
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            # The size is known before any pixel is decoded, so a decompression bomb goes no further than this.
            if picture.size == wanted:
                return np.array(picture)
            size = "{} × {}".format(*picture.size)
    except (*PICTURE_DAMAGE, Warning) as error:
        raise UserError(f"{path}: damaged picture ({damage_words(error)})") from None
    raise UserError(f"{path}: {size} pixels, not {wanted[0]} × {wanted[1]}")


def damage_words(error: Exception) -> str:
    """Say what Pillow found in a damaged picture; where it knows no such kind it names an object of Python's."""
    return "of no known kind" if isinstance(error, UnidentifiedImageError) else str(error)


def encode_snapshots(snapshots: Sequence[np.ndarray]) -> bytes:
    """Return equal squares, uint8 (side, side, 3), as one row in WebP, made smaller where WebP's limit asks."""
    strip = Image.fromarray(np.concatenate(list(snapshots), axis=1))
    side = min(strip.height, WEBP_LARGEST_PX // len(snapshots))
    if side < strip.height:
        strip = strip.resize((side * len(snapshots), side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    strip.save(buffer, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return buffer.getvalue()


def square(picture: Image.Image, side: int) -> Image.Image:
    """Return a square picture resampled to `side` pixels."""
    return picture if picture.width == side else picture.resize((side, side), Image.Resampling.LANCZOS)


def at_most(picture: Image.Image, largest: int) -> Image.Image:
    """Return the picture, made smaller if a side is longer than `largest` pixels."""
    if max(picture.size) <= largest:
        return picture
    scale = largest / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def encode(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as AVIF bytes, the same on any number of cores."""
    buffer = io.BytesIO()
    colour = WHOLE_COLOUR if max(picture.size) <= WHOLE_COLOUR_PX else QUARTER_COLOUR
    picture.save(buffer, "AVIF", quality=quality, speed=SPEED, subsampling=colour, max_threads=1)
    return buffer.getvalue()


def encode_faithfully(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as AVIF bytes, with a colour for every pixel, and with the least error."""
    buffer = io.BytesIO()
    picture.save(
        buffer, "AVIF", quality=quality, speed=FAITHFUL_SPEED, subsampling=WHOLE_COLOUR, max_threads=1,
        advanced=FAITHFUL,
    )  # fmt: skip
    return buffer.getvalue()


def encode_like(picture: Image.Image, qualities: Iterable[int], least_db: float) -> bytes:
    """Return the picture as AVIF bytes at the first quality whose copy is as much like it as `least_db`, else the
    last."""
    data = b""
    for quality in qualities:
        data = encode_faithfully(picture, quality)
        with Image.open(io.BytesIO(data)) as copy:
            if decibels(np.asarray(picture), np.asarray(copy)) >= least_db:
                break
    return data


def decibels(picture: np.ndarray, copy: np.ndarray) -> float:
    """Return how much a copy is like a picture, both uint8 of one shape: the PSNR in dB, infinite where they are
    equal."""
    difference = picture.astype(np.float32) - copy
    error = float(np.vdot(difference, difference)) / difference.size
    return 10 * math.log10(255**2 / error) if error else math.inf


def encode_within(picture: Image.Image, qualities: Iterable[int], largest: int) -> bytes:
    """Return the picture as AVIF bytes at the first quality that needs no more than `largest` bytes, else the last."""
    data = b""
    for quality in qualities:
        data = encode(picture, quality)
        if len(data) <= largest:
            break
    return data


def read_strip(path: Path, count: int) -> Image.Image:
    """Return the strip of `count` squares in `path`; raise `UserError` when it is anything else."""
    try:
        with files.opened(path) as stream, Image.open(stream, formats=["WEBP"]) as picture:
            if picture.width != picture.height * count:
                raise UserError(f"{path}: {picture.width} × {picture.height} pixels, not {count} squares in a row")
            return picture.convert("RGB")
    except PICTURE_DAMAGE as error:
        raise UserError(
            f"{path}: damaged picture ({damage_words(error)}); delete it and its record to render it anew"
        ) from None


def read_mosaic(path: Path) -> Image.Image:
    """Return the mosaic in `path`; raise `UserError` when it cannot be read."""
    with _mosaic(path, cure="; delete it to make it anew") as picture:
        if math.prod(picture.size) > LARGEST_MOSAIC_PIXELS:
            raise UserError(f"{path}: implausibly large ({picture.width} × {picture.height} pixels)")
        return picture.convert("RGB")


def check_mosaic(path: Path) -> None:
    """Raise `UserError` for a mosaic that cannot be read."""
    with _mosaic(path) as picture:
        # Checksums of all parts, without decoding.
        picture.verify()


@contextmanager
def _mosaic(path: Path, *, cure: str = "") -> Iterator[Image.Image]:
    """Yield the mosaic in `path`, not decoded yet; raise `UserError`, which ends in `cure`, for what Pillow finds."""
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            files.opened(path) as stream,
            Image.open(stream, formats=["PNG"]) as picture,
        ):
            yield picture
    except PICTURE_DAMAGE as error:
        raise UserError(f"{path}: damaged picture ({damage_words(error)}){cure}") from None


def png(pixels: np.ndarray) -> bytes:
    """Return uint8 pixels, (height, width, 3 or 4), as PNG bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
