"""Windows: squares of photographs around the units that they excite, as the network sees them."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.network.catalogue import ConvLayer
from pipeline.originals import Original
from pipeline.results.exemplars import Exemplar

# The middle of a smaller window would be within reach of the zeros around it.
SMALLEST_PX = 48
# Few shapes, and whole cells of VGG16's maps.
_MULTIPLE_PX = 16


@dataclass(frozen=True)
class _Extent:
    """One side of a window: from where to where it is in the photograph's own pixels, how many of the window's that
    makes, and how many are missing before it."""

    start: float
    end: float
    pixels: int
    before: int


def side_px(layer: ConvLayer, canvas_px: int) -> int:
    """Return the side of a layer's windows, in pixels of what the network sees: enough for a unit's field, at most that
    of the layer's pictures."""
    if layer.only_canvas_px is not None:
        return layer.only_canvas_px
    multiple = int(np.lcm(_MULTIPLE_PX, layer.canvas_multiple_px))
    wanted = max(layer.used_field_px, layer.smallest_canvas_px, SMALLEST_PX)
    side = -(-wanted // multiple) * multiple
    return side if side <= canvas_px else canvas_px


def cut(original: Original, exemplar: Exemplar, field_px: int, side: int) -> np.ndarray:
    """Return the window around an exemplar's field, uint8 (side, side, 3); what lies beyond the photograph is its
    mirror image.

    Args:
        original: the photograph.
        exemplar: a place in it.
        field_px: side of the field, in pixels of what the network saw.
        side: of the window, likewise.
    """
    scale = exemplar.scale_px / min(original.width_px, original.height_px)
    left, top, right, bottom = exemplar.field
    across = _extent(_middle(left, right, original.width_px, field_px / scale), original.width_px, scale, side)
    down = _extent(_middle(top, bottom, original.height_px, field_px / scale), original.height_px, scale, side)
    smaller = original.picture.width / original.width_px, original.picture.height / original.height_px
    box = (
        across.start * smaller[0],
        down.start * smaller[1],
        min(across.end * smaller[0], original.picture.width),
        min(down.end * smaller[1], original.picture.height),
    )
    seen = original.picture.resize((across.pixels, down.pixels), Image.Resampling.LANCZOS, box)
    before = (down.before, across.before)
    missing = [
        (first, side - pixels - first) for first, pixels in zip(before, (down.pixels, across.pixels), strict=True)
    ]
    return np.pad(np.asarray(seen), (*missing, (0, 0)), mode="symmetric")


def _extent(middle: float, length: int, scale: float, side: int) -> _Extent:
    """Return where a window of so many pixels lies along a photograph, at a scale in its pixels for each of the
    photograph's."""
    first = middle - side / scale / 2
    start, end = max(0.0, first), min(float(length), first + side / scale)
    pixels = min(side, max(1, round((end - start) * scale)))
    return _Extent(start, end, pixels, min(side - pixels, round((start - first) * scale)))


def _middle(start: float, end: float, length: int, field: float) -> float:
    """Return the middle of a field of which the photograph holds from `start` to `end`: it is cut off at that end which
    is the nearer to the photograph's own."""
    if end - start > field - 2:
        return (start + end) / 2
    return end - field / 2 if start < length - end else start + field / 2
