"""The map: what its tiles show, and where its filters are."""

import sys

import numpy as np
import pytest
from PIL import Image

from pipeline import files, images
from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.pictures import map as atlas_map
from pipeline.pictures.mosaic import GROUND
from pipeline.results import document, layout, sheets
from pipeline.results.sheets import CELL_PX, TILE_PX, Sheet
from tests.pictures.conftest import NUMBERS
from tests.support import documents, synthetic


def a_picture(place: int) -> np.ndarray:
    return np.full((CELL_PX, CELL_PX, 3), (place, 255 - place, 40), np.uint8)


def a_sheet(columns: int, rows: int, cells: tuple[int, ...]) -> Sheet:
    return Sheet(arrangement="layers", columns=columns, rows=rows, cells=(cells,))


def blurred(pixels: np.ndarray) -> np.ndarray:
    """Return the means of 8 × 8 pixels: what AVIF keeps of noise."""
    return pixels.reshape(CELL_PX // 8, 8, CELL_PX // 8, 8, 3).astype(float).mean((1, 3))


def test_a_tile_of_the_last_level_shows_each_filter_in_its_cell_and_the_ground_elsewhere():
    sheet = a_sheet(5, 3, (0, 6, 9))

    tiles = dict(atlas_map.drawn(sheet, a_picture))

    last = sheets.levels(5, 3) - 1
    left, right = tiles[last, 0, 0], tiles[last, 1, 0]
    assert (left[:CELL_PX, :CELL_PX] == a_picture(0)).all()
    assert (left[CELL_PX : 2 * CELL_PX, CELL_PX : 2 * CELL_PX] == a_picture(1)).all()
    assert (left[:CELL_PX, CELL_PX:] == GROUND).all()
    assert (right[CELL_PX : 2 * CELL_PX, :CELL_PX] == a_picture(2)).all()
    assert (right[:, CELL_PX:] == GROUND).all()


def test_each_level_shows_the_next_at_half_the_size():
    sheet = a_sheet(9, 6, tuple(range(0, 54, 2)))

    tiles = dict(
        atlas_map.drawn(sheet, lambda place: np.random.default_rng(place).integers(0, 256, (64, 64, 3), np.uint8))
    )

    assert set(tiles) == set(sheets.tiles(sheet))
    part, whole = tiles[2, 1, 0].astype(float), tiles[1, 0, 0].astype(float)
    halved = part.reshape(128, 2, 128, 2, 3).mean((1, 3))
    assert np.abs(whole[:128, 128:] - halved).max() <= 0.5


def test_tiles_without_a_filter_are_not_made():
    sheet = a_sheet(50, 50, (0, 2499))

    assert len(dict(atlas_map.drawn(sheet, a_picture))) == 2 * sheets.levels(50, 50) - 1


def test_every_filter_is_once_on_each_sheet_and_every_tile_a_file(results, tmp_path):
    count = atlas_map.make(results, list(NUMBERS), tmp_path / "map")

    made = sheets.read(tmp_path)
    assert [(each.layer, list(each.filters)) for each in made.layers] == list(NUMBERS.items())
    for sheet in made.sheets:
        assert len({cell for cells in sheet.cells for cell in cells}) == 23
    files = {path.relative_to(tmp_path / "map").as_posix() for path in (tmp_path / "map").rglob("*") if path.is_file()}
    assert files == {*sheets.files(made), layout.SHEETS}
    assert count == len(files) - 2


def test_a_tile_shows_the_pictures_of_the_filters_that_are_there(results, tmp_path):
    atlas_map.make(results, list(NUMBERS), tmp_path / "map")

    sheet = sheets.read(tmp_path).of("likeness")
    cell = sheet.cells[1][7]
    column, row = cell % sheet.columns, cell // sheet.columns
    name = sheets.tile_name("likeness", sheets.levels(sheet.columns, sheet.rows) - 1, column // 4, row // 4)
    with Image.open(tmp_path / "map" / name) as tile:
        assert tile.size == (TILE_PX, TILE_PX)
        left, top = column % 4 * CELL_PX, row % 4 * CELL_PX
        shown = np.asarray(tile.convert("RGB"), float)[top : top + CELL_PX, left : left + CELL_PX]

    def forms(number: int) -> np.ndarray:
        canvas_px = synthetic.canvas(catalogue.load("vgg16").layer("block2_conv1"))
        picture = images.read_image(layout.paths(results, "block2_conv1", number).image, canvas_px)
        return blurred(np.asarray(images.square(Image.fromarray(picture), CELL_PX)))

    distances = [np.abs(blurred(shown) - forms(number)).mean() for number in range(12)]
    assert np.argmin(distances) == 7


def test_the_overview_is_the_sheet_by_layer(results, tmp_path):
    atlas_map.make(results, list(NUMBERS), tmp_path / "map")

    sheet = sheets.read(tmp_path).of("layers")
    with Image.open(tmp_path / "map" / sheets.OVERVIEW) as overview:
        assert overview.size == (sheet.columns * CELL_PX, sheet.rows * CELL_PX)


def test_two_maps_of_the_same_pictures_are_the_same_bytes(results, tmp_path):
    for name in ("first", "second"):
        atlas_map.make(results, list(reversed(NUMBERS)), tmp_path / name)

    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("first", "second")
    )
    assert first == second


def test_a_picture_that_is_missing_is_named_and_the_old_map_stays(results, tmp_path, monkeypatch):
    atlas_map.make(results, list(NUMBERS), tmp_path / "map")
    before = sorted((tmp_path / "map").rglob("*"))
    monkeypatch.setattr(
        sys, "argv", ["map", "--results", str(tmp_path), "--layers", "conv1", "--output", str(tmp_path / "map")]
    )
    layer = documents.a_layer("conv1", [documents.a_filter(0)])
    files.write_json(layout.layer_paths(tmp_path, "conv1").summary, document.to_json(layer))

    with pytest.raises(UserError, match=r"000\.png: no such file"):
        atlas_map.main()

    assert sorted((tmp_path / "map").rglob("*")) == before
