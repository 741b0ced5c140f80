"""Pictures arranged so that neighbours look alike: each gets a cell of a grid, by what it looks like.

First the two directions in which the pictures differ most become the two directions of the sheet; then pictures change
places where both sides gain, from far to near, each against the mean look of its surroundings. This is a self-sorting
map (Strong and Gong 2014), begun from order in place of chance.
"""

import itertools
import math

import numpy as np

# An empty cell is as bad as so much of a departure from the aspect, both as shares: the last row is filled if it can
# be.
EMPTY_WEIGHT = 4.0

# The surroundings that pictures are held against: first so large a part of the sheet, then smaller by this factor, down
# to the next cells; and so many passes over all pictures for each. A second for VGG16's 4,224, whose neighbours then
# differ by 41 % of what pictures differ by in the mean; four times the passes would bring them no nearer.
FIRST_RADIUS, SHRINKING, SMALLEST_RADIUS, PASSES = 1 / 4, 0.9, 0.5, 24

# Fractions whose multiples fall evenly between 0 and 1, each in its own order: distances of exchanges that are neither
# left to chance nor ever the same.
_STEPS = (math.sqrt(5) / 2 - 0.5, math.sqrt(2) - 1, math.sqrt(3) - 1, math.sqrt(7) - 2)

_ORDERS = np.array(list(itertools.permutations(range(4))))


def grid(count: int, aspect: float) -> tuple[int, int]:
    """Return columns and rows of a grid that holds `count` pictures, near an aspect (rows ÷ columns), hardly a cell
    empty."""

    def cost(columns: int) -> float:
        rows = -(-count // columns)
        return abs(math.log(rows / columns / aspect)) + EMPTY_WEIGHT * (columns * rows - count) / count

    ideal = math.sqrt(count / aspect)
    columns = min(range(max(1, math.floor(0.85 * ideal)), math.ceil(1.15 * ideal) + 1), key=cost)
    return columns, -(-count // columns)


def arrange(looks: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """Return the cell of each picture, column + columns × row, int64 (pictures,); cells at the end stay empty.

    Args:
        looks: what the pictures look like, float64 (pictures, features), as `measure.likeness.standardised` gives it.
        columns, rows: of the grid, at least as many cells as pictures.
    """
    count = len(looks)
    held: np.ndarray = np.full(rows * columns, -1)
    held[:count] = _by_halves(looks, columns, count)
    held = held.reshape((rows, columns))
    radius, turn = max(rows, columns) * FIRST_RADIUS, 0
    while radius >= SMALLEST_RADIUS:
        surroundings = _surroundings(held, looks, max(1, round(radius)))
        for _ in range(PASSES):
            held = _exchanged(held, looks, surroundings, max(1, round(2 * radius)), turn)
            turn += 1
        radius *= SHRINKING
    cells = np.empty(count, np.int64)
    flat = held.ravel()
    cells[flat[flat >= 0]] = np.flatnonzero(flat >= 0)
    return cells


def _by_halves(looks: np.ndarray, columns: int, count: int) -> np.ndarray:
    """Return which picture is in each of the first `count` cells: the sheet is halved across its longer side, and so
    are the pictures, along the direction that belongs to it, until one is left."""
    down, across = _main_axes(looks)
    held = np.empty(count, np.int64)
    waiting = [(np.arange(count), 0, columns, 0, -(-count // columns))]
    while waiting:
        members, left, right, top, bottom = waiting.pop()
        if len(members) < 2:
            held[top * columns + left : top * columns + left + len(members)] = members
            continue
        if bottom - top >= right - left:
            middle = (top + bottom) // 2
            halves = ((left, right, top, middle), (left, right, middle, bottom))
            score = down
        else:
            middle = (left + right) // 2
            halves = ((left, middle, top, bottom), (middle, right, top, bottom))
            score = across
        first = _capacity(*halves[0], columns, count)
        order = members[np.argsort(score[members], kind="stable")]
        waiting += [(order[:first], *halves[0]), (order[first:], *halves[1])]
    return held


def _capacity(left: int, right: int, top: int, bottom: int, columns: int, count: int) -> int:
    """Return how many of the cells in a rectangle are among the first `count`."""
    whole, rest = divmod(count, columns)
    full = max(0, min(bottom, whole) - top) * (right - left)
    return full + (max(0, min(right, rest) - left) if top <= whole < bottom else 0)


def _main_axes(looks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the pictures lie along the two directions in which they differ most, each float64 (pictures,)."""
    # Sums by einsum, not products of matrices, whose last bits depend on the number of cores.
    spread = np.einsum("pi,pj->ij", looks, looks)
    found: list[np.ndarray] = []
    for _ in range(2):
        axis = spread[np.argmax(np.diag(spread))].copy()
        for _ in range(200):
            axis /= max(np.sqrt((axis**2).sum()), 1e-12)
            axis = np.einsum("ij,j->i", spread, axis)
        length = np.sqrt((axis**2).sum())
        axis /= max(length, 1e-12)
        spread = spread - length * np.einsum("i,j->ij", axis, axis)
        found.append(np.einsum("pi,i->p", looks, axis))
    return found[0], found[1]


def _exchanged(held: np.ndarray, looks: np.ndarray, surroundings: np.ndarray, reach: int, turn: int) -> np.ndarray:
    """Return the sheet after one pass: of each four pictures at the corners of a rectangle every exchange is tried, and
    the one is kept by which they look most like their new surroundings.

    Args:
        held: which picture is in each cell, int64 (rows, columns), −1 in empty ones.
        looks: float64 (pictures, features).
        surroundings: the mean look around each cell, float64 (cells, features).
        reach: longest side of a rectangle, cells.
        turn: number of the pass; rectangles have other sides, and begin elsewhere, each time.
    """
    rows, columns = held.shape
    down, across, below, beside = (turn * step % 1 for step in _STEPS)
    high, wide = 1 + int(down * min(reach, rows - 1)), 1 + int(across * min(reach, columns - 1))
    y, x = np.meshgrid(np.arange(rows - high), np.arange(columns - wide), indexing="ij")
    first = ((y + int(below * 2 * high)) // high % 2 == 0) & ((x + int(beside * 2 * wide)) // wide % 2 == 0)
    corner = (y * columns + x)[first]
    corners = np.stack([corner, corner + wide, corner + high * columns, corner + high * columns + wide], axis=1)
    flat = held.ravel().copy()
    corners = corners[(flat[corners] >= 0).all(1)]
    members = flat[corners]
    # |look − surroundings|² differs between the orders in this product alone.
    fit = np.einsum("qif,qjf->qij", looks[members], surroundings[corners])
    # order[j] is which of the four comes to corner j.
    best = _ORDERS[np.argmax(fit[:, _ORDERS, np.arange(4)].sum(2), axis=1)]
    flat[corners] = np.take_along_axis(members, best, axis=1)
    return flat.reshape(rows, columns)


def _surroundings(held: np.ndarray, looks: np.ndarray, radius: int) -> np.ndarray:
    """Return the mean look around each cell, float64 (cells, features): within `radius` cells, the nearer the more."""
    there = held >= 0
    planes = np.where(there[..., None], looks[np.maximum(held, 0)], 0.0)
    weights = there[..., None].astype(np.float64)
    for axis in (0, 1, 0, 1):
        planes, weights = (_running_sum(each, -(-radius // 2), axis) for each in (planes, weights))
    mean: np.ndarray = (planes / np.maximum(weights, 1e-12)).reshape(held.size, -1)
    return mean


def _running_sum(planes: np.ndarray, reach: int, axis: int) -> np.ndarray:
    """Return at each place the sum over all places up to `reach` before and behind it."""
    padding = [(0, 0)] * planes.ndim
    padding[axis] = (reach + 1, reach)
    sums = np.cumsum(np.pad(planes, padding), axis=axis)
    length = planes.shape[axis]
    after = np.take(sums, range(2 * reach + 1, 2 * reach + 1 + length), axis=axis)
    found: np.ndarray = after - np.take(sums, range(length), axis=axis)
    return found
