import dataclasses

import msgspec
import pytest

from pipeline.errors import UserError
from pipeline.network.catalogue import Stage
from pipeline.site.pages import home


def test_blocks_follow_the_strides_of_the_layers(atlas):
    titles = [(title, note, [layer.name for layer in group]) for title, note, group in home.blocks(atlas)]
    assert titles == [
        ("Block 1", "one unit at every pixel", ["block1_conv1", "block1_conv2"]),
        ("Block 3", "one unit every 4 pixels", ["block3_conv1"]),
    ]


def facts(atlas, layers):
    changed = dataclasses.replace(atlas, layers=tuple(layers))
    said = home.figures(home.totals(changed), atlas.words)
    return {fact.term: fact.value for fact in said if fact.term not in ("filters", "layers")}


def test_shares_of_depthwise_layers_are_shown_apart(atlas):
    first, *others = atlas.layers
    whole = facts(atlas, atlas.layers)
    apart = facts(atlas, [msgspec.structs.replace(first, depthwise=True), *others])

    assert list(whole) == ["found", "own best"]
    assert list(apart) == [
        "found, all but depthwise", "own best, all but depthwise", "found, depthwise", "own best, depthwise"
    ]  # fmt: skip
    assert apart["found, depthwise"] == facts(atlas, [first])["found"]
    assert apart["own best, all but depthwise"] == facts(atlas, others)["own best"]


def test_a_home_opens_with_depthwise_layers_only_where_there_are_no_others(atlas):
    def opening(depthwise: list[bool]) -> list[bool]:
        layers = tuple(
            msgspec.structs.replace(layer, depthwise=each) for layer, each in zip(atlas.layers, depthwise, strict=True)
        )
        return [layer.depthwise for layer, _ in home.highlighted(dataclasses.replace(atlas, layers=layers))]

    count = len(atlas.layers)
    assert not any(opening([True] * (count - 1) + [False]))
    assert all(opening([True] * count))


def test_a_home_opens_with_layers_that_have_nothing_found_only_where_there_are_no_others(atlas):
    def dead(layer):
        return msgspec.structs.replace(
            layer, filters=tuple(msgspec.structs.replace(each, alive=False) for each in layer.filters)
        )

    *others, last = atlas.layers
    mixed = dataclasses.replace(atlas, layers=(*map(dead, others), last))
    silent = dataclasses.replace(atlas, layers=tuple(map(dead, atlas.layers)))

    assert {layer.name for layer, _ in home.highlighted(mixed)} == {last.name}
    assert home.highlighted(silent)


def test_what_early_and_late_layers_look_for_is_said_of_known_networks_with_their_own_weights_alone(atlas):
    highlights = home.highlighted(atlas)
    mine = dataclasses.replace(atlas, network=dataclasses.replace(atlas.network, model="mine.keras"))
    retrained = dataclasses.replace(atlas, weights_are_published=False)

    assert home.home_view(atlas, highlights).shown == home.DEPTH
    assert home.home_view(mine, highlights).shown == ""
    assert home.home_view(retrained, highlights).shown == ""


def test_a_home_opens_with_the_filters_that_are_named(atlas):
    named = ["block3_conv1/158", "block1_conv1/0", "block3_conv1/006"]

    found = [(layer.name, number) for layer, number in home.highlights(atlas, named)]

    assert found == [("block3_conv1", 158), ("block1_conv1", 0), ("block3_conv1", 6)]
    assert home.highlights(atlas, ()) == home.highlighted(atlas)


@pytest.mark.parametrize("name", ["block3_conv1/7", "block3_conv2/0", "block3_conv1", "block3_conv1/x"])
def test_a_home_cannot_open_with_what_the_atlas_has_not(atlas, name):
    with pytest.raises(UserError, match=f"site.highlights: {name}: not in this atlas"):
        home.highlights(atlas, [name])


def test_pictures_are_spread_over_all_layers(atlas):
    every = [(layer.name, number) for layer in atlas.layers for number in layer.numbers]
    chosen = [(layer.name, number) for layer, number in home.spread(atlas, 4)]

    assert [name for name, _ in chosen] == ["block1_conv1", "block1_conv2", "block3_conv1", "block3_conv1"]
    assert len(set(chosen)) == 4
    found = [(layer.name, number) for layer, number in home.spread(atlas, 999)]
    assert sorted(found) == sorted(every)


def test_every_picture_of_a_band_leads_to_its_filter(atlas):
    few, many = (home.band(atlas.by_name[name]) for name in ("block1_conv1", "block3_conv1"))

    assert few.tiles == tuple((number, f"block1_conv1/{number:03}.html") for number in (0, 9, 63))
    assert (few.columns, few.rows, few.width, few.height) == (3, 1, 432, 144)
    assert (many.columns, many.rows, many.width, many.height) == (12, 2, 864, 144)
    assert len(many.tiles) == 24


def test_pooling_is_said_between_the_blocks_and_behind_them(atlas):
    def view(each):
        return home.home_view(each, home.highlighted(each))

    others = dataclasses.replace(atlas, weights_are_published=False)

    assert [block.before for block in view(atlas).blocks] == ["", "max-pooling, 2 × 2"]
    assert view(others).after == "max-pooling, 2 × 2"
    assert view(atlas).after.endswith("turn the maps into a score for each of the 1,000 classes")


def stage(kind, **settings):
    return Stage(**{"kind": kind, "side": 0, "stride": 1, "units": 0} | settings)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ([], ""),
        ([stage("GlobalAveragePooling2D")], "average pooling of the whole map"),
        ([stage("Dense", units=10)], "a dense layer of 10 units"),
        (
            [stage("MaxPooling2D", side=3, stride=2), *[stage("Dense", units=4096)] * 2, stage("Dense", units=1000)],
            "max-pooling, 3 × 3, 2 apart, then 3 dense layers of 4,096, 4,096 and 1,000 units",
        ),
    ],
)
def test_what_comes_behind_the_last_layer_is_said_in_words(after, words):
    assert home.after_words(after) == words


@pytest.mark.parametrize(
    ("channels", "words"), [(1, "a grey image"), (3, "an image in red, green and blue"), (6, "an image of 6 channels")]
)
def test_the_input_is_what_the_layers_see(atlas, channels, words):
    layers = tuple(msgspec.structs.replace(layer, image_channels=channels) for layer in atlas.layers)

    assert home.image_words(dataclasses.replace(atlas, layers=layers)) == words


def test_runs_of_layers_that_are_not_called_blocks_are_called_by_their_stride(atlas):
    layers = tuple(dataclasses.replace(layer, name=f"vgg16/{layer.name}") for layer in atlas.network.layers)
    catalogue = dataclasses.replace(atlas.network.catalogue, layers=layers)
    nested = dataclasses.replace(
        atlas,
        network=dataclasses.replace(atlas.network, catalogue=catalogue),
        layers=tuple(msgspec.structs.replace(layer, name=f"vgg16/{layer.name}") for layer in atlas.layers),
    )

    assert [title for title, _, _ in home.blocks(nested)] == ["Stride 1", "Stride 4"]
