"""Weights files as users have them (.h5, .weights.h5, .keras, .npz): read without trusting them.

Every shape and type is compared with what the network wants before anything is allocated, so a small file cannot ask
for a large memory; nothing is ever unpickled, and no link out of the file is followed.
"""

import errno
import math
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.network.catalogue import Network

ENDINGS = (".h5", ".weights.h5", ".keras", ".npz")

# What the libraries raise on files that are truncated, scrambled or of another kind.
DAMAGE = (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)

# Keras numbers the layers of a `.weights.h5` by class; these are the classes whose weights an atlas needs.
_KERAS3_GROUPS = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization"}

# Weights hardly compress (Keras does not even try), so a member that grows more than this many times is a trap.
_LARGEST_EXPANSION = 20

# Names listed in one message; the rest is counted.
_NAMES_SHOWN = 4


@dataclass(frozen=True)
class _Stored:
    """A tensor in a file, not read yet: what the file says of it, and how to read it."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]


def read_tensors(path: Path, network: Network) -> dict[str, np.ndarray]:
    """Return the weights of `network` that are in the file `path`, in the network's order, float32.

    What the network does not need (dense layers, the state of an optimiser) is ignored. Raises `UserError`, in one
    line, for a missing, damaged or unknown file, missing layers, other shapes or types, and values that are not finite.
    """
    try:
        path.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"weights: {path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"weights: {path}: a directory, not a file") from None
    readers = {".h5": _read_h5, ".npz": _read_npz, ".keras": _read_keras}
    reader = readers.get(path.suffix)
    if reader is None:
        raise UserError(f"weights: {path}: unknown kind of file, it must end in {', '.join(ENDINGS)}")
    try:
        return reader(path, network)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError(f"weights: {path}: damaged, truncated or not a {path.suffix} file ({error})") from None


def read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Return the array in the member `name` of a NumPy archive, read-only.

    Raises one of `DAMAGE` when the member is not a plain array, or not as large as it says.
    """
    with archive.open(name) as member:
        shape, fortran_order, dtype = files.read_header(member)
        size = math.prod(shape) * dtype.itemsize
        if member.tell() + size != archive.getinfo(name).file_size:
            raise ValueError(f"{name} does not hold the {size} bytes that it declares")
        data = member.read(size + 1)
    if len(data) != size:
        raise ValueError(f"{name} ends after {len(data)} of {size} bytes")
    if fortran_order:
        return np.frombuffer(data, dtype).reshape(shape[::-1]).T
    return np.frombuffer(data, dtype).reshape(shape)


def _read_npz(path: Path, network: Network) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        stored: dict[str, _Stored] = {}
        members = set(archive.namelist())
        for name in network.parameters:
            member = f"{name}.npy"
            if member in members:
                with archive.open(member) as file:
                    shape, _, dtype = files.read_header(file)
                stored[name] = _Stored(shape, dtype, lambda member=member: read_array(archive, member))
        return _checked(stored, path, network)


def _read_keras(path: Path, network: Network) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("model.weights.h5")
        if member.file_size > _LARGEST_EXPANSION * path.stat().st_size:
            raise ValueError("its model.weights.h5 is implausibly large")
        with tempfile.NamedTemporaryFile(suffix=".h5") as extracted:
            with archive.open(member) as source:
                shutil.copyfileobj(source, extracted)
            extracted.flush()
            with h5py.File(extracted.name, "r", locking=False) as file:
                return _checked(_h5_entries(file, path, network), path, network)


def _read_h5(path: Path, network: Network) -> dict[str, np.ndarray]:
    # Without locking: file systems of clusters often refuse locks, and the file is only read.
    with h5py.File(path, "r", locking=False) as file:
        return _checked(_h5_entries(file, path, network), path, network)


def _h5_entries(file: h5py.File, path: Path, network: Network) -> dict[str, _Stored]:
    """Return the tensors of a file in either of Keras's layouts, under the network's names.

    Within a layer Keras goes by order, not by name (VGG16's own file says `block1_conv1_W_1:0` for the kernel).
    """
    parameters: dict[str, list[str]] = {}
    for name in network.parameters:
        layer, _, parameter = name.rpartition("/")
        parameters.setdefault(layer, []).append(parameter)
    root = _inside(file, "model_weights") or file
    if _names(root, "layer_names"):
        find = _legacy_layer
        places = {layer: layer for layer in parameters}
    elif _inside(file, "layers"):
        root = _inside(file, "layers")
        find = _keras3_layer
        places = _keras3_places(network)
    else:
        raise UserError(f"weights: {path}: an HDF5 file, but not one of Keras's weights")
    stored: dict[str, _Stored] = {}
    for layer, wanted in parameters.items():
        datasets = find(root, places[layer])
        if len(datasets) > len(wanted):
            raise UserError(
                f"weights: {path}: not the weights of {network.name}: {layer} has {len(datasets)} tensors, "
                f"wanted {len(wanted)} ({', '.join(wanted)})"
            )
        for parameter, dataset in zip(wanted, datasets, strict=False):
            stored[f"{layer}/{parameter}"] = _Stored(dataset.shape, dataset.dtype, lambda dataset=dataset: dataset[()])
    return stored


def _legacy_layer(root: h5py.Group, place: str) -> list[h5py.Dataset]:
    """Return the tensors of a layer in the layout of `.h5` files: a group that lists them in an attribute."""
    group = _inside(root, place)
    return [] if group is None else [_dataset(group, name) for name in _names(group, "weight_names")]


def _keras3_layer(root: h5py.Group, place: str) -> list[h5py.Dataset]:
    """Return the tensors of a layer in the layout of `.weights.h5` files: `layers/conv2d_1/vars/0`, `…/1`, …"""
    group = _inside(root, f"{place}/vars")
    return [] if group is None else [_dataset(group, name) for name in sorted(group, key=int)]


def _keras3_places(network: Network) -> dict[str, str]:
    places: dict[str, str] = {}
    counts = dict.fromkeys(_KERAS3_GROUPS.values(), 0)
    for name in network.parameters:
        layer, _, parameter = name.rpartition("/")
        if layer not in places:
            group = _KERAS3_GROUPS["Conv2D" if parameter in ("kernel", "bias") else "BatchNormalization"]
            places[layer] = group + (f"_{counts[group]}" if counts[group] else "")
            counts[group] += 1
    return places


def _inside(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    """Return what `name` ("a/b") leads to, or None; refuse links to other files."""
    for part in name.strip("/").split("/"):
        link = group.get(part, getlink=True) if isinstance(group, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{name} is a link to elsewhere")
        group = group[part]
    return group


def _dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    dataset = _inside(group, name)
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{group.name} lists {name}, which is not there")
    if dataset.is_virtual or dataset.external:
        raise ValueError(f"{dataset.name} keeps its values in another file")
    return dataset


def _names(group: h5py.Group, attribute: str) -> list[str]:
    """Return a list of names from an attribute, or from the numbered ones into which Keras splits a long list."""
    chunks = [attribute] if attribute in group.attrs else []
    while not chunks or chunks[0] != attribute:
        if f"{attribute}{len(chunks)}" not in group.attrs:
            break
        chunks.append(f"{attribute}{len(chunks)}")
    values = [value for chunk in chunks for value in np.ravel(group.attrs[chunk])]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _checked(stored: Mapping[str, _Stored], path: Path, network: Network) -> dict[str, np.ndarray]:
    """Read what the network needs; raise `UserError` for what is missing, or not of its shape, type or range."""
    where = f"weights: {path}: not the weights of {network.name}:"
    missing = [name for name in network.parameters if name not in stored]
    if missing:
        shown = ", ".join(missing[:_NAMES_SHOWN])
        more = f" and {len(missing) - _NAMES_SHOWN} more" if len(missing) > _NAMES_SHOWN else ""
        raise UserError(f"{where} it has no {shown}{more}")
    tensors: dict[str, np.ndarray] = {}
    for name, shape in network.parameters.items():
        if stored[name].shape != shape:
            raise UserError(f"{where} {name} has shape {stored[name].shape}, wanted {shape}")
        if stored[name].dtype.kind != "f":
            raise UserError(f"weights: {path}: {name} is of type {stored[name].dtype}, wanted float32")
    for name in network.parameters:
        with np.errstate(over="ignore"):
            tensors[name] = np.ascontiguousarray(stored[name].read(), "<f4")
        if not np.isfinite(tensors[name]).all():
            raise UserError(f"weights: {path}: {name} has values that are not finite (NaN or infinite)")
    return tensors
