"""The map: all filters of an atlas on one sheet, by layer and by likeness, as tiles that a page can zoom into.

The pictures are read once, one at a time. What is kept of each, a cell of 64 pixels, is kept in a file, so that an
atlas of 100,000 filters takes no more memory than one of a hundred.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import errors, files, images, options
from pipeline.measure import likeness as looks
from pipeline.pictures import blocks, likeness
from pipeline.pictures.mosaic import GROUND
from pipeline.results import document, layer_summary, layout, sheets
from pipeline.results.layer_summary import Layer
from pipeline.results.sheets import CELL_PX, TILE_PX, Arrangement, Members, Sheet, Sheets

# How many times higher than wide the sheets should be. By layer as paper and telephones are: at 1.3, 64 filters of
# VGG16 stand in a row, so that no block of it has a ragged end, and there is room for names. At 0.8 it would fill more
# of a laptop's window, and lose both.
ASPECT: Mapping[Arrangement, float] = {"layers": 1.3, "likeness": 1.0}

# AVIF quality (0..100). A screen shows a dozen tiles, each of 16 to thousands of filters.
TILE_QUALITY = 40

# Pixels, uint8 (side, side, 3); and which tile: level, column, row.
Tile = np.ndarray
Which = tuple[int, int, int]


def make(results: Path, layers: Sequence[str], output: Path) -> int:
    """Write the map of layers into the folder `output`, whole or not at all; return how many tiles it has.

    Args:
        results: the results folder.
        layers: names of its layers.
        output: the folder, replaced if it is there.
    """
    found = [layer_summary.read(layout.layer_paths(results, name).summary) for name in layers]
    members = sorted(found, key=lambda layer: layer.index)
    with files.replacing_folder(output) as folder:
        made = write(folder, members, small_pictures(results, members))
    return sum(len(list(sheets.tiles(sheet))) for sheet in made.sheets)


def write(folder: Path, layers: Sequence[Layer], pictures: Iterable[Tile]) -> Sheets:
    """Write the map of layers, in the network's order, into a folder that is there; return where their filters are.

    Args:
        folder: where to.
        layers: whose filters.
        pictures: those of the filters, one layer after another, each uint8 (CELL_PX, CELL_PX, 3); taken one by one.
    """
    count = sum(len(layer.filters) for layer in layers)
    with tempfile.TemporaryFile(dir=folder.parent) as kept:
        small = np.memmap(kept, np.uint8, "w+", shape=(count, CELL_PX, CELL_PX, 3))
        seen = np.empty((count, looks.FEATURES))
        for place, picture in enumerate(pictures):
            small[place] = picture
            seen[place] = looks.features(picture)
        made = arranged(layers, seen)
        for sheet in made.sheets:
            _write_tiles(folder, sheet, lambda place: np.asarray(small[place]))
    files.write_json(folder / layout.SHEETS, document.to_json(made))
    return made


def _write_tiles(folder: Path, sheet: Sheet, picture: Callable[[int], Tile]) -> None:
    """Write the tiles of a sheet, and of that by layer the overview, too."""
    shown = sheets.overview_level(sheet)
    overview = Image.new("RGB", sheets.overview_size(sheet, shown), GROUND)
    for (level, column, row), tile in drawn(sheet, picture):
        drawing = Image.fromarray(tile)
        files.write_bytes(
            folder / sheets.tile_name(sheet.arrangement, level, column, row), images.encode(drawing, TILE_QUALITY)
        )
        if level == shown:
            overview.paste(drawing, (column * TILE_PX, row * TILE_PX))
    if sheet.arrangement == "layers":
        files.write_bytes(folder / sheets.OVERVIEW, images.encode(overview, TILE_QUALITY))


def small_pictures(results: Path, layers: Sequence[Layer]) -> Iterator[Tile]:
    """Yield the pictures of layers' filters in order, each uint8 (CELL_PX, CELL_PX, 3)."""
    for layer in layers:
        for number in layer.numbers:
            picture = images.read_image(layout.paths(results, layer.name, number).image, layer.canvas_px)
            yield np.asarray(images.square(Image.fromarray(picture), CELL_PX))


def arranged(layers: Sequence[Layer], seen: np.ndarray) -> Sheets:
    """Return where the filters of layers are on each sheet.

    Args:
        layers: in the network's order.
        seen: what their pictures look like, as `by_likeness` takes it.
    """
    return Sheets(
        weights_sha256=layers[0].weights_sha256,
        layers=tuple(Members(layer=layer.name, filters=layer.numbers) for layer in layers),
        sheets=(by_layer(layers, ASPECT["layers"]), by_likeness(layers, seen, ASPECT["likeness"])),
    )


def by_layer(layers: Sequence[Layer], aspect: float) -> Sheet:
    """Return a sheet with a block for each layer, near an aspect (rows ÷ columns)."""
    counts = [len(layer.filters) for layer in layers]
    stacked = blocks.stack(counts, aspect)
    return Sheet(arrangement="layers", columns=stacked.columns, rows=stacked.rows, cells=stacked.cells(counts))


def by_likeness(layers: Sequence[Layer], seen: np.ndarray, aspect: float) -> Sheet:
    """Return a sheet on which neighbours look alike, near an aspect (rows ÷ columns).

    Args:
        layers: in the network's order.
        seen: what their pictures look like, one layer after another, float64 (filters, features), as
            `measure.likeness.features` gives it.
        aspect: of the sheet.
    """
    columns, rows = likeness.grid(len(seen), aspect)
    ends = np.cumsum([len(layer.filters) for layer in layers])[:-1]
    places = np.split(likeness.arrange(looks.standardised(seen), columns, rows), ends)
    cells = tuple(tuple(map(int, each)) for each in places)
    return Sheet(arrangement="likeness", columns=columns, rows=rows, cells=cells)


def drawn(sheet: Sheet, picture: Callable[[int], Tile]) -> Iterator[tuple[Which, Tile]]:
    """Yield level, column, row and the pixels of every tile of a sheet, each when those on the next level are done.

    Args:
        sheet: where the filters are.
        picture: gives the small picture of a filter, uint8 (CELL_PX, CELL_PX, 3), by its place among all.
    """
    held = {cell: place for place, cell in enumerate(cell for cells in sheet.cells for cell in cells)}
    there = set(sheets.tiles(sheet))
    last = sheets.levels(sheet.columns, sheet.rows) - 1

    def draw(level: int, column: int, row: int) -> Iterator[tuple[Which, Tile]]:
        # From a tile to the four of the next level that it shows, so that only one of each level is in memory.
        tile = np.empty((TILE_PX, TILE_PX, 3), np.uint8)
        tile[:] = GROUND
        if level == last:
            _paste(tile, sheet, held, picture, column, row)
        else:
            half = TILE_PX // 2
            for down in (0, 1):
                for across in (0, 1):
                    part = (level + 1, 2 * column + across, 2 * row + down)
                    if part in there:
                        for which, whole in draw(*part):
                            yield which, whole
                            if which == part:
                                tile[down * half :, across * half :][:half, :half] = _halved(whole)
        yield (level, column, row), tile

    yield from draw(0, 0, 0)


def _paste(
    tile: Tile, sheet: Sheet, held: dict[int, int], picture: Callable[[int], Tile], column: int, row: int
) -> None:
    across = TILE_PX // CELL_PX
    for y in range(across):
        for x in range(across):
            cell_x, cell_y = column * across + x, row * across + y
            place = held.get(cell_x + sheet.columns * cell_y) if cell_x < sheet.columns else None
            if place is not None:
                tile[y * CELL_PX : (y + 1) * CELL_PX, x * CELL_PX : (x + 1) * CELL_PX] = picture(place)


def _halved(tile: Tile) -> Tile:
    """Return a tile at half its size, each pixel the rounded mean of four."""
    four = tile.reshape(TILE_PX // 2, 2, TILE_PX // 2, 2, 3).astype(np.uint16)
    half: np.ndarray = ((four.sum((1, 3), dtype=np.uint16) + 2) // 4).astype(np.uint8)
    return half


def main() -> None:
    """Make the map."""
    parser = options.Parser(
        prog="python -m pipeline.pictures.map",
        description="Put all filters of an atlas on one sheet, by layer and by likeness, in tiles for the site's map.",
    )
    options.add_results(parser)
    options.add_layers(parser)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write, replaced if it is there")
    arguments = parser.parse_args()
    tiles = make(arguments.results, arguments.layers, arguments.output)
    print(f"{arguments.output}: {tiles} tiles")


if __name__ == "__main__":
    errors.run(main)
