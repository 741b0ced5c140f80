"""How images become what a network takes: its preprocessing, its layout, and what its other inputs are given."""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from pipeline.network.catalogue import Input
from pipeline.network.graph import Value
from pipeline.network.photographs import MID_GREY

# Channel means of ImageNet as Keras's "caffe" mode subtracts them, BGR order, of 0..255.
CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
# Channel means and deviations as Keras's "torch" mode applies them, RGB order, of 0..1.
_TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
_TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)


def preprocess(image: tf.Tensor, mode: str) -> tf.Tensor:
    """Turn images in [0, 1], float32 (batch, height, width, channels), into the network's input.

    The modes are those of `keras.applications.imagenet_utils.preprocess_input` ("caffe", "tf", "torch"), and "unit"
    ([0, 1] as is) and "raw" (0..255).
    """
    if mode == "caffe":
        # A slice with step -1 takes six times as long as this, and its gradient too.
        return tf.reverse(image, [-1]) * 255.0 - tf.constant(CAFFE_MEAN_BGR)
    if mode == "tf":
        return image * 2.0 - 1.0
    if mode == "torch":
        return (image - tf.constant(_TORCH_MEAN_RGB)) / tf.constant(_TORCH_DEVIATION_RGB)
    return image * 255.0 if mode == "raw" else image


def feed(
    image: tf.Tensor, wanted: str, inputs: Sequence[Input], values: Sequence[Value], mode: str
) -> Mapping[str, tf.Tensor]:
    """Return what each input of a network is given, by its name, float32: other images mid grey, all else zero.

    Args:
        image: in [0, 1], float32 (batch, height, width, channels).
        wanted: name of the input that it is for.
        inputs: all inputs of the network, as its catalogue has them.
        values: the same, as its graph has them.
        mode: preprocessing of all images.
    """
    size = {each.name: (each.height_px, each.width_px) for each in inputs}
    given = {}
    for each, value in zip(inputs, values, strict=True):
        if each.name == wanted:
            given[each.name] = _laid_out(preprocess(image, mode), each.layout)
        elif each.channels:
            # An image that comes in the size of the one that is looked at goes with it.
            own = size[each.name] if size[each.name] != size[wanted] else (None, None)
            sides = [side or canvas for side, canvas in zip(own, image.shape[1:3], strict=True)]
            grey = tf.fill((image.shape[0], *sides, each.channels), MID_GREY)
            given[each.name] = _laid_out(preprocess(grey, mode), each.layout)
        else:
            given[each.name] = tf.zeros((image.shape[0], *(side or 1 for side in value.shape[1:])))
    return given


def _laid_out(image: tf.Tensor, layout: str) -> tf.Tensor:
    if layout == "channels_first":
        return tf.transpose(image, (0, 3, 1, 2))
    return image[..., 0] if layout == "no_channels" else image
