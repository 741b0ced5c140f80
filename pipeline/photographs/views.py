"""What of a photograph a network looks at, and where in the photograph a unit of it looks."""

import math
from collections.abc import Sequence

from pipeline import originals
from pipeline.network.catalogue import ConvLayer
from pipeline.originals import View

# A field of fewer pixels, as the network sees them, says nothing to people: so many are shown around it.
SHOWN_PX = 24

Box = tuple[float, float, float, float]
Pixels = tuple[int, int, int, int]


def views(layers: Sequence[ConvLayer], width_px: int, height_px: int) -> tuple[View, ...]:
    """Return what a network sees of a photograph of so many pixels: whole, at two scales; of networks that take images
    of one size alone, the middle in that size.

    Args:
        layers: those that are asked, all of which have a map on it.
        width_px, height_px: of the photograph.
    """
    multiple = max(layer.canvas_multiple_px for layer in layers)
    smallest = max(layer.smallest_canvas_px for layer in layers)
    only = max(layer.only_canvas_px or 0 for layer in layers)
    if only or smallest > originals.SCALES_PX[0]:
        side = only or _rounded_up(smallest, multiple)
        return (_middle(width_px, height_px, side),)
    return tuple(_whole(view, multiple) for view in originals.views(width_px, height_px))


def boxes(view: View, layer: ConvLayer, origin_px: float, row: int, column: int) -> tuple[Pixels, Pixels]:
    """Return where in a photograph a unit looks, and the square around it that is shown of it: the field, of at least
    `SHOWN_PX`, moved to where the photograph ends. Both left, top, right, bottom in the photograph's own pixels.

    Args:
        view: what the network saw.
        layer: the unit's layer.
        origin_px: how far the middle of what the layer's first unit sees is from the edge; NaN where it has no place.
        row, column: of the unit.
    """
    shortest = min(view.width_px, view.height_px)
    if math.isnan(origin_px):
        middle, side = (view.width_px / 2, view.height_px / 2), float(max(view.width_px, view.height_px))
    else:
        middle = (origin_px + column * layer.stride_px, origin_px + row * layer.stride_px)
        side = float(layer.used_field_px)
    shown = min(max(side, SHOWN_PX), shortest)
    sides = (view.width_px, view.height_px)
    left, top = (min(max(0.0, at - shown / 2), all - shown) for at, all in zip(middle, sides, strict=True))
    field = (middle[0] - side / 2, middle[1] - side / 2, middle[0] + side / 2, middle[1] + side / 2)
    return _pixels(view, field), _pixels(view, (left, top, left + shown, top + shown))


def _pixels(view: View, box: Box) -> Pixels:
    left, top, right, bottom = map(round, view.in_photograph(box))
    return left, top, max(left + 1, right), max(top + 1, bottom)


def _middle(width_px: int, height_px: int, side: int) -> View:
    short = min(width_px, height_px)
    left, top = (width_px - short) / 2, (height_px - short) / 2
    return View(side, side, side, (left, top, left + short, top + short))


def _whole(view: View, multiple: int) -> View:
    """Return a view whose sides are multiples of so many pixels, from the middle of another."""
    width, height = (side // multiple * multiple for side in (view.width_px, view.height_px))
    left, top, right, bottom = view.box
    across, down = (
        (1 - kept / side) * (last - first) / 2
        for kept, side, first, last in (
            (width, view.width_px, left, right),
            (height, view.height_px, top, bottom),
        )
    )
    return View(view.scale_px, width, height, (left + across, top + down, right - across, bottom - down))


def _rounded_up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple
