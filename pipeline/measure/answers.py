"""How strongly filters answer to pictures, in the sense of the objective that the pictures were made for.

    objective            answer                                    to noise
    channel              mean of max(0, response) over the map     the same
    neuron               max(0, response) of the central unit      that of any unit: the mean over the map
    negative_channel     mean of max(0, −response) over the map    the same

Every answer is what its objective raises, without the leak. Responses are those before the activation function: below
zero, too, one picture may do more than another. The mean activation would not do for `negative_channel`: stripes that
oppose an edge filter excite it half a period on.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from pipeline.ascent.objective import asked_for
from pipeline.network.forward import TruncatedNetwork, mean_activation
from pipeline.network.graph import Network


def reduce(responses: tf.Tensor, objective: str) -> tf.Tensor:
    """Return the answer of each channel to each image: (batch, height, width, channels) to (batch, channels)."""
    return mean_activation(asked_for(responses, objective))


def to_pictures(
    network: Network,
    tensors: Mapping[str, np.ndarray],
    layer: str,
    images: np.ndarray,
    *,
    objective: str = "channel",
    batch: int = 4,
) -> np.ndarray:
    """Return the answer of every channel of a layer to each of several images, in float32.

    Args:
        network: the graph.
        tensors: its weights.
        layer: name of the convolutional layer.
        images: RGB, 0..255, uint8 or float32 (count, height, width, 3).
        objective: "channel", "neuron" or "negative_channel".
        batch: images at a time; larger batches only take more memory.

    Returns:
        float32 (count, channels).
    """
    truncated = TruncatedNetwork(network, tensors, layer, "float32")
    return truncated.reduce_responses(images, lambda responses: reduce(responses, objective), batch=batch)


def to_noise(
    network: Network, tensors: Mapping[str, np.ndarray], layer: str, noise: np.ndarray, *, objective: str = "channel"
) -> np.ndarray:
    """Return the answer of every channel of a layer to noise images, as `to_pictures` does.

    On noise any unit is as good as the central one, and the mean of all says more than a single one.
    """
    return to_pictures(network, tensors, layer, noise, objective="channel" if objective == "neuron" else objective)
