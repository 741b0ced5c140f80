"""Each layer's pictures beside those of the `classic` recipe: `python -m bench.mosaics` after `make bench-full`.

The classic pictures are made here, by the real workflow in `build/classic/`, of `FILTERS` filters a layer; the others
are read from the full run's results. One image a layer is written into `docs/mosaics/`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench import BUILD, full, loop, machine, workflow
from bench.quality import sample
from pipeline import errors, files
from pipeline.network import catalogue
from pipeline.results import layout

COLUMNS, ROWS = 6, 4
FILTERS = COLUMNS * ROWS
TILE_PX, GAP_PX, MIDDLE_PX, TITLE_PX, FONT_PX = 92, 3, 24, 26, 14
GROUND, INK = (22, 22, 24), (220, 220, 224)
QUALITY = 78


def grid(results: Path, layer: str, filters: Sequence[int]) -> Image.Image:
    """Return the pictures of some filters in rows, RGB."""
    step = TILE_PX + GAP_PX
    sheet = Image.new("RGB", (COLUMNS * step - GAP_PX, ROWS * step - GAP_PX), GROUND)
    for place, filter in enumerate(filters):
        with Image.open(layout.paths(results, layer, filter).image) as picture:
            tile = picture.resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
        sheet.paste(tile, (place % COLUMNS * step, place // COLUMNS * step))
    return sheet


def side_by_side(title: str, left: Image.Image, right: Image.Image) -> Image.Image:
    """Return two grids of the same size beside each other, each with its name above."""
    sheet = Image.new("RGB", (left.width + MIDDLE_PX + right.width, TITLE_PX + left.height), GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    for x, name, picture in ((0, f"{title}, default", left), (left.width + MIDDLE_PX, f"{title}, classic", right)):
        pen.text((x + GAP_PX, 4), name, INK, font)
        sheet.paste(picture, (x, TITLE_PX))
    return sheet


def main() -> None:
    """Make the classic pictures, and write the images."""
    parser = argparse.ArgumentParser(prog="python -m bench.mosaics", description=__doc__.splitlines()[0])
    parser.add_argument("--full", type=Path, default=full.DIRECTORY, help="where the full run worked")
    parser.add_argument("--output", type=Path, default=Path("docs/mosaics"))
    options = parser.parse_args()
    layers = catalogue.load(loop.MODEL).layers
    filters = {layer.name: sample(layer.filters, FILTERS) for layer in layers}
    classic = BUILD / "classic"
    classic.mkdir(parents=True, exist_ok=True)
    settings = {"recipe": "classic", "filters": {name: list(numbers) for name, numbers in filters.items()}}
    workflow.run(classic, machine.describe().cores, settings)
    for name, numbers in filters.items():
        sheet = side_by_side(name, *(grid(each / "results", name, numbers) for each in (options.full, classic)))
        with files.replacing(options.output / f"{layout.slug(name)}.webp") as temporary:
            sheet.save(temporary, "WEBP", quality=QUALITY)
        print(options.output / f"{layout.slug(name)}.webp")


if __name__ == "__main__":
    errors.run(main)
