import dataclasses
import json

from pipeline.results import published
from pipeline.site.about import EXAMPLES, about
from pipeline.site.build import Site
from tests.support.sites import BASE, NUMBERS

SETTINGS = {"title": "T", "language": "de", "author": "A", "licence": "L", "base_url": ""}


def test_the_site_says_what_its_atlas_is(plain):
    said = published.read_about(plain)

    assert (said.title, said.author, said.licence, said.base_url) == ("A title", "An Author", "CC BY 4.0", "")
    assert (said.network, said.credit.institution) == ("VGG16", "Visual Geometry Group, University of Oxford")
    assert (said.totals.filters, said.totals.filters_total) == (10, 4224)
    assert (said.totals.layers, said.totals.layers_total) == (len(NUMBERS), 13)


def test_the_site_says_where_it_is_published(public):
    assert published.read_about(public).base_url == BASE


def test_examples_are_files_of_the_site(plain):
    examples = published.read_about(plain).examples

    assert 0 < len(examples) <= EXAMPLES
    assert all((plain / each.page).is_file() and (plain / each.picture).is_file() for each in examples)


def test_a_shallow_atlas_shows_several_filters_of_a_layer_the_most_of_its_last(atlas):
    two = dataclasses.replace(atlas, layers=atlas.layers[:2])

    shown = [(each.layer, each.filter) for each in about(two, **SETTINGS).examples]

    assert [layer for layer, _ in shown] == ["block1_conv1"] * 3 + ["block1_conv2"] * 3
    assert len(set(shown)) == len(shown)


def test_examples_are_the_filters_that_are_named_to_open_the_home(atlas):
    named = ["block3_conv1/159", "block1_conv1/9"]

    assert [f"{each.layer}/{each.filter}" for each in about(atlas, **SETTINGS, named=named).examples] == named


def test_a_network_of_nobody_known_has_no_credit(atlas):
    own = dataclasses.replace(atlas, network=dataclasses.replace(atlas.network, model="/home/me/mine.keras"))

    said = about(own, **SETTINGS)

    assert (said.network, said.credit) == ("mine", None)
    assert "/home/me" not in json.dumps(published.document.to_json(said))


def test_every_word_of_the_settings_has_its_place():
    # A setting that is added to the site is decided on here, too.
    elsewhere = {"description", "extra", "publish_patches", "originals", "highlights", "source", "year"}
    assert {each.name for each in dataclasses.fields(Site)} - SETTINGS.keys() == elsewhere
