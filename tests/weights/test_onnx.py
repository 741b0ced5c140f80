"""Reading the initialisers of an ONNX file from its bytes."""

import numpy as np
import pytest

from pipeline.weights.onnx import float_initializers


def varint(value: int) -> bytes:
    groups = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def blob(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def tensor(name: str, array: np.ndarray, *, packed: bool = False, kind: int = 1) -> bytes:
    sides = blob(1, b"".join(map(varint, array.shape))) if packed else b"".join(number(1, n) for n in array.shape)
    return blob(5, sides + number(2, kind) + blob(8, name.encode()) + blob(9, array.astype("<f4").tobytes()))


def model(*tensors: bytes) -> bytes:
    fixed = varint(3 << 3 | 5) + b"abcd" + varint(4 << 3 | 1) + b"abcdefgh"
    return number(1, 7) + fixed + blob(7, blob(2, b"a graph") + b"".join(tensors)) + number(8, 300)


@pytest.mark.parametrize("packed", [False, True])
def test_float_tensors_are_read_with_name_shape_and_values(packed):
    kernel = np.arange(300 * 6, dtype=np.float32).reshape(300, 1, 2, 3)

    found = float_initializers(model(tensor("a:0", kernel, packed=packed), tensor("b", np.ones(4), packed=packed)))

    assert list(found) == ["a:0", "b"]
    np.testing.assert_array_equal(found["a:0"], kernel)


def test_tensors_of_other_types_are_skipped():
    assert float_initializers(model(tensor("integers", np.ones(2), kind=7))) == {}


@pytest.mark.hostile("weights files")
def test_every_truncation_is_noticed_or_leaves_only_whole_tensors():
    data = model(tensor("a", np.ones((2, 3))))
    whole = float_initializers(data)

    for length in range(len(data)):
        try:
            found = float_initializers(data[:length])
        except ValueError:
            continue
        assert all(np.array_equal(found[name], whole[name]) for name in found)


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\xff" * 20, "more than 64 bits"),
        (b"\x3a\xff\xff\xff\xff\x7fab", "past the end"),
        (number(7, 5), "is a number"),
        (b"\x0b", "wire type"),
        (model(blob(5, number(1, 2**40) + number(2, 1) + blob(8, b"a") + blob(9, b"abcd"))), "has 4 bytes"),
        (model(blob(5, number(2, 1) + blob(9, b"abcd"))), "wrong kind"),
        (model(blob(5, number(2, 1) + number(9, 4) + blob(8, b"a"))), "wrong kind"),
    ],
)
def test_scrambled_messages_are_refused(data, complaint):
    with pytest.raises(ValueError, match=complaint):
        float_initializers(data)
