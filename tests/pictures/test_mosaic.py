import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import files
from pipeline.errors import UserError
from pipeline.pictures import mosaic
from pipeline.pictures.mosaic import Tile
from pipeline.results import document, layout, sheet
from tests.support import documents

BLUE = (20, 40, 200)


def a_picture(side: int = 48, colour: tuple[int, int, int] = BLUE) -> np.ndarray:
    return np.full((side, side, 3), colour, np.uint8)


def drawn(tiles: list[Tile], canvas_px: int = 48) -> np.ndarray:
    return np.asarray(mosaic.draw("heading", tiles, count=len(tiles), canvas_px=canvas_px))


def count(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((pixels == colour).all(-1).sum())


def results_with(directory: Path, filters: dict[int, bool], canvas_px: int = 48, pictures: bool = True) -> Path:
    """Write pictures and a summary that lists `filters` with whether they are alive."""
    for filter in filters if pictures else ():
        path = layout.paths(directory, "conv1", filter).image
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(a_picture(canvas_px)).save(path)
    listed = [documents.a_filter(filter, alive=alive) for filter, alive in filters.items()]
    layer = documents.a_layer("conv1", listed, canvas_px=canvas_px)
    files.write_json(directory / "conv1.json", document.to_json(layer))
    return directory


def run(monkeypatch, results: Path, *more: str) -> Path:
    output = results / "mosaics/conv1.png"
    paths = ["--results", str(results), "--summary", str(results / "conv1.json"), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["mosaic", "--layer", "conv1", *paths, *more])
    mosaic.main()
    return output


def test_every_picture_is_drawn_whole():
    pixels = drawn([Tile(filter, a_picture(), True) for filter in range(7)])
    assert count(pixels, BLUE) == 7 * 96 * 96


def test_tiles_stand_in_the_order_given():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    pixels = drawn([Tile(filter, a_picture(colour=colour), True) for filter, colour in enumerate(colours)])
    places = [tuple(np.argwhere((pixels == colour).all(-1))[0]) for colour in colours]
    assert places == sorted(places)


def test_a_filter_that_is_not_alive_is_marked_by_more_than_colour():
    alive, dead, unknown = (drawn([Tile(3, a_picture(), state)]) for state in (True, False, None))
    assert np.array_equal(alive, unknown)
    assert count(alive, mosaic.MARK) == 0
    inside = (dead == mosaic.MARK).all(-1) & (alive == BLUE).all(-1)
    assert inside.sum() > 96  # a stroke across the picture, not a frame alone
    label = slice(sheet.MARGIN_PX + 96 + 30, None)
    assert (dead[label] != alive[label]).any()  # its label says so


def test_a_missing_picture_leaves_a_marked_tile():
    pixels = drawn([Tile(0, a_picture(), True), Tile(1, None, True), Tile(2, a_picture(), True)])
    assert count(pixels, BLUE) == 2 * 96 * 96
    assert count(pixels, mosaic.EMPTY) > 96 * 96 / 2
    assert count(pixels, mosaic.LABEL) > 4 * 96


def test_each_label_differs_from_the_next():
    first, second = (drawn([Tile(filter, a_picture(), True)]) for filter in (7, 8))
    assert (first != second).any()


def test_one_tile_leaves_room_for_the_title():
    layer = documents.a_layer("block1_conv1", model="vgg16", filters_total=64, canvas_px=64)
    heading = sheet.title(layer, 1)
    assert heading == "vgg16 · block1_conv1 · 1 of 64 filters · receptive field 3 px · canvas 64 px"
    image = mosaic.draw(heading, [Tile(0, a_picture(64), True)], count=1, canvas_px=64)
    last_inked = np.argwhere((np.asarray(image)[: sheet.MARGIN_PX * 2] != mosaic.GROUND).any((0, 2))).max()
    assert last_inked < image.width - sheet.MARGIN_PX / 2


def test_the_command_draws_all_filters_of_the_summary(tmp_path, monkeypatch, capsys):
    output = run(monkeypatch, results_with(tmp_path, {0: True, 5: True, 159: True}))
    with Image.open(output) as picture:
        assert picture.format == "PNG"
        assert count(np.asarray(picture), BLUE) == 3 * 96 * 96
    assert capsys.readouterr().err == ""


def test_512_filters_fit(tmp_path, monkeypatch):
    output = run(monkeypatch, results_with(tmp_path, dict.fromkeys(range(512), True), canvas_px=32))
    with Image.open(output) as picture:
        assert count(np.asarray(picture), BLUE) == 512 * 96 * 96
        assert picture.width > picture.height


def test_the_same_pictures_give_the_same_bytes(tmp_path, monkeypatch):
    results = results_with(tmp_path, {0: True, 1: False, 2: True})
    first = run(monkeypatch, results).read_bytes()
    assert run(monkeypatch, results).read_bytes() == first


def test_missing_and_damaged_pictures_are_drawn_as_missing_and_named(tmp_path, monkeypatch, capsys):
    results = results_with(tmp_path, dict.fromkeys(range(6), True))
    layout.paths(results, "conv1", 2).image.unlink()
    layout.paths(results, "conv1", 3).image.write_bytes(b"damaged")
    Image.fromarray(a_picture(20)).save(layout.paths(results, "conv1", 5).image)
    output = run(monkeypatch, results, "--filters", "0-5,9")
    with Image.open(output) as picture:
        assert count(np.asarray(picture), BLUE) == 3 * 96 * 96
    assert "filter 2-3,5,9: marked as missing" in capsys.readouterr().err


def test_the_tile_size_can_be_chosen(tmp_path, monkeypatch):
    output = run(monkeypatch, results_with(tmp_path, {0: True}), "--tile-px", "200")
    with Image.open(output) as picture:
        assert count(np.asarray(picture), BLUE) == 192 * 192


@pytest.mark.parametrize("size", ["0", "100000"])
def test_an_impossible_tile_size_is_refused(tmp_path, monkeypatch, size):
    with pytest.raises(UserError, match="--tile-px"):
        run(monkeypatch, results_with(tmp_path, {0: True}), "--tile-px", size)


@pytest.mark.parametrize("summary", ["[]", "{}", '{"model": 1, "layer": "conv1", "filters": 3}', "{"])
def test_a_foreign_summary_is_named(tmp_path, monkeypatch, summary):
    (tmp_path / "conv1.json").write_text(summary)
    with pytest.raises(UserError, match=r"conv1\.json: "):
        run(monkeypatch, tmp_path)


def test_the_summary_of_another_layer_is_refused(tmp_path, monkeypatch):
    results_with(tmp_path, {0: True})
    summary = json.loads((tmp_path / "conv1.json").read_text())
    (tmp_path / "conv1.json").write_text(json.dumps({**summary, "layer": "conv2"}))
    with pytest.raises(UserError, match="it is of 'conv2', not of conv1"):
        run(monkeypatch, tmp_path)
