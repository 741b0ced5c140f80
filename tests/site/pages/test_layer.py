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


def test_only_a_few_filters_are_called_the_least_sure(shown, atlas):
    assert shown["block1_conv1/index.html"].view.worst == ()
    worst = shown["block3_conv1/index.html"].view.worst
    assert [each.number for each in worst] == list(atlas.by_name["block3_conv1"].figures.worst[: layer_page.LEAST_SURE])


def test_sort_values_put_the_largest_first_where_the_largest_matter(atlas):
    layer = atlas.by_name["block3_conv1"]
    values = layer_page.sort_values(layer)
    assert values["filter"] == list(layer.numbers)
    assert values["selectivity"] == [-each.selectivity for each in layer.filters]
    assert values["hue"] == [each.hue for each in layer.filters]


def test_a_run_with_gaps_says_how_many_filters_it_has(shown):
    titles = {name: [section.title for section in shown[f"{name}/index.html"].view.sections] for name in NUMBERS}
    assert titles["block1_conv1"] == ["3 filters from 0 to 63"]
    assert titles["block1_conv2"] == ["Filters 0 to 3"]


def test_only_a_layer_of_some_filters_has_charts(shown):
    assert shown["block1_conv1/index.html"].view.charts == ()
    assert len(shown["block3_conv1/index.html"].view.charts) == 3
