"""The mosaic of a layer: all its pictures in one grid, in the order of their numbers, none left out.

A picture that proved nothing (not alive) is framed and labelled so; one that is missing leaves a crossed-out tile.
"""

import argparse
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pipeline import errors, files, images, options, selection
from pipeline.errors import UserError
from pipeline.results import layer_summary, layout, sheet
from pipeline.results.layer_summary import Layer
from pipeline.results.sheet import TILE_PX

SMALLEST_TILE_PX, LARGEST_TILE_PX = 32, 512

# A near-black without hue: pictures keep their colours on it, and black ones still have an edge.
GROUND = (22, 22, 24)
EMPTY = (38, 38, 41)
LABEL = (176, 176, 180)
TITLE = (235, 235, 238)
# Light enough to be seen on any picture, with the ground's dark beside it.
MARK = (255, 214, 102)


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


def draw(heading: str, tiles: Iterable[Tile], *, count: int, canvas_px: int, tile_px: int = TILE_PX) -> Image.Image:
    """Return the mosaic.

    Args:
        heading: the line above the grid.
        tiles: the tiles, in order; taken one by one, so that they need not be in memory together.
        count: how many they are.
        canvas_px: side of their pictures.
        tile_px: side at which to show them.
    """
    planned = sheet.plan(heading, count=count, canvas_px=canvas_px, tile_px=tile_px)
    side, label_font = planned.side_px, sheet.font(planned.label_px)
    mosaic = Image.new("RGB", (planned.width_px, planned.height_px), GROUND)
    pen = ImageDraw.Draw(mosaic)
    pen.text((sheet.MARGIN_PX, sheet.MARGIN_PX), heading, TITLE, sheet.font(planned.title_px))
    for place, tile in enumerate(tiles):
        left, upper = planned.place(place)
        _draw_picture(mosaic, pen, tile, (left, upper, side))
        is_dead = tile.image is not None and tile.alive is False
        label = f"{tile.filter} fails" if is_dead else str(tile.filter)
        middle = left + side / 2 - label_font.getlength(label) / 2
        pen.text((round(middle), upper + side + sheet.GAP_PX // 2), label, MARK if is_dead else LABEL, label_font)
    return mosaic


def _draw_picture(mosaic: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, box: tuple[int, int, int]) -> None:
    left, upper, side = box
    right, lower = left + side - 1, upper + side - 1
    if tile.image is None:
        pen.rectangle((left, upper, right, lower), EMPTY, LABEL)
        pen.line((left, upper, right, lower), LABEL)
        pen.line((left, lower, right, upper), LABEL)
        font = sheet.font(sheet.LABEL_PX[0])
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
        sheet.title(layer, len(filters)),
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
