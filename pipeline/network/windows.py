"""Which rows of its input a row of a layer's output depends on, and how many rows there are: rules for Keras's layers.

Rows stand for columns too: each rule is for one axis. What has no rule here is measured (`network.probing`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import keras
from keras import layers

from pipeline.network.graph import Call
from pipeline.network.responses import has_filters, unwrapped

# How many neighbours, on either side, upsampling mixes into a new row; none where it repeats them.
_INTERPOLATION_REACH = {"nearest": 0, "bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}


class MisfitError(Exception):
    """A map has no size that the next layer could take."""


@dataclass(frozen=True)
class Window:
    """How the rows of an output depend on those of an input.

    Attributes:
        length: from the number of rows of the input to that of the output; less than 1 where there is none.
        reads: from the first and last row of a span of the output, and the number of rows of the input, to the first
            and last row that it depends on; they may lie outside of the input.
    """

    length: Callable[[int], int]
    reads: Callable[[int, int, int], tuple[int, int]]


SAME = Window(lambda rows: rows, lambda first, last, _: (first, last))

# Each of these reads, at a place, that place alone, in as many maps as it likes; some only along certain axes.
_ONE_PLACE = (
    layers.Activation, layers.ActivityRegularization, layers.Add, layers.AlphaDropout, layers.Average,
    layers.BatchNormalization, layers.Concatenate, layers.Dense, layers.Dropout, layers.ELU, layers.GaussianDropout,
    layers.GaussianNoise, layers.Identity, layers.LayerNormalization, layers.LeakyReLU, layers.Maximum, layers.Minimum,
    layers.GroupNormalization, layers.Multiply, layers.Normalization, layers.PReLU, layers.ReLU, layers.Rescaling,
    layers.SpatialDropout2D, layers.Subtract,
)  # fmt: skip
# The same of the classes that `keras.applications` has for itself, by module and name.
_ONE_PLACE_OF_APPLICATIONS = {
    ("keras.src.applications.convnext", "LayerScale"),
    ("keras.src.applications.inception_resnet_v2", "CustomScaleLayer"),
}
# What gives its output one size whatever it is given; images of that size it leaves as they are.
_FIXING = (layers.CenterCrop, layers.RandomCrop, layers.Resizing)

Place = tuple[int, int]


def window(call: Call, place: Place, axis: int) -> Window | None:
    """Return the rule for a call along an axis; None where there is none.

    Args:
        call: it reads maps of one rank.
        place: which axes of these maps are the rows and the columns of the image.
        axis: 0 for rows, 1 for columns.

    Returns:
        a rule that holds for each of the maps.
    """
    layer = unwrapped(call.operation)
    kind = type(layer)
    if kind in _FIXING:
        return SAME if place == (1, 2) else None
    if kind in _ONE_PLACE or (kind.__module__, kind.__name__) in _ONE_PLACE_OF_APPLICATIONS:
        return SAME if _leaves_places_apart(layer, place, len(call.output.shape)) else None
    if place != ((2, 3) if getattr(layer, "data_format", None) == "channels_first" else (1, 2)):
        return None
    if has_filters(call) and kind.__module__.startswith("keras.src."):
        return _transposed(layer, axis) if kind is layers.Conv2DTranspose else _sliding(layer, "kernel_size", axis)
    if kind in (layers.MaxPooling2D, layers.AveragePooling2D):
        return _sliding(layer, "pool_size", axis)
    if kind is layers.ZeroPadding2D:
        return _shifted(*layer.padding[axis])
    if kind is layers.Cropping2D:
        return _shifted(*(-each for each in layer.cropping[axis]))
    if kind is layers.UpSampling2D:
        return _repeated(layer.size[axis], _INTERPOLATION_REACH[layer.interpolation])
    return None


def only_size(call: Call, place: Place) -> tuple[int | None, int | None] | None:
    """Return rows and columns of the only maps that a call with a rule takes; None where it takes others too."""
    layer = call.operation
    if type(layer) in _FIXING:
        return layer.height, layer.width
    if type(layer) is layers.LayerNormalization and looks_everywhere(call, place):
        return call.output.shape[place[0]], call.output.shape[place[1]]
    return None


def looks_everywhere(call: Call, place: Place) -> bool:
    """Return whether a call with a rule reads, besides, what the whole map has in common: its mean and variance."""
    layer = call.operation
    if type(layer) is layers.LayerNormalization:
        return bool(_axes(layer, len(call.output.shape)) & set(place))
    return type(layer) is layers.GroupNormalization


def measured(step: Fraction, before: int, after: int, length: Callable[[int], int]) -> Window:
    """Return a window that measuring found.

    Args:
        step: rows of the input from what one row of the output reads to what the next one does.
        before, after: rows read before and after the row of that number, times `step`.
        length: as in `Window`.
    """
    return Window(length, lambda first, last, _: (math.floor(first * step) - before, math.floor(last * step) + after))


def _leaves_places_apart(layer: keras.Layer, place: Place, rank: int) -> bool:
    """Return whether a layer neither joins places nor has numbers of its own for each."""
    match layer:
        case layers.Dense():
            return rank - 1 not in place
        case layers.BatchNormalization() | layers.Concatenate() | layers.Normalization():
            return not _axes(layer, rank) & set(place)
        case layers.PReLU():
            return set(place) <= set(layer.shared_axes or ())
        case _:
            return True


def _axes(layer: keras.Layer, rank: int) -> set[int]:
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return {axis % rank for axis in axes if axis is not None}


def _sliding(layer: keras.Layer, size: str, axis: int) -> Window:
    taps, step = getattr(layer, size)[axis], layer.strides[axis]
    reach = (taps - 1) * getattr(layer, "dilation_rate", (1, 1))[axis]
    if layer.padding == "valid":
        return Window(
            lambda rows: (rows - reach - 1) // step + 1, lambda first, last, _: (first * step, last * step + reach)
        )

    def reads(first: int, last: int, rows: int) -> tuple[int, int]:
        before = max((-(-rows // step) - 1) * step + reach + 1 - rows, 0) // 2
        return first * step - before, last * step - before + reach

    return Window(lambda rows: -(-rows // step), reads)


def _transposed(layer: layers.Conv2DTranspose, axis: int) -> Window:
    step, reach = layer.strides[axis], (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis]

    def length(rows: int) -> int:
        sides = (rows, rows)
        last = layer.data_format == "channels_last"
        shape = layer.compute_output_shape((1, *sides, 1) if last else (1, 1, *sides))
        found: int = shape[1 + axis if last else 2 + axis]
        return found

    def reads(first: int, last: int, rows: int) -> tuple[int, int]:
        # It is the gradient of a convolution, and pads as that one would.
        cut = 0 if layer.padding == "valid" else max((rows - 1) * step + reach + 1 - length(rows), 0) // 2
        return -(-(first + cut - reach) // step), (last + cut) // step

    return Window(length, reads)


def _shifted(before: int, after: int) -> Window:
    return Window(lambda rows: rows + before + after, lambda first, last, _: (first - before, last - before))


def _repeated(times: int, reach: int) -> Window:
    def length(rows: int) -> int:
        return rows * times

    if not reach:
        return Window(length, lambda first, last, _: (first // times, last // times))
    # A new row lies between two old ones, at (row + 1/2) ÷ times − 1/2.
    return Window(
        length,
        lambda first, last, _: (
            (2 * first + 1 - times) // (2 * times) - (reach - 1),
            -((times - 1 - 2 * last) // (2 * times)) + (reach - 1),
        ),
    )
