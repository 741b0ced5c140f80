"""The sheet that shows all pictures of a layer: how large it is, and where on it each of them stands."""

import math
from dataclasses import dataclass

from PIL import ImageFont

from pipeline.results.layer_summary import Layer

TILE_PX = 112

GAP_PX = 8
MARGIN_PX = 24
# Text below this size cannot be read; labels grow with the tiles up to the larger one.
LABEL_PX = (12, 20)
TITLE_PX = (18, 40)
# The title takes this share of the grid's width for its height.
TITLE_SHARE = 1 / 80

# Columns ÷ √tiles: between these the grid is wide rather than tall, labels counted, and not a ribbon.
COLUMNS_RANGE = (1.1, 1.6)


@dataclass(frozen=True)
class Sheet:
    """A grid of pictures below a title.

    Attributes:
        columns, rows: of the grid, filled row by row.
        side_px: of a picture.
        left_px, top_px: where the first picture begins.
        right_px, down_px: from a picture to the next one of its row, and of its column.
        width_px, height_px: of the whole.
        label_px, title_px: sizes of the two fonts.
    """

    columns: int
    rows: int
    side_px: int
    left_px: int
    top_px: int
    right_px: int
    down_px: int
    width_px: int
    height_px: int
    label_px: int
    title_px: int

    def place(self, number: int) -> tuple[int, int]:
        """Return where the picture with a number, counted from 0, begins: left and top in pixels."""
        row, column = divmod(number, self.columns)
        return self.left_px + column * self.right_px, self.top_px + row * self.down_px


def plan(heading: str, *, count: int, canvas_px: int, tile_px: int = TILE_PX) -> Sheet:
    """Return the sheet for `count` pictures of `canvas_px`, to be shown at about `tile_px`, below a heading."""
    side = shown_side(canvas_px, tile_px)
    label_px = _between(LABEL_PX, side // 8)
    across = columns(count)
    down = -(-count // across)
    grid_width = across * (side + GAP_PX) - GAP_PX
    title_px = _between(TITLE_PX, round(grid_width * TITLE_SHARE))
    title_font = font(title_px)
    down_px = side + text_height(font(label_px)) + GAP_PX + GAP_PX // 2
    top = MARGIN_PX + text_height(title_font) + MARGIN_PX * 3 // 4
    return Sheet(
        columns=across,
        rows=down,
        side_px=side,
        left_px=MARGIN_PX,
        top_px=top,
        right_px=side + GAP_PX,
        down_px=down_px,
        width_px=2 * MARGIN_PX + max(grid_width, math.ceil(title_font.getlength(heading))),
        height_px=top + down * down_px - GAP_PX + MARGIN_PX,
        label_px=label_px,
        title_px=title_px,
    )


def title(layer: Layer, tiles: int) -> str:
    """Return the line above the grid."""
    total = "" if tiles == layer.filters_total else f" of {layer.filters_total}"
    plural = "" if max(tiles, layer.filters_total) == 1 else "s"
    return (
        f"{layer.model:.60} · {layer.name:.60} · {tiles}{total} filter{plural} · "
        f"receptive field {layer.receptive_field_px} px · canvas {layer.canvas_px} px"
    )


def columns(tiles: int) -> int:
    """Return how many columns a grid of so many tiles gets: wide rather than tall, with few empty places."""
    low, high = (share * math.sqrt(tiles) for share in COLUMNS_RANGE)
    candidates = range(max(1, math.ceil(low)), max(1, math.ceil(low), math.floor(high)) + 1)
    return min(tiles, min(candidates, key=lambda count: (-tiles % count, count)))


def shown_side(canvas_px: int, tile_px: int) -> int:
    """Return the side at which pictures are shown: `tile_px`, or for smaller ones their own, whole times over.

    Small pictures are enlarged by whole factors only, so that their pixels stay what they are.
    """
    return tile_px if canvas_px >= tile_px else canvas_px * (tile_px // canvas_px)


def font(size_px: int) -> ImageFont.FreeTypeFont:
    """Return the font that sheets are labelled in."""
    found = ImageFont.load_default(size_px)
    # Pillow's own font is a scalable one wherever Pillow was built with FreeType, as its wheels are.
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def text_height(font: ImageFont.FreeTypeFont) -> int:
    """Return the height of a line of text in pixels."""
    return sum(font.getmetrics())


def _between(bounds: tuple[int, int], value: int) -> int:
    return min(max(value, bounds[0]), bounds[1])
