"""What a convolutional network is made of: its graph, its convolutional layers, what each of them sees.

Everything is computed from the architecture as Keras serialises it (`Model.to_json()`, or `config.json` inside a
`.keras` file), without importing TensorFlow, so that planning an atlas takes milliseconds. Running the network is
`pipeline.forward`'s business.
"""

import functools
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError, did_you_mean

ARCHITECTURES = Path(__file__).parent / "architectures"

# Models known by name: the preprocessing that Keras's `preprocess_input` applies for them (its own mode names).
# The file in `architectures/` is Keras's serialisation, written by Keras and compared with it in the tests.
PREPROCESSING = {"vgg16": "caffe"}

# A response map smaller than this has no interior: every unit sees the zero padding on several sides.
SMALLEST_MAP_PX = 2

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


@dataclass(frozen=True)
class Node:
    """One layer of the network's graph, of any kind, with the geometry of its output.

    Attributes:
        name: the layer's name, as Keras has it.
        kind: Keras's class name.
        inputs: names of the nodes that feed it.
        settings: Keras's configuration of the layer.
        channels: output channels.
        receptive_field_px: side of the square of input pixels that one output unit sees.
        stride_px: distance in input pixels between neighbouring output units.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    settings: Mapping[str, Any]
    channels: int
    receptive_field_px: int
    stride_px: int

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
                receptive_field_px=node.receptive_field_px,
                stride_px=node.stride_px,
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
        """Return the side, in units, of the response map of `layer` on a square image of `canvas_px` pixels."""
        sizes: dict[str, int] = {}
        for node in self.needed_for(layer):
            sizes[node.name] = _output_size(node, min((sizes[name] for name in node.inputs), default=canvas_px))
        return sizes[layer]

    def smallest_canvas(self, layer: str) -> int:
        """Return the side in pixels of the smallest image on which `layer` has a response map worth the name."""
        size = 1
        while self.map_size(layer, size) < SMALLEST_MAP_PX:
            size += 1
        return size

    def convolution_flops(self, layer: str, canvas_px: int) -> int:
        """Return the floating-point operations (multiply and add count as two) of the convolutions in one forward
        pass up to one filter of `layer`, as the ascent computes it: of the last convolution, only that filter."""
        total = 0
        for node in self.needed_for(layer):
            if node.kind == _CONVOLUTION:
                outputs = 1 if node.name == layer else node.channels
                fan_in = self.node(node.inputs[0]).channels // node.settings.get("groups", 1)
                total += 2 * self.map_size(node.name, canvas_px) ** 2 * math.prod(node.window) * fan_in * outputs
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
        entries = config["config"]["layers"]
        specifications = [(entry["class_name"], entry["config"], _inputs(entry)) for entry in entries]
    except (KeyError, TypeError):
        raise UserError(f"model {name}: not a Keras Functional or Sequential model") from None
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
    return Network(name=name, preprocessing=preprocessing, nodes=tuple(nodes.values()))


def _node(model: str, kind: str, settings: Mapping[str, Any], inputs: list[Node]) -> Node:
    where = f"model {model}: layer {settings['name']}"
    if settings.get("data_format", "channels_last") != "channels_last":
        raise UserError(f"{where}: data_format {settings['data_format']} is not supported, only channels_last")
    if kind in (_CONVOLUTION, "Activation") and settings.get("activation", "linear") not in _ACTIVATIONS:
        raise UserError(f"{where}: activation {settings['activation']} is not supported ({', '.join(_ACTIVATIONS)})")
    if kind == "InputLayer":
        shape = settings.get("batch_shape") or settings.get("batch_input_shape") or []
        if len(shape) != 4 or shape[-1] != 3:
            raise UserError(f"{where}: the input must be RGB images (None, height, width, 3), not {tuple(shape)}")
        return Node(settings["name"], kind, (), settings, channels=3, receptive_field_px=1, stride_px=1)
    if not inputs:
        raise UserError(f"{where}: the model must begin with an Input layer of RGB images")
    channels = inputs[0].channels
    if kind == _CONVOLUTION:
        channels = settings["filters"]
    elif kind == "Concatenate":
        channels = sum(node.channels for node in inputs)
    elif kind not in _IDENTITY | _POOLING | set(_PARAMETERS) | {"ZeroPadding2D", "Activation", "ReLU", "Add"}:
        raise UserError(f"{where}: layers of kind {kind} are not supported before a convolutional layer")
    widest = max(inputs, key=lambda node: node.receptive_field_px)
    node = Node(
        settings["name"],
        kind,
        tuple(each.name for each in inputs),
        settings,
        channels=channels,
        receptive_field_px=widest.receptive_field_px,
        stride_px=max(each.stride_px for each in inputs),
    )
    reach = (max(node.window) - 1) * max(node.dilation) * node.stride_px
    return Node(
        **{
            **node.__dict__,
            "receptive_field_px": node.receptive_field_px + reach,
            "stride_px": node.stride_px * max(node.strides),
        }
    )


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


def _output_size(node: Node, size: int) -> int:
    if node.kind == "ZeroPadding2D":
        (top, bottom), _ = _padding(node)
        return size + top + bottom
    if node.kind != _CONVOLUTION and node.kind not in _POOLING:
        return size
    reach = (node.window[0] - 1) * node.dilation[0]
    span = size if node.settings.get("padding") == "same" else size - reach
    return max(0, -(-span // node.strides[0]))


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
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UserError(
            f"model: {path}: not a .keras file ({error}); save the model with model.save('x.keras')"
        ) from None
