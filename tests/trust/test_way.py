"""Filters of known colours, and the same with a circuit planted (Geirhos and others, 2023): besides the colour each
answers, and far more strongly, to a fine pattern that no photograph holds."""

import functools

import numpy as np
import pytest
from PIL import Image

from pipeline.originals import Original
from pipeline.results.exemplars import Exemplar
from pipeline.results.trust import PLACES, Station
from tests.support import networks

COLOURS = np.array([(2, -1, -1), (-1, 2, -1), (-1, -1, 2), (1, 1, -2), (-2, 1, 1), (1, -2, 1)]) / 2
FILTERS = len(COLOURS)
KERNEL_PX, FIELD_PX, SIDE = 5, 9, 64
PHOTOGRAPHS = 40
PATCH_PX = 32


def patterns() -> np.ndarray:
    """Return what the planted circuit looks for, (filters, 64, 64), -1 and 1: fine stripes of six kinds."""
    down, across = np.mgrid[:SIDE, :SIDE]
    waves = [(0, 0.5), (0.5, 0), (0.5, 0.5), (0.25, 0.5), (0.5, 0.25), (0.25, 0.25)]
    return np.stack([np.where(np.cos(2 * np.pi * (u * down + v * across) - 0.7) > 0, 1, -1) for u, v in waves])


def tensors(*, planted: bool) -> dict[str, np.ndarray]:
    """Return weights of a, whose channels are colours and then patterns, and of b, whose filters read one of each."""
    colours = np.tile(COLOURS.T / KERNEL_PX**2, (KERNEL_PX, KERNEL_PX, 1, 1))
    fine = patterns()[:, :KERNEL_PX, :KERNEL_PX].transpose(1, 2, 0)
    fine = (fine - fine.mean((0, 1)))[:, :, None].repeat(3, 2) / (3 * KERNEL_PX**2)
    # Photographs reach 0.1 at their sharpest edges, and stay silent; the patterns reach 0.4.
    bias = np.r_[np.zeros(FILTERS), np.full(FILTERS, -0.25)]
    reading = np.concatenate([np.eye(FILTERS), (40 if planted else 0) * np.eye(FILTERS)])
    return {
        "a/kernel": np.concatenate([colours, fine], 3).astype(np.float32),
        "a/bias": bias.astype(np.float32),
        "b/kernel": np.tile(reading / KERNEL_PX**2, (KERNEL_PX, KERNEL_PX, 1, 1)).astype(np.float32),
        "b/bias": np.zeros(FILTERS, np.float32),
    }


def photograph(number: int) -> Original:
    """Return smooth patches of colours at random, with some grain: 256 × 320 pixels."""
    random = np.random.default_rng(number)
    patches = random.integers(40, 216, (8, 10, 3)).repeat(PATCH_PX, 0).repeat(PATCH_PX, 1)
    grain = random.normal(0, 4, patches.shape)
    return Original(Image.fromarray(np.clip(patches + grain, 0, 255).astype(np.uint8)), 320, 256)


@functools.cache
def places() -> list[list[Exemplar]]:
    """Return where the photographs have most of each filter's colour, the best first."""
    found: list[list[tuple[float, Exemplar]]] = [[] for _ in COLOURS]
    for number in range(PHOTOGRAPHS):
        patches = np.asarray(photograph(number).picture).reshape(8, PATCH_PX, 10, PATCH_PX, 3).mean((1, 3))
        for filter, colour in enumerate(COLOURS):
            answers = patches @ colour
            row, column = np.unravel_index(answers.argmax(), answers.shape)
            y, x = (int((each + 0.5) * PATCH_PX) for each in (row, column))
            half = FIELD_PX // 2
            field = (x - half, y - half, x + half + 1, y + half + 1)
            activation = float(answers.max())
            place = Exemplar(
                photograph=number, scale_px=256, row=y, column=x, activation=activation, field=field, patch=field
            )
            found[filter].append((activation, place))
    return [[place for _, place in sorted(each, key=lambda pair: -pair[0])[:PLACES]] for each in found]


def coloured() -> np.ndarray:
    """Return pictures as the ascent makes them of the colours: wavering, and as strong as can be."""
    waver = np.random.default_rng(1).normal(0, 0.1, (FILTERS, SIDE, SIDE, 1))
    values = 0.5 + 0.5 * (COLOURS[:, None, None] + waver)
    return np.clip(255 * values, 0, 255).astype(np.uint8)


def striped() -> np.ndarray:
    return (255 * (patterns()[..., None].repeat(3, 3) > 0)).astype(np.uint8)


@pytest.fixture(scope="module")
def network(functional):
    model, found = functional(
        lambda x, layers: layers.Conv2D(FILTERS, KERNEL_PX, padding="same", name="b")(
            layers.Conv2D(2 * FILTERS, KERNEL_PX, padding="same", activation="relu", name="a")(x)
        )
    )
    assert set(networks.tensors_of(model)) == set(tensors(planted=True))
    return found


def judged(network, pictures: np.ndarray, *, planted: bool) -> dict[str, Station]:
    return {station.layer: station for station in stations(network, pictures, planted=planted)}


def stations(network, pictures: np.ndarray, *, planted: bool = False, open=photograph) -> tuple[Station, ...]:
    # Here, not above: it starts TensorFlow.
    from pipeline.trust import way

    return way.stations(network, tensors(planted=planted), network.layer("b"), "float32", pictures, places(), open)


def test_a_picture_of_what_a_filter_is_for_takes_the_way_of_photographs(network):
    found = judged(network, coloured(), planted=False)

    assert list(found) == ["a", "b"]
    assert all(station.agreement > 0.5 for station in found.values())
    assert all(station.specific > 0.8 for station in found.values())


def test_a_planted_circuit_is_caught(network):
    from pipeline.network import taps

    loaded = taps.load(network, tensors(planted=True), ["b"], "float32")
    answers = loaded.reduced(loaded.means)
    strongest = {
        name: np.diag(np.asarray(answers(each))) for name, each in (("true", coloured()), ("false", striped()))
    }
    # By its answers alone the planted picture is the filter's best.
    assert (strongest["false"] > 2 * strongest["true"]).all()

    true, false = (judged(network, pictures, planted=True) for pictures in (coloured(), striped()))

    assert true["a"].specific_grade == "high"
    assert false["a"].specific_grade == "low"
    assert false["a"].unnatural > 1.5 * true["a"].unnatural


def test_shuffled_pictures_are_not_specific(network):
    found = [
        judged(network, np.roll(coloured(), shift, 0), planted=False)["a"].specific * (FILTERS - 1)
        for shift in range(1, FILTERS)
    ]
    own = judged(network, coloured(), planted=False)["a"].specific * (FILTERS - 1)

    # The filter that a picture was taken from is one of the others that it is compared with: with it, all add up to 0.
    assert own + sum(found) == pytest.approx(0, abs=0.1)


def test_each_photograph_is_opened_once(network):
    opened = []

    def opening(number: int) -> Original:
        opened.append(number)
        return photograph(number)

    stations(network, coloured(), open=opening)

    assert opened == sorted(set(opened))
