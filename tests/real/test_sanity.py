"""The classic mistakes of feature visualisation, planted one by one: each makes pictures that look good and are wrong,
and one of the atlas's checks has to notice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.ascent import objective
from pipeline.ascent import recipe as recipes
from pipeline.measure import answers
from pipeline.measure import matrix as response
from pipeline.measure.by_keras import graph_of
from pipeline.measure.noise import colour_noise
from pipeline.network import last, preparation, truncated
from pipeline.network.catalogue import Network
from pipeline.network.fast import Step
from pipeline.network.truncated import TruncatedNetwork
from pipeline.render import renderer
from pipeline.render.request import RenderRequest
from pipeline.results import layout
from pipeline.results import record as records
from pipeline.weights import store

CANVAS_PX = 32
STEPS = 24
# Filters of both layers of the hand-made network; the second looks for them in another order.
VERTICAL, HORIZONTAL, RED, GREEN, BLUE, BLOB = range(6)
COLOURS = {RED: 0, GREEN: 1, BLUE: 2}
FIRST, SECOND = "l0", "l2"
# What 8 bits change; a mistake changes more.
AGREEMENT = 0.05


@dataclass(frozen=True)
class Made:
    """A hand-made network, its weights, and where they are."""

    network: Network
    tensors: dict[str, np.ndarray]
    path: Path


@dataclass(frozen=True)
class Verdict:
    """What the checks say of each picture of a layer."""

    pictures: np.ndarray
    alive: list[bool]
    own_best: list[bool]
    agrees: list[bool]
    of_its_colour: list[bool]

    @property
    def failed(self) -> set[str]:
        """Names of the checks that some picture fails."""
        return {name for name in ("alive", "own_best", "agrees", "of_its_colour") if not all(getattr(self, name))}


def first_kernel() -> np.ndarray:
    """Return (3, 3, 3, 6): stripes, colours and a blob, for input in the order blue, green, red."""
    kernel = np.zeros((3, 3, 3, 6), np.float32)
    kernel[:, :, :, VERTICAL] = np.array([-1, 0, 1])[None, :, None]
    kernel[:, :, :, HORIZONTAL] = np.array([-1, 0, 1])[:, None, None]
    for filter, channel in COLOURS.items():
        kernel[:, :, :, filter] = -0.5
        kernel[:, :, 2 - channel, filter] = 1.0
    kernel[:, :, :, BLOB] = -1 / 8
    kernel[1, 1, :, BLOB] = 1.0
    return kernel / (40 * np.abs(kernel).sum((0, 1, 2)))


def second_kernel() -> np.ndarray:
    """Return (3, 3, 6, 6): each filter wants one of the first layer's, and none of the others."""
    kernel = np.full((3, 3, 6, 6), -0.05, np.float32)
    for filter in range(6):
        kernel[:, :, (filter + 2) % 6, filter] = 0.2
    return kernel


def save(path: Path, network: Network, tensors: dict[str, np.ndarray]) -> Made:
    store.save(path, store.Weights(tensors, store.digest(tensors, tensors), "a test"))
    return Made(network, tensors, path)


@pytest.fixture(scope="module")
def made(sequential, tmp_path_factory) -> Made:
    """Return two convolutions with a pooling between them, which want their input as VGG16 does."""
    convolution = {"filters": 6, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}
    network = sequential(
        ("Conv2D", convolution),
        ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2]}),
        ("Conv2D", convolution),
        preprocessing="caffe",
    )
    tensors = {
        "l0/kernel": first_kernel(), "l0/bias": np.zeros(6, np.float32),
        "l2/kernel": second_kernel(), "l2/bias": np.zeros(6, np.float32),
    }  # fmt: skip
    return save(tmp_path_factory.mktemp("sanity") / "weights.npz", network, tensors)


@pytest.fixture
def judge(tmp_path, monkeypatch) -> Callable[..., Verdict]:
    """Return a function that renders filters of a layer, with a mistake planted or none, and has them judged."""

    def judge(
        made: Made,
        layer: str,
        filters: Sequence[int],
        plant: Callable[[pytest.MonkeyPatch], None] = lambda patch: None,
        **recipe,
    ) -> Verdict:
        found = []
        # The loop is compiled with the mistake, and must be forgotten with it.
        renderer._ascent.cache_clear()
        with monkeypatch.context() as patch:
            plant(patch)
            for filter in filters:
                image = tmp_path / "filters" / layer / f"{filter:03}.png"
                settings = recipes.resolve({"steps": STEPS, **recipe}, field_px=8, canvas_px=CANVAS_PX)
                renderer.render(
                    RenderRequest(made.network, made.path, layer, filter, CANVAS_PX, 0, "float32", settings, image)
                )
                found.append(records.read(layout.beside(image)))
        renderer._ascent.cache_clear()
        return verdict(made, layer, [record for record, _ in found], np.stack([picture for _, picture in found]))

    return judge


def verdict(made: Made, layer: str, found: Sequence[records.Record], pictures: np.ndarray) -> Verdict:
    rendered = np.array([record.filter for record in found])
    judge = answers.Judge(made.network, graph_of(made.network, made.tensors), layer, CANVAS_PX)
    matrix, noise = judge.to_pictures(pictures), judge.to_noise(colour_noise(CANVAS_PX))
    figures = response.figures(matrix, noise, rendered)
    return Verdict(
        pictures=pictures,
        alive=[each.alive for each in figures],
        own_best=[each.own_rank == 1 for each in figures],
        agrees=[
            each.activation == pytest.approx(record.last_activation, rel=AGREEMENT)
            for each, record in zip(figures, found, strict=True)
        ],
        of_its_colour=[
            picture.mean((0, 1)).argmax() == COLOURS[record.filter]
            for picture, record in zip(pictures, found, strict=True)
            if layer == FIRST and record.filter in COLOURS
        ],
    )


@pytest.mark.parametrize("layer", [FIRST, SECOND])
def test_without_a_mistake_every_check_passes(made, judge, layer):
    assert judge(made, layer, range(6)).failed == set()


def test_a_channel_that_is_off_by_one_is_noticed(made, judge):
    right = TruncatedNetwork.channel_responses

    def plant(patch):
        patch.setattr(
            TruncatedNetwork, "channel_responses", lambda self, image, channel: right(self, image, (channel + 1) % 6)
        )

    assert {"own_best", "agrees", "of_its_colour"} <= judge(made, FIRST, range(6), plant).failed


def test_a_sign_that_is_flipped_is_noticed(made, judge):
    right = objective.value

    def plant(patch):
        patch.setattr(objective, "value", lambda *arguments: -right(*arguments))

    found = judge(made, SECOND, range(6), plant)

    assert not any(found.alive)


def swapped(image: tf.Tensor, mode: str) -> tf.Tensor:
    return image * 255.0 - tf.constant(preparation.CAFFE_MEAN_BGR)


def uncentred(image: tf.Tensor, mode: str) -> tf.Tensor:
    return image[..., ::-1] * 255.0


def test_red_and_blue_swapped_in_the_ascent_are_noticed(made, judge):
    found = judge(made, FIRST, range(6), lambda patch: patch.setattr(preparation, "preprocess", swapped))

    assert {"own_best", "alive", "of_its_colour"} <= found.failed


def test_red_and_blue_swapped_everywhere_are_noticed_by_the_colour(made, judge, monkeypatch):
    # Now the response matrix is as wrong as the pictures, and they agree.
    monkeypatch.setattr(preparation, "preprocess", swapped)

    assert judge(made, FIRST, range(6)).failed == {"of_its_colour"}


def test_a_mean_that_is_not_subtracted_is_noticed(made, judge):
    found = judge(made, FIRST, range(6), lambda patch: patch.setattr(preparation, "preprocess", uncentred))

    assert "agrees" in found.failed


@pytest.mark.parametrize(
    ("preprocess", "centred"), [(preparation.preprocess, True), (uncentred, False), (swapped, False)]
)
def test_a_mean_that_is_subtracted_nowhere_is_noticed_by_the_mean_colour(made, monkeypatch, preprocess, centred):
    monkeypatch.setattr(preparation, "preprocess", preprocess)
    mean = np.array(preparation.CAFFE_MEAN_BGR[::-1], np.float32) / 255
    network = truncated.truncate(made.network, made.tensors, FIRST, "float32")

    responses = network.responses(tf.fill((1, 8, 8, 1), 1.0) * mean)

    # The network's zero: what is left are the biases, which are none.
    assert np.allclose(responses, 0, atol=1e-5) == centred


@pytest.fixture(scope="module")
def quiet(sequential, tmp_path_factory) -> Made:
    """Return filters of stripes: one that is silent on grey, one that nothing excites, and four that are neither."""
    network = sequential(
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}),
        preprocessing="caffe",
    )
    bias = np.array([-0.3, -100, 0, 0, 0, 0], np.float32)
    kernel = first_kernel()
    kernel[..., 1] = kernel[..., 0]
    path = tmp_path_factory.mktemp("quiet") / "weights.npz"
    return save(path, network, {"l0/kernel": kernel, "l0/bias": bias})


def test_a_start_that_is_dead_after_relu_is_noticed(quiet, judge):
    assert judge(quiet, FIRST, [0]).alive == [True]
    assert judge(quiet, FIRST, [0], leak=0.0).alive == [False]


def test_a_dead_filter_is_noticed_under_a_stretched_contrast(quiet, judge):
    honest, stretched = (judge(quiet, FIRST, [1], stretch=stretch, leak=0.0) for stretch in (False, True))

    # It looks like a result, and is still none.
    assert np.ptp(honest.pictures) < 40
    assert np.ptp(stretched.pictures) == 255
    assert honest.alive == stretched.alive == [False]


def test_a_contrast_that_is_stretched_for_show_is_noticed(made, judge):
    short = {"steps": 4, "learning_rate": 0.02}

    assert judge(made, FIRST, [VERTICAL], **short).agrees == [True]
    assert judge(made, FIRST, [VERTICAL], stretch=True, **short).agrees == [False]


def test_the_layer_before_the_pooling_is_noticed(made, judge):
    def plant(patch):
        patch.setattr(
            renderer,
            "with_copy",
            lambda network, graph, layer, copy_rank: (TruncatedNetwork(network, graph, FIRST), None),
        )

    assert {"own_best", "agrees"} <= judge(made, SECOND, range(6), plant).failed


def test_a_response_after_the_pooling_is_noticed(made, judge):
    right = TruncatedNetwork.channel_responses

    def plant(patch):
        patch.setattr(
            TruncatedNetwork,
            "channel_responses",
            lambda self, image, channel: tf.nn.max_pool2d(right(self, image, channel), 2, 2, "VALID"),
        )

    assert "agrees" in judge(made, FIRST, range(6), plant).failed


def test_a_pooling_that_is_left_out_is_noticed(made, judge):
    right = truncated.step_of

    def without_pooling(call, dtype, copy_rank):
        step = right(call, dtype, copy_rank)
        return Step(call, lambda inputs: inputs) if "Pooling" in type(call.operation).__name__ else step

    found = judge(made, SECOND, range(6), lambda patch: patch.setattr(truncated, "step_of", without_pooling))

    assert "agrees" in found.failed


@pytest.fixture(scope="module")
def normalised(sequential, tmp_path_factory) -> Made:
    """Return six filters of stripes, colours and a blob, each normalised: two of them are turned upside down."""
    network = sequential(
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3], "padding": "same"}),
        ("BatchNormalization", {}),
        ("ReLU", {}),
        preprocessing="caffe",
    )
    scale = np.ones(6, np.float32)
    scale[[RED, BLOB]] = -1
    tensors = {
        "l0/kernel": first_kernel(), "l0/bias": np.zeros(6, np.float32), "l1/gamma": scale,
        "l1/beta": np.zeros(6, np.float32), "l1/moving_mean": np.full(6, 0.1, np.float32),
        "l1/moving_variance": np.full(6, 0.25, np.float32),
    }  # fmt: skip
    return save(tmp_path_factory.mktemp("normalised") / "weights.npz", network, tensors)


def test_filters_that_a_normalisation_turns_upside_down_are_shown_as_the_network_uses_them(normalised, judge):
    found = judge(normalised, FIRST, range(6))

    assert found.failed - {"of_its_colour"} == set()
    # What excites a red filter that is turned upside down is anything but red.
    red, blue = found.pictures[RED].mean((0, 1)), found.pictures[BLUE].mean((0, 1))
    assert red.argmax() != 0
    assert blue.argmax() == 2


def test_a_response_before_the_normalisation_is_noticed(normalised, judge):
    class Raw(last.Cut):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self._affine = None

    found = judge(normalised, FIRST, range(6), lambda patch: patch.setattr(last, "Cut", Raw))

    assert {"own_best", "agrees", "alive"} <= found.failed
    assert not found.alive[RED]
    assert not found.own_best[RED]


def test_a_neighbours_normalisation_is_noticed(normalised, judge):
    right = last._affine

    def plant(patch):
        patch.setattr(last, "_affine", lambda response: tuple(tf.roll(each, 1, 0) for each in right(response)))

    assert {"own_best", "agrees"} <= judge(normalised, FIRST, range(6), plant).failed
