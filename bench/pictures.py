"""The pictures in the README, from finished atlases: `python -m bench.pictures` after `make atlas`."""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pipeline import errors, files
from pipeline.network import known
from pipeline.results import layout

# One layer of each block, the last that is wide: its filters have the widest view.
LAYERS = {
    "vgg16": ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3"),
    "efficientnet-lite0": ("block2b_expand", "block3b_expand", "block4c_expand", "block5c_expand", "head_conv"),
}
COLUMNS = 8
TILE_PX, SHOWCASE_PX, GAP_PX, LABEL_PX = 112, 224, 8, 22
GROUND, INK = (22, 22, 24), (210, 210, 205)


def showcase(results: Path, model: str) -> Image.Image:
    """Return the filters that every preview has, side by side."""
    chosen = [(layer, filter) for layer, filters in known.showcase(model).items() for filter in filters]
    return _sheet(results, [[*chosen]], SHOWCASE_PX)


def blocks(results: Path, model: str) -> Image.Image:
    """Return a row of filters for one layer of each block, evenly spread as the preview has them."""
    rows = []
    for layer in LAYERS[model]:
        numbers = sorted(int(path.stem) for path in (results / "filters" / layer).glob("*.png"))
        spread = [number for number in numbers if number not in known.showcase(model).get(layer, ())]
        chosen = {spread[round(place * (len(spread) - 1) / (COLUMNS - 1))] for place in range(COLUMNS)}
        rows.append([(layer, number) for number in sorted(chosen)])
    return _sheet(results, rows, TILE_PX)


def _sheet(results: Path, rows: list[list[tuple[str, int]]], tile_px: int) -> Image.Image:
    step = tile_px + GAP_PX
    width = max(len(row) for row in rows) * step + GAP_PX
    sheet = Image.new("RGB", (width, len(rows) * (step + LABEL_PX) + GAP_PX), GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for y, row in enumerate(rows):
        top = GAP_PX + y * (step + LABEL_PX)
        for x, (layer, number) in enumerate(row):
            with Image.open(layout.paths(results, layer, number).image) as picture:
                tile = picture.resize((tile_px, tile_px), Image.Resampling.LANCZOS)
            sheet.paste(tile, (GAP_PX + x * step, top))
            label = f"{layer}/{number}" if tile_px >= SHOWCASE_PX or x == 0 else str(number)
            draw.text((GAP_PX + x * step, top + tile_px + 4), label, INK, font)
    return sheet


def main() -> None:
    """Write docs/showcase.webp and docs/blocks.webp, or the like of another network."""
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--model", choices=LAYERS, default=known.DEFAULT)
    parser.add_argument("--output", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    sheets = [("showcase", showcase), ("blocks", blocks)]
    if arguments.model != known.DEFAULT:
        sheets = [(arguments.model, blocks)]
    for name, make in sheets:
        with files.replacing(arguments.output / f"{name}.webp") as temporary:
            make(arguments.results, arguments.model).save(temporary, "WEBP", quality=85)


if __name__ == "__main__":
    errors.run(main)
