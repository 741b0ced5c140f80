"""The last layer of a truncated network: the responses of all its filters, or of one alone.

Of a convolution one filter is computed by itself: its slice of the kernel, its bias, and what the chain up to its
response makes of one channel, which is a number times it plus another. Of whatever cannot be cut like that, all are
computed as Keras has it, and one is taken.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from pipeline.network import channelwise, responses
from pipeline.network.channelwise import Effect
from pipeline.network.fast import constant, convolve
from pipeline.network.responses import Response


class LastLayer(Protocol):
    """From the layer's input, (batch, …), to responses, float32 (batch, map height, map width, filters)."""

    def all(self, features: tf.Tensor) -> tf.Tensor:
        """Return the responses of all filters."""

    def one(self, features: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        """Return the responses of one filter, (batch, map height, map width, 1)."""


def last_layer(response: Response, dtype: tf.DType) -> LastLayer:
    """Return how the responses of a layer are computed in a precision, float32 or bfloat16."""
    layer = response.layer
    cut = _CUTS.get(type(layer)) if response.affine and not _is_strided_and_dilated(layer) else None
    return Whole(response) if cut is None else Cut(response, cut(layer, dtype), dtype)


@dataclass(frozen=True)
class Convolution:
    """A layer's convolution without its bias, channels last.

    Attributes:
        all: from features to the outputs of all filters.
        one: from features and a filter's number to its output alone.
    """

    all: Callable[[tf.Tensor], tf.Tensor]
    one: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class Cut:
    """A layer of which a filter can be computed by itself.

    Args:
        response: where its responses are taken.
        convolution: the layer's convolution.
        dtype: its precision.
    """

    def __init__(self, response: Response, convolution: Convolution, dtype: tf.DType) -> None:
        self._convolution = convolution
        self._is_transposed = response.axis == 1
        bias = response.layer.bias
        self._bias = None if bias is None else tf.cast(constant(bias, dtype), tf.float32)
        self._affine = _affine(response) if response.chain else None

    def all(self, features: tf.Tensor) -> tf.Tensor:
        """Return the responses of all filters."""
        return self._finish(self._convolution.all(self._channels_last(features)), slice(None))

    def one(self, features: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        """Return the responses of one filter."""
        output = self._convolution.one(self._channels_last(features), channel)
        return self._finish(output, slice(channel, channel + 1))

    def _channels_last(self, features: tf.Tensor) -> tf.Tensor:
        return tf.transpose(features, (0, 2, 3, 1)) if self._is_transposed else features

    def _finish(self, output: tf.Tensor, channels: slice) -> tf.Tensor:
        output = tf.cast(output, tf.float32)
        output = output if self._bias is None else output + self._bias[channels]
        if self._affine is None:
            return output
        scale, offset = self._affine
        return output * scale[channels] + offset[channels]


class Whole:
    """A layer that is computed as Keras has it.

    Args:
        response: where its responses are taken.
    """

    def __init__(self, response: Response) -> None:
        self._response = response
        self._layer = response.call.operation
        if responses.own_activation(response.layer) is not None:
            self._layer = _without_activation(response.layer)

    def all(self, features: tf.Tensor) -> tf.Tensor:
        """Return the responses of all filters."""
        output = self._layer(features, training=False)
        for call in self._response.chain:
            (output,) = call.run([output])
        output = tf.cast(output, tf.float32)
        return tf.transpose(output, (0, 2, 3, 1)) if self._response.axis == 1 else output

    def one(self, features: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        """Return the responses of one filter."""
        return self.all(features)[..., channel : channel + 1]


def _is_strided_and_dilated(layer: keras.Layer) -> bool:
    # TensorFlow has no convolution that is both; Keras puts one together for depthwise layers.
    return max(getattr(layer, "strides", (1,))) > 1 and max(getattr(layer, "dilation_rate", (1,))) > 1


def _without_activation(layer: keras.Layer) -> keras.Layer:
    bare = copy.copy(layer)
    bare.activation = None
    return bare


def _affine(response: Response) -> tuple[tf.Tensor, tf.Tensor]:
    """Return what the chain multiplies each filter's output with, and adds to it, float32 (filters,)."""
    scale, offset = np.ones(response.filters), np.zeros(response.filters)
    for call, effect in zip(response.chain, response.effects, strict=True):
        if effect is Effect.AFFINE:
            scale, offset = channelwise.affine(call, response.axis, scale, offset)
    shape = (response.filters,)
    return tuple(tf.constant(np.broadcast_to(each, shape), tf.float32) for each in (scale, offset))


def _plain(layer: layers.Conv2D, dtype: tf.DType) -> Convolution:
    kernel = constant(layer.kernel, dtype)

    def one(features: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        if layer.groups > 1:
            # One filter of a grouped convolution reads only its own group's channels.
            per_group = features.shape[-1] // layer.groups
            start = channel // (layer.filters // layer.groups) * per_group
            features = _channels(features, start, per_group)
        return convolve(layer, features, _of_filter(kernel, channel, 3))

    return Convolution(lambda features: convolve(layer, features, kernel), one)


def _depthwise(layer: layers.DepthwiseConv2D, dtype: tf.DType) -> Convolution:
    kernel, multiplier = constant(layer.kernel, dtype), layer.depth_multiplier

    def one(features: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        read, number = channel // multiplier, channel % multiplier
        own = tf.ensure_shape(kernel[:, :, read : read + 1, number : number + 1], (*kernel.shape[:2], 1, 1))
        return convolve(layer, _channels(features, read, 1), own)

    return Convolution(lambda features: _depthwise_as_keras(layer, features, kernel), one)


def _separable(layer: layers.SeparableConv2D, dtype: tf.DType) -> Convolution:
    depthwise, pointwise = constant(layer.depthwise_kernel, dtype), constant(layer.pointwise_kernel, dtype)

    def between(features: tf.Tensor) -> tf.Tensor:
        return _depthwise_as_keras(layer, features, depthwise)

    return Convolution(
        lambda features: tf.nn.conv2d(between(features), pointwise, 1, "VALID"),
        lambda features, channel: tf.nn.conv2d(between(features), pointwise[..., channel : channel + 1], 1, "VALID"),
    )


def _dense(layer: layers.Dense, dtype: tf.DType) -> Convolution:
    kernel = constant(layer.kernel, dtype)
    return Convolution(
        lambda features: tf.nn.conv2d(features, kernel[None, None], 1, "VALID"),
        lambda features, channel: tf.nn.conv2d(features, kernel[None, None, :, channel : channel + 1], 1, "VALID"),
    )


def _transposed(layer: layers.Conv2DTranspose, dtype: tf.DType) -> Convolution:
    kernel = constant(layer.kernel, dtype)

    def run(features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return keras.ops.conv_transpose(
            features, kernel, strides=list(layer.strides), padding=layer.padding, output_padding=layer.output_padding,
            data_format="channels_last", dilation_rate=layer.dilation_rate,
        )  # fmt: skip

    return Convolution(
        lambda features: run(features, kernel),
        lambda features, channel: run(features, _of_filter(kernel, channel, 2)),
    )


def _channels(features: tf.Tensor, start: tf.Tensor, count: int) -> tf.Tensor:
    """Return some channels of a map; their number is known while a function is traced, too, which a slice forgets."""
    return tf.ensure_shape(features[..., start : start + count], (*features.shape[:-1], count))


def _depthwise_as_keras(
    layer: layers.DepthwiseConv2D | layers.SeparableConv2D, features: tf.Tensor, kernel: tf.Tensor
) -> tf.Tensor:
    return keras.ops.depthwise_conv(
        features, kernel, strides=layer.strides, padding=layer.padding, data_format="channels_last",
        dilation_rate=layer.dilation_rate,
    )  # fmt: skip


def _of_filter(kernel: tf.Tensor, channel: tf.Tensor, axis: int) -> tf.Tensor:
    """Return the part of a kernel that belongs to one filter, by the axis of the filters; its shape is known while a
    function is traced, too, which a slice forgets."""
    own = kernel[..., channel : channel + 1] if axis == 3 else kernel[:, :, channel : channel + 1]
    own.set_shape([1 if each == axis else side for each, side in enumerate(kernel.shape)])
    return own


_CUTS: dict[type, Callable[[keras.Layer, tf.DType], Convolution]] = {
    layers.Conv2D: _plain,
    layers.Conv2DTranspose: _transposed,
    layers.Dense: _dense,
    layers.DepthwiseConv2D: _depthwise,
    layers.SeparableConv2D: _separable,
}
