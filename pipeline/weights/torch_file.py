"""The tensors in a state dict of PyTorch's, in its format before zip files, read without PyTorch and without trust.

Such a file is a row of pickles (a magic number, a version, facts of the machine, the dict, the keys of its storages)
with the storages behind them. A pickle may call any function that it names; here the names are four, none of which
does anything but hold what it is given, and every other is refused.
"""

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
# Instructions of a pickle by which a value gets a number, by which others find it.
_REMEMBERING = ("PUT", "BINPUT", "LONG_BINPUT")
_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True)
class _Storage:
    """A row of numbers that tensors are cut from."""

    dtype: np.dtype
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A tensor as the file describes it: where it begins in its storage, and its shape and strides, in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def float_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Return the float32 tensors of a state dict by name, as read-only views into `data`.

    Raises `ValueError` when the bytes are not such a file, or would call what is not a tensor.
    """
    stream = io.BytesIO(data)
    try:
        magic, version, _, tensors, keys = (_load(stream) for _ in range(5))
    except Exception as error:
        # Of bytes that are no pickle, pickle raises whatever comes.
        raise ValueError(f"not a state dict ({error})") from None
    if (magic, version) != (_MAGIC, _VERSION) or not _are_tensors(tensors):
        raise ValueError("not a state dict of PyTorch's format before zip files")
    storages = _read_storages(data, stream.tell(), tensors, keys)
    return {
        name: _cut(storages[tensor.storage.key], tensor, name)
        for name, tensor in tensors.items()
        if tensor.storage.dtype.kind == "f"
    }


def _load(stream: io.BytesIO) -> Any:
    """Return what the pickle that begins here holds; leave `stream` behind it."""
    start, size = stream.tell(), len(stream.getbuffer())
    for opcode, number, _ in pickletools.genops(stream):
        # A place is made for each lower number, too: five bytes could ask for 32 GB.
        if opcode.name in _REMEMBERING and isinstance(number, int) and number > size:
            raise ValueError(f"it remembers something as number {number}")
    stream.seek(start)
    return _Plain(stream).load()


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a tensor")

    def persistent_load(self, reference: Any) -> _Storage:
        _, dtype, key, _, count, *_ = reference
        if not (isinstance(dtype, np.dtype) and isinstance(key, str) and isinstance(count, int)):
            raise pickle.UnpicklingError("a storage that is none")
        return _Storage(dtype, key, count)


def _rebuilt(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, _Storage) or not all(isinstance(each, int) and each >= 0 for each in numbers):
        raise pickle.UnpicklingError("a tensor that is none")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _are_tensors(tensors: Any) -> bool:
    return isinstance(tensors, Mapping) and all(
        isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in tensors.items()
    )


def _read_storages(data: bytes, place: int, tensors: Mapping[str, _Tensor], keys: Any) -> dict[str, np.ndarray]:
    """Return the storages that begin at `place`, each after its length, in the order of `keys`."""
    described = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(described):
        raise ValueError("its storages are not those of its tensors")
    storages = {}
    for key in keys:
        storage = described[key]
        (count,) = np.frombuffer(data, "<i8", 1, place)
        if count != storage.count:
            raise ValueError(f"storage {key} has {count} numbers, wanted {storage.count}")
        storages[key] = np.frombuffer(data, storage.dtype, storage.count, place + 8)
        place += 8 + storages[key].nbytes
    return storages


def _cut(storage: np.ndarray, tensor: _Tensor, name: str) -> np.ndarray:
    if len(tensor.strides) != len(tensor.shape) or math.prod(tensor.shape) > len(storage):
        raise ValueError(f"{name} is larger than its storage")
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    if 0 in tensor.shape or last >= len(storage):
        raise ValueError(f"{name} reaches past its storage")
    strides = [stride * storage.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides, writeable=False)
