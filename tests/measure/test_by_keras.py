"""Keras alone says what a layer answers. Networks of every kind: tests/network/test_odd_networks.py."""

import numpy as np
import tensorflow as tf

from pipeline.measure import by_keras
from pipeline.measure.by_keras import KerasResponses
from pipeline.network import truncated
from tests.support.networks import network_of, randomise, tensors_of


def a_network(keras, size: int | None = 24):
    image = keras.Input((size, size, 3))
    inner = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="a", activation="relu")(inner)
    nested = keras.Model(inner, keras.layers.Conv2D(6, 3, padding="same", name="b")(x), name="nested")
    y = keras.layers.ReLU()(keras.layers.BatchNormalization()(nested(image)))
    model = randomise(keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(y)), name="net"))
    return model, network_of(model)


def test_the_weights_are_those_that_are_given(keras):
    model, network = a_network(keras)
    tensors = {name: value + 0.1 for name, value in tensors_of(model).items()}
    images = tf.random.stateless_uniform((1, 24, 24, 3), (1, 2))

    found = KerasResponses(network, by_keras.graph_of(network, tensors), "nested/b", 24)(images)

    expected = truncated.truncate(network, tensors, "nested/b", "float32").responses(images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_images_may_be_of_another_size_than_the_networks_own(keras):
    model, network = a_network(keras)
    free_model, free_network = a_network(keras, None)
    free_model.set_weights(model.get_weights())
    images = tf.random.stateless_uniform((2, 40, 40, 3), (1, 2))

    for layer in ("nested/a", "nested/b"):
        ours, theirs = (
            KerasResponses(each, by_keras.graph_of(each, tensors_of(model)), layer, 40)(images)
            for each in (network, free_network)
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_code_that_climbs_has_no_part_in_it(keras, monkeypatch):
    model, network = a_network(keras)
    graph = by_keras.graph_of(network, tensors_of(model))
    images = tf.random.stateless_uniform((1, 24, 24, 3), (1, 2))
    right = KerasResponses(network, graph, "nested/b", 24)(images)

    from pipeline.network import fast, last

    for module in (truncated, fast, last):
        for name in [each for each in vars(module) if not each.startswith("__")]:
            monkeypatch.delattr(module, name)

    np.testing.assert_array_equal(KerasResponses(network, graph, "nested/b", 24)(images), right)


def test_the_precision_is_the_models_own(keras):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model, network = a_network(keras)
    finally:
        keras.config.set_dtype_policy("float32")
    images = tf.random.stateless_uniform((1, 24, 24, 3), (1, 2))

    found = KerasResponses(network, by_keras.graph_of(network, tensors_of(model)), "nested/a", 24)(images)

    cut = keras.Model(model.get_layer("nested").inputs, model.get_layer("nested").get_layer("a").output)
    # A processor may round a convolution with its activation otherwise than one without, by the last of eight bits.
    np.testing.assert_array_equal(found, tf.cast(tf.cast(found, tf.bfloat16), tf.float32))
    np.testing.assert_allclose(np.maximum(found, 0), tf.cast(cut(images), tf.float32), rtol=2**-7, atol=2**-10)
