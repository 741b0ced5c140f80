"""What is maximised: one number from the response map of one filter.

The sign of a response decides whether it can be climbed. The mean of max(0, response) has no gradient where every
response is negative, which is so on a random start for many filters of VGG16, most of all in its last layers: those
pictures stay noise. The mean of the raw response always has a gradient but, for a linear edge filter, rewards a flat
colour (its value is the kernel's sum times the mean colour), not edges. Between the two:

    response          < 0           > 0
    value        leak · response   response
    gradient         leak             1

With a small leak, what excites the filter counts in full, and a silent filter still knows which way is up.
"""

import tensorflow as tf

OBJECTIVES = ("channel", "neuron", "negative_channel")


def asked_for(responses: tf.Tensor, objective: str) -> tf.Tensor:
    """Return what an objective is about, with its sign: what it raises, and what a filter's answer is taken from.

    Args:
        responses: pre-activation responses, float32 (batch, height, width, filters).
        objective: "channel" (the whole map), "neuron" (its central unit), or "negative_channel" (the map, its sign
            turned).

    Returns:
        float32 (batch, height or 1, width or 1, filters).
    """
    if objective == "negative_channel":
        return -responses
    if objective == "neuron":
        height, width = responses.shape[1:3]
        return responses[:, height // 2 : height // 2 + 1, width // 2 : width // 2 + 1]
    return responses


def value(responses: tf.Tensor, objective: str, leak: float) -> tf.Tensor:
    """Return the number to maximise.

    Args:
        responses: pre-activation responses of the filter, float32 (batch, height, width, 1).
        objective: "channel" (mean over the map), "neuron" (the map's central unit), or "negative_channel" (what the
            filter is against: the mean of the sign-flipped map).
        leak: slope below zero, 0..1; 0 is the plain post-ReLU activation, 1 the raw response.

    Returns:
        float32 (batch,).
    """
    responses = asked_for(responses, objective)
    return tf.reduce_mean(tf.maximum(responses, leak * responses), (1, 2, 3))


def activation(responses: tf.Tensor) -> tf.Tensor:
    """Return the filter's mean activation, max(0, response) over the map: (batch, h, w, 1) to (batch,)."""
    return tf.reduce_mean(tf.nn.relu(responses), (1, 2, 3))
