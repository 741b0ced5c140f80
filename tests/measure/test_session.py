"""Sessions: filters that were planted in small networks are found by the gratings that they were made of."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.measure import gratings, session, tuning
from pipeline.measure.gratings import COARSE, FINE
from pipeline.measure.session import Session
from pipeline.network import catalogue, taps
from tests.support.networks import functional, tensors_of

KERNEL_PX = 31
PLANTED = [
    (direction, period)
    for direction, period in zip(np.random.default_rng(5).uniform(0, 180, 12), np.geomspace(3.6, 20, 12), strict=True)
]


def gabor(direction, period, phase):
    """Return a kernel, (31, 31, 3), that is a piece of a grey grating, with no mean."""
    down, right = np.mgrid[:KERNEL_PX, :KERNEL_PX] - KERNEL_PX // 2
    envelope = np.exp(-(down**2 + right**2) / (2 * min(0.6 * period, 7) ** 2))
    kernel = envelope * gratings.wave(KERNEL_PX, direction, period, phase)
    kernel -= envelope * kernel.sum() / envelope.sum()
    return np.repeat(kernel[..., None] / np.abs(kernel).sum(), 3, 2)


@pytest.fixture(scope="module")
def planted():
    """Return a network whose first layer has Gabors at four phases and whose second adds up the four, its weights, and
    what its layers answer to gratings."""

    def build(images, layers):
        simple = layers.Conv2D(4 * len(PLANTED), KERNEL_PX, padding="same", activation="relu", strides=2, name="simple")
        return layers.Conv2D(len(PLANTED), 1, activation="relu", name="complex")(simple(images))

    model, network = functional(build)
    kernels = [gabor(*each, phase / 4) for each in PLANTED for phase in range(4)]
    model.get_layer("simple").set_weights([np.stack(kernels, -1), np.zeros(4 * len(PLANTED))])
    sums = np.repeat(np.eye(len(PLANTED)), 4, 0)[None, None]
    model.get_layer("complex").set_weights([sums, np.zeros(len(PLANTED))])
    tensors = tensors_of(model)
    (one,) = session.sessions(network, ["simple", "complex"])
    found = session.show(taps.load(network, tensors, one.layers, "float32"), one, 3)
    return [tuning.tune(one.stimuli, each.strongest, each.central) for each in found]


def test_a_planted_gabor_is_found_within_5_degrees_and_10_percent(planted, record_property):
    simple, complex_ = planted
    for found, truth in ((simple[::4], PLANTED), (complex_, PLANTED)):
        off = [abs((each.orientation - true + 90) % 180 - 90) for each, (true, _) in zip(found, truth, strict=True)]
        longer = [each.period_px / true - 1 for each, (_, true) in zip(found, truth, strict=True)]
        print(f"\n{max(off):.1f} degrees, {100 * min(longer):+.1f} to {100 * max(longer):+.1f} %")
        assert max(off) < 5
        assert max(map(abs, longer)) < 0.1


def test_a_gabor_minds_the_phase_and_a_sum_of_four_does_not(planted):
    simple, complex_ = planted

    assert min(each.modulation for each in simple) > 1.2
    assert max(each.modulation for each in complex_) < 0.2


def test_a_gabor_of_grey_prefers_grey(planted):
    assert all(each.colour < 0.5 for layer in planted for each in layer)


def test_the_answers_are_those_of_the_network():
    """Stimulus by stimulus, against Keras itself."""
    model, network = functional(lambda images, layers: layers.Conv2D(5, 3, activation="relu", name="conv")(images))
    one = Session(COARSE, 32, ("conv",))

    (found,) = session.show(taps.load(network, tensors_of(model), ["conv"], "float32"), one, 3)

    images = np.concatenate(list(COARSE.draw(32, 3, 8)))
    maps = model.predict(images, verbose=0)
    assert found.strongest == pytest.approx(maps[:, 7:23, 7:23].max((1, 2)), abs=1e-5)
    assert found.central == pytest.approx(maps[:, 15, 15], abs=1e-5)


def test_grey_networks_are_shown_grey():
    model, network = functional(lambda images, layers: layers.Conv2D(2, 3, name="conv")(images), channels=1)
    (one,) = session.sessions(network, ["conv"])

    (found,) = session.show(taps.load(network, tensors_of(model), one.layers, "float32"), one, 1)

    assert found.strongest.shape == (FINE.count(1), 2)


def test_images_that_are_neither_rgb_nor_grey_are_not_drawn():
    _, network = functional(lambda images, layers: layers.Conv2D(2, 3, name="conv")(images), channels=4)

    assert session.sessions(network, ["conv"]) == []


def test_of_vgg16_blocks_1_to_4_share_a_small_canvas_and_block_5_sees_little():
    network = catalogue.load("vgg16")

    fine, coarse = session.sessions(network, [layer.name for layer in network.layers])

    assert (fine.canvas_px, fine.stimuli, fine.layers[-1]) == (112, FINE, "block4_conv3")
    assert (coarse.canvas_px, coarse.stimuli, coarse.layers[0]) == (224, COARSE, "block5_conv1")


def test_a_network_of_one_size_is_shown_images_of_that():
    def build(images, layers):
        flat = layers.Reshape((1600, 3))(images)
        return layers.Conv2D(2, 3, name="conv")(layers.Reshape((40, 40, 3))(flat))

    _, network = functional(build, size=40)

    assert network.layer("conv").only_canvas_px == 40
    assert [each.canvas_px for each in session.sessions(network, ["conv"])] == [40]


def test_the_middle_is_at_least_two_units_wide_where_the_map_has_them():
    map = tf.reshape(tf.range(16.0), (1, 4, 4, 1))

    strongest, central = session._middle(map, 1)

    assert (float(strongest[0, 0]), float(central[0, 0])) == (10, 10)
