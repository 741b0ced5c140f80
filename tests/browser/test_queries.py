"""What people type into the search, and what they find: on the layers of VGG16, with all words that there are."""

import dataclasses
import random

import pytest

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.site import search
from tests.browser.conftest import NUMBERS
from tests.support import documents

ASK = """query => {
    const name = ([layer, place]) =>
        layer.filters ? (place < 0 ? layer.name : `${layer.name}/${layer.filters[place]}`) : layer;
    const { hits, direct, advice } = atlas.search(query);
    return { hits: hits.map(name), direct: direct ? name(direct) : null, advice };
}"""


def descriptions() -> dict[str, str]:
    """Return a description for each filter of VGG16, in which every word of the vocabulary occurs."""
    words = {title: [*of_kind, ""] for title, of_kind in search.kinds()}
    dice = random.Random(0)

    def one() -> str:
        scale, direction, pattern, relief, colour, vividness, lightness = (
            dice.choice(words[title])
            for title in ("Scale", "Direction", "Pattern", "Relief", "Colour", "Vividness", "Lightness")
        )
        form = " ".join(filter(None, (scale, direction, pattern, relief and f"with {relief}")))
        return ", ".join(filter(None, (form, colour, vividness, lightness)))

    layers = catalogue.load("vgg16").layers
    return {f"{layer.name}/{number}": one() for layer in layers for number in range(layer.filters)}


DESCRIBED = descriptions()


@pytest.fixture(scope="module")
def asked(browser, served, results):
    """Return a function that asks the search of an atlas of all filters, and returns what it answers."""
    network = catalogue.load("vgg16")
    small = atlases.read(results, results / "weights.npz", network, list(NUMBERS))
    layers = tuple(
        documents.a_layer(
            layer.name,
            [
                documents.a_filter(number, description=DESCRIBED[f"{layer.name}/{number}"])
                for number in range(layer.filters)
            ],
            filters_total=layer.filters,
        )
        for layer in network.layers
    )
    script = search.script(dataclasses.replace(small, layers=layers))
    context = browser.new_context()
    page = context.new_page()
    page.route("**/search.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    page.goto(f"{served}/index.html")
    page.focus("#find")
    page.wait_for_function("Boolean(window.atlas.search)")
    yield lambda query: page.evaluate(ASK, query)
    context.close()


@pytest.mark.parametrize(
    "query",
    [
        "block4_conv1/243",
        "block4_conv1 243",
        "block4_conv1 #243",
        "block4_conv1 filter 243",
        "block4 conv1 243",
        "block4 conv1 filter 243",
        "Block4 Conv1 Filter 243",
        "filter 243 of block4_conv1",
        "filter 243 in layer block4_conv1",
        "conv4_1 243",
        "conv4_1/243",
        "conv4_1 filter 243",
        "4_1 243",
        "4_1/243",
        "b4c1 243",
        "b4c1/243",
        "b4 c1 #243",
        "B4C1 243",
        "b4c1243",
        "block4_conv1243",
        "vgg16 block4_conv1 243",
        "VGG16 conv4_1/243",
        "vgg16-block4_conv1-243.png",
        "vgg16-block4_conv1-243",
        "block4_conv1/243.html",
        "https://example.org/atlas/block4_conv1/243.html#similar",
        "http://localhost:8000/block4_conv1/243.png?1",
        "file:///home/me/results/site/block4_conv1/243.html",
    ],
)
def test_a_filter_is_found_by_whatever_it_is_called(asked, query):
    answer = asked(query)
    assert answer["direct"] == "block4_conv1/243"
    assert answer["hits"] == ["block4_conv1/243"]


@pytest.mark.parametrize("query", ["block4_conv1", "block4 conv1", "conv4_1", "4_1", "b4c1", "layer conv4_1",
                                   "vgg16 block4_conv1", "https://example.org/block4_conv1/index.html",
                                   "https://example.org/atlas/block4_conv1/"])  # fmt: skip
def test_a_layer_is_found_with_its_filters_by_whatever_it_is_called(asked, query):
    answer = asked(query)
    assert answer["direct"] == answer["hits"][0] == "block4_conv1"
    assert len(answer["hits"]) == 513


@pytest.mark.parametrize("query", ["243", "#243", "filter 243", "no. 243", "number 243"])
def test_a_number_alone_is_that_filter_of_every_layer(asked, query):
    answer = asked(query)
    layers = [layer.name for layer in catalogue.load("vgg16").layers if layer.filters > 243]
    assert answer["hits"] == [f"{name}/243" for name in layers]
    assert answer["direct"] is None


@pytest.mark.parametrize("query", ["b4", "block4", "block 4", "conv4"])
def test_a_block_is_all_its_layers_and_their_filters(asked, query):
    hits = asked(query)["hits"]
    assert hits[:3] == ["block4_conv1", "block4_conv2", "block4_conv3"]
    assert len(hits) == 3 + 3 * 512


@pytest.mark.parametrize("query", ["b4 243", "block4 filter 243", "conv4 243"])
def test_a_number_in_a_block_is_that_filter_of_each_of_its_layers(asked, query):
    assert asked(query)["hits"] == [f"block4_conv{place}/243" for place in (1, 2, 3)]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("diagonal", {"rising", "falling"}),
        ("magenta", {"pink", "purple"}),
        ("violet", {"purple"}),
        ("cyan", {"turquoise"}),
        ("gray", {"grey"}),
        ("grey", {"grey"}),
        ("spots", {"cells", "blotches"}),
        ("dots", {"cells", "blotches"}),
        ("stripe", {"stripes"}),
        ("striped", {"stripes"}),
        ("lines", {"stripes", "streaks"}),
        ("grids", {"grid"}),
        ("checkered", {"grid"}),
        ("spirals", {"swirls"}),
        ("Wavy", {"curves", "swirls"}),
        ("colorful", {"vivid", "glaring"}),
        ("bluish", {"blue"}),
        ("show me all the vertical ones", set()),
        ("pictures that look vertical", {"vertical"}),
        ("swirl", {"swirls"}),
    ],
)
def test_words_mean_what_people_mean_by_them(asked, query, meant):
    expected = {name for name, text in DESCRIBED.items() if meant & set(text.replace(",", "").split())}
    assert set(asked(query)["hits"]) == expected


def test_several_words_must_all_hold(asked):
    hits = asked("orange stripes")["hits"]
    assert hits
    assert all("orange" in DESCRIBED[name] and "stripes" in DESCRIBED[name] for name in hits)
    assert asked("conv4_1 stripes")["hits"] == [
        name for name, text in DESCRIBED.items() if name.startswith("block4_conv1/") and "stripes" in text
    ]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("block4_conv1 999", ["block4_conv1 has filters 0 to 511", "block4_conv1"]),
        ("conv1_1 64", ["block1_conv1 has filters 0 to 63", "block1_conv1"]),
        ("9999", ["The largest layer has filters 0 to 511", "block4_conv1"]),
        ("ornage", ["Did you mean orange?", "orange"]),
        ("vertcal stripes", ["Did you mean vertical?", "vertical stripes"]),
        ("block9_conv1", ["Did you mean block1_conv1?", "block1_conv1"]),
        ("blok4_conv1 243", ["Did you mean block4_conv1 243?", "block4_conv1 243"]),
        ("blok4_conv1/243.html", ["Did you mean block4_conv1 243?", "block4_conv1 243"]),
        ("http://10.1.1.5/block4_conv1/999.html", ["block4_conv1 has filters 0 to 511", "block4_conv1"]),
    ],
)
def test_where_nothing_is_found_it_is_said_what_may_have_been_meant(asked, query, first):
    answer = asked(query)
    assert answer["hits"] == []
    assert answer["advice"][0] == first


@pytest.mark.parametrize("query", ["dog", "eye", "constructor", "__proto__", "<img src=x>", "%zz/%"])
def test_things_are_not_found_for_words_say_how_a_picture_looks(asked, query):
    assert asked(query)["hits"] == []


def test_words_that_do_not_occur_together_are_offered_one_by_one(asked):
    answer = asked("orange dog")
    count = sum("orange" in text for text in DESCRIBED.values())
    assert answer["advice"][-1] == [f"{count:,} with “orange” alone", "orange"]


@pytest.mark.parametrize("query", ["", " ", "?", "—", "filter"])
def test_what_says_nothing_finds_nothing(asked, query):
    answer = asked(query)
    assert answer["hits"] == []
    assert answer["direct"] is None
