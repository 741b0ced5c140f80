"""State dicts as PyTorch wrote them before it took to zip files, written without PyTorch."""

import io
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {np.dtype("<f4"): "FloatStorage", np.dtype("<i8"): "LongStorage"}


def as_torch(tensors: Mapping[str, np.ndarray], prefix: str = "") -> dict[str, np.ndarray]:
    """Return tensors of Keras's with their axes as PyTorch has them."""
    return {prefix + name: value.transpose(3, 2, 0, 1) if value.ndim == 4 else value for name, value in tensors.items()}


def state_dict(tensors: Mapping[str, np.ndarray], *, magic: int = MAGIC) -> bytes:
    """Return the file of a state dict; an array that is no block of memory keeps its strides, as PyTorch would."""
    stream = io.BytesIO()
    with _torch() as torch:
        for each in (magic, VERSION, {"little_endian": True}):
            pickle.dump(each, stream, protocol=2)
        described = OrderedDict((name, _Tensor(torch, name, value)) for name, value in tensors.items())
        _Pickler(stream, protocol=2).dump(described)
        pickle.dump(list(tensors), stream, protocol=2)
    for value in tensors.values():
        stream.write(np.int64(value.size).tobytes() + _memory(value).tobytes())
    return stream.getvalue()


class _Storage:
    def __init__(self, kind: type, key: str, count: int) -> None:
        self.reference = ("storage", kind, key, "cpu", count, None)


class _Tensor:
    def __init__(self, torch: types.ModuleType, key: str, value: np.ndarray) -> None:
        self.rebuild = torch._utils._rebuild_tensor_v2
        self.storage = _Storage(getattr(torch, _STORAGES[value.dtype]), key, value.size)
        strides = tuple(stride // value.itemsize for stride in value.strides)
        self.arguments = (0, value.shape, strides, False, OrderedDict())

    def __reduce__(self) -> Any:
        return self.rebuild, (self.storage, *self.arguments)


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.reference if isinstance(value, _Storage) else None


def _memory(value: np.ndarray) -> np.ndarray:
    """Return the numbers of an array in the order in which they lie in memory."""
    return value.transpose(sorted(range(value.ndim), key=lambda axis: -value.strides[axis])).reshape(-1)


@contextmanager
def _torch() -> Iterator[types.ModuleType]:
    """Let pickles name what PyTorch's name."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch._utils = utils

    def _rebuild_tensor_v2(*_: Any) -> None:
        raise AssertionError("a pickle ran")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    for name in _STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    modules = {"torch": torch, "torch._utils": utils}
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield torch
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
