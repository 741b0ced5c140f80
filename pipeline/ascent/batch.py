"""What keeps the images of a batch apart."""

from collections.abc import Callable

import tensorflow as tf


def for_each(function: Callable[[tf.Tensor], tf.Tensor], values: tf.Tensor) -> tf.Tensor:
    """Return `function` of the values of each image, (batch, …), computed for each by itself.

    TensorFlow takes roots, sines and sigmoids of eight numbers at a time, and of the few that are left over one by one,
    which rounds otherwise. In a batch other numbers are left over, and a picture would not be to the bit what it is
    alone.
    """
    if values.shape[0] == 1:
        return function(values)
    # Not split and put together by `tf.concat`: TensorFlow would take the function out of that again.
    return tf.stack([function(value) for value in tf.unstack(values)])


def one_by_one(
    function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], images: tf.Tensor, channels: tf.Tensor
) -> tf.Tensor:
    """Return `function` of the images of a batch, (batch, …), and of what belongs to each, (batch,), one at a time.

    By the size of a batch oneDNN chooses how to convolve few channels, and rounds otherwise: seen in float32 on a
    processor with AVX2 but not with AVX-512. On a processor nothing is lost: batches are no faster there.
    """
    if images.shape[0] == 1:
        return function(images, channels)
    pairs = zip(tf.unstack(images), tf.unstack(channels), strict=True)
    return tf.stack([function(image[None], channel[None])[0] for image, channel in pairs])
