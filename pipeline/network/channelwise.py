"""What acts on each channel of a map by itself, without a bend: what a response passes through unchanged in kind.

effect        what it does to a channel's values             examples
SAME          nothing, in inference                           dropout, augmentation, a linear activation
AFFINE        times one number, plus another                  batch normalisation, rescaling, `x + 0.5`
NORMALISING   the same, with numbers that follow the image    layer, group and unit normalisation
MOVING        none is changed, or only with its neighbours    padding, cropping, pooling, upsampling
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from pipeline.network.graph import Call


class Effect(enum.Enum):
    """What a call does to each channel of the map that it reads."""

    SAME = "same"
    AFFINE = "affine"
    NORMALISING = "normalising"
    MOVING = "moving"


_SAME = (
    layers.ActivityRegularization,
    layers.AlphaDropout,
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.SpatialDropout2D,
    # Augmentation; a random crop crops in inference, too.
    *(getattr(layers, name) for name in dir(layers) if name.startswith("Random") and name != "RandomCrop"),
)
_NORMALISING = (
    layers.BatchNormalization,  # over another axis than the channels'
    layers.GroupNormalization,
    layers.LayerNormalization,
    layers.Normalization,
    layers.RMSNormalization,
    layers.UnitNormalization,
)
_MOVING = (
    layers.AveragePooling2D,
    layers.Cropping2D,
    layers.MaxPooling2D,
    layers.UpSampling2D,
    layers.ZeroPadding2D,
)
# Of Keras's operations on arrays, what they make of a scale and an offset, with a constant after or before the map.
_AFTER: Mapping[str, Callable[[Any, Any, Any], tuple[Any, Any]]] = {
    "Add": lambda scale, offset, number: (scale, offset + number),
    "Subtract": lambda scale, offset, number: (scale, offset - number),
    "Multiply": lambda scale, offset, number: (scale * number, offset * number),
    "Divide": lambda scale, offset, number: (scale / number, offset / number),
    "TrueDivide": lambda scale, offset, number: (scale / number, offset / number),
}
_BEFORE: Mapping[str, Callable[[Any, Any, Any], tuple[Any, Any]]] = {
    "Add": _AFTER["Add"],
    "Subtract": lambda scale, offset, number: (-scale, number - offset),
    "Multiply": _AFTER["Multiply"],
}


def channel_axis(operation: keras.Operation) -> int:
    """Return where an operation on maps, (batch, height, width, channels), has the channels: 1 or 3."""
    return 1 if getattr(operation, "data_format", "channels_last") == "channels_first" else 3


def effect(call: Call, axis: int) -> Effect | None:
    """Return what a call does to each channel of the one map that it reads; None for a bend, a sum or a mixture.

    Args:
        call: one of the readers of a map.
        axis: of the map's channels.
    """
    operation, kind = call.operation, type(call.operation)
    if kind in _SAME or (kind is layers.Activation and operation.activation is keras.activations.linear):
        return Effect.SAME
    if _affine(call, axis) is not None:
        return Effect.AFFINE
    if kind in _NORMALISING:
        return Effect.NORMALISING
    return Effect.MOVING if kind in _MOVING else None


def affine(call: Call, axis: int, scale: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and offset, float64 (channels,), after a call whose effect is `AFFINE`, from those before it."""
    step = _affine(call, axis)
    assert step is not None, "its effect is not affine"
    return step(scale, offset)


def _affine(call: Call, axis: int) -> Callable[[Any, Any], tuple[Any, Any]] | None:
    operation = call.operation
    if type(operation) is layers.BatchNormalization and operation.axis in (axis, axis - 4):
        return lambda scale, offset: _batch_normalised(operation, scale, offset)
    if type(operation) is layers.Rescaling and np.ndim(operation.scale) == np.ndim(operation.offset) == 0:
        return lambda scale, offset: (scale * operation.scale, offset * operation.scale + operation.offset)
    if _is_kerass(operation, "LayerScale", "keras.src.applications.") and axis == 3:
        return lambda scale, offset: (scale * _numbers(operation.gamma), offset * _numbers(operation.gamma))
    if _is_kerass(operation, "Negative", "keras.src.ops."):
        return lambda scale, offset: (-scale, -offset)
    return _with_constant(call, axis)


def _with_constant(call: Call, axis: int) -> Callable[[Any, Any], tuple[Any, Any]] | None:
    """Return what `map + constant` and its like do, where the constant is one number or one a channel."""
    arguments = [*call.node.arguments.args, *call.node.arguments.kwargs.values()]
    name = type(call.operation).__name__
    if len(arguments) != 2 or not _is_kerass(call.operation, name, "keras.src.ops."):
        return None
    first, second = (isinstance(each, keras.KerasTensor) for each in arguments)
    rule = _AFTER.get(name) if first else _BEFORE.get(name)
    if rule is None or first == second:
        return None
    number = _one_a_channel(arguments[1 if first else 0], axis)
    return None if number is None else lambda scale, offset: rule(scale, offset, number)


def _one_a_channel(constant: Any, axis: int) -> np.ndarray | None:
    """Return a constant as float64, () or (channels,); None where it differs from place to place, or is no number."""
    try:
        array = np.asarray(constant, np.float64)
    except (TypeError, ValueError):
        return None
    if array.size == 1:
        return array.reshape(())
    full = array.reshape((1,) * (4 - array.ndim) + array.shape) if array.ndim <= 4 else None
    return array.reshape(-1) if full is not None and full.shape[axis] == array.size else None


def _batch_normalised(layer: layers.BatchNormalization, scale: Any, offset: Any) -> tuple[Any, Any]:
    factor = 1 / np.sqrt(_numbers(layer.moving_variance) + layer.epsilon)
    if layer.gamma is not None:
        factor = factor * _numbers(layer.gamma)
    shift = 0 if layer.beta is None else _numbers(layer.beta)
    return scale * factor, (offset - _numbers(layer.moving_mean)) * factor + shift


def _numbers(variable: keras.Variable) -> np.ndarray:
    return np.asarray(variable.value, np.float64)


def _is_kerass(operation: keras.Operation, name: str, package: str) -> bool:
    """Return whether an operation is of Keras's own class of that name, not of one that somebody called so."""
    return type(operation).__name__ == name and type(operation).__module__.startswith(package)
