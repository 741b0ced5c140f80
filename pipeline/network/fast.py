"""How each call of a truncated network is run: as Keras has it, the same to the bit in less time, or nearly the same in
far less (`network.low_rank`)."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from pipeline.network import gradients, low_rank
from pipeline.network.graph import Call

Tensors = Sequence[tf.Tensor]


@dataclass(frozen=True, eq=False)
class Step:
    """A call, and how it is run: from tensors in the place of its inputs to its outputs."""

    call: Call
    run: Callable[[Tensors], Tensors]


def step_of(call: Call, dtype: tf.DType, copy_rank: float = 0.0) -> Step:
    """Return how a call is run.

    Args:
        call: the call.
        dtype: its precision, float32 or bfloat16.
        copy_rank: of a convolution that allows it a copy is run whose rank is this share of its channels, 0..1; 0 runs
            each as it is.
    """
    layer = call.operation
    if getattr(layer, "data_format", None) == "channels_first" and _is_kerass_own(layer):
        return Step(call, _transposed(layer, dtype, copy_rank))
    return Step(call, _faster(layer, dtype, copy_rank) or call.run)


def run_all(steps: Iterable[Step], values: dict[str, tf.Tensor], dtype: tf.DType) -> None:
    """Run steps in order, and put what they make, in a precision, among the values that they read, by name."""
    for step in steps:
        made = step.run([values[value.name] for value in step.call.inputs])
        for value, tensor in zip(step.call.outputs, made, strict=True):
            is_other = tensor.dtype.is_floating and tensor.dtype != dtype
            values[value.name] = tf.cast(tensor, dtype) if is_other else tensor


def is_copied(call: Call, copy_rank: float) -> bool:
    """Return whether `step_of` gives a copy of a call that is not the call itself."""
    layer = call.operation
    return type(layer) is layers.Conv2D and low_rank.rank_of(layer, copy_rank) is not None


def _faster(layer: keras.Operation, dtype: tf.DType, copy_rank: float) -> Callable[[Tensors], Tensors] | None:
    if is_plain_convolution(layer):
        return _convolution(layer, dtype, copy_rank)
    if type(layer) is layers.MaxPooling2D and layer.data_format == "channels_last":
        return _maximum_pooling(layer)
    return None


def _is_kerass_own(layer: keras.Operation) -> bool:
    return isinstance(layer, keras.Layer) and type(layer).__module__.startswith("keras.src.layers.")


def is_plain_convolution(layer: keras.Operation) -> bool:
    """Return whether an operation is Keras's own Conv2D, channels last."""
    return type(layer) is layers.Conv2D and layer.data_format == "channels_last"


def constant(variable: keras.Variable, dtype: tf.DType) -> tf.Tensor:
    """Return a layer's weight as a tensor, converted once and not at every step."""
    return tf.cast(tf.convert_to_tensor(variable), dtype)


def convolve(layer: layers.Conv2D, features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return a layer's convolution with a kernel, without bias and activation.

    TensorFlow has no gradient of a grouped convolution on a processor, and XLA, by which Keras does without, compiles
    it anew at every place: here it is a depthwise one, or one for each group. Nor has it everywhere the gradient of a
    dilated one; its way round is Keras's, too.
    """
    groups = features.shape[-1] // kernel.shape[2]
    strides, padding, dilations = layer.strides, layer.padding.upper(), layer.dilation_rate
    if groups == 1 and max(dilations) > 1:
        return tf.nn.convolution(features, kernel, strides, padding, dilations=dilations)
    if groups == 1:
        return tf.nn.conv2d(features, kernel, strides, padding, dilations=dilations)
    if kernel.shape[2] == 1 and strides[0] == strides[1]:
        depthwise = tf.reshape(kernel, (*kernel.shape[:2], groups, -1))
        return tf.nn.depthwise_conv2d(features, depthwise, (1, *strides, 1), padding, dilations=dilations)
    pairs = zip(tf.split(features, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat([tf.nn.convolution(each, own, strides, padding, dilations=dilations) for each, own in pairs], -1)


def _convolution(layer: layers.Conv2D, dtype: tf.DType, copy_rank: float) -> Callable[[Tensors], Tensors]:
    rank = low_rank.rank_of(layer, copy_rank)
    convolved = _exact(layer, dtype) if rank is None else _copied(layer, rank, dtype)
    bias = None if layer.bias is None else constant(layer.bias, dtype)

    def run(inputs: Tensors) -> Tensors:
        (features,) = inputs
        if layer.activation is keras.activations.relu:
            return [gradients.convolve_and_rectify(convolved, features, bias)]
        output = convolved(features)
        output = output if bias is None else tf.nn.bias_add(output, bias)
        return [output if layer.activation is None else layer.activation(output)]

    return run


def _exact(layer: layers.Conv2D, dtype: tf.DType) -> Callable[[tf.Tensor], tf.Tensor]:
    kernel = constant(layer.kernel, dtype)
    return lambda features: convolve(layer, features, kernel)


def _copied(layer: layers.Conv2D, rank: int, dtype: tf.DType) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the convolution of a layer's low-rank copy, without bias and activation."""
    down, across = (tf.cast(each, dtype) for each in low_rank.split(np.asarray(layer.kernel), rank))
    padding, (rows, columns) = layer.padding.upper(), layer.strides

    def run(features: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(tf.nn.conv2d(features, down, (rows, 1), padding), across, (1, columns), padding)

    return run


def _maximum_pooling(layer: layers.MaxPooling2D) -> Callable[[Tensors], Tensors]:
    def run(inputs: Tensors) -> Tensors:
        (features,) = inputs
        window, strides = tuple(layer.pool_size), tuple(layer.strides)
        if gradients.halves_exactly(features, window, strides):
            return [gradients.pool_by_two(features)]
        return [tf.nn.max_pool2d(features, window, strides, layer.padding.upper())]

    return run


def _transposed(layer: keras.Layer, dtype: tf.DType, copy_rank: float) -> Callable[[Tensors], Tensors]:
    """Return how a layer with the channels first is run: TensorFlow has it with the channels last on every device."""
    twin = copy.copy(layer)
    twin.data_format = "channels_last"
    twin.input_spec = None
    of_twin = _faster(twin, dtype, copy_rank) or (lambda inputs: [twin(*inputs, training=False)])

    def run(inputs: Tensors) -> Tensors:
        (output,) = of_twin([tf.transpose(each, (0, 2, 3, 1)) for each in inputs])
        return [tf.transpose(output, (0, 3, 1, 2)) if output.shape.rank == 4 else output]

    return run
