"""Weights files as users have them: what they hold, held against what the network wants.

Keras's own files (`.keras`, `.h5`, `.weights.h5`) are read by Keras, in `weights.keras_file`, which takes seconds to
start; the workflow's own (`.npz`) are not.
"""

import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.machine import device, start
from pipeline.network import container, saved
from pipeline.network.catalogue import Network
from pipeline.weights import archive

OF_NUMPY = ".npz"

# Names listed in one message; the rest is counted.
_NAMES_SHOWN = 4


@dataclass(frozen=True)
class _Found:
    """A tensor in a file: what the file says of it, and how to read it."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]


def read_tensors(path: Path, network: Network, model: str) -> dict[str, np.ndarray]:
    """Return the weights of `network`, which `model` names, that are in the file `path`: in its order, float32.

    What the network does not need (dense layers, the state of an optimiser) is ignored. Raises `UserError`, in one
    line, for a missing, damaged or unknown file, missing layers, other shapes or types, and values that are not finite.
    """
    if path.suffix == OF_NUMPY:
        with saved.readable(path, "weights"), archive.opened(path) as members:
            return _checked(_in_archive(members, network), f"weights: {path}", network)
    # The model's own file may be to blame, not one of weights.
    key = "model" if path == Path(model) else "weights"
    container.check(path, key)
    return _checked(_in_keras_file(path, model), f"{key}: {path}", network)


def _in_archive(members: archive.Archive, network: Network) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for name in network.parameters:
        if name in members:
            shape, dtype = members.header(name)
            found[name] = _Found(shape, dtype, functools.partial(members.array, name))
    return found


def _in_keras_file(path: Path, model: str) -> dict[str, _Found]:
    if "tensorflow" not in sys.modules:
        # A GPU is for renders.
        start.import_tensorflow(on=device.CPU)
    from pipeline.weights import keras_file

    read = keras_file.read(path, model).items()
    return {name: _Found(value.shape, value.dtype, functools.partial(np.asarray, value)) for name, value in read}


def _checked(found: Mapping[str, _Found], where: str, network: Network) -> dict[str, np.ndarray]:
    """Read what the network needs from a file, `where`; raise `UserError`, which begins with that, for what is missing,
    or not of its shape, type or range."""
    foreign = f"{where}: not the weights of {network.name}:"
    missing = [name for name in network.parameters if name not in found]
    if missing:
        shown = ", ".join(missing[:_NAMES_SHOWN])
        more = f" and {len(missing) - _NAMES_SHOWN} more" if len(missing) > _NAMES_SHOWN else ""
        raise UserError(f"{foreign} it has no {shown}{more}")
    for name, shape in network.parameters.items():
        if found[name].shape != shape:
            raise UserError(f"{foreign} {name} has shape {found[name].shape}, wanted {shape}")
        if found[name].dtype.kind != "f":
            raise UserError(f"{where}: {name} is of type {found[name].dtype}, wanted float32")
    tensors: dict[str, np.ndarray] = {}
    for name in network.parameters:
        with np.errstate(over="ignore"):
            tensors[name] = np.ascontiguousarray(found[name].read(), "<f4")
        if not np.isfinite(tensors[name]).all():
            raise UserError(f"{where}: {name} has values that are not finite (NaN or infinite)")
    return tensors
