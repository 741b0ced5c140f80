"""All filters of an atlas on one sheet: where each is, in two arrangements.

A sheet is a grid of cells, and a cell shows one filter or nothing. Its tiles are squares of `TILE_PX` pixels: on level
0 one tile holds the whole sheet, on each further one a cell is twice as large, up to `CELL_PX` on the last.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Meta

from pipeline.errors import UserError
from pipeline.results import document, layout
from pipeline.results.document import Count, Digest, Document, FromOne, Name, Part
from pipeline.results.layer_summary import Layer

Arrangement = Literal["layers", "likeness"]
ARRANGEMENTS: tuple[Arrangement, ...] = get_args(Arrangement)

# Side of a tile, and of a cell on the last level, in pixels. A larger cell is shown by the filter's own thumbnail, for
# which no tile has to be made: with tiles up to 128 pixels a cell, those of VGG16 weighed four times as much.
TILE_PX, CELL_PX = 256, 64

# Longest side of the overview, pixels: as large as a page shows it, on a screen of double density.
LARGEST_OVERVIEW_PX = 2048
OVERVIEW = f"overview{layout.ENDING}"

# Cells of a sheet for each filter at most: a sheet of nothing but gaps is no sheet of ours.
LARGEST_SPARSENESS = 1000

CURE = "delete its folder to make it anew"


class Members(Part, frozen=True, kw_only=True):
    """A layer, and which of its filters are on the sheets."""

    layer: Annotated[Name, Meta(description="name of the layer")]
    filters: Annotated[
        Annotated[tuple[Count, ...], Meta(min_length=1)], Meta(description="numbers of its filters, ascending")
    ]


class Sheet(Part, frozen=True, kw_only=True):
    """One arrangement of all filters in a grid."""

    arrangement: Annotated[
        Arrangement,
        Meta(description="`layers`: each layer a block, in the network’s order; `likeness`: neighbours look alike"),
    ]
    columns: Annotated[FromOne, Meta(description="columns of the grid")]
    rows: Annotated[FromOne, Meta(description="rows of the grid")]
    cells: Annotated[
        tuple[tuple[Count, ...], ...],
        Meta(description="of each layer the cells of its filters: column + `columns` × row, from 0 at the top left"),
    ]

    def __post_init__(self) -> None:
        taken = [cell for cells in self.cells for cell in cells]
        if len(set(taken)) != len(taken):
            raise ValueError("cells: two filters in one")
        if not taken or max(taken) >= self.columns * self.rows:
            raise ValueError(f"cells: should be below {self.columns} × {self.rows}")
        if self.columns * self.rows > LARGEST_SPARSENESS * (len(taken) + 1):
            raise ValueError("cells: implausibly few for so many columns and rows")


class Sheets(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/sheets/1"):
    """Where each filter of an atlas is, in every arrangement."""

    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    layers: Annotated[tuple[Members, ...], Meta(description="the layers in the network’s order, see below")]
    sheets: Annotated[tuple[Sheet, ...], Meta(description="one of each arrangement, see below")]

    def __post_init__(self) -> None:
        if tuple(sheet.arrangement for sheet in self.sheets) != ARRANGEMENTS:
            raise ValueError(f"sheets: should be {' and '.join(ARRANGEMENTS)}")
        wanted = [len(each.filters) for each in self.layers]
        if any([len(cells) for cells in sheet.cells] != wanted for sheet in self.sheets):
            raise ValueError("sheets: should have a cell for each filter")

    def of(self, arrangement: Arrangement) -> Sheet:
        """Return the sheet of an arrangement."""
        return self.sheets[ARRANGEMENTS.index(arrangement)]


def read(results: Path) -> Sheets:
    """Return the sheets in a results folder; raise `UserError` where they are missing or damaged."""
    return document.read(layout.sheets(results), Sheets, "what says where filters are on the map", CURE)


def are_of(made: Sheets, layers: Sequence[Layer]) -> bool:
    """Return whether sheets are of the filters of these layers, in their order, and of their weights."""
    members = tuple(Members(layer=layer.name, filters=layer.numbers) for layer in layers)
    return (made.layers, made.weights_sha256) == (members, layers[0].weights_sha256)


def read_of(results: Path, layers: Sequence[Layer]) -> Sheets:
    """Return the sheets in a results folder as `read` does; raise `UserError` where they are not of these layers."""
    made = read(results)
    if not are_of(made, layers):
        raise UserError(f"{layout.sheets(results)}: of other layers, filters or weights than the summaries; {CURE}")
    return made


def levels(columns: int, rows: int) -> int:
    """Return how many levels of tiles a sheet has."""
    count, across = 1, TILE_PX // CELL_PX
    while across < max(columns, rows):
        count, across = count + 1, 2 * across
    return count


def cells_across(sheet: Sheet, level: int) -> int:
    """Return how many columns and rows of cells a tile of a level holds."""
    return TILE_PX // CELL_PX << (levels(sheet.columns, sheet.rows) - 1 - level)


def tiles(sheet: Sheet) -> Iterator[tuple[int, int, int]]:
    """Yield level, column and row of every tile that holds a filter."""
    taken = {(cell % sheet.columns, cell // sheet.columns) for cells in sheet.cells for cell in cells}
    for level in range(levels(sheet.columns, sheet.rows)):
        across = cells_across(sheet, level)
        yield from ((level, *tile) for tile in sorted({(x // across, y // across) for x, y in taken}))


def overview_level(sheet: Sheet) -> int:
    """Return the level that the overview of a sheet shows."""
    last = levels(sheet.columns, sheet.rows) - 1
    return max(
        (level for level in range(last + 1) if max(overview_size(sheet, level)) <= LARGEST_OVERVIEW_PX), default=0
    )


def overview_size(sheet: Sheet, level: int) -> tuple[int, int]:
    """Return width and height of a whole sheet on a level, in pixels, at least one each."""
    across = cells_across(sheet, level)
    return max(1, sheet.columns * TILE_PX // across), max(1, sheet.rows * TILE_PX // across)


def files(made: Sheets) -> Iterator[str]:
    """Yield the paths of all pictures in the folder of the map."""
    yield OVERVIEW
    for sheet in made.sheets:
        yield from (tile_name(sheet.arrangement, *tile) for tile in tiles(sheet))


def tile_name(arrangement: Arrangement, level: int, column: int, row: int) -> str:
    """Return the path of a tile in the folder of the map."""
    return f"{arrangement}/{level}/{column}-{row}{layout.ENDING}"
