"""All layers on one sheet: each a block of its filters by number, one below the other in the network's order.

A sheet has as many columns of blocks as it needs; above each block there is room for its name.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Of the height of a sheet, what is left free above each block: a line of type where the whole sheet fills a screen.
NAME_SHARE = 1 / 45

# What a second column of blocks must gain before it is begun, for a network is read from top to bottom.
COLUMN_PRICE = 0.1

MOST_COLUMNS = 12


@dataclass(frozen=True)
class Blocks:
    """Where blocks are on a sheet, in cells.

    Attributes:
        columns, rows: of the sheet.
        width: columns of each block.
        name_rows: rows above each that are left free.
        corners: column and row of each block's first filter.
    """

    columns: int
    rows: int
    width: int
    name_rows: int
    corners: tuple[tuple[int, int], ...]

    def cells(self, counts: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Return of each layer the cells of its filters: column + columns × row."""
        return tuple(
            tuple(column + place % self.width + self.columns * (row + place // self.width) for place in range(count))
            for count, (column, row) in zip(counts, self.corners, strict=True)
        )


def stack(counts: Sequence[int], aspect: float) -> Blocks:
    """Return where the blocks of layers with so many filters are, so that cells are as large as they can be on a sheet
    `aspect` times higher than wide."""
    total, most = sum(counts), max(counts)
    name_rows = max(1, round(math.sqrt(total * aspect) * NAME_SHARE))
    best: tuple[tuple[float, int], Blocks] | None = None
    for across in range(1, min(len(counts), MOST_COLUMNS) + 1):
        room = math.sqrt((total + name_rows * len(counts) * math.sqrt(total / aspect) / across) / aspect) / across
        low, high = max(1, math.floor(room / 2)), min(most, math.ceil(room * 3 / 2) + 1)
        for width in range(min(low, high), high + 1, max(1, (high - low) // 40)):
            blocks = _in_columns(counts, width, across, name_rows)
            empty = blocks.columns * blocks.rows - total
            size = max(blocks.columns, blocks.rows / aspect) * (1 + COLUMN_PRICE * (across - 1))
            if best is None or (size, empty) < best[0]:
                best = ((size, empty), blocks)
    assert best is not None
    return best[1]


def _in_columns(counts: Sequence[int], width: int, across: int, name_rows: int) -> Blocks:
    """Return blocks of a width in at most `across` columns, as low as they can be."""
    heights = [name_rows + -(-count // width) for count in counts]
    low, high = max(heights), sum(heights)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_columns(heights, middle)) <= across else (middle + 1, high)
    corners = []
    column = 0
    for members in _columns(heights, low):
        row = 0
        for height in members:
            corners.append((column, row + name_rows))
            row += height
        column += width + name_rows
    return Blocks(column - name_rows, low, width, name_rows, tuple(corners))


def _columns(heights: Sequence[int], most: int) -> list[list[int]]:
    """Return heights in order, in columns of at most `most` each."""
    columns: list[list[int]] = [[]]
    for height in heights:
        if columns[-1] and sum(columns[-1]) + height > most:
            columns.append([])
        columns[-1].append(height)
    return columns
