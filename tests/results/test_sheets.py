"""The document that says where filters are on the map."""

import json

import pytest

from pipeline.errors import UserError
from pipeline.results import document, sheets
from pipeline.results.sheets import Members, Sheet, Sheets
from tests.support.documents import a_filter, a_layer

CELLS = ((0, 1), (5,))


def the_sheets() -> Sheets:
    return Sheets(
        weights_sha256="0" * 64,
        layers=(Members(layer="conv1", filters=(0, 3)), Members(layer="conv2", filters=(1,))),
        sheets=tuple(Sheet(arrangement=each, columns=3, rows=2, cells=CELLS) for each in sheets.ARRANGEMENTS),
    )


def read(folder, changes=()):
    (folder / "map").mkdir(exist_ok=True)
    (folder / "map" / "sheets.json").write_text(json.dumps(document.to_json(the_sheets()) | dict(changes)))
    return sheets.read(folder)


def test_what_is_written_is_read(tmp_path):
    assert read(tmp_path) == the_sheets()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (((0, 1), (1,)), "two filters in one"),
        (((0, 1), (6,)), "below 3 × 2"),
        (((0, 1),), "a cell for each filter"),
        (((0,), (5,)), "a cell for each filter"),
        ((), "below"),
    ],
)
def test_filters_without_a_place_of_their_own_are_refused(tmp_path, cells, reason):
    changed = [{**document.to_json(each), "cells": cells} for each in the_sheets().sheets]

    with pytest.raises(UserError, match=reason):
        read(tmp_path, {"sheets": changed})


def test_a_sheet_of_nothing_but_gaps_is_refused(tmp_path):
    changed = [{**document.to_json(each), "columns": 10**9} for each in the_sheets().sheets]

    with pytest.raises(UserError, match="implausibly few"):
        read(tmp_path, {"sheets": changed})


def test_both_arrangements_must_be_there(tmp_path):
    with pytest.raises(UserError, match="layers and likeness"):
        read(tmp_path, {"sheets": [document.to_json(the_sheets().sheets[0])]})


def test_sheets_of_other_filters_are_refused(tmp_path):
    read(tmp_path)
    second = a_layer("conv2", [a_filter(1)], weights_sha256="0" * 64)
    first = a_layer("conv1", [a_filter(0), a_filter(3)], weights_sha256="0" * 64)

    assert sheets.read_of(tmp_path, [first, second]) == the_sheets()
    with pytest.raises(UserError, match="of other layers, filters or weights"):
        sheets.read_of(tmp_path, [first])


@pytest.mark.parametrize(("columns", "rows", "levels"), [(1, 1, 1), (4, 4, 1), (5, 2, 2), (64, 92, 6), (300, 400, 8)])
def test_on_the_first_level_one_tile_holds_all_and_each_further_one_is_twice_as_large(columns, rows, levels):
    sheet = Sheet(arrangement="layers", columns=columns, rows=rows, cells=(tuple(range(columns * rows)),))

    assert sheets.levels(columns, rows) == levels
    assert sheets.cells_across(sheet, levels - 1) == 4
    assert max(columns, rows) <= sheets.cells_across(sheet, 0)


def test_the_overview_is_as_large_as_a_level_that_a_screen_can_show():
    sheet = Sheet(arrangement="layers", columns=64, rows=92, cells=(tuple(range(5000)),))

    assert sheets.overview_size(sheet, sheets.overview_level(sheet)) == (1024, 1472)
