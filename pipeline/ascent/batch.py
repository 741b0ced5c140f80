"""What keeps the images of a batch apart."""

from collections.abc import Callable

import tensorflow as tf

Responses = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def for_each(function: Callable[[tf.Tensor], tf.Tensor], values: tf.Tensor) -> tf.Tensor:
    """Return `function` of the values of each image, (batch, …), computed for each as it is alone: as a batch of one.

    TensorFlow takes roots, sines, sigmoids and products of eight numbers at a time, and the few that are left over one
    by one, which rounds otherwise. In a batch other numbers are left over, and a picture would not be to the bit what
    it is alone.
    """
    if values.shape[0] == 1:
        return function(values)
    # Not split and put together by `tf.concat`: TensorFlow would take the function out of that again.
    return tf.stack([function(value[None])[0] for value in tf.unstack(values)])


def apart(responses: Responses) -> Responses:
    """Return a function to the responses of a batch of images, float32 (batch, …), each as it is alone.

    By the size of a batch oneDNN chooses how to convolve few channels, and rounds otherwise: seen in float32 on a
    processor with AVX2 but not AVX-512. So on a processor images pass one by one, which loses nothing: batches are no
    faster there. A GPU, which one small picture does not fill, takes them at once.
    """
    if tf.config.get_visible_devices("GPU"):
        return responses

    def one_by_one(images: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
        if images.shape[0] == 1:
            return responses(images, channels)
        pairs = zip(tf.unstack(images), tf.unstack(channels), strict=True)
        return tf.stack([responses(image[None], channel[None])[0] for image, channel in pairs])

    return one_by_one
