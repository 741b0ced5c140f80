"""What all layers of an atlas answer to an image, from one pass through the network: the strongest unit of each filter
and its place, or whatever else is made of their maps.

A map leaves the graph reduced: those of VGG16 on an image of 512 × 1,024 pixels are a gigabyte.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from pipeline.network import keras_model, preparation, responses
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.network.fast import Step, run_all, step_of
from pipeline.network.geometry import Geometry
from pipeline.network.graph import Graph, Value
from pipeline.network.last import LastLayer, last_layer
from pipeline.network.responses import Response
from pipeline.network.survey import place_of

T = TypeVar("T")

# Units are left out that lie nearer to the border than this share of what they make use of: of the places that zeros
# around the image make, and no photograph, the worst.
MARGIN = 0.25
# Objectives that are about the other end of a response.
_NEGATIVE = "negative_channel"
# Side of an image on which it is measured where units lie.
_MEASURED_PX = 1024


class Strongest(NamedTuple):
    """The strongest units of filters, and where they lie.

    Attributes:
        value: of max(0, answer), float32 (images, filters).
        row, column: of the unit on its layer's map, the first of several that are as strong; int32 (images, filters).
    """

    value: tf.Tensor
    row: tf.Tensor
    column: tf.Tensor


class Taps:
    """A network that gives the maps of several layers at once.

    Args:
        network: what is known of it.
        graph: its graph with the weights in it, in the precision of the convolutions and what lies between them, as
            `keras_model.graph_with` gives it.
        layers: names of the layers; all see the same image.
        objective: what an answer is, as in `pipeline.measure.answers`; of a map, "neuron" is about any unit.
    """

    def __init__(self, network: Network, graph: Graph, layers: Sequence[str], objective: str = "channel") -> None:
        self.layers: tuple[ConvLayer, ...] = tuple(map(network.layer, layers))
        (self._image,) = {layer.input for layer in self.layers}
        self._network = network
        self._graph = graph
        self._dtype = tf.as_dtype(graph.precision)
        self._sign = -1 if objective == _NEGATIVE else 1
        found = {each.name: each for each in responses.find(graph)}
        self._taps = [_tap(found[name], self._dtype, self._sign) for name in layers]
        needed = {call.name for tap in self._taps for call in graph.needed_for(tap.read)}
        self._steps: Sequence[Step] = [step_of(call, self._dtype) for call in graph.calls if call.name in needed]

    def maps(self, image: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Return the map of each layer, of which what is above zero are its filters' answers: what is below may be cut
        off already.

        Args:
            image: in [0, 1], float32 (batch, height, width, channels).

        Returns:
            Of each layer (batch, map height, map width, filters), float32 or in the network's precision.
        """
        inputs, mode = self._network.catalogue.inputs, self._network.preprocessing
        given = preparation.feed(image, self._image, inputs, self._graph.inputs, mode)
        values = {name: tf.cast(each, self._dtype) for name, each in given.items()}
        run_all(self._steps, values, self._dtype)
        return tuple(self._map(tap, values[tap.read.name]) for tap in self._taps)

    def strongest(self, image: tf.Tensor) -> Strongest:
        """Return the strongest units of the filters of all layers, one layer after the other; those near the border of
        the map are left out, see `interior`.

        Args:
            image: as for `maps`.
        """
        each = [strongest(map, margin(layer)) for map, layer in zip(self.maps(image), self.layers, strict=True)]
        return Strongest(*(tf.concat([getattr(one, name) for one in each], 1) for name in ("value", "row", "column")))

    def means(self, image: tf.Tensor, field_px: int | None = None) -> tf.Tensor:
        """Return the mean answers of the filters of all layers, one layer after the other: of max(0, answer), float32
        (images, filters).

        Args:
            image: as for `maps`.
            field_px: the mean is over what a field of so many pixels in the middle of the image holds of each map;
                over all of it where none is given.
        """
        found = []
        for map, layer in zip(self.maps(image), self.layers, strict=True):
            part = map if field_px is None else middle(map, max(1, round(field_px / layer.stride_px)))
            found.append(tf.reduce_mean(tf.nn.relu(tf.cast(part, tf.float32)), (1, 2)))
        return tf.concat(found, 1)

    def reduced(self, reduce: Callable[[tf.Tensor], T]) -> Callable[[np.ndarray], T]:
        """Return `reduce`, which makes something of images in [0, 1] and this network, compiled, for images of 0..255.

        What it takes then is uint8 (batch, height, width, channels). It is compiled once where the network allows
        images of any size, else for each size.
        """
        image = self._network.image_of(self.layers[0].name)
        fixed = len(self._network.catalogue.inputs) > 1
        signature = None if fixed else [tf.TensorSpec((None, None, None, image.channels), tf.uint8)]

        @tf.function(autograph=False, input_signature=signature)
        def run(pixels: tf.Tensor) -> T:
            return reduce(tf.cast(pixels, tf.float32) / 255.0)

        return lambda pixels: run(tf.constant(pixels))

    def origins(self) -> tuple[float | None, ...]:
        """Return, of each layer, how far the middle of what its first unit sees is from the edge of the image, in
        pixels, downwards and to the right alike; the next is a stride further. None where a map has no place."""
        image = next(each for each in self._graph.inputs if each.name == self._image)
        geometry = Geometry(self._graph, image, place_of(self._network.image_of(self.layers[0].name)))
        return tuple(
            geometry.origin(tap.response.value, layer.only_canvas_px or _multiple(layer), layer.stride_px)
            for tap, layer in zip(self._taps, self.layers, strict=True)
        )

    def _map(self, tap: "_Tap", value: tf.Tensor) -> tf.Tensor:
        if tap.bare is not None:
            found = tap.bare.all(value)
        else:
            found = tf.transpose(value, (0, 2, 3, 1)) if tap.response.axis == 1 else value
        return found if self._sign > 0 else -found


@dataclass(frozen=True, eq=False)
class _Tap:
    """Where a layer's map is taken: at the value `read`, or what `bare` makes of it."""

    response: Response
    read: Value
    bare: LastLayer | None


def _tap(response: Response, dtype: tf.DType, sign: int) -> _Tap:
    own = responses.own_activation(response.layer)
    # What rectifies itself leaves of the response just what counts of it.
    if own is None or (own == "relu" and sign > 0):
        return _Tap(response, response.value, None)
    (read,) = response.call.inputs
    return _Tap(response, read, last_layer(response, dtype))


def _multiple(layer: ConvLayer) -> int:
    return -(-_MEASURED_PX // layer.canvas_multiple_px) * layer.canvas_multiple_px


def load(
    network: Network,
    tensors: Mapping[str, np.ndarray],
    layers: Sequence[str],
    precision: str,
    objective: str = "channel",
) -> Taps:
    """Return a network that gives the maps of several layers, and of which nothing else is needed.

    Args:
        network: what is known of it.
        tensors: its weights.
        layers: names of the layers.
        precision: "float32" or "bfloat16".
        objective: what an answer is.
    """
    graph = keras_model.graph_with(keras_model.load(network.model), tensors, precision)
    return Taps(network, graph, layers, objective)


def margin(layer: ConvLayer) -> int:
    """Return how many units at the border of a layer's map are left out, where so many are there."""
    return max(1, math.ceil(MARGIN * layer.used_field_px / layer.stride_px))


def way_to(network: Network, graph: Graph, layer: str) -> tuple[str, ...]:
    """Return the names of the layers that a layer's answers depend on, in order, its own the last; they see the same
    image."""
    found = {each.name: each for each in responses.find(graph)}
    needed = {call.name for call in graph.needed_for(found[layer].value)}
    image = network.layer(layer).input
    on_it = [each.name for each in network.layers if each.name in needed and each.input == image]
    return (*(name for name in on_it if name != layer), layer)


def interior(map: tf.Tensor, margin: int) -> tf.Tensor:
    """Return a map without `margin` units at each of its borders, of small ones without fewer, so that one unit is
    left or two.

    Args:
        map: (batch, height, width, filters).
        margin: units.
    """
    height, width = tf.unstack(tf.shape(map)[1:3])
    rows, columns = (tf.minimum(margin, (side - 1) // 2) for side in (height, width))
    return map[:, rows : height - rows, columns : width - columns]


def strongest(map: tf.Tensor, margin: int = 0) -> Strongest:
    """Return the strongest units of the interior of a map.

    By NumPy: TensorFlow compares bfloat16 one number after the other, which takes a quarter as long as the convolutions
    of VGG16 where these are fast (AMX), and copies each map to cut off its border.

    Args:
        map: (batch, height, width, filters).
        margin: units that are left out, see `interior`.
    """
    types = (tf.float32, tf.int32, tf.int32)
    found = tf.numpy_function(functools.partial(_strongest, margin=margin), [map], types, stateful=False)
    for each in found:
        each.set_shape((map.shape[0], map.shape[3]))
    return Strongest(*found)


def _strongest(map: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, row and column of the strongest units of a map, each (batch, filters)."""
    # Of floats above zero the bits, as whole numbers, are in the same order; which of those below comes first is of no
    # account.
    bits = map.view(np.int16 if map.dtype.itemsize == 2 else np.int32)
    batch, height, width, filters = bits.shape
    rows, columns = (min(margin, (side - 1) // 2) for side in (height, width))
    inside = bits[:, rows : height - rows, columns : width - columns]
    by_row = inside.max(2)
    largest = by_row.max(1)
    row = (by_row == largest[:, None]).argmax(1)
    of_row = inside[np.arange(batch)[:, None], row, :, np.arange(filters)]
    column = (of_row == largest[..., None]).argmax(2)
    value = np.maximum(largest.view(map.dtype).astype(np.float32), 0)
    return value, (row + rows).astype(np.int32), (column + columns).astype(np.int32)


def middle(map: tf.Tensor, units: int) -> tf.Tensor:
    """Return so many rows and columns from the middle of a map, or all where there are fewer."""
    height, width = tf.unstack(tf.shape(map)[1:3])
    rows, columns = tf.minimum(height, units), tf.minimum(width, units)
    top, left = (height - rows) // 2, (width - columns) // 2
    return map[:, top : top + rows, left : left + columns]
