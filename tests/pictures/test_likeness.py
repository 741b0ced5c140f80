"""Pictures on a grid by what they look like."""

import itertools

import numpy as np
import pytest

from pipeline.pictures import likeness
from pipeline.pictures import map as atlas_map

ASPECT = atlas_map.ASPECT["likeness"]


def looks(count: int, features: int = 12, seed: int = 0) -> np.ndarray:
    """Return looks that vary most in a few directions, as those of pictures do."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, features)) / np.arange(1, features + 1)


def neighbour_distance(seen: np.ndarray, cells: np.ndarray, columns: int) -> float:
    """Return how much pictures in neighbouring cells differ in the mean."""
    held = {int(cell): place for place, cell in enumerate(cells)}
    pairs = [
        (place, held[cell + step])
        for cell, place in held.items()
        for step in (1, columns)
        if cell + step in held and (step > 1 or (cell + 1) % columns)
    ]
    first, second = np.array(pairs).T
    return float(np.linalg.norm(seen[first] - seen[second], axis=1).mean())


@pytest.mark.parametrize("count", [*range(1, 30), 104, 512, 4224, 100_000])
def test_a_grid_holds_all_and_leaves_few_cells_empty(count):
    columns, rows = likeness.grid(count, ASPECT)

    assert 0 <= columns * rows - count < max(columns, 0.03 * count + 1)
    if count >= 100:
        assert rows / columns == pytest.approx(ASPECT, rel=0.2)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 64, 97, 500])
def test_every_picture_gets_a_cell_of_its_own_and_the_last_stay_empty(count):
    columns, rows = likeness.grid(count, ASPECT)

    cells = likeness.arrange(looks(count), columns, rows)

    assert sorted(cells.tolist()) == list(range(count))


def test_neighbours_look_far_more_alike_than_by_chance():
    seen = looks(600)
    columns, rows = likeness.grid(600, ASPECT)

    arranged = neighbour_distance(seen, likeness.arrange(seen, columns, rows), columns)
    by_chance = neighbour_distance(seen, np.random.default_rng(1).permutation(600), columns)

    assert arranged < 0.55 * by_chance


def test_pictures_of_one_kind_are_one_region():
    kinds = np.repeat([0, 1, 2, 3], 100)
    seen = np.eye(4)[np.random.default_rng(2).permutation(kinds)]
    columns, rows = likeness.grid(400, ASPECT)

    cells = likeness.arrange(seen, columns, rows)
    kind = np.empty(400, int)
    kind[cells] = seen.argmax(1)
    alike = [
        kind[cell] == kind[cell + step]
        for cell, step in itertools.product(range(400 - columns), (1, columns))
        if step > 1 or (cell + 1) % columns
    ]

    assert np.mean(alike) > 0.85


def test_the_same_looks_are_always_arranged_in_the_same_way():
    seen = looks(300)

    first, second = (likeness.arrange(seen.copy(), 15, 20) for _ in range(2))

    assert np.array_equal(first, second)


def test_pictures_without_any_difference_are_arranged_too():
    assert sorted(likeness.arrange(np.zeros((10, 3)), 3, 4).tolist()) == list(range(10))
