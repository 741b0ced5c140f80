"""The network's weights as the workflow uses them: one verified file that every job reads."""

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.network.catalogue import Network
from pipeline.weights import formats

# Keys of the file that are not weights.
_SHA256, _SOURCE = "sha256", "source"


@dataclass(frozen=True)
class Weights:
    """The weights that a network's convolutional layers depend on.

    Attributes:
        tensors: `<layer>/<parameter>` to a read-only float32 array, in the network's order; kernels are (height,
            width, input channel, output channel).
        sha256: digest of names, shapes and values, the same wherever they came from.
        source: a sentence that says where they came from.
    """

    tensors: Mapping[str, np.ndarray]
    sha256: str
    source: str

    def check(self, network: Network, path: Path) -> None:
        """Raise `UserError` where these weights, read from `path`, are not a network's."""
        for name, shape in network.parameters.items():
            if name not in self.tensors or self.tensors[name].shape != shape:
                raise UserError(
                    f"{path}: not the weights of {network.name}: {name} should have the shape {shape}; "
                    f"python -m pipeline.weights --output {path} makes them"
                )


def digest(tensors: Mapping[str, np.ndarray], order: Iterable[str]) -> str:
    """Return the sha256 over names, shapes and little-endian float32 values of the tensors named in `order`."""
    total = hashlib.sha256()
    for name in order:
        tensor = np.ascontiguousarray(tensors[name], "<f4")
        total.update(f"{name}{list(tensor.shape)}\n".encode())
        total.update(tensor.reshape(-1).view(np.uint8))
    return total.hexdigest()


def save(path: Path, weights: Weights) -> None:
    """Write weights to `path` (docs/formats.md), whole or not at all; same weights and source, same bytes."""
    with files.replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **weights.tensors, **{_SHA256: np.array(weights.sha256), _SOURCE: np.array(weights.source)})


def load(path: Path) -> Weights:
    """Return the weights that `save` wrote; raise `UserError` for a missing, damaged or foreign file."""
    try:
        arrays = _read(path)
        sha256, source = str(arrays.pop(_SHA256)), str(arrays.pop(_SOURCE))
        if any(array.dtype != np.float32 for array in arrays.values()):
            raise ValueError("values that are not float32")
        if digest(arrays, arrays) != sha256:
            raise ValueError("its values are not those of its digest")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; python -m pipeline.weights --output {path} makes it") from None
    except PermissionError:
        raise
    except formats.DAMAGE as error:
        raise UserError(f"{path}: damaged, or not a weights file of this workflow ({error}): remove it") from None
    return Weights(arrays, sha256, source)


def _read(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            # `save` does not compress: what declares more than the file can hold would only eat memory.
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
                raise ValueError(f"{member.filename} is not stored plainly")
        return {name.removesuffix(".npy"): formats.read_array(archive, name) for name in archive.namelist()}
