import pytest

from pipeline.results import sheet


@pytest.mark.parametrize("tiles", [*range(1, 40), 64, 96, 127, 128, 256, 512, 1024, 2048])
def test_the_grid_is_wide_rather_than_tall_and_holds_all(tiles):
    across = sheet.columns(tiles)
    down = -(-tiles // across)
    assert tiles <= across * down
    assert down <= across <= 3 * down + 1


def test_full_rows_are_preferred():
    assert [sheet.columns(tiles) for tiles in (1, 128, 512, 2048)] == [1, 16, 32, 64]


@pytest.mark.parametrize(("canvas_px", "side"), [(224, 112), (112, 112), (64, 64), (48, 96), (32, 96), (111, 111)])
def test_pictures_are_reduced_to_the_tile_or_enlarged_by_whole_factors(canvas_px, side):
    assert sheet.shown_side(canvas_px, 112) == side


@pytest.mark.parametrize("count", [1, 5, 108, 512])
def test_every_picture_stands_on_the_sheet_and_none_on_another(count):
    planned = sheet.plan("a heading", count=count, canvas_px=160)
    places = [planned.place(number) for number in range(count)]

    assert len(set(places)) == count
    assert all(left + planned.side_px <= planned.width_px for left, _ in places)
    assert all(top + planned.side_px <= planned.height_px for _, top in places)
    assert planned.right_px > planned.side_px
    assert planned.down_px > planned.side_px


def test_a_sheet_of_few_pictures_is_as_wide_as_its_title():
    narrow, wide = (sheet.plan(heading, count=1, canvas_px=96) for heading in ("a", "a long heading " * 20))

    assert wide.width_px > narrow.width_px
    assert wide.left_px == narrow.left_px
