"""Sessions: which layers are shown which gratings, on what canvas, and what the units in the middle of it answer.

Layers with small fields share a session, and one pass through the network, with all gratings; those with large ones
another, with few.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pipeline.measure.gratings import COARSE, FINE, Stimuli
from pipeline.network.catalogue import Network
from pipeline.network.taps import Taps, middle
from pipeline.originals import CHANNELS

# A unit must find its best phase somewhere: at four phases of the longest period, 40 px, steps of 10 px are left, and
# the units of this middle of the canvas fill them.
MIDDLE_PX = 16
# Up to this field every grating is drawn, for all layers on one canvas of 112 px at most. In VGG16 that is blocks 1 to
# 4, in whose last layer one filter in twelve still answers to a grating a fifth as strongly as to a photograph; past it
# are 2 to 4 in a hundred, and a canvas of 224 px takes four times as long.
FINE_FIELD_PX = 96
LARGEST_CANVAS_PX = 224
CANVAS_MULTIPLE_PX = 16
# Images at a time: as many as have the pixels of four of 224 px.
BATCH_PIXELS = 4 * 224**2


@dataclass(frozen=True)
class Session:
    """Layers that the same stimuli are shown to, in one pass each.

    Attributes:
        stimuli: what they are shown.
        canvas_px: side of the images.
        layers: their names, in the network's order; all see the same input.
    """

    stimuli: Stimuli
    canvas_px: int
    layers: tuple[str, ...]


def sessions(network: Network, layers: Sequence[str]) -> list[Session]:
    """Return in what sessions layers are shown gratings: those with small fields together, and those with large ones.

    Layers are left out whose image is neither RGB nor grey.
    """
    grouped: dict[tuple[str, bool, int | None], list[str]] = {}
    for name in layers:
        layer = network.layer(name)
        if network.image_of(name).channels in CHANNELS:
            key = (layer.input, layer.used_field_px <= FINE_FIELD_PX, layer.only_canvas_px)
            grouped.setdefault(key, []).append(name)
    return [
        Session(FINE if is_fine else COARSE, only or _canvas_px(network, names), tuple(names))
        for (_, is_fine, only), names in grouped.items()
    ]


def _canvas_px(network: Network, names: Sequence[str]) -> int:
    """Return the side of the smallest canvas whose middle units see no edge, up to the largest, that suits layers."""
    layers = [network.layer(name) for name in names]
    wanted = min(max(layer.used_field_px for layer in layers) + MIDDLE_PX, LARGEST_CANVAS_PX)
    wanted = max(wanted, *(layer.smallest_canvas_px for layer in layers))
    multiple = math.lcm(CANVAS_MULTIPLE_PX, *(layer.canvas_multiple_px for layer in layers))
    return -(-wanted // multiple) * multiple


@dataclass(frozen=True)
class Shown:
    """What the filters of a layer answered to all stimuli of a session, as `measure.tuning` takes it.

    Attributes:
        strongest: the strongest unit of the middle, max(0, response), float32 (stimuli, filters).
        central: the central unit likewise.
    """

    strongest: np.ndarray
    central: np.ndarray


def show(taps: Taps, session: Session, channels: int) -> list[Shown]:
    """Return what each layer of a session answers, in one pass.

    Args:
        taps: the network, with maps of the session's layers in their order.
        session: which stimuli on which canvas.
        channels: of the image, 1 or 3.
    """
    batch = max(1, BATCH_PIXELS // session.canvas_px**2)

    @tf.function(autograph=False)
    def answers(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        middles = [
            _middle(map, math.ceil(MIDDLE_PX / layer.stride_px))
            for map, layer in zip(taps.maps(images), taps.layers, strict=True)
        ]
        strongest, central = ([pair[place] for pair in middles] for place in (0, 1))
        return tf.concat(strongest, 1), tf.concat(central, 1)

    parts = []
    for images in session.stimuli.draw(session.canvas_px, channels, batch):
        # Always as many, for the network is compiled for a number of them.
        whole = np.concatenate([images, np.repeat(images[-1:], batch - len(images), 0)])
        parts.append([each.numpy()[: len(images)] for each in answers(tf.constant(whole))])
    strongest, central = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    ends = np.cumsum([layer.filters for layer in taps.layers])[:-1]
    return [Shown(*pair) for pair in zip(np.split(strongest, ends, 1), np.split(central, ends, 1), strict=True)]


def _middle(map: tf.Tensor, units: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the strongest of the units in the middle of a map, at least two by two where it has them, and the central
    one: each float32 (batch, filters)."""
    height, width = tf.unstack(tf.shape(map)[1:3])
    strongest = tf.reduce_max(middle(map, max(2, units)), (1, 2))
    central = map[:, height // 2, width // 2]
    return tf.nn.relu(tf.cast(strongest, tf.float32)), tf.nn.relu(tf.cast(central, tf.float32))
