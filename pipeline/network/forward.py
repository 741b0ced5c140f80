"""Running the network: from an image to the responses of one layer, exactly and no further.

The graph is executed with TensorFlow operations straight from the catalogue and the weights; no Keras model is
built, so what is not asked for (later layers, other channels of the last one) costs nothing.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from pipeline.network import gradients
from pipeline.network.graph import Network, Node

# Channel means of ImageNet as Keras's "caffe" mode subtracts them, BGR order, of 0..255.
_CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
# Channel means and deviations as Keras's "torch" mode applies them, RGB order, of 0..1.
_TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
_TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)

_ACTIVATIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "linear": tf.identity,
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "sigmoid": tf.nn.sigmoid,
    "tanh": tf.nn.tanh,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "gelu": tf.nn.gelu,
    "swish": tf.nn.silu,
    "silu": tf.nn.silu,
    "leaky_relu": tf.nn.leaky_relu,
}


def preprocess(image: tf.Tensor, mode: str) -> tf.Tensor:
    """Turn RGB images in [0, 1], float32 (batch, height, width, 3), into the network's input.

    The modes are those of `keras.applications.imagenet_utils.preprocess_input` ("caffe", "tf", "torch"), and "unit"
    ([0, 1] as is) and "raw" (0..255).
    """
    if mode == "caffe":
        # A slice with step -1 takes six times as long as this, and its gradient too.
        return tf.reverse(image, [-1]) * 255.0 - tf.constant(_CAFFE_MEAN_BGR)
    if mode == "tf":
        return image * 2.0 - 1.0
    if mode == "torch":
        return (image - tf.constant(_TORCH_MEAN_RGB)) / tf.constant(_TORCH_DEVIATION_RGB)
    return image * 255.0 if mode == "raw" else image


class TruncatedNetwork:
    """The network up to the convolution of one layer, its activation function left out.

    Args:
        network: the graph.
        tensors: its weights, as `weights.store.load` gives them.
        layer: name of the convolutional layer.
        precision: "float32" or "bfloat16", of the convolutions and what lies between them.
    """

    def __init__(self, network: Network, tensors: Mapping[str, np.ndarray], layer: str, precision: str) -> None:
        self.preprocessing = network.preprocessing
        self.nodes = network.needed_for(layer)
        self.dtype = tf.as_dtype(precision)
        names = {node.name for node in self.nodes}
        self._parameters = {
            name: tf.cast(tf.constant(tensors[name]), self.dtype)
            for name in network.parameters
            if name.rpartition("/")[0] in names
        }

    def responses(self, image: tf.Tensor) -> tf.Tensor:
        """Return the pre-activation responses of all channels.

        Args:
            image: RGB in [0, 1], float32 (batch, height, width, 3).

        Returns:
            (batch, map height, map width, channels), float32.
        """
        last = self.nodes[-1]
        kernel = self._parameters[f"{last.name}/kernel"]
        return self._convolve_last(self._input_of_last(image), kernel, self._parameters.get(f"{last.name}/bias"))

    def channel_responses(self, image: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        """Return the pre-activation response of one channel, computing only that one.

        Args:
            image: RGB in [0, 1], float32 (batch, height, width, 3).
            channel: int32 scalar, or a vector (batch,): of each image its own.

        Returns:
            (batch, map height, map width, 1), float32.
        """
        features = self._input_of_last(image)
        # One small convolution for each: convolving all images with all kernels at once, to keep the diagonal, would
        # do for grouped ones only with other code, and not be to the bit what one image alone gives.
        channels = tf.unstack(tf.reshape(channel, [-1]))
        parts = tf.split(features, len(channels))
        return tf.concat([self._convolve_to(part, one) for part, one in zip(parts, channels, strict=True)], 0)

    def reduce_responses(
        self, images: np.ndarray, reduce: Callable[[tf.Tensor], tf.Tensor], *, batch: int = 4
    ) -> np.ndarray:
        """Return what `reduce` makes of the responses of all channels to each of several images.

        Args:
            images: RGB, 0..255, uint8 or float32 (count, height, width, 3).
            reduce: from responses, float32 (batch, height, width, channels), to float32 (batch, channels).
            batch: images at a time; larger batches only take more memory.

        Returns:
            float32 (count, channels).
        """

        @tf.function(autograph=False)
        def reduced(pixels: tf.Tensor) -> tf.Tensor:
            return reduce(self.responses(tf.cast(pixels, tf.float32) / 255.0))

        parts = [reduced(tf.constant(images[start : start + batch])) for start in range(0, len(images), batch)]
        return np.concatenate([part.numpy() for part in parts])

    def mean_activations(self, images: np.ndarray, *, batch: int = 4) -> np.ndarray:
        """Return the mean activation of every channel on each of several images, as `reduce_responses` does.

        The activation of a channel is max(0, response); its mean is taken over the response map.
        """
        return self.reduce_responses(images, mean_activation, batch=batch)

    def _input_of_last(self, image: tf.Tensor) -> tf.Tensor:
        outputs: dict[str, tf.Tensor] = {}
        for node in self.nodes[:-1]:
            if node.inputs:
                outputs[node.name] = self._run(node, [outputs[name] for name in node.inputs])
            else:
                outputs[node.name] = tf.cast(preprocess(image, self.preprocessing), self.dtype)
        (name,) = self.nodes[-1].inputs
        return outputs[name]

    def _convolve_to(self, features: tf.Tensor, channel: tf.Tensor) -> tf.Tensor:
        last = self.nodes[-1]
        groups = last.settings.get("groups", 1)
        if groups > 1:
            # One filter of a grouped convolution reads only its own group's channels.
            per_group = features.shape[-1] // groups
            start = channel // (last.channels // groups) * per_group
            features = features[..., start : start + per_group]
        kernel = self._parameters[f"{last.name}/kernel"][..., channel : channel + 1]
        bias = self._parameters.get(f"{last.name}/bias")
        return self._convolve_last(features, kernel, None if bias is None else bias[channel : channel + 1])

    def _convolve_last(self, features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
        responses = tf.cast(self._convolve(self.nodes[-1], features, kernel), tf.float32)
        return responses if bias is None else responses + tf.cast(bias, tf.float32)

    def _run(self, node: Node, inputs: list[tf.Tensor]) -> tf.Tensor:
        first = inputs[0]
        get = self._parameters.get
        match node.kind:
            case "Conv2D":
                kernel, bias = self._parameters[f"{node.name}/kernel"], get(f"{node.name}/bias")
                if node.settings.get("activation") == "relu":
                    return gradients.convolve_and_rectify(
                        lambda features: self._convolve(node, features, kernel), first, bias
                    )
                output = self._convolve(node, first, kernel)
                if bias is not None:
                    output = tf.nn.bias_add(output, bias)
                return _ACTIVATIONS[node.settings.get("activation", "linear")](output)
            case "MaxPooling2D":
                if gradients.halves_exactly(first, node.window, node.strides):
                    return gradients.pool_by_two(first)
                return tf.nn.max_pool2d(first, node.window, node.strides, node.settings["padding"].upper())
            case "AveragePooling2D":
                return tf.nn.avg_pool2d(first, node.window, node.strides, node.settings["padding"].upper())
            case "ZeroPadding2D":
                vertical, horizontal = node.settings["padding"]
                return tf.pad(first, ((0, 0), tuple(vertical), tuple(horizontal), (0, 0)))
            case "BatchNormalization":
                return tf.nn.batch_normalization(
                    first,
                    self._parameters[f"{node.name}/moving_mean"],
                    self._parameters[f"{node.name}/moving_variance"],
                    get(f"{node.name}/beta"),
                    get(f"{node.name}/gamma"),
                    node.settings["epsilon"],
                )
            case "Activation":
                return _ACTIVATIONS[node.settings["activation"]](first)
            case "ReLU":
                return _relu(first, node)
            case "Add":
                return tf.add_n(inputs)
            case "Concatenate":
                return tf.concat(inputs, -1)
            case _:
                return first

    def _convolve(self, node: Node, features: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(features, kernel, node.strides, node.settings["padding"].upper(), dilations=node.dilation)


def _relu(features: tf.Tensor, node: Node) -> tf.Tensor:
    slope = node.settings.get("negative_slope") or 0.0
    ceiling = node.settings.get("max_value")
    output = tf.nn.leaky_relu(features, slope) if slope else tf.nn.relu(features)
    return output if ceiling is None else tf.minimum(output, tf.cast(ceiling, features.dtype))


def mean_activation(responses: tf.Tensor) -> tf.Tensor:
    """Return the mean of max(0, response) over the map: (batch, height, width, channels) to (batch, channels)."""
    return tf.reduce_mean(tf.nn.relu(responses), (1, 2))
