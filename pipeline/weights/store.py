"""The network's weights as the workflow uses them: one verified file that every job reads."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.network import saved
from pipeline.network.catalogue import Network
from pipeline.weights import archive

# How the sentence of weights begins that are from a file of the user's.
OF_A_FILE = "the file "

# Keys of the file that are not weights; the last two only where there are such files.
_SHA256, _SOURCE = "sha256", "source"
_CONTENTS = {"model": "model_file_sha256", "weights": "weights_file_sha256"}


# Two are the same where they are one object: comparing 15 million numbers is for `sha256`.
@dataclass(frozen=True, eq=False)
class Weights:
    """The weights that a network's convolutional layers depend on.

    Attributes:
        tensors: `<layer>/<parameter>` to a read-only float32 array, in the network's order; kernels are (height,
            width, input channel, output channel).
        sha256: digest of names, shapes and values, the same wherever they came from.
        source: a sentence that says where they came from.
        contents: of the files of the user's among "model" and "weights", the sha256 of what was in them.
    """

    tensors: Mapping[str, np.ndarray]
    sha256: str
    source: str
    contents: Mapping[str, str] = field(default_factory=dict)

    @property
    def are_published(self) -> bool:
        """Whether they are those that a named network is published with, not from a file of the user's."""
        return not self.contents and not self.source.startswith(OF_A_FILE)

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
        total.update(tensor.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def save(path: Path, weights: Weights) -> None:
    """Write weights to `path` (docs/formats.md), whole or not at all; same weights and source, same bytes."""
    strings = {_SHA256: weights.sha256, _SOURCE: weights.source}
    strings |= {_CONTENTS[which]: digest for which, digest in weights.contents.items()}
    arrays: Mapping[str, Any] = {**weights.tensors, **{key: np.array(text) for key, text in strings.items()}}
    with files.replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def load(path: Path) -> Weights:
    """Return the weights that `save` wrote; raise `UserError` for a missing, damaged or foreign file."""
    if not path.exists():
        raise UserError(f"{path}: no such file; python -m pipeline.weights --output {path} makes it")
    try:
        with archive.plain(path) as members:
            arrays = {name: members.array(name) for name in members.names}
        sha256, source = str(arrays.pop(_SHA256)), str(arrays.pop(_SOURCE))
        contents = {which: str(arrays.pop(key)) for which, key in _CONTENTS.items() if key in arrays}
        if any(array.dtype != np.float32 for array in arrays.values()):
            raise ValueError("values that are not float32")
        if digest(arrays, arrays) != sha256:
            raise ValueError("its values are not those of its digest")
    except PermissionError:
        raise
    except saved.DAMAGE as error:
        raise UserError(f"{path}: damaged, or not a weights file of this workflow ({error}): remove it") from None
    return Weights(arrays, sha256, source, contents)
