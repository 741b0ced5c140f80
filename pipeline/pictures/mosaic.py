"""The mosaic of a layer: all its pictures in one grid, in the order of their numbers, none left out.

A picture that proved nothing (not alive) is framed and labelled so; one that is missing leaves a crossed-out tile.
"""

import argparse
import io
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline import errors, files, images, options, selection
from pipeline.errors import UserError
from pipeline.results import layer_summary, layout
from pipeline.results.layer_summary import Layer

TILE_PX = 112
SMALLEST_TILE_PX, LARGEST_TILE_PX = 32, 512

# A near-black without hue: pictures keep their colours on it, and black ones still have an edge.
GROUND = (22, 22, 24)
EMPTY = (38, 38, 41)
LABEL = (176, 176, 180)
TITLE = (235, 235, 238)
# Light enough to be seen on any picture, with the ground's dark beside it.
MARK = (255, 214, 102)

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
class Tile:
    """One place in the grid.

    Attributes:
        filter: the filter's number.
        image: its picture, uint8 (side, side, 3), or None when there is none.
        alive: whether the picture excites its filter; None where the summary does not say.
    """

    filter: int
    image: np.ndarray | None
    alive: bool | None


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


def title(layer: Layer, tiles: int) -> str:
    """Return the line above the grid."""
    total = "" if tiles == layer.filters_total else f" of {layer.filters_total}"
    plural = "" if max(tiles, layer.filters_total) == 1 else "s"
    return (
        f"{layer.model:.60} · {layer.name:.60} · {tiles}{total} filter{plural} · "
        f"receptive field {layer.receptive_field_px} px · canvas {layer.canvas_px} px"
    )


def draw(heading: str, tiles: Iterable[Tile], *, count: int, canvas_px: int, tile_px: int = TILE_PX) -> Image.Image:
    """Return the mosaic.

    Args:
        heading: the line above the grid.
        tiles: the tiles, in order; taken one by one, so that they need not be in memory together.
        count: how many they are.
        canvas_px: side of their pictures.
        tile_px: side at which to show them.
    """
    side = shown_side(canvas_px, tile_px)
    label_font = ImageFont.load_default(_between(LABEL_PX, side // 8))
    label_height = _height(label_font)
    across = columns(count)
    down = -(-count // across)
    grid_width = across * (side + GAP_PX) - GAP_PX
    title_font = ImageFont.load_default(_between(TITLE_PX, round(grid_width * TITLE_SHARE)))
    title_height = _height(title_font)
    step_down = side + label_height + GAP_PX + GAP_PX // 2
    top = MARGIN_PX + title_height + MARGIN_PX * 3 // 4
    width = 2 * MARGIN_PX + max(grid_width, math.ceil(title_font.getlength(heading)))
    mosaic = Image.new("RGB", (width, top + down * step_down - GAP_PX + MARGIN_PX), GROUND)
    pen = ImageDraw.Draw(mosaic)
    pen.text((MARGIN_PX, MARGIN_PX), heading, TITLE, title_font)
    for place, tile in enumerate(tiles):
        row, column = divmod(place, across)
        left, upper = MARGIN_PX + column * (side + GAP_PX), top + row * step_down
        _draw_picture(mosaic, pen, tile, (left, upper, side))
        is_dead = tile.image is not None and tile.alive is False
        label = f"{tile.filter} fails" if is_dead else str(tile.filter)
        middle = left + side / 2 - label_font.getlength(label) / 2
        pen.text((round(middle), upper + side + GAP_PX // 2), label, MARK if is_dead else LABEL, label_font)
    return mosaic


def _draw_picture(mosaic: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, box: tuple[int, int, int]) -> None:
    left, upper, side = box
    right, lower = left + side - 1, upper + side - 1
    if tile.image is None:
        pen.rectangle((left, upper, right, lower), EMPTY, LABEL)
        pen.line((left, upper, right, lower), LABEL)
        pen.line((left, lower, right, upper), LABEL)
        font = ImageFont.load_default(LABEL_PX[0])
        middle = (left + side // 2, upper + side // 2)
        around = pen.textbbox(middle, "missing", font, anchor="mm")
        pen.rectangle((around[0] - 2, around[1] - 2, around[2] + 2, around[3] + 2), EMPTY)
        pen.text(middle, "missing", TITLE, font, anchor="mm")
        return
    mosaic.paste(_scaled(tile.image, side), (left, upper))
    if tile.alive is False:
        pen.rectangle((left - 3, upper - 3, right + 3, lower + 3), None, MARK, 3)
        pen.line((left, lower, right, upper), GROUND, 6)
        pen.line((left, lower, right, upper), MARK, 3)


def _scaled(image: np.ndarray, side: int) -> Image.Image:
    picture = Image.fromarray(image)
    if picture.width == side:
        return picture
    method = Image.Resampling.NEAREST if side > picture.width else Image.Resampling.LANCZOS
    return picture.resize((side, side), method)


def _height(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    # Pillow's own font is a scalable one wherever Pillow was built with FreeType, as its wheels are.
    assert isinstance(font, ImageFont.FreeTypeFont)
    return sum(font.getmetrics())


def _between(bounds: tuple[int, int], value: int) -> int:
    return min(max(value, bounds[0]), bounds[1])


def _tiles(results: Path, layer: Layer, filters: Sequence[int], missing: list[int]) -> Iterable[Tile]:
    """Yield the tiles of `filters`, and note in `missing` those without a usable picture."""
    for filter in filters:
        try:
            image = images.read_image(layout.paths(results, layer.name, filter).image, layer.canvas_px)
        except UserError:
            image = None
            missing.append(filter)
        found = layer.by_number.get(filter)
        yield Tile(filter, image, found.alive if found else None)


def _arguments() -> argparse.Namespace:
    parser = options.Parser(prog="python -m pipeline.pictures.mosaic", description="Draw all pictures of a layer.")
    options.add_results(parser)
    options.add_layer(parser)
    options.add_filters(parser, default="those of the summary")
    parser.add_argument("--summary", required=True, type=Path, help="the layer's summary, from pipeline.summary")
    parser.add_argument("--output", required=True, type=Path, help="the PNG file to write")
    parser.add_argument("--tile-px", type=int, default=TILE_PX, help=f"side of a tile (default: {TILE_PX})")
    return parser.parse_args()


def main() -> None:
    """Draw the mosaic of one layer."""
    arguments = _arguments()
    if not SMALLEST_TILE_PX <= arguments.tile_px <= LARGEST_TILE_PX:
        raise UserError(f"--tile-px: should be {SMALLEST_TILE_PX} to {LARGEST_TILE_PX}, not {arguments.tile_px}")
    layer = layer_summary.read(arguments.summary)
    if layer.name != arguments.layer:
        raise UserError(f"{arguments.summary}: it is of {layer.name!r:.80}, not of {arguments.layer}")
    filters = selection.parse_filters(arguments.filters) if arguments.filters else layer.numbers
    missing: list[int] = []
    mosaic = draw(
        title(layer, len(filters)),
        _tiles(arguments.results, layer, filters, missing),
        count=len(filters),
        canvas_px=layer.canvas_px,
        tile_px=arguments.tile_px,
    )
    buffer = io.BytesIO()
    mosaic.save(buffer, "PNG", compress_level=images.PNG_COMPRESS_LEVEL)
    files.write_bytes(arguments.output, buffer.getvalue())
    if missing:
        # The mosaic is made all the same: an honest gap tells more than no mosaic.
        numbers = selection.format_filters(tuple(missing))
        print(f"warning: {layer.name}: no usable picture of filter {numbers}: marked as missing", file=sys.stderr)


if __name__ == "__main__":
    errors.run(main)
