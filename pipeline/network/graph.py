"""What a convolutional network is made of: its graph, its convolutional layers, what each of them sees.

The catalogue is computed, never typed in. Reading an architecture is `network.architecture`'s business, running the
network `network.forward`'s.
"""

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import UserError, did_you_mean

# A response map smaller than this has no interior: every unit sees the zero padding on several sides.
SMALLEST_MAP_PX = 2

# No network in use comes near these; a hostile file must not make planning endless.
LARGEST_CANVAS_PX = 4096
LARGEST_SETTING = 2**16

# Keras's class names, the parameters of each, and the settings that give their geometry.
CONVOLUTION = "Conv2D"
POOLING = {"MaxPooling2D", "AveragePooling2D"}
PARAMETERS = {
    CONVOLUTION: ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}
SIZES = {
    CONVOLUTION: ("filters", "kernel_size", "strides", "dilation_rate", "groups"),
    **dict.fromkeys(POOLING, ("pool_size", "strides")),
}


@dataclass(frozen=True)
class Node:
    """One layer of the network's graph, of any kind, with the geometry of its output.

    Attributes:
        name: the layer's name, as Keras has it.
        kind: Keras's class name.
        inputs: names of the nodes that feed it.
        settings: Keras's configuration of the layer.
        channels: output channels.
        field_px: height and width of the rectangle of input pixels that one output unit sees.
        step_px: vertical and horizontal distance in input pixels between neighbouring output units.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    settings: Mapping[str, Any]
    channels: int
    field_px: tuple[int, int]
    step_px: tuple[int, int]

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of the sliding window: (1, 1) for what is not a convolution or a pooling."""
        if self.kind == CONVOLUTION:
            return _pair(self.settings["kernel_size"])
        return _pair(self.settings["pool_size"]) if self.kind in POOLING else (1, 1)

    @property
    def strides(self) -> tuple[int, int]:
        """Vertical and horizontal step of the sliding window."""
        if self.kind == CONVOLUTION:
            return _pair(self.settings.get("strides", 1))
        return _pair(self.settings.get("strides") or self.settings["pool_size"]) if self.kind in POOLING else (1, 1)

    @property
    def dilation(self) -> tuple[int, int]:
        """Spacing of the window's samples."""
        return _pair(self.settings.get("dilation_rate", 1)) if self.kind == CONVOLUTION else (1, 1)


@dataclass(frozen=True)
class ConvLayer:
    """A convolutional layer as the atlas lists it.

    Attributes:
        name: the layer's name.
        index: its place among the convolutional layers, from 0.
        filters: how many filters (output channels) it has.
        input_channels: channels of its input.
        kernel_size: height and width of its kernels.
        receptive_field_px: side of the square of input pixels that one of its units sees.
        stride_px: distance in input pixels between neighbouring units.
        sources: the convolutional layers whose filters are its input channels, in channel order; empty for the
            first layer and wherever the channels are a sum or a mixture.
    """

    name: str
    index: int
    filters: int
    input_channels: int
    kernel_size: tuple[int, int]
    receptive_field_px: int
    stride_px: int
    sources: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """A convolutional network: its graph in topological order, and how it wants its input.

    Attributes:
        name: the model's name.
        preprocessing: mode of Keras's `preprocess_input` ("caffe", "tf", "torch"), "unit" ([0, 1]) or "raw" (0..255).
        nodes: the layers in topological order, the input first.
    """

    name: str
    preprocessing: str
    nodes: tuple[Node, ...]

    @functools.cached_property
    def layers(self) -> tuple[ConvLayer, ...]:
        """The convolutional layers, in order from the input."""
        convolutions = [node for node in self.nodes if node.kind == CONVOLUTION]
        return tuple(
            ConvLayer(
                name=node.name,
                index=index,
                filters=node.channels,
                input_channels=self.node(node.inputs[0]).channels,
                kernel_size=node.window,
                receptive_field_px=max(node.field_px),
                stride_px=max(node.step_px),
                sources=tuple(self._sources(node.inputs[0])),
            )
            for index, node in enumerate(convolutions)
        )

    @functools.cached_property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Name ("block1_conv1/kernel") and shape of every weight that the convolutional layers depend on."""
        shapes: dict[str, tuple[int, ...]] = {}
        for node in self.nodes:
            if node.kind == CONVOLUTION:
                groups = node.settings.get("groups", 1)
                fan_in = self.node(node.inputs[0]).channels // groups
                shapes[f"{node.name}/kernel"] = (*node.window, fan_in, node.channels)
                if node.settings.get("use_bias", True):
                    shapes[f"{node.name}/bias"] = (node.channels,)
            elif node.kind == "BatchNormalization":
                used = {"gamma": node.settings.get("scale", True), "beta": node.settings.get("center", True)}
                for parameter in PARAMETERS[node.kind]:
                    if used.get(parameter, True):
                        shapes[f"{node.name}/{parameter}"] = (node.channels,)
        return shapes

    def node(self, name: str) -> Node:
        """Return the node called `name`."""
        return self._by_name[name]

    def layer(self, name: str) -> ConvLayer:
        """Return the convolutional layer called `name`; raise `UserError`, naming the nearest, if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise UserError(
            f"{self.name} has no convolutional layer '{name}'{did_you_mean(name, names)} "
            f"(it has {names[0]} to {names[-1]}, {len(names)} in all)"
        )

    def check_filter(self, layer: str, filter: int) -> None:
        """Raise `UserError` when `layer` has no filter number `filter`."""
        filters = self.layer(layer).filters
        if not 0 <= filter < filters:
            raise UserError(f"{layer} has no filter {filter}: its filters are 0 to {filters - 1}")

    def needed_for(self, layer: str) -> tuple[Node, ...]:
        """Return the nodes that the output of `layer` depends on, in topological order, `layer` last."""
        wanted = {layer}
        for node in reversed(self.nodes):
            if node.name in wanted:
                wanted.update(node.inputs)
        return tuple(node for node in self.nodes if node.name in wanted)

    def map_size(self, layer: str, canvas_px: int) -> int:
        """Return the (shorter) side, in units, of the response map of `layer` on a square image of `canvas_px`."""
        return min(self.map_shape(layer, canvas_px))

    def map_shape(self, layer: str, canvas_px: int) -> tuple[int, int]:
        """Return height and width, in units, of the response map of `layer` on a square image of `canvas_px`."""
        shapes: dict[str, tuple[int, int]] = {}
        for node in self.needed_for(layer):
            feeding = [shapes[name] for name in node.inputs] or [(canvas_px, canvas_px)]
            shapes[node.name] = _output_shape(node, min(feeding))
        return shapes[layer]

    def smallest_canvas(self, layer: str) -> int:
        """Return the side in pixels of the smallest image on which `layer` has a response map worth the name.

        Raises `UserError` when even a very large image has none.
        """
        size = 1
        while self.map_size(layer, size) < SMALLEST_MAP_PX:
            size += 1
            if size > LARGEST_CANVAS_PX:
                raise UserError(f"{self.name}: {layer} has no response map on images of up to {LARGEST_CANVAS_PX} px")
        return size

    def convolution_flops(self, layer: str, canvas_px: int) -> int:
        """Return the floating-point operations (multiply and add count as two) of the convolutions in one forward
        pass up to one filter of `layer`, as the ascent computes it: of the last convolution, only that filter."""
        total = 0
        for node in self.needed_for(layer):
            if node.kind == CONVOLUTION:
                outputs = 1 if node.name == layer else node.channels
                fan_in = self.node(node.inputs[0]).channels // node.settings.get("groups", 1)
                units = math.prod(self.map_shape(node.name, canvas_px))
                total += 2 * units * math.prod(node.window) * fan_in * outputs
        return total

    @functools.cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def _sources(self, name: str) -> Iterator[str]:
        node = self.node(name)
        if node.kind == CONVOLUTION:
            yield name
        elif node.kind == "Concatenate":
            parts = [list(self._sources(each)) for each in node.inputs]
            if all(parts):
                yield from (source for part in parts for source in part)
        elif len(node.inputs) == 1:
            yield from self._sources(node.inputs[0])


def _output_shape(node: Node, shape: tuple[int, int]) -> tuple[int, int]:
    if node.kind == "ZeroPadding2D":
        (top, bottom), (left, right) = _padding(node)
        return shape[0] + top + bottom, shape[1] + left + right
    if node.kind not in SIZES:
        return shape
    sides = []
    for axis in (0, 1):
        reach = 0 if node.settings["padding"] == "same" else (node.window[axis] - 1) * node.dilation[axis]
        sides.append(max(0, -(-(shape[axis] - reach) // node.strides[axis])))
    return sides[0], sides[1]


def _padding(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    padding = node.settings["padding"]
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    vertical, horizontal = (_pair(each) for each in padding)
    return vertical, horizontal


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))
