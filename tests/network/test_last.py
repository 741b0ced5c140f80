"""How one filter is cut out of a layer. That it responds as among all, test_odd_networks.py holds for every kind."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import responses
from pipeline.network.graph import Graph
from pipeline.network.last import Cut, Whole, last_layer
from tests.support.networks import randomise


def made(keras, build):
    image = keras.Input((12, 12, 4))
    graph = Graph(randomise(keras.Model(image, build(keras.layers, image))))
    return responses.find(graph)[-1]


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda layers, x: layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(6, 3)(x))), Cut),
        (lambda layers, x: layers.DepthwiseConv2D(3)(x), Cut),
        (lambda layers, x: layers.Dense(3, activation="relu")(x), Cut),
        (lambda layers, x: layers.LayerNormalization()(layers.Conv2D(6, 3)(x)), Whole),
        (lambda layers, x: layers.BatchNormalization()(layers.MaxPooling2D()(layers.Conv2D(6, 3)(x))), Whole),
        (lambda layers, x: layers.DepthwiseConv2D(3, 2, dilation_rate=2)(x), Whole),
    ],
)
def test_a_layer_is_cut_where_one_filter_can_be_computed_by_itself(keras, build, kind):
    assert type(last_layer(made(keras, build), tf.float32)) is kind


def test_one_filter_of_a_convolution_costs_one_filter(keras):
    last = last_layer(made(keras, lambda layers, x: layers.Conv2D(64, 3)(x)), tf.float32)
    one = tf.function(last.one).get_concrete_function(tf.TensorSpec((1, 12, 12, 4)), tf.TensorSpec((), tf.int32))

    kernels = [node.inputs[1].op.type for node in one.graph.get_operations() if node.type == "Conv2D"]

    assert kernels == ["StridedSlice"]
    assert one(tf.zeros((1, 12, 12, 4)), tf.constant(5)).shape == (1, 10, 10, 1)


@pytest.mark.parametrize(
    "build",
    [lambda layers, x: layers.DepthwiseConv2D(3)(x), lambda layers, x: layers.Conv2D(6, 3, groups=2)(x)],
)
def test_one_filter_that_reads_some_channels_can_be_compiled(keras, build):
    last = last_layer(made(keras, build), tf.float32)
    features = tf.random.stateless_normal((1, 12, 12, 4), (1, 2))

    compiled = tf.function(last.one)(features, tf.constant(3))

    np.testing.assert_allclose(compiled, last.all(features)[..., 3:4], rtol=1e-5, atol=1e-6)


def test_the_layers_own_activation_is_left_out_and_put_back(keras):
    response = made(keras, lambda layers, x: layers.DepthwiseConv2D(3, 2, dilation_rate=2, activation="relu")(x))
    features = tf.random.stateless_normal((1, 12, 12, 4), (1, 2))

    found = last_layer(response, tf.float32).all(features).numpy()

    assert found.min() < 0
    np.testing.assert_allclose(np.maximum(found, 0), response.layer(features), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "build",
    [lambda layers, x: layers.Conv2D(6, 3)(x), lambda layers, x: layers.UnitNormalization()(layers.Conv2D(6, 3)(x))],
)
def test_responses_are_float32_whatever_the_precision(keras, build):
    last = last_layer(made(keras, build), tf.bfloat16)
    features = tf.cast(tf.random.stateless_normal((1, 12, 12, 4), (1, 2)), tf.bfloat16)

    assert last.all(features).dtype == last.one(features, tf.constant(2)).dtype == tf.float32
