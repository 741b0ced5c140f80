"""The summary of a layer: what its fields promise, and which summaries may be compared."""

import json
import math
from pathlib import Path

import msgspec
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.results import document, layer_summary
from pipeline.results.layer_summary import OtherMeasuresError
from pipeline.results.layout import MEASURES
from tests.support.documents import a_filter, a_layer


def written(folder: Path, layer: layer_summary.Layer, **changes: object) -> Path:
    path = folder / f"{layer.name}.json"
    files.write_json(path, document.to_json(layer) | changes)
    return path


def test_an_answer_is_counted_in_times_of_the_answer_to_noise():
    assert a_filter(activation=8.0, noise_activation=2.0).ratio == 4
    assert a_filter(activation=8.0, noise_activation=0.0).ratio == math.inf
    assert a_filter(activation=0.0, noise_activation=0.0).ratio == 0


@pytest.mark.parametrize(("activation", "own_rank", "expected"), [(8.0, 1, True), (8.0, 2, False), (0.0, 1, False)])
def test_a_picture_is_the_best_where_it_is_the_first_and_its_filter_answers_to_it(activation, own_rank, expected):
    assert a_filter(activation=activation, own_rank=own_rank).is_in_best(1) is expected


def test_the_least_sure_are_the_dead_then_the_badly_ranked_then_the_faint():
    filters = [
        a_filter(10, activation=9.0),
        a_filter(11, activation=3.0),
        a_filter(12, activation=9.0, own_rank=4),
        a_filter(13, activation=1.0, alive=False),
    ]

    ordered = sorted(filters, key=lambda each: each.certainty)

    assert [each.filter for each in ordered] == [13, 12, 11, 10]


@pytest.mark.parametrize("numbers", [[], [3, 1], [1, 1], [600]])
def test_filters_are_some_of_the_layer_each_once_by_number(tmp_path, numbers):
    filters = [msgspec.to_builtins(a_filter(number)) for number in numbers]
    path = written(tmp_path, a_layer(), filters=filters)

    with pytest.raises(UserError, match=r"conv1\.json: filters: should be some of the 600, each once, by number"):
        layer_summary.read(path)


def test_a_summary_of_before_measures_had_a_version_is_of_the_first(tmp_path):
    path = written(tmp_path, a_layer())
    value = json.loads(path.read_text())
    del value["measures"]
    path.write_text(json.dumps(value))

    with pytest.raises(OtherMeasuresError, match="made by measures 1, not"):
        layer_summary.read(path)


def test_a_summary_by_other_measures_is_not_read_whatever_its_keys(tmp_path):
    value = document.to_json(a_layer(measures=MEASURES + 1))
    del value["filters"][0]["selectivity"]
    path = tmp_path / "conv1.json"
    files.write_json(path, value)

    with pytest.raises(OtherMeasuresError, match=f"measures {MEASURES + 1}, not {MEASURES}.*delete it to make it anew"):
        layer_summary.read(path)


def test_other_measures_make_finished_layers_anew():
    rule = (PROJECT / "Snakefile").read_text().split("rule summary:")[1].split("\nrule ")[0]

    assert "measures=layout.MEASURES" in rule


@pytest.mark.parametrize("key", ["model", "weights_sha256", "objective"])
def test_layers_of_one_atlas_share_network_weights_and_objective(key):
    other = {"model": "other", "weights_sha256": "1" * 64, "objective": "neuron"}[key]
    layers = {Path("a.json"): a_layer("a"), Path("b.json"): a_layer("b", **{key: other})}

    with pytest.raises(UserError, match=rf"b\.json: {key}: .*, but .* in a; an atlas has one of each"):
        layer_summary.check_alike(layers)
