"""How each call of a truncated network is run: as Keras has it, or the same to the bit in less time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers

from pipeline.network import gradients
from pipeline.network.graph import Call

Tensors = Sequence[tf.Tensor]


@dataclass(frozen=True, eq=False)
class Step:
    """A call, and how it is run: from tensors in the place of its inputs to its outputs."""

    call: Call
    run: Callable[[Tensors], Tensors]


def step_of(call: Call, dtype: tf.DType) -> Step:
    """Return how a call is run in a precision, float32 or bfloat16."""
    layer = call.operation
    if is_plain_convolution(layer):
        return Step(call, _convolution(layer, dtype))
    if type(layer) is layers.MaxPooling2D and layer.data_format == "channels_last":
        return Step(call, _maximum_pooling(layer))
    return Step(call, call.run)


def is_plain_convolution(layer: keras.Operation) -> bool:
    """Return whether an operation is Keras's own Conv2D, channels last."""
    return type(layer) is layers.Conv2D and layer.data_format == "channels_last"


def constant(variable: keras.Variable | None, dtype: tf.DType) -> tf.Tensor | None:
    """Return a layer's weight as a tensor, converted once and not at every step."""
    return None if variable is None else tf.cast(tf.convert_to_tensor(variable), dtype)


def convolve(layer: layers.Conv2D, features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return a layer's convolution with a kernel, without bias and activation."""
    return tf.nn.conv2d(features, kernel, layer.strides, layer.padding.upper(), dilations=layer.dilation_rate)


def _convolution(layer: layers.Conv2D, dtype: tf.DType) -> Callable[[Tensors], Tensors]:
    kernel, bias = constant(layer.kernel, dtype), constant(layer.bias, dtype)

    def run(inputs: Tensors) -> Tensors:
        (features,) = inputs
        if layer.activation is keras.activations.relu:
            return [gradients.convolve_and_rectify(lambda each: convolve(layer, each, kernel), features, bias)]
        output = convolve(layer, features, kernel)
        output = output if bias is None else tf.nn.bias_add(output, bias)
        return [output if layer.activation is None else layer.activation(output)]

    return run


def _maximum_pooling(layer: layers.MaxPooling2D) -> Callable[[Tensors], Tensors]:
    def run(inputs: Tensors) -> Tensors:
        (features,) = inputs
        window, strides = tuple(layer.pool_size), tuple(layer.strides)
        if gradients.halves_exactly(features, window, strides):
            return [gradients.pool_by_two(features)]
        return [tf.nn.max_pool2d(features, window, strides, layer.padding.upper())]

    return run
