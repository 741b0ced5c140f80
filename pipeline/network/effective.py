"""What a unit makes of its receptive field: how much of it moves the unit, and how fine what moves it is.

Both are read off the gradient of units with respect to noise. The effective field is that of Luo, Li, Urtasun and
Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks", NIPS 2016, as the side of a
square.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pipeline.errors import UserError
from pipeline.network import preparation
from pipeline.network.catalogue import Input
from pipeline.network.fast import step_of
from pipeline.network.geometry import Found
from pipeline.network.graph import Call, Graph
from pipeline.network.photographs import CONTRAST, MID_GREY

# Share of the squared gradient that falls into the effective field.
SHARE = 0.95
# Side of the noise image that the gradient is taken on. A larger field counts as one of this size: what is decided by
# it, the size of pictures and the number of steps, is the same for all of them.
NOISE_PX = 192
NOISE_IMAGES = 1
_SEED = 0
# Cycles per pixel past which structure is grain: a quarter of the sampling rate, half of the finest that there is.
_GRAIN_FREQUENCY = 0.25


@dataclass(frozen=True)
class Sensitivity:
    """What moves the units of a layer.

    Attributes:
        field_px: side of the effective field.
        grain: share of the squared gradient in frequencies past a quarter of the sampling rate, 0 to 1.
    """

    field_px: int
    grain: float


def measure(graph: Graph, found: Sequence[Found], inputs: Mapping[str, Input]) -> Mapping[str, Sensitivity]:
    """Return what moves the units of each layer, by its name.

    The gradient is that of all filters of the central unit, each with a random weight, on noise, with the weights that
    the model has.
    """
    measured: dict[str, Sensitivity] = {}
    for name in dict.fromkeys(each.image.name for each in found):
        layers = [each for each in found if each.image.name == name]
        sizes = [each.geometry.sizes(each.response.value) for each in layers]
        for side in dict.fromkeys(_side(size.multiple_px, size.only_px) for size in sizes):
            of_size = [
                each for each, size in zip(layers, sizes, strict=True) if _side(size.multiple_px, size.only_px) == side
            ]
            measured.update(_measure(graph, of_size, inputs, side))
    return measured


def _side(multiple_px: int, only_px: int | None) -> int:
    return only_px or -(-NOISE_PX // multiple_px) * multiple_px


def _measure(
    graph: Graph, layers: Sequence[Found], inputs: Mapping[str, Input], side: int
) -> Mapping[str, Sensitivity]:
    random = np.random.default_rng(_SEED)
    image = inputs[layers[0].image.name]
    noise = MID_GREY + CONTRAST * random.standard_normal((NOISE_IMAGES, side, side, image.channels))
    pixels = tf.constant(np.clip(noise, 0, 1), tf.float32)
    wanted = {call.name for each in layers for call in graph.needed_for(each.response.value)}
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(pixels)
        mode = "raw" if image.scaled else "tf"
        values = dict(preparation.feed(pixels, image.name, tuple(inputs.values()), graph.inputs, mode))
        for call in graph.calls:
            if call.name in wanted:
                outputs = _run(call, [values[value.name] for value in call.inputs], side)
                values.update({value.name: output for value, output in zip(call.outputs, outputs, strict=True)})
        units = {each.response.name: _central_unit(values, each, random) for each in layers}
    measured = {}
    for each in layers:
        gradient = tape.gradient(units[each.response.name], pixels).numpy()
        field = min(field_px(gradient), each.geometry.field(each.response.value).side_px)
        measured[each.response.name] = Sensitivity(field, grain(gradient))
    return measured


def _run(call: Call, inputs: Sequence[tf.Tensor], side: int) -> Sequence[tf.Tensor]:
    try:
        return step_of(call, tf.float32).run(inputs)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, tf.errors.OpError):
        raise UserError(
            f"model: {call.name} cannot be run on one image of {side} × {side} pixels: is the model made for a certain "
            "number of images at a time? Save it with inputs of any: keras.Input((height, width, channels))"
        ) from None


def _central_unit(values: Mapping[str, tf.Tensor], found: Found, random: np.random.Generator) -> tf.Tensor:
    response = found.response
    of_map = tf.cast(values[response.value.name], tf.float32)
    if response.axis == 1:
        of_map = tf.transpose(of_map, (0, 2, 3, 1))
    unit = of_map[:, of_map.shape[1] // 2, of_map.shape[2] // 2]
    return tf.reduce_sum(unit * random.standard_normal(unit.shape[-1]).astype(np.float32))


def field_px(gradient: np.ndarray) -> int:
    """Return the side of the square around its centre that `SHARE` of a squared gradient falls into; 1 where it is 0.

    Args:
        gradient: (images, height, width, channels).
    """
    energy = np.square(gradient, dtype=np.float64).sum((0, -1))
    total = energy.sum()
    if not total > 0:
        return 1
    rows, columns = np.indices(energy.shape)
    centre = [(energy * each).sum() / total for each in (rows, columns)]
    away = np.maximum(abs(rows - centre[0]), abs(columns - centre[1])).ravel()
    order = np.argsort(away, kind="stable")
    reached = np.searchsorted(np.cumsum(energy.ravel()[order]), SHARE * total)
    return round(float(2 * away[order[min(reached, len(order) - 1)]] + 1))


def grain(gradient: np.ndarray) -> float:
    """Return the share of the energy of a gradient, (images, height, width, channels), past a quarter of the sampling
    rate, 0 to 1, to a hundredth; 0 where there is none."""
    power = (np.abs(np.fft.fft2(gradient.astype(np.float64), axes=(1, 2))) ** 2).sum((0, 3))
    rows, columns = (np.fft.fftfreq(side) for side in power.shape)
    total = power.sum()
    fine = power[np.hypot(rows[:, None], columns[None]) > _GRAIN_FREQUENCY].sum()
    return round(float(fine / total), 2) if total > 0 else 0.0
