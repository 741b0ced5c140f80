import dataclasses

from msgspec.structs import replace

from pipeline.site.about import about
from pipeline.site.pages import collection


def said(atlas, **changes):
    made = about(atlas, title="T", language="en", author="", licence="", base_url="")
    return replace(made, **changes)


def test_addresses_begin_with_the_folder_of_the_atlas(atlas):
    (row,) = collection.collection_view([("vgg16", said(atlas))]).atlases

    assert row.href == "vgg16/index.html"
    assert all(each.href.startswith("vgg16/") and each.image.startswith("vgg16/") for each in row.plates)


def test_figures_are_those_of_the_atlas_own_home(atlas, shown):
    row = collection.atlas_row("vgg16", said(atlas))

    assert row.figures == tuple(dataclasses.replace(each, about="") for each in shown["index.html"].view.figures)


def test_an_atlas_of_another_objective_speaks_of_it(atlas):
    row = collection.atlas_row("vgg16", said(atlas, objective="negative_channel"))

    assert "opposed" in [each.term for each in row.figures]


def test_networks_are_counted_once_and_filters_of_every_atlas(atlas):
    one, other = said(atlas), said(atlas, network="Other")
    filters = one.totals.filters

    assert collection.summary([one]).startswith(f"{filters} filters of 1 network: one picture each")
    assert collection.summary([one, one, other]).startswith(f"{3 * filters} filters of 2 networks")
