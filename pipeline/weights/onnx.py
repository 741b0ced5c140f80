"""The weights stored in an ONNX file: its float32 initialisers, read straight from the protobuf wire format.

ONNX is a protobuf message, and of that message only three nested fields matter here. Thirty lines that read those
replace a dependency that would bring its own protobuf runtime next to TensorFlow's.
Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import math
from collections.abc import Iterator

import numpy as np

_MODEL_GRAPH = 7
_GRAPH_INITIALIZER = 5
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW_DATA = 1, 2, 8, 9
_FLOAT32 = 1

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# A 64-bit number takes at most this many groups of seven bits.
_LONGEST_VARINT = 10


def float_initializers(data: bytes) -> dict[str, np.ndarray]:
    """Return the float32 initialisers of an ONNX model by name, as read-only views into `data`.

    Raises `ValueError` when the bytes are not such a message.
    """
    tensors: dict[str, np.ndarray] = {}
    for graph in _parts(memoryview(data), _MODEL_GRAPH):
        for tensor in _parts(graph, _GRAPH_INITIALIZER):
            fields = list(_fields(tensor))
            values = dict(fields)
            if values.get(_TENSOR_TYPE) != _FLOAT32 or _TENSOR_RAW_DATA not in values:
                continue
            shape = tuple(_dimensions(fields))
            raw = values[_TENSOR_RAW_DATA]
            if isinstance(raw, int) or isinstance(values.get(_TENSOR_NAME, 0), int):
                raise ValueError("a tensor's name or data is of the wrong kind")
            if len(raw) != 4 * math.prod(shape):
                raise ValueError(f"a tensor of shape {shape} has {len(raw)} bytes")
            name = bytes(values[_TENSOR_NAME]).decode()
            tensors[name] = np.frombuffer(raw, "<f4").reshape(shape)
    return tensors


def _dimensions(fields: list[tuple[int, int | memoryview]]) -> Iterator[int]:
    for number, value in fields:
        if number != _TENSOR_DIMS:
            continue
        if isinstance(value, int):
            yield value
        else:  # repeated numbers may also come packed into one field
            position = 0
            while position < len(value):
                dimension, position = _varint(value, position)
                yield dimension


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, value in _fields(message):
        if number == wanted:
            if isinstance(value, int):
                raise ValueError(f"field {number} is a number, not a message")
            yield value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, value) of every field of a message: a number, or a view of the bytes."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if wire_type == _BYTES:
            length, position = _varint(message, position)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {wire_type}")
        if position + length > len(message):
            raise ValueError("a field reaches past the end")
        yield number, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for group in range(_LONGEST_VARINT):
        if position >= len(message):
            raise ValueError("a number reaches past the end")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * group)
        if byte < 0x80:
            return value, position
    raise ValueError("a number of more than 64 bits")
