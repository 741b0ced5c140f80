import dataclasses
import json

import msgspec
import pytest

from pipeline.measure import words
from pipeline.site import search
from tests.support import documents
from tests.support.sites import NUMBERS

VOCABULARY = {word for _, of_kind in search.kinds() for word in of_kind}


def test_synonyms_mean_words_of_the_vocabulary_and_are_none_themselves():
    meant = {word for words in search.SYNONYMS.values() for word in words.split()}
    assert meant <= VOCABULARY
    assert VOCABULARY.isdisjoint(search.SYNONYMS)


def test_every_word_of_the_descriptions_of_an_atlas_is_offered_with_how_often_it_occurs(atlas):
    told = {each.word: each.count for kind in search.search_view(atlas).kinds for each in kind.words}

    said = [words.named(each.description) for layer in atlas.layers for each in layer.filters]
    assert told == {word: sum(word in each for each in said) for word in {word for each in said for word in each}}


def test_the_examples_of_a_word_have_it(atlas):
    for kind in search.search_view(atlas).kinds:
        for each in kind.words:
            assert each.tiles
            assert len(each.tiles) <= search.EXAMPLES
            assert all(each.word in words.named(tile.alt) for tile in each.tiles)


def test_the_search_script_knows_every_filter_and_its_description(plain, atlas):
    text = (plain / "assets" / "search.js").read_text()
    index = json.loads(text.removeprefix("window.ATLAS=").removesuffix(";\n"))
    assert {layer["name"]: layer["filters"] for layer in index["layers"]} == NUMBERS
    assert index["network"] == atlas.network.name
    for layer in index["layers"]:
        described = [", ".join(index["parts"][part] for part in parts) for parts in layer["parts"]]
        assert described == [each.description for each in atlas.by_name[layer["name"]].filters]


def test_the_search_script_holds_each_part_of_a_description_once(atlas):
    filters = [
        documents.a_filter(number, description=f"fine grid, {colour}, dark")
        for number, colour in enumerate(["red", "blue"])
    ]
    layer = documents.a_layer("one", filters)

    script = search.script(dataclasses.replace(atlas, layers=(layer,)))

    assert '"parts":[[0,1,2],[0,3,2]]' in script
    assert '"parts":["fine grid","red","dark","blue"]' in script


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("block3_conv1", "b3c1 7 or vertical blue"),
        ("encoder/block1_conv1", "encoder/block1_conv1 7 or vertical blue"),
        ("shared@2", "shared@2 7 or vertical blue"),
        ("up2", "up2 7 or vertical blue"),
        ("s1b1_dw", "s1b1_dw 7 or vertical blue"),
        ("head", "head 7 or vertical blue"),
    ],
)
def test_the_example_of_a_search_is_one_of_the_atlas(atlas, name, example):
    layer = documents.a_layer(name, [documents.a_filter(7)])

    assert search.example(dataclasses.replace(atlas, layers=(layer,))) == example


def described(atlas, *descriptions):
    layer = atlas.layers[0]
    filters = tuple(
        msgspec.structs.replace(layer.filters[0], filter=number, description=text)
        for number, text in enumerate(descriptions)
    )
    return dataclasses.replace(atlas, layers=(msgspec.structs.replace(layer, filters=filters),))


@pytest.mark.parametrize(
    ("descriptions", "words"),
    [
        (["fine cells, blue", "coarse stripes, orange and red", "large curves, orange"], "orange stripes"),
        (["fine cells, blue and green", "plain, orange"], "orange plain"),
        (["fine cells, green and blue"], "green cells"),
        (["fine cells"], "fine cells"),
    ],
)
def test_what_is_offered_to_search_for_together_is_found(atlas, descriptions, words):
    assert search.together(described(atlas, *descriptions)) == words
