import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipeline import errors
from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.network import catalogue
from pipeline.network.catalogue import Network
from pipeline.results import document, layer_summary, layout
from pipeline.results import record as records
from pipeline.results import renders as layer_renders
from pipeline.results.record import Record, Versions
from pipeline.results.renders import Render
from pipeline.summary import __main__ as command
from pipeline.summary import summarise
from pipeline.weights import store
from pipeline.weights.store import Weights
from tests.support import documents

CANVAS = 24


@dataclasses.dataclass(frozen=True)
class Atlas:
    """A tiny model with its weights and renders, on disk and in memory."""

    directory: Path
    network: Network
    weights: Weights

    @property
    def results(self) -> Path:
        return self.directory / "results"

    def paths(self, filter: int, layer: str = "first") -> layout.FilterPaths:
        return layout.paths(self.results, layer, filter)

    def command(self, filters: str, layer: str = "first") -> list[str]:
        return [
            *("--model", str(self.directory / "tiny.keras"), "--preprocessing", "unit"),
            *("--weights", str(self.directory / "weights.npz"), "--results", str(self.results)),
            *("--layer", layer, "--filters", filters, "--output", str(self.results / "layers" / f"{layer}.json")),
        ]

    def run(self, monkeypatch, filters: str, layer: str = "first") -> None:
        monkeypatch.setattr(sys, "argv", ["summary", *self.command(filters, layer)])
        command.main()


def a_picture(filter: int) -> np.ndarray:
    return np.random.default_rng(filter).integers(0, 256, (CANVAS, CANVAS, 3), np.uint8)


def a_record(network: Network, weights: Weights, layer: str, filter: int, **changes) -> Record:
    described = network.layer(layer)
    values = {
        "model": network.name,
        "layer": layer,
        "filter": filter,
        "receptive_field_px": described.receptive_field_px,
        "stride_px": described.stride_px,
        "canvas_px": CANVAS,
        "image_sha256": records.image_digest(a_picture(filter)),
        "weights_sha256": weights.sha256,
    }
    return documents.a_record(**(values | changes))


def render(atlas: Atlas, filter: int, layer: str = "first", **changes) -> None:
    record = a_record(atlas.network, atlas.weights, layer, filter, **changes)
    records.write(atlas.paths(filter, layer), record, a_picture(filter), [a_picture(filter)])


def make_atlas(keras: ModuleType, directory: Path) -> Atlas:
    layers = [keras.layers.Conv2D(8, 3, padding="same", activation="relu", name=name) for name in ("first", "second")]
    keras.Sequential([keras.Input((None, None, 3)), *layers]).save(directory / "tiny.keras")
    network = catalogue.load(str(directory / "tiny.keras"), "unit")
    random = np.random.default_rng(0)
    tensors = {name: random.standard_normal(shape).astype(np.float32) for name, shape in network.parameters.items()}
    weights = Weights(tensors, store.digest(tensors, tensors), "made for a test")
    store.save(directory / "weights.npz", weights)
    atlas = Atlas(directory, network, weights)
    for filter in (0, 1, 2, 5):
        render(atlas, filter)
    return atlas


@pytest.fixture
def atlas(keras, tmp_path) -> Atlas:
    return make_atlas(keras, tmp_path)


@pytest.fixture(scope="module")
def summarised(keras, tmp_path_factory) -> Atlas:
    """An atlas whose first layer the command line has summarised."""
    atlas = make_atlas(keras, tmp_path_factory.mktemp("atlas"))
    command = [sys.executable, "-m", "pipeline.summary", *atlas.command("0-2,5")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return atlas


def the_summary(atlas: Atlas) -> dict:
    return json.loads((atlas.results / "layers/first.json").read_text())


def convolve(image: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The response map of a 3×3 convolution with zeros around the image, written out."""
    height, width = image.shape[:2]
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    parts = [padded[y : y + height, x : x + width] @ kernel[y, x] for y in range(3) for x in range(3)]
    return sum(parts) + bias


def test_the_response_matrix_is_each_filters_mean_activation_on_each_picture(summarised):
    found = np.load(summarised.results / "layers/first.response.npy", allow_pickle=False)
    tensors = summarised.weights.tensors
    expected = [
        np.maximum(convolve(a_picture(filter) / 255.0, tensors["first/kernel"], tensors["first/bias"]), 0).mean((0, 1))
        for filter in (0, 1, 2, 5)
    ]
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array(expected), rel=1e-4)


def test_the_strongest_unit_is_that_of_the_picture_without_its_border(summarised):
    tensors = summarised.weights.tensors
    for each in the_summary(summarised)["filters"]:
        map = convolve(a_picture(each["filter"]) / 255.0, tensors["first/kernel"], tensors["first/bias"])
        # A quarter of a field of three pixels is one unit.
        assert each["strongest_unit"] == pytest.approx(max(0, map[1:-1, 1:-1, each["filter"]].max()), rel=1e-4)


def test_a_summary_agrees_with_its_response_matrix(summarised):
    found = the_summary(summarised)
    matrix = np.load(summarised.results / "layers/first.response.npy")
    assert [each["filter"] for each in found["filters"]] == [0, 1, 2, 5]
    for row, each in enumerate(found["filters"]):
        assert np.float32(each["activation"]) == matrix[row, each["filter"]]
        assert each["own_rank"] == 1 + (matrix[:, each["filter"]] > matrix[row, each["filter"]]).sum()
        assert each["alive"] == (each["activation"] >= 2 * each["noise_activation"])
    figures = found["figures"]
    assert figures["rendered"] == 4
    assert figures["alive"] == sum(each["alive"] for each in found["filters"])
    assert figures["own_best"] == sum(each["own_rank"] == 1 for each in found["filters"])
    assert figures["own_best_top5"] == 4
    assert sorted(figures["worst"]) == [0, 1, 2, 5]
    assert figures["retried"] == 0
    assert figures["median_selectivity"] == pytest.approx(
        np.median([each["selectivity"] for each in found["filters"]]), abs=1e-4
    )


def test_a_robust_activation_is_that_of_the_picture_slightly_moved(summarised):
    from pipeline.measure import robustness
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of

    found = the_summary(summarised)
    judge = Judge(summarised.network, graph_of(summarised.network, summarised.weights.tensors), "first", CANVAS)
    for each in found["filters"]:
        views = robustness.views(a_picture(each["filter"]), robustness.FEW_VIEWS)
        means = judge.to_pictures(views)
        assert each["robust_activation"] == pytest.approx(means[:, each["filter"]].mean(), rel=1e-5)
    medians = np.median([each["robust_activation"] for each in found["filters"]])
    assert found["figures"]["median_robust_activation"] == pytest.approx(medians, rel=1e-6)


def test_pictures_of_another_precision_are_measured_in_it_and_in_float32_where_they_decide_narrowly(atlas, monkeypatch):
    layer = atlas.network.layer("first")

    def measured(precision: str, doubt: float) -> summarise.Measurements:
        monkeypatch.setattr(summarise, "DOUBT", doubt)
        renders = [
            Render(a_record(atlas.network, atlas.weights, "first", filter, precision=precision), a_picture(filter))
            for filter in range(8)
        ]
        return summarise.measure(atlas.network, atlas.weights, layer, renders)

    exact, rounded, again = measured("float32", 0), measured("bfloat16", 0), measured("bfloat16", np.inf)

    assert (rounded.responses != exact.responses).mean() > 0.9
    assert rounded.responses == pytest.approx(exact.responses, rel=0.02, abs=2e-3)
    assert rounded.strongest == pytest.approx(exact.strongest, rel=0.02)
    assert np.array_equal(rounded.noise, exact.noise)
    assert np.array_equal(again.responses, exact.responses)
    assert np.array_equal(again.strongest, exact.strongest)


def test_a_summary_counts_the_filters_that_were_tried_again(atlas):
    layer = atlas.network.layer("first")
    renders = [
        Render(a_record(atlas.network, atlas.weights, "first", filter, attempts=attempts), a_picture(filter))
        for filter, attempts in ((0, 1), (1, 3), (2, 2))
    ]
    matrix = np.ones((3, 8), np.float32)
    measured = summarise.Measurements(matrix, matrix, *np.ones((2, 3), np.float32))
    assert summarise.summarise(atlas.network, atlas.weights, layer, renders, measured).figures.retried == 2


def test_a_summary_states_kernels_and_bias(summarised):
    tensors = summarised.weights.tensors
    for each in the_summary(summarised)["filters"]:
        kernel = tensors["first/kernel"][..., each["filter"]]
        assert np.array_equal(np.array(each["kernel_rgb"], np.float32), kernel)
        assert np.float32(each["bias"]) == tensors["first/bias"][each["filter"]]
        assert each["kernel_norm"] == pytest.approx(np.linalg.norm(kernel), rel=1e-6)
        assert {neighbour["layer"] for neighbour in each["incoming"]} == {"input"}
        assert {neighbour["layer"] for neighbour in each["outgoing"]} == {"second"}


def test_the_same_renders_give_the_same_summary(summarised):
    network, layer = summarised.network, summarised.network.layer("first")
    renders, faults = layer_renders.read(summarised.results, "first", (0, 1, 2, 5))
    assert not faults
    measured = summarise.measure(network, summarised.weights, layer, renders)
    again = summarise.summarise(network, summarised.weights, layer, renders, measured)
    assert again == layer_summary.read(summarised.results / "layers/first.json")


def test_later_layers_have_no_rgb_kernels(atlas):
    layer = atlas.network.layer("second")
    renders = [Render(a_record(atlas.network, atlas.weights, "second", 3), a_picture(3))]
    matrix = np.ones((1, 8), np.float32)
    measured = summarise.Measurements(matrix, matrix, *np.ones((2, 1), np.float32))
    found = summarise.summarise(atlas.network, atlas.weights, layer, renders, measured)
    assert "kernel_rgb" not in document.to_json(found)["filters"][0]
    assert found.filters[0].similar == ()
    assert found.filters[0].selectivity == 0


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda paths: paths.image.write_bytes(paths.image.read_bytes()[:500]), r"001\.png: damaged"),
        (lambda paths: paths.record.write_text("{"), r"001\.json: not valid JSON"),
        (lambda paths: paths.image.unlink(), r"001\.png: no such file"),
    ],
)
def test_a_damaged_render_is_set_aside_and_named(atlas, monkeypatch, damage, reason):
    paths = atlas.paths(1)
    damage(paths)
    left = {path.name: path.read_bytes() for path in (paths.image, paths.record) if path.exists()}
    with pytest.raises(UserError, match=rf"{reason}.*run the same command again") as told:
        atlas.run(monkeypatch, "0-2,5")
    assert "delete it" not in str(told.value)
    for name, content in left.items():
        assert not (paths.image.parent / name).exists()
        assert (paths.image.parent / f"{name}.damaged").read_bytes() == content
    assert atlas.paths(0).image.exists()
    assert not (atlas.results / "layers").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"recipe": {"steps": 2}}, "recipe.steps: 2, not 1"),
        ({"precision": "bfloat16", "seed": 3}, "seed: 3, not 0"),
        ({"weights_sha256": "0" * 64}, "weights_sha256: '000"),
        ({"model": "other"}, "model: 'other', not 'tiny'"),
        ({"receptive_field_px": 5}, "receptive_field_px: 5, not 3"),
        (
            {"versions": Versions(atlas="1", method=2, tensorflow="2", numpy="2", pillow="13")},
            "method: 2, not 1",
        ),
    ],
)
def test_a_render_that_disagrees_with_the_others_is_set_aside(atlas, monkeypatch, changes, reason):
    render(atlas, 2, **changes)
    with pytest.raises(UserError, match=rf"002\.json: {reason}"):
        atlas.run(monkeypatch, "0-2,5")
    assert not atlas.paths(2).record.exists()
    assert [atlas.paths(filter).record.exists() for filter in (0, 1, 5)] == [True] * 3


def test_a_second_damaged_file_does_not_overwrite_the_first(atlas, monkeypatch):
    for content in ("first", "second", "third"):
        render(atlas, 1)
        atlas.paths(1).record.write_text(content)
        with pytest.raises(UserError):
            atlas.run(monkeypatch, "0-2,5")
    kept = sorted(path.read_text() for path in atlas.paths(1).record.parent.glob("001.json.damaged*"))
    assert kept == ["first", "second", "third"]


def test_after_a_repair_nothing_is_found_amiss(atlas, monkeypatch):
    atlas.paths(1).image.write_bytes(b"")
    with pytest.raises(UserError):
        atlas.run(monkeypatch, "0-2,5")
    render(atlas, 1)
    renders, faults = layer_renders.read(atlas.results, "first", (0, 1, 2, 5))
    assert len(renders) == 4
    assert not faults


def test_many_damaged_files_make_one_line(atlas, monkeypatch, capsys):
    for filter in range(8):
        render(atlas, filter)
        atlas.paths(filter).image.write_bytes(b"x")
    monkeypatch.setattr(sys, "argv", ["summary", *atlas.command("0-7")])
    with pytest.raises(SystemExit) as stopped:
        errors.run(command.main)
    assert str(stopped.value.code).startswith("error: ")
    assert "and 4 more" in str(stopped.value.code)
    assert "\n" not in str(stopped.value.code)
    assert not list(atlas.results.rglob("*.png"))


def test_a_filter_that_the_layer_does_not_have_is_refused(atlas, monkeypatch):
    with pytest.raises(UserError, match="first has no filter 8"):
        atlas.run(monkeypatch, "0-8")


def test_the_weights_of_another_network_are_refused(atlas, monkeypatch):
    tensors = {"other/kernel": np.zeros((3, 3, 3, 8), np.float32)}
    foreign = Weights(tensors, store.digest(tensors, tensors), "another network")
    store.save(atlas.directory / "weights.npz", foreign)
    with pytest.raises(UserError, match=r"weights\.npz: not the weights of tiny: first/kernel"):
        atlas.run(monkeypatch, "0-2,5")
    assert atlas.paths(0).record.exists()


def test_a_summary_says_of_its_layer_what_the_catalogue_does(summarised):
    found, layer = the_summary(summarised), summarised.network.layer("first")

    assert (found["kind"], found["depthwise"], found["image_channels"]) == ("Conv2D", False, 3)
    assert (found["response_after"], found["read_by"], found["nonlinearity_follows"]) == ([], ["relu"], True)
    assert found["effective_field_px"] == layer.effective_field_px
    assert found["sees_whole_image"] is False
