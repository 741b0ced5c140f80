"""What a convolutional network is made of: its graph, its convolutional layers, what each of them sees.

Everything is computed from the architecture as Keras serialises it (`Model.to_json()`, or `config.json` inside a
`.keras` file), without importing TensorFlow, so that planning an atlas takes milliseconds. Running the network is
`pipeline.forward`'s business.
"""

import dataclasses
import functools
import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError, describe_os_error, did_you_mean

ARCHITECTURES = Path(__file__).parent / "architectures"

# Models known by name: the preprocessing that Keras's `preprocess_input` applies for them (its own mode names).
# The file in `architectures/` is Keras's serialisation, written by Keras and compared with it in the tests.
PREPROCESSING = {"vgg16": "caffe"}
PREPROCESSING_MODES = ("caffe", "tf", "torch", "unit", "raw")

# A response map smaller than this has no interior: every unit sees the zero padding on several sides.
SMALLEST_MAP_PX = 2

# No network in use comes near these; a hostile file must not make planning endless.
LARGEST_CANVAS_PX = 4096
LARGEST_SETTING = 2**16

# An architecture file larger than this is not one: VGG16's is 27 kB, EfficientNetV2-L's 1.5 MB.
LARGEST_CONFIG_BYTES = 64 * 2**20

_CONVOLUTION = "Conv2D"
_IDENTITY = {"Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "InputLayer"}
_POOLING = {"MaxPooling2D", "AveragePooling2D"}
_PARAMETERS = {
    _CONVOLUTION: ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}
_ACTIVATIONS = {"linear", "relu", "relu6", "sigmoid", "tanh", "elu", "selu", "gelu", "swish", "silu", "leaky_relu"}
_SIZES = {
    _CONVOLUTION: ("filters", "kernel_size", "strides", "dilation_rate", "groups"),
    **dict.fromkeys(_POOLING, ("pool_size", "strides")),
}
_REQUIRED = {"filters", "kernel_size", "pool_size"}


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
        if self.kind == _CONVOLUTION:
            return _pair(self.settings["kernel_size"])
        return _pair(self.settings["pool_size"]) if self.kind in _POOLING else (1, 1)

    @property
    def strides(self) -> tuple[int, int]:
        """Vertical and horizontal step of the sliding window."""
        if self.kind == _CONVOLUTION:
            return _pair(self.settings.get("strides", 1))
        return _pair(self.settings.get("strides") or self.settings["pool_size"]) if self.kind in _POOLING else (1, 1)

    @property
    def dilation(self) -> tuple[int, int]:
        """Spacing of the window's samples."""
        return _pair(self.settings.get("dilation_rate", 1)) if self.kind == _CONVOLUTION else (1, 1)


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
        convolutions = [node for node in self.nodes if node.kind == _CONVOLUTION]
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
            if node.kind == _CONVOLUTION:
                groups = node.settings.get("groups", 1)
                fan_in = self.node(node.inputs[0]).channels // groups
                shapes[f"{node.name}/kernel"] = (*node.window, fan_in, node.channels)
                if node.settings.get("use_bias", True):
                    shapes[f"{node.name}/bias"] = (node.channels,)
            elif node.kind == "BatchNormalization":
                used = {"gamma": node.settings.get("scale", True), "beta": node.settings.get("center", True)}
                for parameter in _PARAMETERS[node.kind]:
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
            if node.kind == _CONVOLUTION:
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
        if node.kind == _CONVOLUTION:
            yield name
        elif node.kind == "Concatenate":
            parts = [list(self._sources(each)) for each in node.inputs]
            if all(parts):
                yield from (source for part in parts for source in part)
        elif len(node.inputs) == 1:
            yield from self._sources(node.inputs[0])


@functools.cache
def load_network(model: str, preprocessing: str = "auto") -> Network:
    """Return the network that `model` names: a known model ("vgg16"), or the path of a `.keras` file.

    Raises `UserError` for an unknown name, an unreadable file, or a layer that the atlas cannot run.
    """
    if preprocessing not in ("auto", *PREPROCESSING_MODES):
        raise UserError(
            f"preprocessing: unknown '{preprocessing}'{did_you_mean(preprocessing, PREPROCESSING_MODES)} "
            f"(known: auto, {', '.join(PREPROCESSING_MODES)})"
        )
    if model in PREPROCESSING:
        config = json.loads((ARCHITECTURES / f"{model}.json").read_text())
        mode = PREPROCESSING[model] if preprocessing == "auto" else preprocessing
        return from_keras_config(config, name=model, preprocessing=mode)
    if not model.endswith(".keras"):
        raise UserError(
            f"model: unknown model '{model}'{did_you_mean(model, PREPROCESSING)} "
            f"(known: {', '.join(PREPROCESSING)}, or the path of a .keras file)"
        )
    if preprocessing == "auto":
        raise UserError(f"preprocessing: say how {model} wants its input: caffe, tf, torch, unit or raw")
    return from_keras_config(_read_keras_archive(Path(model)), name=Path(model).stem, preprocessing=preprocessing)


def from_keras_config(config: Mapping[str, Any], *, name: str, preprocessing: str) -> Network:
    """Build a `Network` from Keras's serialised architecture (a Functional or Sequential model).

    Layers after the last convolution (pooling, dense) are left out. Raises `UserError` when a layer before it is of
    a kind that cannot be run, and when there is no convolutional layer at all.
    """
    try:
        return Network(name=name, preprocessing=preprocessing, nodes=_nodes(config, name))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise UserError(f"model {name}: not a Keras Functional or Sequential model") from None


def _nodes(config: Mapping[str, Any], name: str) -> tuple[Node, ...]:
    entries = config["config"]["layers"]
    specifications = [(entry["class_name"], entry["config"], _inputs(entry)) for entry in entries]
    if config.get("class_name") == "Sequential":
        names = [settings["name"] for _, settings, _ in specifications]
        specifications = [
            (kind, settings, (names[index - 1],) if index else ())
            for index, (kind, settings, _) in enumerate(specifications)
        ]
    last = max((i for i, (kind, _, _) in enumerate(specifications) if kind == _CONVOLUTION), default=None)
    if last is None:
        raise UserError(f"model {name}: it has no convolutional layer (Conv2D)")
    nodes: dict[str, Node] = {}
    for kind, settings, inputs in specifications[: last + 1]:
        try:
            feeding = [nodes[each] for each in inputs]
        except KeyError as missing:
            raise UserError(f"model {name}: layer {settings['name']} reads {missing}, which is not before it") from None
        nodes[settings["name"]] = _node(name, kind, settings, feeding)
    return tuple(nodes.values())


def _node(model: str, kind: str, settings: Mapping[str, Any], inputs: list[Node]) -> Node:
    where = f"model {model}: layer {settings['name']}"
    if settings.get("data_format", "channels_last") != "channels_last":
        raise UserError(f"{where}: data_format {settings['data_format']} is not supported, only channels_last")
    _check_settings(where, kind, settings)
    if kind == "InputLayer":
        shape = settings.get("batch_shape") or settings.get("batch_input_shape") or []
        if len(shape) != 4 or shape[-1] != 3:
            raise UserError(f"{where}: the input must be RGB images (None, height, width, 3), not {tuple(shape)}")
        return Node(settings["name"], kind, (), settings, channels=3, field_px=(1, 1), step_px=(1, 1))
    if not inputs:
        raise UserError(f"{where}: the model must begin with an Input layer of RGB images")
    channels = inputs[0].channels
    if kind == _CONVOLUTION:
        channels = settings["filters"]
    elif kind == "Concatenate":
        channels = sum(node.channels for node in inputs)
    elif kind not in _IDENTITY | _POOLING | set(_PARAMETERS) | {"ZeroPadding2D", "Activation", "ReLU", "Add"}:
        raise UserError(f"{where}: layers of kind {kind} are not supported before a convolutional layer")
    node = Node(settings["name"], kind, tuple(each.name for each in inputs), settings, channels, (1, 1), (1, 1))
    fields, steps = [], []
    for axis in (0, 1):
        step = max(each.step_px[axis] for each in inputs)
        reach = (node.window[axis] - 1) * node.dilation[axis] * step
        fields.append(max(each.field_px[axis] for each in inputs) + reach)
        steps.append(step * node.strides[axis])
    return dataclasses.replace(node, field_px=tuple(fields), step_px=tuple(steps))


def _check_settings(where: str, kind: str, settings: Mapping[str, Any]) -> None:
    """Raise `UserError` for settings of a layer that `pipeline.forward` would run otherwise than Keras, or not."""
    for key in _SIZES.get(kind, ()):
        value = settings.get(key)
        numbers = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
        right = all(type(number) is int and 1 <= number <= LARGEST_SETTING for number in numbers)
        if not right and (value is not None or key in _REQUIRED):
            raise UserError(f"{where}: {key}: should be whole numbers from 1 to {LARGEST_SETTING}, not {value!r:.60}")
    if kind in _SIZES and settings.get("padding") not in ("same", "valid"):
        raise UserError(f"{where}: padding: should be same or valid, not {settings.get('padding')!r:.60}")
    activation = settings.get("activation", "linear")
    if kind in (_CONVOLUTION, "Activation") and not (isinstance(activation, str) and activation in _ACTIVATIONS):
        known = ", ".join(sorted(_ACTIVATIONS))
        raise UserError(f"{where}: activation {activation!s:.60} is not supported ({known})")
    if kind in ("BatchNormalization", "Concatenate") and settings.get("axis", -1) not in (-1, 3, [-1], [3]):
        raise UserError(f"{where}: axis {settings['axis']!r:.60} is not supported, only the channels (-1)")
    if kind == "ReLU" and settings.get("threshold"):
        raise UserError(f"{where}: threshold {settings['threshold']!r:.60} is not supported, only 0")


def _inputs(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the layers that feed a layer, from Keras 3's serialised call."""
    return tuple(_histories(entry.get("inbound_nodes", [])[:1]))


def _histories(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"][0]
        else:
            for each in value.values():
                yield from _histories(each)
    elif isinstance(value, list):
        for each in value:
            yield from _histories(each)


def _output_shape(node: Node, shape: tuple[int, int]) -> tuple[int, int]:
    if node.kind == "ZeroPadding2D":
        (top, bottom), (left, right) = _padding(node)
        return shape[0] + top + bottom, shape[1] + left + right
    if node.kind not in _SIZES:
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


def _read_keras_archive(path: Path) -> Mapping[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > LARGEST_CONFIG_BYTES:
                raise UserError(f"model: {path}: its config.json is implausibly large")
            return json.loads(archive.read("config.json"))
    except FileNotFoundError:
        raise UserError(f"model: {path}: no such file") from None
    except OSError as error:
        raise UserError(f"model: {describe_os_error(error)}") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError) as error:
        raise UserError(
            f"model: {path}: not a .keras file ({error}); save the model with model.save('x.keras')"
        ) from None
