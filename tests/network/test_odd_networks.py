"""Networks of every odd kind, read and computed: the judge is Keras alone."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from bench import odd_networks
from bench.odd_networks import ODD, Odd
from pipeline.measure.by_keras import KerasResponses
from pipeline.network import preparation
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.network.graph import Graph, opened
from pipeline.network.keras_model import graph_with
from pipeline.network.survey import survey
from pipeline.network.truncated import TruncatedNetwork

CLOSE = 1e-5
SIDE = 32


@functools.cache
def made(name: str) -> tuple[Odd, Network, Graph]:
    odd = odd_networks.make(name)
    graph = graph_with(odd.model, None, "float32")
    return odd, Network(name, name, odd.preprocessing, survey(graph, name, with_effective_fields=False)), graph


def images_for(network: Network, layer: ConvLayer, wanted: int | None = SIDE) -> tf.Tensor:
    """Return two images of 8 bits on which a layer has a map, in [0, 1]; of the network's own size if none is named."""
    image, multiple = network.image_of(layer.name), layer.canvas_multiple_px
    wanted = wanted or image.height_px or SIDE
    side = layer.only_canvas_px or max(-(-wanted // multiple) * multiple, layer.smallest_canvas_px)
    shape = (2, side, side, image.channels)
    return tf.constant(np.random.default_rng(5).integers(0, 256, shape).astype(np.float32) / 255)


def by_keras(odd: Odd, network: Network, graph: Graph, layer: ConvLayer, images: tf.Tensor) -> np.ndarray:
    """Return what Keras has at the place that the odd network names for a layer, channels last."""
    inputs = opened(odd.model).inputs
    values = graph.inputs
    given = preparation.feed(images, layer.input, network.catalogue.inputs, values, network.preprocessing)
    # An input of whole numbers is given whole numbers.
    taken = [given[each.name] if "float" in each.dtype else tf.round(given[each.name]) for each in values]
    cut = keras.Model(inputs, odd.responses[layer.name][0])
    is_first = network.image_of(layer.name).layout == "channels_first"
    compiled = tf.function(lambda each: cut(each, training=False), jit_compile=True)
    found = (compiled(taken) if is_first else cut(taken, training=False)).numpy()
    return found.transpose(0, 2, 3, 1) if is_first else found


def off(found: np.ndarray, right: np.ndarray) -> float:
    assert found.shape == right.shape
    return float(np.abs(found - right).max() / np.abs(right).max())


@pytest.mark.parametrize("name", ODD)
def test_every_layer_is_listed_and_none_that_has_no_map(name):
    odd, network, _ = made(name)

    listed = {layer.name for layer in network.layers}

    assert odd.responses.keys() <= listed
    assert not listed & set(odd.left_out)


@pytest.mark.parametrize("name", ODD)
def test_a_response_is_what_kerass_nonlinearity_sees(name):
    odd, network, graph = made(name)

    for layer in network.layers:
        if layer.name in odd.responses:
            images = images_for(network, layer, None)
            found = TruncatedNetwork(network, graph, layer.name).responses(images)
            after = odd.responses[layer.name][1]
            seen = found.numpy() if after is None else np.asarray(after(found))
            assert off(seen, by_keras(odd, network, graph, layer, images)) < CLOSE, layer.name


@pytest.mark.parametrize("name", ODD)
def test_one_filter_alone_responds_as_among_all(name):
    _, network, graph = made(name)

    for layer in network.layers:
        images = images_for(network, layer)
        truncated = TruncatedNetwork(network, graph, layer.name)
        together = truncated.responses(images).numpy()
        numbers = [layer.filters - 1, 0]
        alone = truncated.channel_responses(images, tf.constant(numbers)).numpy()
        expected = np.stack([each[..., number] for each, number in zip(together, numbers, strict=True)])
        assert np.abs(alone[..., 0] - expected).max() < CLOSE * np.abs(together).max(), layer.name


@pytest.mark.parametrize("name", ODD)
def test_the_measuring_by_keras_alone_sees_the_same(name):
    _, network, graph = made(name)

    for layer in network.layers:
        images = images_for(network, layer)
        climbed = TruncatedNetwork(network, graph, layer.name).responses(images).numpy()
        measured = KerasResponses(network, graph, layer.name, images.shape[1])(images).numpy()
        assert off(climbed, measured) < CLOSE, layer.name


@pytest.mark.parametrize("name", ODD)
def test_a_filter_of_each_kind_of_layer_can_be_climbed_in_either_precision(name):
    _, network, _ = made(name)

    for precision in ("float32", "bfloat16"):
        graph = graph_with(odd_networks.make(name).model, None, precision)
        for layer in {each.kind: each for each in network.layers}.values():
            images, truncated = images_for(network, layer)[:1], TruncatedNetwork(network, graph, layer.name)

            # The filter is an argument, as in the ascent: what is traced must do for any.
            @tf.function(autograph=False)
            def climb(pixels, filter, truncated=truncated):
                with tf.GradientTape() as tape:
                    tape.watch(pixels)
                    value = tf.reduce_sum(truncated.channel_responses(pixels, filter))
                return tape.gradient(value, pixels)

            gradient = climb(images, tf.constant(0)).numpy()
            assert gradient.shape == images.shape, layer.name
            assert np.isfinite(gradient).all(), layer.name
            assert gradient.any(), layer.name
