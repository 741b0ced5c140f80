"""What a filter's response is: the value that the network's nonlinearity sees.

A filter is one output channel of a convolution, and of a dense layer that is used as one. What follows it on the way to
the first bend may belong to it: a normalisation moves its threshold, and with a negative scale turns it upside down. So
its response is taken after everything that acts on its channel by itself (`network.channelwise`), and before the first
bend, sum or mixture of channels:

    convolution -> activation                               the convolution's output
    convolution with an activation of its own               the same, without the activation
    convolution -> batch normalisation -> activation        the normalised value
    convolution -> maximum pooling -> normalisation -> …    the normalised value
    convolution -> normalisation -> sum or concatenation    the normalised value
    convolution -> sum or concatenation -> …                the convolution's output
    convolution -> several readers                          the convolution's output

Where no bend follows, the sign of a filter is a convention: the network can use both ends of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
from keras import layers
from keras.src.layers.convolutional.base_conv import BaseConv
from keras.src.layers.convolutional.base_conv_transpose import BaseConvTranspose
from keras.src.layers.convolutional.base_depthwise_conv import BaseDepthwiseConv
from keras.src.layers.convolutional.base_separable_conv import BaseSeparableConv

from pipeline.network import channelwise
from pipeline.network.channelwise import Effect
from pipeline.network.graph import Call, Graph, Value

_CONVOLUTIONS = (BaseConv, BaseConvTranspose, BaseDepthwiseConv, BaseSeparableConv)
_WITH_ACTIVATION = (*_CONVOLUTIONS, layers.Dense)
# Keras's operations that bend each value by itself, and the layers; whatever else has an activation names it.
_BENDS = (layers.ELU, layers.LeakyReLU, layers.PReLU, layers.ReLU, layers.Softmax)
_BENDING_OPERATIONS = {
    "Celu", "Elu", "Gelu", "Glu", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "LeakyRelu", "LogSigmoid",
    "LogSoftmax", "Maximum", "Minimum", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "SoftShrink", "Softmax", "Softplus",
    "Softsign", "Sparsemax", "SparsePlus", "SparseSigmoid", "Squareplus", "Tanh", "TanhShrink", "Threshold", "Clip",
    "Exp", "Absolute", "Square",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Response:
    """Where the responses of a layer's filters are taken.

    Attributes:
        call: the call of the convolution.
        chain: the calls between the convolution and the response, in order; their last makes the response. Where there
            is none, it is the convolution's output without the layer's own activation.
        effects: what each call of the chain does.
        readers: what reads the response: names of functions, or of Keras's classes; nothing where it is the network's
            output.
        bends: whether a nonlinearity follows, so that the filter's sign means something.
    """

    call: Call
    chain: tuple[Call, ...]
    effects: tuple[Effect, ...]
    readers: tuple[str, ...]
    bends: bool

    @property
    def name(self) -> str:
        """The layer's name in the atlas: that of the call."""
        return self.call.name

    @property
    def layer(self) -> keras.Layer:
        """The convolutional or dense layer itself, taken out of what wraps it."""
        return unwrapped(self.call.operation)

    @property
    def axis(self) -> int:
        """Where its map has the channels: 1 or 3."""
        return channelwise.channel_axis(self.layer)

    @property
    def filters(self) -> int:
        """How many filters the layer has."""
        filters = self.call.output.shape[self.axis]
        assert filters is not None, "Keras knows how many channels a layer of filters makes"
        return filters

    @property
    def value(self) -> Value:
        """The value in the graph, which still has the layer's own activation on it where the chain is empty."""
        return self.chain[-1].output if self.chain else self.call.output

    @property
    def affine(self) -> bool:
        """Whether one number and another for each channel say all that the chain does."""
        return all(each in (Effect.SAME, Effect.AFFINE) for each in self.effects)


def find(graph: Graph) -> tuple[Response, ...]:
    """Return the responses of all layers of filters in a graph, in the order of computation."""
    return tuple(_response(graph, call) for call in graph.calls if has_filters(call))


def has_filters(call: Call) -> bool:
    """Return whether a call is one of a convolution in two dimensions, or of a dense layer on every place of a map."""
    layer = unwrapped(call.operation)
    if type(layer) is layers.Dense:
        return len(call.output.shape) == 4
    return isinstance(layer, _CONVOLUTIONS) and layer.rank == 2 and len(call.outputs) == 1


def unwrapped(operation: keras.Operation) -> keras.Operation:
    """Return the layer inside spectral normalisation, which in inference is the layer itself; else the operation."""
    return operation.layer if type(operation) is layers.SpectralNormalization else operation


def own_activation(layer: keras.Layer) -> str | None:
    """Return the name of the nonlinearity that a layer applies to its own output, None where it has none.

    A class of somebody's own that computes otherwise than Keras's keeps what it does to itself.
    """
    if not _computes_as_keras(layer) or layer.activation in (None, keras.activations.linear):
        return None
    return _function_name(layer.activation)


def _response(graph: Graph, call: Call) -> Response:
    layer = unwrapped(call.operation)
    own = own_activation(layer)
    if own is not None:
        return Response(call, (), (), (own,), bends=True)
    chain, effects, pending = [], [], []
    readers = graph.readers(call.output)
    while len(readers) == 1:
        found = channelwise.effect(readers[0], channelwise.channel_axis(layer))
        if found is None:
            break
        pending.append((readers[0], found))
        if found in (Effect.AFFINE, Effect.NORMALISING):
            # What only moves values belongs to the response where a normalisation comes after it, and is left out else.
            chain += [each for each, _ in pending]
            effects += [each for _, each in pending]
            pending = []
        readers = graph.readers(readers[0].output)
    value = chain[-1].output if chain else call.output
    # What does nothing in inference is not worth a word.
    seen = readers if all(each is Effect.SAME for _, each in pending) else graph.readers(value)
    return Response(call, tuple(chain), tuple(effects), _words(seen), bends=any(map(is_bend, readers)))


def _words(readers: Sequence[Call]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_name, readers)))


def _name(call: Call) -> str:
    operation = call.operation
    if isinstance(operation, layers.Activation):
        return _function_name(operation.activation)
    if type(operation) is layers.ReLU:
        return "relu" if operation.max_value is None else f"relu{operation.max_value:g}"
    return type(operation).__name__


def is_bend(call: Call) -> bool:
    """Return whether a call bends each value by itself: a nonlinearity."""
    operation = call.operation
    if isinstance(operation, layers.Activation):
        return operation.activation is not keras.activations.linear
    if type(operation).__module__.startswith("keras.src.ops."):
        return type(operation).__name__ in _BENDING_OPERATIONS
    return isinstance(operation, _BENDS)


def _function_name(function: object) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _computes_as_keras(layer: keras.Layer) -> bool:
    """Return whether a layer's `call` is Keras's own, which applies the activation at its end."""
    return isinstance(layer, _WITH_ACTIVATION) and type(layer).call.__module__.startswith("keras.src.layers.")
