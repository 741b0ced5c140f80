"""The catalogue of a network, made by looking at its graph with Keras."""

import math
from collections.abc import Iterator, Mapping, Sequence

import keras
from keras import layers

from pipeline.errors import UserError
from pipeline.network import channelwise, effective, responses, windows
from pipeline.network.catalogue import Catalogue, ConvLayer, Input, Layout, Stage
from pipeline.network.effective import Sensitivity
from pipeline.network.geometry import Found, Geometry
from pipeline.network.graph import Call, Graph, Value
from pipeline.network.responses import Response
from pipeline.network.windows import Place

# Side of the image whose passes are counted: large enough that its edges weigh little.
COUNTED_PX = 512
# A scale smaller than this turns 0..255 into numbers around 1.
_SCALES_BYTES = 0.1
_POOLINGS = (layers.MaxPooling2D, layers.AveragePooling2D)
_OF_WHOLE_MAPS = (layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D)
# How many kinds of layers a message names that has no convolution to speak of.
_KINDS_NAMED = 6


def survey(graph: Graph, name: str, *, with_effective_fields: bool = True) -> Catalogue:
    """Return the catalogue of a graph.

    Args:
        graph: the graph.
        name: what a message calls the network.
        with_effective_fields: whether they are measured, and how fine the gradient is, which takes a pass through the
            network for each layer.

    Raises `UserError` where it has no layer of filters that sees an image.
    """
    inputs = {value.name: _input(graph, value) for value in graph.inputs}
    found = list(_found(graph, inputs))
    if not found:
        raise UserError(f"model {name}: {_why_none(graph, inputs)}")
    sensitivities = effective.measure(graph, found, inputs) if with_effective_fields else {}
    listed = {each.response.name for each in found}
    depths = _depths(graph, listed)
    return Catalogue(
        inputs=tuple(inputs.values()),
        layers=tuple(
            _layer(graph, each, index, listed, depths[each.response.name], sensitivities.get(each.response.name))
            for index, each in enumerate(found)
        ),
        parameters=_parameters(graph, found),
        after=tuple(_after(graph, found)),
    )


def place_of(image: Input) -> Place:
    """Return which axes of an image, as the network takes it, are its rows and columns."""
    return (2, 3) if image.layout == "channels_first" else (1, 2)


def _found(graph: Graph, inputs: Mapping[str, Input]) -> Iterator[Found]:
    geometries = {
        value.name: Geometry(graph, value, place_of(inputs[value.name]))
        for value in graph.inputs
        if inputs[value.name].channels
    }
    images = {value.name: value for value in graph.inputs}
    for response in responses.find(graph):
        seen = [name for name, geometry in geometries.items() if geometry.sees(response.value)]
        if seen and _has_map(geometries[seen[0]], response):
            yield Found(response, images[seen[0]], geometries[seen[0]])


def _has_map(geometry: Geometry, response: Response) -> bool:
    """Return whether there are square images on which a layer has a map of more than one unit: not so in a gate."""
    try:
        geometry.sizes(response.value)
    except UserError:
        return False
    rows, columns = (response.call.output.shape[axis] for axis in ((2, 3) if response.axis == 1 else (1, 2)))
    return geometry.place(response.value) is not None or (rows, columns) != (1, 1)


def _input(graph: Graph, value: Value) -> Input:
    rank, layout = len(value.shape), _layout(graph, value)
    place = (2, 3) if layout == "channels_first" else (1, 2)
    channels = {"channels_last": value.shape[-1], "channels_first": value.shape[min(1, rank - 1)], "no_channels": 1}
    is_image = ((rank == 4 or layout == "no_channels") and "float" in value.dtype) or value.dtype == "uint8"
    return Input(
        name=value.name,
        channels=(channels[layout] or 0) if is_image and rank in (3, 4) else 0,
        layout=layout,
        height_px=value.shape[place[0]] if rank in (3, 4) else None,
        width_px=value.shape[place[1]] if rank in (3, 4) else None,
        scaled=_is_scaled(graph, value),
    )


def _layout(graph: Graph, value: Value) -> Layout:
    """Return where an input has its channels: as the first layer says that cares."""
    if len(value.shape) == 3:
        return "no_channels"
    names = {value.name}
    for call in graph.calls:
        if any(each.name in names for each in call.inputs):
            layout: Layout | None = getattr(responses.unwrapped(call.operation), "data_format", None)
            if layout is not None and isinstance(call.operation, keras.Layer):
                return layout
            names.update(each.name for each in call.outputs)
    return "channels_last"


def _is_scaled(graph: Graph, value: Value) -> bool:
    """Return whether what comes before anything else in the network brings values of 0..255 down to around 1."""
    readers = graph.readers(value)
    while len(readers) == 1 and not responses.has_filters(readers[0]):
        operation = readers[0].operation
        if isinstance(operation, layers.Rescaling):
            return bool(abs(max(keras.ops.convert_to_numpy(operation.scale).ravel())) < _SCALES_BYTES)
        readers = graph.readers(readers[0].output)
    return False


def _layer(
    graph: Graph, found: Found, index: int, listed: set[str], depth: int, sensitivity: Sensitivity | None
) -> ConvLayer:
    response, geometry = found.response, found.geometry
    layer = response.layer
    field, sizes = geometry.field(response.value), geometry.sizes(response.value)
    (read,) = response.call.inputs
    channels = read.shape[response.axis]
    assert channels is not None, "Keras knows how many channels a layer of filters reads"
    return ConvLayer(
        name=response.name,
        index=index,
        depth=depth,
        kind=type(layer).__name__,
        filters=response.filters,
        input_channels=channels,
        groups=channels if isinstance(layer, layers.DepthwiseConv2D) else getattr(layer, "groups", 1),
        kernel_size=tuple(getattr(layer, "kernel_size", (1, 1))),
        weights=_weights_path(graph, response),
        input=found.image.name,
        reads_image=_reads(graph, read, found.image, response.axis),
        sources=tuple(_sources(graph, read, response.axis, listed)),
        chain=tuple(type(call.operation).__name__ for call in response.chain),
        readers=response.readers,
        bends=response.bends,
        receptive_field_px=field.side_px,
        effective_field_px=sensitivity.field_px if sensitivity else None,
        gradient_grain=sensitivity.grain if sensitivity else None,
        sees_all=field.whole,
        stride_px=field.stride_px,
        smallest_canvas_px=sizes.smallest_px,
        canvas_multiple_px=sizes.multiple_px,
        only_canvas_px=sizes.only_px,
        flops_per_pixel=_flops_per_pixel(graph, found),
        pools=tuple(_pools(graph, read)),
    )


def _depths(graph: Graph, listed: set[str]) -> Mapping[str, int]:
    """Return how many layers of filters lie on the longest way to each, itself among them."""
    depths: dict[str, int] = {}
    found: dict[str, int] = {}
    for call in graph.calls:
        depth = max((depths.get(value.name, 0) for value in call.inputs), default=0) + (call.name in listed)
        depths.update({value.name: depth for value in call.outputs})
        found[call.name] = depth
    return found


def _weights_path(graph: Graph, response: Response) -> str:
    path = graph.weights_path(response.call.operation)
    return path if response.layer is response.call.operation else f"{path}/{response.layer.name}"


def _parameters(graph: Graph, found: Sequence[Found]) -> dict[str, tuple[int, ...]]:
    needed = {
        graph.weights_path(call.operation)
        for each in found
        for call in graph.needed_for(each.response.value)
        if isinstance(call.operation, keras.Layer)
    }
    return {
        name: tuple(variable.shape)
        for name, variable in graph.weights().items()
        if "float" in variable.dtype and any(name.startswith(f"{path}/") for path in needed)
    }


def _reads(graph: Graph, value: Value, image: Value, axis: int) -> bool:
    """Return whether a value's channels are the image's, one by one."""
    while value.name != image.name:
        call = graph.maker(value)
        if call is None or len(call.inputs) != 1 or not _keeps_channels(call, axis):
            return False
        (value,) = call.inputs
    return True


def _sources(graph: Graph, value: Value, axis: int, listed: set[str]) -> Iterator[str]:
    """Yield the layers whose filters are the channels of a value, in order; none where one channel is no filter's."""
    call = graph.maker(value)
    if call is None:
        return
    if responses.has_filters(call):
        yield from [call.name] if call.name in listed else []
    elif isinstance(call.operation, layers.Concatenate) and call.operation.axis in (axis, axis - 4):
        parts = [list(_sources(graph, each, axis, listed)) for each in call.inputs]
        if all(parts):
            yield from (source for part in parts for source in part)
    elif len(call.inputs) == 1 and _keeps_channels(call, axis):
        yield from _sources(graph, call.inputs[0], axis, listed)


def _pools(graph: Graph, read: Value) -> Iterator[Stage]:
    """Yield what pools with a stride on the ways from other layers of filters, or the image, to a value."""
    waiting, seen = [read], {read.name}
    found: list[Stage] = []
    while waiting:
        call = graph.maker(waiting.pop())
        if call is None or responses.has_filters(call):
            continue
        if isinstance(call.operation, _POOLINGS) and (stage := _pooling(call.operation)).stride > 1:
            found.append(stage)
        fresh = [value for value in call.inputs if value.name not in seen]
        seen.update(value.name for value in fresh)
        waiting += fresh
    yield from reversed(found)


def _after(graph: Graph, found: Sequence[Found]) -> Iterator[Stage]:
    """Yield what pools, or is dense, and comes behind all layers of filters."""
    before = {call.name for each in found for call in graph.needed_for(each.response.value)}
    for call in graph.calls:
        operation = call.operation
        if call.name in before:
            continue
        if isinstance(operation, (*_POOLINGS, *_OF_WHOLE_MAPS)):
            yield _pooling(operation)
        elif isinstance(operation, layers.Dense):
            yield Stage(kind="Dense", side=0, stride=1, units=operation.units)


def _pooling(layer: keras.Layer) -> Stage:
    side, stride = (max(getattr(layer, name, (default,))) for name, default in (("pool_size", 0), ("strides", 1)))
    return Stage(kind=type(layer).__name__, side=side, stride=stride, units=0)


def _keeps_channels(call: Call, axis: int) -> bool:
    """Return whether each channel of a call's output is made of the same channel of its input."""
    (read,), made = call.inputs, call.output
    if len(read.shape) != 4 or len(made.shape) != 4 or read.shape[axis] != made.shape[axis]:
        return False
    if responses.has_filters(call):
        return False
    place = (2, 3) if axis == 1 else (1, 2)
    return (
        channelwise.effect(call, axis) is not None
        or windows.window(call, place, 0) is not None
        or responses.is_bend(call)
    )


def _flops_per_pixel(graph: Graph, found: Found) -> float:
    """Return what the convolutions up to one filter cost, for each pixel of the image."""
    sizes = found.geometry.sizes(found.response.value)
    side = sizes.only_px or -(-COUNTED_PX // sizes.multiple_px) * sizes.multiple_px
    total = 0
    for call in graph.needed_for(found.response.call.output):
        size = found.geometry.map_size(call.output, side)
        if size is not None and responses.has_filters(call):
            total += math.prod(size) * _flops_per_unit(call, last=call is found.response.call)
    return total / side**2


def _flops_per_unit(call: Call, *, last: bool) -> int:
    """Return the operations for all channels of a map's unit, or for one where the layer is the `last`."""
    layer = responses.unwrapped(call.operation)
    axis = channelwise.channel_axis(layer)
    channels, filters = call.inputs[0].shape[axis], call.output.shape[axis]
    assert channels is not None, "Keras knows how many channels a layer of filters reads"
    assert filters is not None, "and how many it makes"
    taps: float = math.prod(getattr(layer, "kernel_size", (1, 1)))
    if isinstance(layer, layers.DepthwiseConv2D):
        return round(2 * taps * (1 if last else filters))
    if isinstance(layer, layers.SeparableConv2D):
        between: int = channels * layer.depth_multiplier
        return round(2 * taps * between + 2 * between * (1 if last else filters))
    if isinstance(layer, layers.Conv2DTranspose):
        taps = taps / math.prod(layer.strides)
    return round(2 * taps * channels // getattr(layer, "groups", 1) * (1 if last else filters))


def _why_none(graph: Graph, inputs: Mapping[str, Input]) -> str:
    kinds = dict.fromkeys(type(call.operation).__name__ for call in graph.calls)
    shown = ", ".join(list(kinds)[:_KINDS_NAMED]) + (", …" if len(kinds) > _KINDS_NAMED else "")
    if not any(each.channels for each in inputs.values()):
        shapes = ", ".join(f"{value.name} {value.shape}" for value in graph.inputs)
        return f"none of its inputs is an image, (None, height, width, channels): {shapes}"
    return f"it has no convolutional layer (Conv2D) that sees an image; it has {shown}"
