import re

import msgspec
import pytest

from pipeline.results import sheet
from pipeline.site.pages import layer as layer_page
from tests.support.sites import NUMBERS


def test_the_first_layer_shows_all_kernels_and_links_those_in_the_atlas(shown):
    kernels = shown["block1_conv1/index.html"].view.kernels
    assert len(kernels) == 64
    assert [kernel.number for kernel in kernels if kernel.href] == [0, 9, 63]
    assert shown["block1_conv2/index.html"].view.kernels == ()


def test_long_layers_are_cut_into_runs_with_anchors(shown):
    sections = shown["block3_conv1/index.html"].view.sections
    assert [len(section.tiles) for section in sections] == [layer_page.SECTION_FILTERS]
    assert sections[0].title == "128 filters from 0 to 254"


def test_only_pictures_that_are_doubted_are_called_the_least_reliable(shown, atlas):
    layer = atlas.by_name["block3_conv1"]
    named = [layer.by_number[each.number] for each in shown["block3_conv1/index.html"].view.worst]

    assert shown["block1_conv1/index.html"].view.worst == ()
    assert 0 < len(named) <= layer_page.LEAST_SURE
    assert all(not each.alive or each.own_rank > 1 for each in named)
    sure = tuple(msgspec.structs.replace(each, alive=True, own_rank=1) for each in layer.filters)
    assert layer_page.doubtful(msgspec.structs.replace(layer, filters=sure)) == []


def ordered(atlas, layer) -> dict[str, tuple[int, ...]]:
    return {each.name: each.filters for each in layer_page.orders(atlas, layer)}


def test_every_order_has_every_filter_once_and_the_largest_first_where_the_largest_matter(atlas):
    layer = atlas.by_name["block3_conv1"]
    found = ordered(atlas, layer)

    assert {"hue", "period", "orientation", "selectivity", "ratio"} <= set(found)
    assert all(sorted(filters) == list(layer.numbers) for filters in found.values())
    selectivities = [layer.by_number[each].selectivity for each in found["selectivity"]]
    assert selectivities == sorted(selectivities, reverse=True)
    periods = [layer.by_number[each].period_px for each in found["period"]]
    assert periods == sorted(periods)


def test_filters_of_which_an_order_says_nothing_come_last_by_number(atlas):
    layer = atlas.by_name["block3_conv1"]
    hues = [layer.by_number[each].hue for each in ordered(atlas, layer)["hue"]]
    known = [hue for hue in hues if hue is not None]
    grey = [each.filter for each in layer.filters if each.hue is None]

    assert hues[: len(known)] == sorted(known)
    assert list(ordered(atlas, layer)["hue"][len(known) :]) == grey


def changed(layer, **values):
    return msgspec.structs.replace(
        layer, filters=tuple(msgspec.structs.replace(each, **values) for each in layer.filters)
    )


@pytest.mark.parametrize(
    ("order", "values"),
    [
        ("orientation", {"orientation_strength": 0.29}),
        ("hue", {"hue": None}),
        ("selectivity", {"selectivity": 0.5}),
        # So silent on noise that a quotient says nothing.
        ("ratio", {"noise_activation": 1e-6}),
    ],
)
def test_an_order_that_tells_filters_apart_by_nothing_is_not_offered(atlas, order, values):
    layer = atlas.by_name["block3_conv1"]

    assert order in ordered(atlas, layer)
    assert order not in ordered(atlas, changed(layer, **values))


def test_the_links_on_the_mosaic_cover_the_pictures_that_stand_there(atlas):
    layer = atlas.by_name["block3_conv1"]
    shown = layer_page.mosaic(layer)
    planned = sheet.plan(sheet.title(layer, 128), count=128, canvas_px=layer.canvas_px)

    left, top, width, height = (
        float(share) / 100 * whole
        for share, whole in zip(
            re.findall(r":([\d.]+)%", shown.grid), [shown.width_px, shown.height_px] * 2, strict=True
        )
    )
    assert f"repeat({planned.rows},1fr)/repeat({planned.columns},1fr)" in shown.grid
    for number in (0, 17, 127):
        row, column = divmod(number, planned.columns)
        x, y = planned.place(number)
        assert left + column * width / planned.columns <= x
        assert x + planned.side_px <= left + (column + 1) * width / planned.columns
        assert top + row * height / planned.rows <= y
        assert y + planned.side_px <= top + (row + 1) * height / planned.rows


def test_a_run_with_gaps_says_how_many_filters_it_has(shown):
    titles = {name: [section.title for section in shown[f"{name}/index.html"].view.sections] for name in NUMBERS}
    assert titles["block1_conv1"] == ["3 filters from 0 to 63"]
    assert titles["block1_conv2"] == ["Filters 0 to 3"]


def test_only_a_layer_of_some_filters_has_charts(shown):
    assert shown["block1_conv1/index.html"].view.charts == ()
    assert len(shown["block3_conv1/index.html"].view.charts) == 3
