"""How strongly filters answer to pictures, in the sense of the objective that the pictures were made for.

    objective            answer                                    to noise
    channel              mean of max(0, response) over the map     the same
    neuron               max(0, response) of the central unit      that of any unit: the mean over the map
    negative_channel     mean of max(0, −response) over the map    the same

Every answer is what its objective raises, without the leak. Responses are those before the activation function: below
zero, too, one picture may do more than another. The mean activation would not do for `negative_channel`: stripes that
oppose an edge filter excite it half a period on.

What photographs are compared by is the strongest unit, any of the map's but those near its border: the largest
max(0, response), with the sign turned for `negative_channel`.
"""

import numpy as np
import tensorflow as tf

from pipeline.ascent.objective import asked_for
from pipeline.measure.by_keras import KerasResponses
from pipeline.network import taps
from pipeline.network.catalogue import Network
from pipeline.network.graph import Graph
from pipeline.network.truncated import mean_activation


def reduce(responses: tf.Tensor, objective: str) -> tf.Tensor:
    """Return the answer of each channel to each image: (batch, height, width, channels) to (batch, channels)."""
    return mean_activation(asked_for(responses, objective))


class Judge:
    """What the filters of a layer answer, by Keras alone.

    Args:
        network: what is known of the network.
        graph: its graph with the weights in it, which settles the precision.
        layer: name of the layer.
        canvas_px: side of the images.
    """

    def __init__(self, network: Network, graph: Graph, layer: str, canvas_px: int) -> None:
        self._margin = taps.margin(network.layer(layer))
        self._responses = KerasResponses(network, graph, layer, canvas_px)

    def to_pictures(self, images: np.ndarray, *, objective: str = "channel", batch: int = 4) -> np.ndarray:
        """Return the answer of every filter of the layer to each of several images.

        Args:
            images: 0..255, uint8 or float32 (count, side, side, channels).
            objective: "channel", "neuron" or "negative_channel".
            batch: images at a time; larger batches only take more memory.

        Returns:
            float32 (count, filters).
        """
        return self.to_pictures_and_strongest(images, objective=objective, batch=batch)[0]

    def to_pictures_and_strongest(
        self, images: np.ndarray, *, objective: str = "channel", batch: int = 4
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the answers, as `to_pictures` does, and beside them the strongest unit of every filter, of the same
        shape."""

        @tf.function(autograph=False)
        def reduced(pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            responses = self._responses(tf.cast(pixels, tf.float32) / 255.0)
            inside = taps.interior(asked_for(responses, _of_any_unit(objective)), self._margin)
            return reduce(responses, objective), tf.nn.relu(tf.reduce_max(inside, (1, 2)))

        parts = [reduced(tf.constant(images[start : start + batch])) for start in range(0, len(images), batch)]
        answers, strongest = zip(*parts, strict=True)
        return np.concatenate(answers), np.concatenate(strongest)

    def to_noise(self, noise: np.ndarray, *, objective: str = "channel") -> np.ndarray:
        """Return the answer of every filter of the layer to noise images, as `to_pictures` does.

        On noise any unit is as good as the central one, and the mean of all says more than a single one.
        """
        return self.to_pictures(noise, objective=_of_any_unit(objective))


def _of_any_unit(objective: str) -> str:
    return "channel" if objective == "neuron" else objective
