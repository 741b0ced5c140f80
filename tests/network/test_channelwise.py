import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import channelwise
from pipeline.network.channelwise import Effect
from pipeline.network.graph import Graph
from tests.support.networks import randomise

SHAPE = (1, 6, 6, 4)


def call_of(keras, build, channels: int = 4):
    image = keras.Input((6, 6, channels))
    keras.utils.clear_session(free_memory=False)
    return Graph(randomise(keras.Model(image, build(image)))).calls[-1]


AFFINE = {
    "batch normalisation": lambda keras, x: keras.layers.BatchNormalization()(x),
    "batch normalisation without scale and centre": lambda keras, x: keras.layers.BatchNormalization(
        scale=False, center=False, epsilon=0.1
    )(x),
    "rescaling": lambda keras, x: keras.layers.Rescaling(-0.5, 3)(x),
    "a number added": lambda keras, x: x + 2.0,
    "a number before": lambda keras, x: 2.0 - x,
    "one a channel": lambda keras, x: x * np.array([1, -2, 3, 0.5], np.float32),
    "one a channel with all axes": lambda keras, x: x / np.array([[[[1, -2, 3, 0.5]]]], np.float32),
    "less one a channel": lambda keras, x: x - np.array([1, -2, 3, 0.5], np.float32),
    "a number times": lambda keras, x: -3 * x,
    "turned upside down": lambda keras, x: -x,
}


@pytest.mark.parametrize("build", AFFINE.values(), ids=AFFINE)
def test_scale_and_offset_are_all_that_an_affine_call_does(keras, build):
    call = call_of(keras, lambda x: build(keras, x))
    before = np.array([1.5, -1, 2, 0.25]), np.array([0, 1, -1, 2.0])
    pixels = np.random.default_rng(1).standard_normal(SHAPE)

    assert channelwise.effect(call, 3) is Effect.AFFINE
    scale, offset = channelwise.affine(call, 3, *before)

    expected = call.run([tf.constant(pixels * before[0] + before[1], tf.float32)])[0]
    np.testing.assert_allclose(pixels * scale + offset, expected, rtol=1e-5, atol=1e-5)


def test_with_the_channels_first_the_same_holds_along_their_axis(keras):
    call = call_of(keras, lambda x: keras.layers.BatchNormalization(axis=1)(x))
    pixels = np.random.default_rng(1).standard_normal((1, 6, 6, 4)).astype(np.float32)

    scale, offset = channelwise.affine(call, 1, np.ones(6), np.zeros(6))

    assert channelwise.effect(call, 1) is Effect.AFFINE
    assert channelwise.effect(call, 3) is Effect.NORMALISING
    expected = call.run([tf.constant(pixels)])[0]
    np.testing.assert_allclose(pixels * scale[:, None, None] + offset[:, None, None], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "effect"),
    [
        (lambda layers, x: layers.Dropout(0.5)(x), Effect.SAME),
        (lambda layers, x: layers.RandomRotation(0.5)(x), Effect.SAME),
        (lambda layers, x: layers.Activation("linear")(x), Effect.SAME),
        (lambda layers, x: layers.Identity()(x), Effect.SAME),
        (lambda layers, x: layers.LayerNormalization()(x), Effect.NORMALISING),
        (lambda layers, x: layers.GroupNormalization(2)(x), Effect.NORMALISING),
        (lambda layers, x: layers.ZeroPadding2D(1)(x), Effect.MOVING),
        (lambda layers, x: layers.MaxPooling2D()(x), Effect.MOVING),
        (lambda layers, x: layers.RandomCrop(2, 2)(x), None),
        (lambda layers, x: layers.Activation("relu")(x), None),
        (lambda layers, x: layers.Add()([x, x]), None),
        (lambda layers, x: x + x, None),
        (lambda layers, x: 1.0 / x, None),
        (lambda layers, x: x * np.ones((6, 1, 1), np.float32), None),
        (lambda layers, x: layers.Dense(3)(x), None),
        (lambda layers, x: layers.Conv2D(3, 1)(x), None),
    ],
)
def test_what_a_call_does_to_each_channel(keras, build, effect):
    assert channelwise.effect(call_of(keras, lambda x: build(keras.layers, x)), 3) is effect


def test_a_class_that_only_shares_a_name_is_not_taken_for_kerass(keras):
    class Negative(keras.Operation):
        def call(self, x):
            return x**2

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, x.dtype)

    assert channelwise.effect(call_of(keras, lambda x: Negative()(x)), 3) is None
