"""Reading a network's architecture as Keras serialises it: `Model.to_json()`, or `config.json` inside a `.keras` file.

No TensorFlow is imported, so that planning an atlas takes milliseconds; what cannot be run is refused here.
"""

import dataclasses
import functools
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import UserError, describe_os_error, did_you_mean
from pipeline.network.graph import CONVOLUTION, LARGEST_SETTING, PARAMETERS, POOLING, SIZES, Network, Node
from pipeline.network.known import KNOWN

# Of the models known by name, Keras's serialisation, written by Keras and compared with it in the tests.
ARCHITECTURES = Path(__file__).parent / "architectures"

PREPROCESSING_MODES = ("caffe", "tf", "torch", "unit", "raw")

# The member of a `.keras` file that describes the network. What is larger is not one: VGG16's is 27 kB,
# EfficientNetV2-L's 1.5 MB.
CONFIG = "config.json"
LARGEST_CONFIG_BYTES = 64 * 2**20

_IDENTITY = {"Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "InputLayer"}
_ACTIVATIONS = {"linear", "relu", "relu6", "sigmoid", "tanh", "elu", "selu", "gelu", "swish", "silu", "leaky_relu"}
_REQUIRED = {"filters", "kernel_size", "pool_size"}


@functools.cache
def load_network(model: str, preprocessing: str = "auto") -> Network:
    """Return the network that `model` names: one of `KNOWN`, or the path of a `.keras` file.

    Raises `UserError` for an unknown name, an unreadable file, or a layer that the atlas cannot run.
    """
    if preprocessing not in ("auto", *PREPROCESSING_MODES):
        raise UserError(
            f"preprocessing: unknown '{preprocessing}'{did_you_mean(preprocessing, PREPROCESSING_MODES)} "
            f"(known: auto, {', '.join(PREPROCESSING_MODES)})"
        )
    if model in KNOWN:
        config = json.loads((ARCHITECTURES / f"{model}.json").read_text())
        mode = KNOWN[model].preprocessing if preprocessing == "auto" else preprocessing
        return from_keras_config(config, name=model, preprocessing=mode)
    if not model.endswith(".keras"):
        raise UserError(
            f"model: unknown model '{model}'{did_you_mean(model, KNOWN)} "
            f"(known: {', '.join(KNOWN)}, or the path of a .keras file)"
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
    last = max((i for i, (kind, _, _) in enumerate(specifications) if kind == CONVOLUTION), default=None)
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
    if kind == CONVOLUTION:
        channels = settings["filters"]
    elif kind == "Concatenate":
        channels = sum(node.channels for node in inputs)
    elif kind not in _IDENTITY | POOLING | set(PARAMETERS) | {"ZeroPadding2D", "Activation", "ReLU", "Add"}:
        raise UserError(f"{where}: layers of kind {kind} are not supported before a convolutional layer")
    node = Node(settings["name"], kind, tuple(each.name for each in inputs), settings, channels, (1, 1), (1, 1))
    (height, down), (width, across) = (_extent(node, inputs, axis) for axis in (0, 1))
    return dataclasses.replace(node, field_px=(height, width), step_px=(down, across))


def _extent(node: Node, inputs: list[Node], axis: int) -> tuple[int, int]:
    """Return field and step of a node's units along an axis, in input pixels."""
    step = max(each.step_px[axis] for each in inputs)
    reach = (node.window[axis] - 1) * node.dilation[axis] * step
    return max(each.field_px[axis] for each in inputs) + reach, step * node.strides[axis]


def _check_settings(where: str, kind: str, settings: Mapping[str, Any]) -> None:
    """Raise `UserError` for settings of a layer that `network.forward` would run otherwise than Keras, or not."""
    for key in SIZES.get(kind, ()):
        value = settings.get(key)
        numbers = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
        right = all(type(number) is int and 1 <= number <= LARGEST_SETTING for number in numbers)
        if not right and (value is not None or key in _REQUIRED):
            raise UserError(f"{where}: {key}: should be whole numbers from 1 to {LARGEST_SETTING}, not {value!r:.60}")
    if kind in SIZES and settings.get("padding") not in ("same", "valid"):
        raise UserError(f"{where}: padding: should be same or valid, not {settings.get('padding')!r:.60}")
    activation = settings.get("activation", "linear")
    if kind in (CONVOLUTION, "Activation") and not (isinstance(activation, str) and activation in _ACTIVATIONS):
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


def _read_keras_archive(path: Path) -> Mapping[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(CONFIG).file_size > LARGEST_CONFIG_BYTES:
                raise UserError(f"model: {path}: its config.json is implausibly large")
            config: Mapping[str, Any] = json.loads(archive.read(CONFIG))
            return config
    except FileNotFoundError:
        raise UserError(f"model: {path}: no such file") from None
    except OSError as error:
        raise UserError(f"model: {describe_os_error(error)}") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError) as error:
        raise UserError(
            f"model: {path}: not a .keras file ({error}); save the model with model.save('x.keras')"
        ) from None
