"""What a network itself computes: the responses of a layer by Keras alone, not by the code that climbs.

A Keras model is cut out of the network's with Keras's own means. Where a layer has an activation of its own, a copy of
the layer without it takes its place.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.models.functional import Functional

from pipeline.network import keras_model, preparation, responses
from pipeline.network.catalogue import Input, Network
from pipeline.network.graph import Graph, Value, arguments_of, opened
from pipeline.network.responses import Response


class KerasResponses:
    """The responses of a layer's filters to images of one size, as Keras computes them.

    Args:
        network: what is known of the network.
        graph: its graph with the weights in it, in the precision that the model was made for.
        layer: name of the layer.
        canvas_px: side of the images.
    """

    def __init__(self, network: Network, graph: Graph, layer: str, canvas_px: int) -> None:
        self._network = network
        self._graph = graph
        self._image = network.image_of(layer)
        response = next(each for each in responses.find(graph) if each.name == layer)
        self._axis = response.axis
        # TensorFlow has no convolution with the channels first on a processor, but XLA has.
        self._run = tf.function(self._run_eagerly, autograph=False, jit_compile=self._image.layout == "channels_first")
        self._model = _in_size(_cut(graph, response), self._image, canvas_px)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Return responses, float32 (batch, height, width, filters), to images in [0, 1], (batch, side, side, …)."""
        return self._run(images)

    def _run_eagerly(self, images: tf.Tensor) -> tf.Tensor:
        inputs, mode = self._network.catalogue.inputs, self._network.preprocessing
        given = preparation.feed(images, self._image.name, inputs, self._graph.inputs, mode)
        taken = [_as_taken(given[value.name], value) for value in self._graph.inputs]
        found = tf.cast(self._model(taken, training=False), tf.float32)
        return tf.transpose(found, (0, 2, 3, 1)) if self._axis == 1 else found


def graph_of(network: Network, tensors: Mapping[str, np.ndarray]) -> Graph:
    """Return the graph of a network as its model was saved, with weights in it; its layers compute as the model has
    it."""
    return keras_model.graph_with(keras_model.load(network.model), tensors, None)


def _as_taken(tensor: tf.Tensor, value: Value) -> tf.Tensor:
    # What an input of whole numbers would cut off is what division and multiplication by 255 have rounded.
    return tensor if "float" in value.dtype else tf.round(tensor)


def _cut(graph: Graph, response: Response) -> keras.Model:
    """Return a Keras model from the network's inputs to a response."""
    call = response.chain[-1] if response.chain else response.call
    found = call.node.outputs[0]
    if responses.own_activation(response.layer) is not None:
        (read,) = call.node.input_tensors
        found = _without_activation(response.layer, read.shape)(read)
    for node in reversed(call.within):
        model = _opened(node.operation)
        given = arguments_of(node, model)
        found = keras.Model(model.inputs, found)(given if len(given) > 1 else given[0])
    return keras.Model(_opened(graph.model).inputs, found)


def _opened(operation: keras.Operation) -> Functional:
    model = opened(operation)
    assert model is not None, "what has been laid flat has a graph"
    return model


def _without_activation(layer: keras.Layer, shape: tuple[int | None, ...]) -> keras.Layer:
    """Return a copy of a layer, with its weights, that leaves out its own activation."""
    bare = type(layer).from_config(layer.get_config() | {"activation": "linear", "name": f"{layer.name}_bare"})
    bare.build(shape)
    # An activation may have weights of its own, which come after the layer's.
    bare.set_weights(layer.get_weights()[: len(bare.weights)])
    return bare


def _in_size(model: keras.Model, image: Input, canvas_px: int) -> keras.Model:
    """Return a model that takes images of a size: itself, or where its inputs are of another size a copy without."""
    if all(side in (None, canvas_px) for side in (image.height_px, image.width_px)):
        return model
    config = model.get_config()
    rank = 3 if image.layout == "no_channels" else 4
    _free_sizes(config, rank, (2, 3) if image.layout == "channels_first" else (1, 2))
    copy = type(model).from_config(config)
    copy.set_weights(model.get_weights())
    keras_model.finalize(copy)
    return copy


def _free_sizes(config: Any, rank: int, place: tuple[int, int]) -> None:
    """Leave open, in a model's configuration, how high and wide its images and those of nested models are."""
    if isinstance(config, dict):
        settings: Any = config.get("config")
        if config.get("class_name") == "InputLayer" and len(settings["batch_shape"]) == rank:
            settings["batch_shape"] = [
                None if axis in place else side for axis, side in enumerate(settings["batch_shape"])
            ]
        config = list(config.values())
    if isinstance(config, list | tuple):
        for each in config:
            _free_sizes(each, rank, place)
