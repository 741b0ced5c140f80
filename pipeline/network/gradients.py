"""Gradients of what lies between the convolutions, bit for bit TensorFlow's own, in less time.

For bfloat16 TensorFlow's gradients of ReLU and of maximum pooling are not vectorised, and inside a loop it takes a
generic one of pooling instead of oneDNN's. XLA compiles those here for the processor at hand: a tenth off a filter of
block5_conv1.
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow.python.framework import ops

Gradient = Callable[[tf.Tensor], tf.Tensor]


def convolve_and_rectify(
    convolve: Callable[[tf.Tensor], tf.Tensor], features: tf.Tensor, bias: tf.Tensor | None
) -> tf.Tensor:
    """Return max(0, convolution + bias).

    Args:
        convolve: the convolution, linear in its argument.
        features: (batch, height, width, channels).
        bias: (filters,), or None.
    """

    # Around all three, for TensorFlow fuses them only where nothing else reads what lies between them.
    @tf.custom_gradient
    def run(features: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
        output = convolve(features)
        output = tf.nn.relu(output if bias is None else tf.nn.bias_add(output, bias))

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(features)
                # Only its gradient is used; what is computed forward is pruned from the graph.
                convolved = convolve(features)
            return tape.gradient(convolved, features, _where_positive(upstream, output))

        return output, gradient

    return run(features)


def halves_exactly(features: tf.Tensor, window: tuple[int, int], strides: tuple[int, int]) -> bool:
    """Return whether pooling with this window and these strides makes `features` half as high and wide, exactly."""
    _, height, width, _ = features.shape
    return window == strides == (2, 2) and None not in features.shape and height % 2 == width % 2 == 0


@tf.custom_gradient
def pool_by_two(features: tf.Tensor) -> tuple[tf.Tensor, Gradient]:
    """Return the maximum of each 2 × 2 units, (batch, height, width, channels) to half the height and width."""
    pooled = tf.nn.max_pool2d(features, 2, 2, "VALID")
    return pooled, lambda upstream: _unpool_by_two(features, pooled, upstream)


@tf.function(jit_compile=True)
def _where_positive(gradient: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    gradient_bits = _bits(gradient)
    return tf.bitcast(tf.where(_bits(output) > 0, gradient_bits, tf.zeros_like(gradient_bits)), gradient.dtype)


@tf.function(jit_compile=True)
def _unpool_by_two(features: tf.Tensor, pooled: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    # Each gradient goes to the first of the four that is the largest, as TensorFlow gives it.
    batch, height, width, channels = features.shape
    fours = tf.reshape(_bits(features), (batch, height // 2, 2, width // 2, 2, channels))
    largest, gradient = _bits(pooled), _bits(upstream)
    free = tf.ones_like(largest, tf.bool)
    rows = []
    for row in (0, 1):
        columns = []
        for column in (0, 1):
            here = free & _same_number(fours[:, :, row, :, column], largest)
            columns.append(tf.where(here, gradient, tf.zeros_like(gradient)))
            free &= ~here
        rows.append(tf.stack(columns, 3))
    return tf.bitcast(tf.reshape(tf.stack(rows, 2), features.shape), upstream.dtype)


def _bits(numbers: tf.Tensor) -> tf.Tensor:
    """Return the bits of numbers as whole numbers of the same sign: XLA compares bfloat16 only as float32, which takes
    twice as long."""
    return tf.bitcast(numbers, tf.int16 if numbers.dtype.size == 2 else tf.int32)


def _same_number(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    # The two zeros are one number in different bits; all but the sign of both must be 0.
    return tf.equal(first, second) | tf.equal(
        tf.bitwise.left_shift(first | second, tf.ones_like(first)), tf.zeros_like(first)
    )


def forget() -> None:
    """Let go of the graphs that the gradients above have been traced in; what has been traced needs them no more.

    TensorFlow keeps every one for as long as the process lives, by a name that nobody asks for again, and with it the
    weights in the graph around it: 15 MB for each layer that a worker has compiled. Where it has changed what this
    takes, on private names, nothing is done.
    """
    known = getattr(getattr(ops, "gradient_registry", None), "_registry", {})
    for name in [name for name in known if name.startswith("CustomGradient-")]:
        del known[name]
