import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import gradients

PRECISIONS = ("float32", "bfloat16")
SHAPE = (2, 12, 8, 5)


def draw(*shape: int, seed: int = 0, precision: str = "float32") -> tf.Tensor:
    return tf.cast(np.random.default_rng(seed).standard_normal(shape), precision)


def both(function, reference, features: tf.Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the outputs and the gradients of a function and of its reference, compiled as in the ascent's loop."""

    def compiled(which):
        @tf.function(autograph=False)
        def run(features: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(features)
                output = which(features)
            upstream = tf.cast(tf.random.stateless_normal(output.shape, (1, 2)), output.dtype)
            return [output, tape.gradient(output, features, upstream)]

        return run

    pairs = zip(compiled(function)(features), compiled(reference)(features), strict=True)
    return [(ours.numpy(), theirs.numpy()) for ours, theirs in pairs]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    "prepare",
    [
        tf.identity,
        # After a ReLU many fours are all zero, and rounding makes others equal.
        lambda features: tf.nn.relu(tf.round(features)),
        # Zeros of both signs.
        lambda features: -tf.nn.relu(tf.round(features)) * tf.sign(features),
        lambda features: tf.round(features / 4),
    ],
    ids=["different values", "equal values", "negative values", "both zeros"],
)
def test_pooling_and_its_gradient_are_tensorflows_bit_for_bit(precision, prepare):
    features = prepare(draw(*SHAPE, precision=precision))

    for ours, theirs in both(gradients.pool_by_two, lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), features):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("biased", [True, False])
def test_a_rectified_convolution_and_its_gradient_are_tensorflows_bit_for_bit(precision, biased):
    kernel = draw(3, 3, SHAPE[-1], 7, seed=1, precision=precision)
    bias = draw(7, seed=2, precision=precision) if biased else None

    def convolve(features: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(features, kernel, 1, "SAME")

    def reference(features: tf.Tensor) -> tf.Tensor:
        output = convolve(features)
        return tf.nn.relu(output if bias is None else tf.nn.bias_add(output, bias))

    for ours, theirs in both(
        lambda features: gradients.convolve_and_rectify(convolve, features, bias),
        reference,
        draw(*SHAPE, precision=precision),
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("shape", "window", "strides", "expected"),
    [
        ((1, 8, 6, 3), (2, 2), (2, 2), True),
        ((1, 7, 6, 3), (2, 2), (2, 2), False),
        ((1, 8, 6, 3), (3, 3), (2, 2), False),
        ((1, 8, 6, 3), (2, 2), (1, 1), False),
    ],
)
def test_only_pooling_that_halves_is_replaced(shape, window, strides, expected):
    assert gradients.halves_exactly(tf.zeros(shape), window, strides) == expected


def test_graphs_that_are_done_with_can_be_forgotten():
    @tf.function(autograph=False)
    def slope(features: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(features)
            output = gradients.pool_by_two(features)
        return tape.gradient(output, features)

    features = draw(1, 4, 4, 2)
    before = slope(features).numpy()
    graph = weakref.ref(slope.get_concrete_function(features).graph)

    gradients.forget()

    np.testing.assert_array_equal(slope(features).numpy(), before)
    del slope
    gc.collect()
    assert graph() is None
