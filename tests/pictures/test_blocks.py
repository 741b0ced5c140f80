"""Layers as blocks on one sheet."""

import itertools

import pytest

from pipeline.pictures import blocks
from pipeline.pictures import map as atlas_map

ASPECT = atlas_map.ASPECT["layers"]

VGG16 = [64, 64, 128, 128, 256, 256, 256, *[512] * 6]
COUNTS = {
    "one filter": [1],
    "three filters": [3],
    "a preview": [8] * 13,
    "VGG16": VGG16,
    "narrow and wide": [3, 1000, 1, 16],
    "deep": [32, 16, 96, 24, 144] * 30,
    "large": [4096] * 25,
}


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_every_filter_has_a_cell_of_its_own_on_the_sheet(counts):
    made = blocks.stack(counts, ASPECT)

    cells = made.cells(counts)

    taken = [cell for layer in cells for cell in layer]
    assert [len(layer) for layer in cells] == counts
    assert len(set(taken)) == sum(counts)
    assert max(taken) < made.columns * made.rows


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_above_each_block_there_is_room_for_its_name(counts):
    made = blocks.stack(counts, ASPECT)

    cells = made.cells(counts)

    taken = {cell for layer in cells for cell in layer}
    for layer in cells:
        first_row = {cell for cell in layer if cell // made.columns == layer[0] // made.columns}
        for up in range(1, made.name_rows + 1):
            above = {cell - up * made.columns for cell in first_row}
            assert min(above) >= 0
            assert not above & taken


def test_the_layers_of_vgg16_stand_one_below_the_other_without_a_ragged_end():
    made = blocks.stack(VGG16, ASPECT)

    assert (made.columns, made.width, made.name_rows) == (64, 64, 2)
    assert made.rows == sum(VGG16) // 64 + 2 * len(VGG16)


@pytest.mark.parametrize("name", ["a preview", "deep", "large"])
def test_a_sheet_of_many_layers_is_neither_a_ribbon_nor_a_column(name):
    made = blocks.stack(COUNTS[name], ASPECT)

    assert 0.5 <= made.rows / made.columns <= 2.5


def test_layers_are_read_from_top_to_bottom_and_then_from_left_to_right():
    made = blocks.stack(COUNTS["deep"], ASPECT)

    for (column, row), (next_column, next_row) in itertools.pairwise(made.corners):
        assert (next_column, next_row) > (column, row)
        assert next_row > row or next_column > column
