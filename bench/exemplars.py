"""Pictures beside the photographs that excite the same filters: `python -m bench.exemplars RESULTS`.

From a finished atlas that was shown photographs, one sheet of some filters of each block. It is not committed: it holds
parts of other people's works.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench import BUILD
from bench.quality import sample
from pipeline import errors, files
from pipeline.errors import UserError
from pipeline.results import exemplars, layout
from pipeline.results.exemplars import EXEMPLARS, Exemplars

FILTERS = 6
TILE_PX, GAP_PX, TITLE_PX, FONT_PX = 64, 4, 16, 11
GROUND, INK = (22, 22, 24), (220, 220, 224)
QUALITY = 72


def chosen(layers: Sequence[Exemplars]) -> list[list[tuple[Exemplars, int]]]:
    """Return filters of each block (the name of a layer up to the first underscore), evenly spread over its layers."""
    blocks: dict[str, list[Exemplars]] = {}
    for layer in layers:
        blocks.setdefault(layer.name.partition("_")[0], []).append(layer)
    found = []
    for members in blocks.values():
        every = [(layer, each.filter) for layer in members for each in layer.filters]
        # Not the ends, which are as often as not what every look at the atlas begins with.
        found.append([every[place] for place in sample(len(every), FILTERS + 2)[1:-1]])
    return found


def row(results: Path, layer: str, filter: int) -> Image.Image:
    """Return a filter's picture and the patches that excite it most, side by side below their name."""
    width = (EXEMPLARS + 1) * TILE_PX + GAP_PX
    drawn = Image.new("RGB", (width, TITLE_PX + TILE_PX), GROUND)
    ImageDraw.Draw(drawn).text((0, 1), f"{layer}/{filter}", INK, ImageFont.load_default(FONT_PX))
    with Image.open(layout.paths(results, layer, filter).image) as picture:
        drawn.paste(picture.convert("RGB").resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS), (0, TITLE_PX))
    strip = layout.strip(results, layer, filter)
    if strip.is_file():
        with Image.open(strip) as patches:
            drawn.paste(patches.convert("RGB"), (TILE_PX + GAP_PX, TITLE_PX))
    return drawn


def sheet(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Return rows of blocks in two columns, blocks one below the other."""
    every = [each for block in rows for each in block]
    half = -(-len(every) // 2)
    width, height = every[0].size
    drawn = Image.new("RGB", (2 * width + 4 * GAP_PX, half * (height + GAP_PX)), GROUND)
    for place, each in enumerate(every):
        column, line = divmod(place, half)
        drawn.paste(each, (column * (width + 4 * GAP_PX), line * (height + GAP_PX)))
    return drawn


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(prog="python -m bench.exemplars", description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="results folder of an atlas that was shown photographs")
    parser.add_argument("--output", type=Path, default=BUILD / "photographs.webp")
    options = parser.parse_args()
    found = [exemplars.read(path) for path in sorted((options.results / "photographs" / "layers").glob("*.json"))]
    if not found:
        raise UserError(f"{options.results}: no exemplars in photographs/layers/")
    rows = [[row(options.results, layer.name, filter) for layer, filter in block] for block in chosen(found)]
    with files.replacing(options.output) as temporary:
        sheet(rows).save(temporary, "WEBP", quality=QUALITY)
    print(f"{options.output}: {sum(map(len, rows))} filters, from {found[0].photographs} photographs")


if __name__ == "__main__":
    errors.run(main)
