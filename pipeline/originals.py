"""Photographs as they come: found in a folder, opened without trust as upright RGB, and cut to what a network sees."""

import io
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import files, images
from pipeline.errors import UserError, in_one_line

# Kinds of files that are photographs, by Pillow's names and by the endings that are looked for in a folder.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".avif")

# The file of a folder that says whose its photographs are.
CREDITS = "credits.csv"
# Files of a folder, of any kind, and its own folders: more is somebody's whole disk, given by mistake.
MOST_ENTRIES = 500_000

# Decoded, a pixel takes 3 to 4 bytes, three times over where it is transparent: 0.8 GB at most. The largest cameras
# make 61 megapixels; JPEG, which can be decoded at a half to an eighth of its size, is counted after that.
LARGEST_PIXELS = 64_000_000
# Enlarged four times to what a network sees, there is nothing left to answer to.
SMALLEST_SIDE_PX = 64

# Shorter sides, in pixels, at which networks see a photograph. One of 436 px or more is sharp enough at 512.
SCALES_PX = (256, 512)
_ENOUGH_FOR_SCALE = 0.85
# Shorter side to which a photograph is decoded that is opened for a network: enough for all scales.
DECODED_PX = SCALES_PX[-1]
# Channels of images that photographs can be turned into: grey, and RGB.
CHANNELS = (1, 3)
# Few shapes, and whole cells of the maps at a stride of 32.
_MULTIPLE_PX = 32
# Of a panorama the middle is seen, so many times as long as the shorter side.
_LONGEST = 2

# What red, green and blue add to the lightness of Rec. 601, in thousandths.
_LIGHTNESS = np.array([299, 587, 114], np.int32)

# What shows through transparent pixels: the middle of the range.
_BEHIND = (128, 128, 128)

# EXIF's number of a photograph's orientation, and what turns each upright.
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of the turned ones, those that lie on their side.
_ON_ITS_SIDE = (5, 6, 7, 8)


@dataclass(frozen=True)
class Original:
    """A photograph, opened.

    Attributes:
        picture: RGB, upright; smaller than the file's own where less was asked for.
        width_px, height_px: of the file's own pixels, upright.
    """

    picture: Image.Image
    width_px: int
    height_px: int

    def cut(self, box: tuple[float, float, float, float], size: tuple[int, int]) -> np.ndarray:
        """Return a part of it (left, top, right, bottom in the file's own pixels) as uint8 pixels of a size, width and
        height: (height, width, 3)."""
        across, down = self.picture.width / self.width_px, self.picture.height / self.height_px
        left, top, right, bottom = box
        # Where JPEG was decoded smaller its sides were rounded up.
        within = (
            left * across,
            top * down,
            min(right * across, self.picture.width),
            min(bottom * down, self.picture.height),
        )
        return np.asarray(self.picture.resize(size, Image.Resampling.LANCZOS, within))


@dataclass(frozen=True)
class View:
    """What a network sees of a photograph at one scale.

    Attributes:
        scale_px: length of the shorter side that was asked for, one of `SCALES_PX`.
        width_px, height_px: of the image that the network is given.
        box: left, top, right, bottom of what is seen, in the photograph's own pixels.
    """

    scale_px: int
    width_px: int
    height_px: int
    box: tuple[float, float, float, float]

    def in_photograph(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """Return a rectangle of the image that the network is given (left, top, right, bottom) in the photograph's own
        pixels, cut off at what is seen of it."""
        left, top, right, bottom = self.box
        across, down = (right - left) / self.width_px, (bottom - top) / self.height_px
        x = [left + across * min(max(0.0, each), self.width_px) for each in (box[0], box[2])]
        y = [top + down * min(max(0.0, each), self.height_px) for each in (box[1], box[3])]
        return x[0], y[0], x[1], y[1]


def find(folder: Path) -> list[str]:
    """Return the names of the photographs in a folder and the folders in it, by their endings: ascending, the parts of
    each separated by "/". Hidden ones, and what symbolic links to folders lead to, are passed over.

    Raises `UserError` where there is no such folder, no photograph in it, or implausibly much.
    """
    if not os.path.isdir(folder):  # noqa: PTH112 (a path of any characters whatever)
        raise UserError(f"{folder}: no such folder")
    found, entries = [], 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        entries += len(folders) + len(names)
        if entries > MOST_ENTRIES:
            raise UserError(f"{folder}: more than {MOST_ENTRIES:,} files; name a folder of photographs alone")
        below = Path(place).relative_to(folder)
        found += [(below / each).as_posix() for each in names if each.lower().endswith(ENDINGS) and each[0] != "."]
    if not found:
        raise UserError(f"{folder}: no photograph in it: no file that ends in {', '.join(ENDINGS)}")
    return sorted(found)


def read(path: Path, short_px: int | None = None) -> Original:
    """Return the photograph in `path`: the first frame of an animation, on mid grey where it is transparent.

    Args:
        path: of a JPEG, PNG, WebP or AVIF file, in any of its colours and depths.
        short_px: length of the shorter side that is enough, which a JPEG is decoded the faster for; None for all.

    Raises `UserError`, the path first, for what is no photograph, or one of more than `LARGEST_PIXELS`.
    """
    return decode(files.read_bytes(path), str(path), short_px)


def decode(data: bytes, name: str, short_px: int | None = None) -> Original:
    """Return the photograph in the bytes of a file that messages call `name`, as `read` does."""
    try:
        # Pillow warns of sizes that are refused below anyway, and of what it can make nothing of in EXIF.
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
            if short_px is not None:
                picture.draft("RGB", (short_px, short_px))
            # A progressive JPEG keeps all of its coefficients while it is decoded, whatever the size.
            pixels = width * height if picture.info.get("progressive") else picture.width * picture.height
            if pixels > LARGEST_PIXELS:
                raise UserError(f"{name}: {width} × {height} pixels, more than {LARGEST_PIXELS // 10**6} megapixels")
            picture.load()
            orientation = _orientation(picture)
            rgb = _rgb(picture)
    except images.PICTURE_DAMAGE as error:
        raise UserError(f"{name}: no picture that can be read ({in_one_line(images.damage_words(error))})") from None
    if orientation in _ON_ITS_SIDE:
        width, height = height, width
    return Original(rgb.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else rgb, width, height)


def views(width_px: int, height_px: int) -> tuple[View, ...]:
    """Return what a network sees of a photograph of so many pixels, at each scale that it is large enough for: whole
    but for the ends of panoramas, sides multiples of 32."""
    short = min(width_px, height_px)
    scales = [scale for scale in SCALES_PX if scale == SCALES_PX[0] or short >= _ENOUGH_FOR_SCALE * scale]
    width, height = min(width_px, _LONGEST * short), min(height_px, _LONGEST * short)
    left, top = (width_px - width) / 2, (height_px - height) / 2
    box = (left, top, left + width, top + height)
    # No side is stretched by more than a sixteenth so that it fits.
    return tuple(
        View(scale, _multiple(width * scale / short), _multiple(height * scale / short), box) for scale in scales
    )


def seen(original: Original, view: View) -> np.ndarray:
    """Return what a network sees of a photograph: uint8 (height_px, width_px, 3) of the view."""
    return original.cut(view.box, (view.width_px, view.height_px))


def in_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return RGB pixels, uint8 (height, width, 3), as an image of so many channels: 3, or 1 for grey."""
    if channels == 3:
        return pixels
    grey: np.ndarray = ((pixels.astype(np.int32) @ _LIGHTNESS + 500) // 1000)[..., None].astype(np.uint8)
    return grey


def _multiple(side: float) -> int:
    return max(1, round(side / _MULTIPLE_PX)) * _MULTIPLE_PX


def _orientation(picture: Image.Image) -> int:
    """Return EXIF's orientation of a picture; 1, upright, where there is none or it cannot be read."""
    try:
        found = picture.getexif().get(_ORIENTATION, 1)
    except images.PICTURE_DAMAGE:
        return 1
    return found if isinstance(found, int) else 1


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16 bits of grey, which Pillow would cut off at 255.
        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    if picture.has_transparency_data:
        colours = picture.convert("RGBA")
        behind = Image.new("RGB", picture.size, _BEHIND)
        behind.paste(colours, mask=colours)
        return behind
    return picture.convert("RGB")
