"""The network up to one layer: from an image to the responses of its filters, exactly and no further.

It is Keras's own graph, call by call (`network.graph`); what is not asked for (later layers, other channels of the last
one) costs nothing. What is computed otherwise than Keras does it is the same to the bit, in less time: grouped
convolutions, which Keras compiles anew at every place, and the gradients of `network.gradients`.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from pipeline.network import keras_model, preparation, responses
from pipeline.network.catalogue import Network
from pipeline.network.fast import Step, is_copied, run_all, step_of
from pipeline.network.graph import Graph
from pipeline.network.last import last_layer
from pipeline.network.responses import Response


class TruncatedNetwork:
    """The network up to the responses of one layer.

    Args:
        network: what is known of it.
        graph: its graph with the weights in it, in the precision of the convolutions and what lies between them, as
            `keras_model.graph_with` gives it.
        layer: name of the layer.
        copy_rank: 0 for the network itself; else for a cheaper copy of it, whose convolutions but the last have their
            rank cut to this share of their channels where that saves anything (`network.low_rank`), 0..1.
    """

    def __init__(self, network: Network, graph: Graph, layer: str, *, copy_rank: float = 0.0) -> None:
        self._network = network
        self._graph = graph
        self._image = network.image_of(layer).name
        self._dtype = tf.as_dtype(graph.precision)
        self._response = response_of(graph, layer)
        self._last = last_layer(self._response, self._dtype)
        (read,) = self._response.call.inputs
        self._read = read.name
        self._steps: Sequence[Step] = [step_of(call, self._dtype, copy_rank) for call in graph.needed_for(read)]

    @property
    def calls(self) -> tuple[str, ...]:
        """Names of the calls that are made, the layer's own last."""
        return (*(step.call.name for step in self._steps), self._response.name)

    def has_copy(self, copy_rank: float) -> bool:
        """Return whether a copy of that rank would compute anything otherwise than the network does."""
        return any(is_copied(step.call, copy_rank) for step in self._steps)

    def responses(self, image: tf.Tensor) -> tf.Tensor:
        """Return the responses of all filters.

        Args:
            image: in [0, 1], float32 (batch, height, width, channels).

        Returns:
            (batch, map height, map width, filters), float32.
        """
        return self._last.all(self._input_of_last(image))

    def channel_responses(self, image: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        """Return the response of one filter, computing only that one where the layer allows it.

        Args:
            image: in [0, 1], float32 (batch, height, width, channels).
            channel: int32 scalar, or a vector (batch,): of each image its own.

        Returns:
            (batch, map height, map width, 1), float32.
        """
        features = self._input_of_last(image)
        # One small convolution for each: convolving all images with all kernels at once, to keep the diagonal, would
        # do for grouped ones only with other code, and not be to the bit what one image alone gives.
        channels = tf.unstack(tf.reshape(channel, [-1]))
        parts = tf.split(features, len(channels))
        return tf.concat([self._last.one(part, each) for part, each in zip(parts, channels, strict=True)], 0)

    def reduce_responses(
        self, images: np.ndarray, reduce: Callable[[tf.Tensor], tf.Tensor], *, batch: int = 4
    ) -> np.ndarray:
        """Return what `reduce` makes of the responses of all filters to each of several images.

        Args:
            images: 0..255, uint8 or float32 (count, height, width, channels).
            reduce: from responses, float32 (batch, height, width, filters), to float32 (batch, filters).
            batch: images at a time; larger batches only take more memory.

        Returns:
            float32 (count, filters).
        """

        @tf.function(autograph=False)
        def reduced(pixels: tf.Tensor) -> tf.Tensor:
            return reduce(self.responses(tf.cast(pixels, tf.float32) / 255.0))

        parts = [reduced(tf.constant(images[start : start + batch])) for start in range(0, len(images), batch)]
        return np.concatenate([part.numpy() for part in parts])

    def mean_activations(self, images: np.ndarray, *, batch: int = 4) -> np.ndarray:
        """Return the mean activation of every filter on each of several images, as `reduce_responses` does.

        The activation of a filter is max(0, response); its mean is taken over the response map.
        """
        return self.reduce_responses(images, mean_activation, batch=batch)

    def _input_of_last(self, image: tf.Tensor) -> tf.Tensor:
        inputs, mode = self._network.catalogue.inputs, self._network.preprocessing
        given = preparation.feed(image, self._image, inputs, self._graph.inputs, mode)
        values: dict[str, tf.Tensor] = {name: tf.cast(each, self._dtype) for name, each in given.items()}
        run_all(self._steps, values, self._dtype)
        return values[self._read]


def truncate(network: Network, tensors: Mapping[str, np.ndarray], layer: str, precision: str) -> TruncatedNetwork:
    """Return a network up to one layer, of which nothing else is needed.

    Args:
        network: what is known of it.
        tensors: its weights.
        layer: name of the layer.
        precision: "float32" or "bfloat16".
    """
    graph = keras_model.graph_with(keras_model.load(network.model), tensors, precision)
    return TruncatedNetwork(network, graph, layer)


def with_copy(
    network: Network, graph: Graph, layer: str, copy_rank: float
) -> tuple[TruncatedNetwork, Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None]:
    """Return a network up to one layer, and `channel_responses` of its cheaper copy, None where nothing is cheaper."""
    exact = TruncatedNetwork(network, graph, layer)
    if not exact.has_copy(copy_rank):
        return exact, None
    return exact, TruncatedNetwork(network, graph, layer, copy_rank=copy_rank).channel_responses


def response_of(graph: Graph, layer: str) -> Response:
    """Return where in a graph the responses of a layer are taken."""
    return next(each for each in responses.find(graph) if each.name == layer)


def mean_activation(responses: tf.Tensor) -> tf.Tensor:
    """Return the mean of max(0, response) over the map: (batch, height, width, filters) to (batch, filters)."""
    return tf.reduce_mean(tf.nn.relu(responses), (1, 2))
