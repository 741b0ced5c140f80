"""The networks inside a file of a larger model's weights, each written as a file of its own that Keras loads.

Keras has two layouts. The legacy one (`.h5`) lists its layers by name, and all weights of a nested model, by their
paths, under the one name of that model. The newer one (`.weights.h5`) is a tree: a nested model is a group that has
`layers` of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import h5py
import keras

# Names of layers in one attribute: HDF5 holds 64 kB.
_NAMES_IN_ATTRIBUTE = 400

Layers = Mapping[str, Sequence[h5py.Dataset]]


def is_legacy(file: Path) -> bool:
    """Return whether an HDF5 file has the legacy layout."""
    with h5py.File(file, "r") as opened:
        return "model_weights" in opened or bool(_names(opened, "layer_names"))


def of(file: Path, network: keras.Model) -> Iterator[tuple[str, Path]]:
    """Yield the name of each part of `file` that may be `network`, and a file of it, beside `file`, to be loaded."""
    yield from (_legacy_parts if is_legacy(file) else _tree_parts)(file, network)


def _legacy_parts(file: Path, network: keras.Model) -> Iterator[tuple[str, Path]]:
    wanted = {layer.name: len(layer.weights) for layer in network.layers if layer.weights}
    with h5py.File(file, "r") as opened:
        for number, (name, layers) in enumerate(_legacy_models(opened.get("model_weights", opened))):
            if all(len(layers.get(layer, ())) == count for layer, count in wanted.items()):
                part = file.with_name(f"part{number}.h5")
                _write_legacy(part, {layer: layers[layer] for layer in wanted})
                yield name, part


def _legacy_models(root: h5py.Group) -> Iterator[tuple[str, Layers]]:
    """Yield the whole model without a name, then each nested one: their layers' weights in the order of the file."""
    whole: dict[str, list[h5py.Dataset]] = {}
    nested: dict[str, dict[str, list[h5py.Dataset]]] = {}
    for name in _names(root, "layer_names"):
        whole[name] = [root[name][weight] for weight in _names(root[name], "weight_names")]
        layers = nested.setdefault(name, {})
        for weight in _names(root[name], "weight_names"):
            *_, layer, _ = ("", "", *weight.split("/"))
            layers.setdefault(layer, []).append(root[name][weight])
    yield "", whole
    yield from nested.items()


def _write_legacy(path: Path, layers: Layers) -> None:
    with h5py.File(path, "w") as file:
        names = list(layers)
        for start in range(0, len(names), _NAMES_IN_ATTRIBUTE):
            chunk = names[start : start + _NAMES_IN_ATTRIBUTE]
            file.attrs[f"layer_names{start // _NAMES_IN_ATTRIBUTE}"] = [name.encode() for name in chunk]
        for name, weights in layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [str(number).encode() for number in range(len(weights))]
            for number, weight in enumerate(weights):
                weight.file.copy(weight, group, str(number))


def _tree_parts(file: Path, network: keras.Model) -> Iterator[tuple[str, Path]]:
    groups: list[str] = []
    with h5py.File(file, "r") as opened:
        opened.visititems(lambda name, found: groups.append(name) if _is_model(found) else None)
        for number, name in enumerate(groups):
            part = file.with_name(f"part{number}.weights.h5")
            with h5py.File(part, "w") as written:
                for member in opened[name]:
                    opened.copy(opened[name][member], written, member)
            yield _model_name(opened[name]), part


def _is_model(found: h5py.Group | h5py.Dataset) -> bool:
    return isinstance(found, h5py.Group) and isinstance(found.get("layers"), h5py.Group)


def _model_name(group: h5py.Group) -> str:
    own = group.get("vars")
    return str(own.attrs.get("name", group.name) if isinstance(own, h5py.Group) else group.name).strip("/")


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """Return a list of names from an attribute, or from the numbered ones into which Keras splits a long list."""
    chunks = [attribute] if attribute in group.attrs else []
    while not chunks or chunks[0] != attribute:
        if f"{attribute}{len(chunks)}" not in group.attrs:
            break
        chunks.append(f"{attribute}{len(chunks)}")
    values = [value for chunk in chunks for value in group.attrs[chunk]]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]
