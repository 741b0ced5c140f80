"""A finished atlas, read back: what belongs to it, and what is refused by name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.results import layout
from tests.support import synthetic

NUMBERS = {"block1_conv1": [0, 7], "block3_conv1": [0, 159]}
VGG16 = catalogue.load("vgg16")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return results of the filters in `NUMBERS`; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("results")
    synthetic.make_results(folder, VGG16, NUMBERS)
    return folder


@pytest.fixture
def results(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "results"))


def read(results: Path, *, with_photographs: bool = False) -> atlases.Atlas:
    return atlases.read(
        results, layout.weights(results), VGG16, list(reversed(NUMBERS)), with_photographs=with_photographs
    )


def change(results: Path, name: str, **changes: object) -> None:
    path = layout.layer_paths(results, name).summary
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_layers_come_in_the_order_of_the_network_each_with_its_records(results):
    atlas = read(results)

    assert [layer.name for layer in atlas.layers] == ["block1_conv1", "block3_conv1"]
    assert {layer: list(records) for layer, records in atlas.records.items()} == NUMBERS
    assert atlas.by_name["block3_conv1"].by_number[159].filter == 159


def test_first_kernels_are_in_the_order_red_green_blue(results):
    atlas = read(results)

    with np.load(layout.weights(results)) as weights:
        kernels = weights["block1_conv1/kernel"]
    assert atlas.first_kernels.shape == (64, 3, 3, 3)
    assert np.array_equal(atlas.first_kernels[5], kernels[:, :, ::-1, 5])


def test_a_damaged_summary_is_named(results):
    path = layout.layer_paths(results, "block3_conv1").summary
    value = json.loads(path.read_text())
    del value["filters"][1]["hue"]
    path.write_text(json.dumps(value))

    with pytest.raises(UserError, match=r"block3_conv1\.json: filters\.1\.'hue': missing"):
        read(results)


def test_the_summary_of_another_layer_is_named(results):
    change(results, "block3_conv1", layer="block1_conv1")

    with pytest.raises(UserError, match=r"block3_conv1\.json: the summary of block1_conv1, not of block3_conv1"):
        read(results)


def test_a_missing_record_is_named(results):
    layout.paths(results, "block1_conv1", 7).record.unlink()

    with pytest.raises(UserError, match=r"block1_conv1/007\.json: no such file"):
        read(results)


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ("neuron", "objective: neuron, but channel in block1_conv1"),
        ("nothing", "objective: invalid enum value"),
    ],
)
def test_an_atlas_has_one_objective_that_is_known(results, objective, message):
    change(results, "block3_conv1", objective=objective)

    with pytest.raises(UserError, match=message):
        read(results)


def test_what_a_network_was_shown_is_read_where_it_was(results):
    unseen, atlas = read(results), read(results, with_photographs=True)

    assert unseen.natural is None
    assert unseen.tuning == {}
    assert list(atlas.tuning) == list(atlas.natural.layers) == ["block1_conv1", "block3_conv1"]
    assert len(atlas.tuning["block3_conv1"].filters) == 256
    assert [each.filter for each in atlas.natural.layers["block3_conv1"].filters] == [0, 159]


@pytest.mark.parametrize("place", [layout.tuning, layout.exemplars])
@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("weights_sha256", "f" * 64, "weights_sha256: f+, not "),
        ("layer", "block1_conv1", "layer: block1_conv1, not block3_conv1"),
        ("objective", "neuron", "objective: neuron, not channel"),
    ],
)
def test_what_another_layer_was_shown_is_named(results, place, key, value, reason):
    path = place(results, "block3_conv1")
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))

    with pytest.raises(UserError, match=rf"block3_conv1\.json: {reason}"):
        read(results, with_photographs=True)


@pytest.mark.parametrize(
    ("place", "reason"), [(layout.tuning, "255 filters of 256"), (layout.exemplars, "filter 159 is missing")]
)
def test_a_filter_of_which_it_says_nothing_is_named(results, place, reason):
    path = place(results, "block3_conv1")
    value = json.loads(path.read_text())
    path.write_text(json.dumps(value | {"filters": value["filters"][:-1]}))

    with pytest.raises(UserError, match=rf"block3_conv1\.json: {reason}; delete it to make it anew"):
        read(results, with_photographs=True)
