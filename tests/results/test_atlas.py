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


def read(results: Path) -> atlases.Atlas:
    return atlases.read(results, layout.weights(results), VGG16, list(reversed(NUMBERS)))


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
