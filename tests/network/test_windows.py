"""Rules, each held against what the layer itself does to rows of ones."""

from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import windows
from pipeline.network.graph import Graph

ROWS = (17, 24)

LAYERS = {
    "convolution, same": lambda layers: layers.Conv2D(2, 3, padding="same"),
    "convolution, valid, strided": lambda layers: layers.Conv2D(2, (4, 3), strides=3),
    "convolution, same, strided": lambda layers: layers.Conv2D(2, (5, 2), strides=2, padding="same"),
    "convolution, dilated": lambda layers: layers.Conv2D(2, 3, dilation_rate=3, padding="same"),
    "depthwise": lambda layers: layers.DepthwiseConv2D(3, strides=2, padding="same"),
    "separable": lambda layers: layers.SeparableConv2D(2, 5),
    "transposed, same": lambda layers: layers.Conv2DTranspose(2, 3, strides=2, padding="same"),
    "transposed, valid": lambda layers: layers.Conv2DTranspose(2, (2, 5), strides=3),
    "transposed, with more rows": lambda layers: layers.Conv2DTranspose(2, 4, strides=3, output_padding=2),
    "average pooling": lambda layers: layers.AveragePooling2D(3, strides=2, padding="same"),
    "maximum pooling": lambda layers: layers.MaxPooling2D(2),
    "padding": lambda layers: layers.ZeroPadding2D(((2, 1), (0, 3))),
    "cropping": lambda layers: layers.Cropping2D(((2, 1), (0, 3))),
    "upsampling": lambda layers: layers.UpSampling2D(3),
    "upsampling between": lambda layers: layers.UpSampling2D(2, interpolation="bilinear"),
    "dense": lambda layers: layers.Dense(2),
    "layer normalisation": lambda layers: layers.LayerNormalization(),
    "a relu": lambda layers: layers.ReLU(),
}
NETS = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def call_of(keras, make, first: bool = False):
    image = keras.Input((None, None, 2))
    layer = make(keras.layers)
    model = keras.Model(image, layer(image))
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.uniform(0.5, 1, weight.shape))
    return Graph(model).calls[0]


def seen(call, axis: int, rows: int) -> tuple[int, list[tuple[int, int] | None]]:
    """Return how many rows come out, and which first and last row each of them depends on."""
    pixels = tf.constant(np.random.default_rng(1).uniform(0.5, 1, (1, rows, rows, 2)), tf.float32)
    # Where a maximum is taken every value is the largest once.
    spans: list[set[int]] = []
    for _ in range(8 if "pool" in call.name else 1):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(pixels)
            output = call.run([pixels])[0]
            weighted = output * tf.constant(np.random.default_rng(2).uniform(0.5, 1, output.shape), tf.float32)
            each = tf.unstack(tf.reduce_sum(weighted, [0, 3, 2 if axis == 0 else 1]))
        spans = spans or [set() for _ in each]
        for span, value in zip(spans, each, strict=True):
            gradient = np.abs(tape.gradient(value, pixels).numpy()).sum((0, 3, 2 if axis == 0 else 1))
            span.update(np.flatnonzero(gradient).tolist())
        pixels = tf.random.shuffle(tf.reshape(pixels, [-1])).numpy().reshape(pixels.shape)
        pixels = tf.constant(pixels)
    return len(spans), [(min(span), max(span)) if span else None for span in spans]


@NETS
def test_rows_come_out_and_depend_on_rows_as_the_rule_says(keras, make):
    call = call_of(keras, make)

    for axis, rows in zip((0, 1), ROWS, strict=True):
        rule = windows.window(call, (1, 2), axis)
        count, spans = seen(call, axis, rows)
        assert rule.length(rows) == count
        for row, span in enumerate(spans):
            first, last = rule.reads(row, row, rows)
            if first >= 0 and last < rows:
                assert (row, span) == (row, (first, last) if first <= last else None)


def test_rules_are_for_maps_that_lie_as_the_layer_takes_them(keras):
    call = call_of(keras, lambda layers: layers.Conv2D(2, 3))

    assert windows.window(call, (1, 2), 0) is not None
    assert windows.window(call, (2, 3), 0) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Concatenate(axis=1),
        lambda layers: layers.BatchNormalization(axis=1),
        lambda layers: layers.PReLU(),
        lambda layers: layers.Dense(2),
    ],
    ids=["joined rows", "normalised rows", "a number a place", "dense over columns"],
)
def test_what_joins_places_or_has_numbers_of_its_own_for_each_has_no_rule(keras, make):
    image = keras.Input((8, 8, 2))
    layer = make(keras.layers)
    joins = isinstance(layer, keras.layers.Concatenate)
    call = Graph(keras.Model(image, layer([image, image]) if joins else layer(image))).calls[0]

    assert windows.window(call, (1, 3) if isinstance(layer, keras.layers.Dense) else (1, 2), 0) is None


def test_what_resizes_takes_images_of_its_own_size_as_they_are(keras):
    image = keras.Input((None, None, 3))
    call = Graph(keras.Model(image, keras.layers.Resizing(12, 20)(image))).calls[0]

    assert windows.only_size(call, (1, 2)) == (12, 20)
    assert windows.window(call, (1, 2), 0) is windows.SAME
    pixels = tf.random.uniform((1, 12, 20, 3))
    np.testing.assert_allclose(call.run([pixels])[0], pixels, atol=1e-6)


def test_a_measured_window_begins_at_the_whole_row_before():
    rule = windows.measured(Fraction(3, 2), 1, 2, lambda rows: rows)

    assert rule.reads(2, 5, 12) == (2, 9)
