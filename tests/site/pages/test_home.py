import dataclasses

import msgspec
import pytest

from pipeline.site.pages import home


def test_blocks_follow_the_strides_of_the_layers(atlas):
    titles = [(title, note, [layer.name for layer in group]) for title, note, group in home.blocks(atlas)]
    assert titles == [
        ("Block 1", "a unit at every pixel", ["block1_conv1", "block1_conv2"]),
        ("Block 3", "a unit every 4 pixels", ["block3_conv1"]),
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


def test_what_early_and_late_layers_look_for_is_said_of_known_networks_alone(atlas):
    highlights = home.highlighted(atlas)
    mine = dataclasses.replace(atlas, network=dataclasses.replace(atlas.network, model="mine.keras"))

    assert home.home_view(atlas, highlights).shown == home.DEPTH
    assert home.home_view(mine, highlights).shown == ""


@pytest.mark.parametrize(("channels", "words"), [(1, "grey"), (3, "red, green and blue"), (6, "6 channels")])
def test_the_input_is_what_the_layers_see(atlas, channels, words):
    layers = tuple(msgspec.structs.replace(layer, image_channels=channels) for layer in atlas.layers)

    assert home.image_words(dataclasses.replace(atlas, layers=layers)) == words


def test_runs_of_layers_that_are_not_called_blocks_are_called_by_their_stride(atlas):
    layers = tuple(msgspec.structs.replace(layer, name=f"vgg16/{layer.name}") for layer in atlas.network.layers)
    catalogue = msgspec.structs.replace(atlas.network.catalogue, layers=layers)
    nested = dataclasses.replace(
        atlas,
        network=dataclasses.replace(atlas.network, catalogue=catalogue),
        layers=tuple(msgspec.structs.replace(layer, name=f"vgg16/{layer.name}") for layer in atlas.layers),
    )

    assert [title for title, _, _ in home.blocks(nested)] == ["Stride 1", "Stride 4"]
