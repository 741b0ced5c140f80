"""State dicts of PyTorch's: read as they are, and everything else that a pickle may be."""

import os
import pickle

import numpy as np
import pytest
from hypothesis import given

from pipeline.weights import torch_file
from tests.support import torch_files
from tests.support.hostile import damaged, examples

RANDOM = np.random.default_rng(0)
TENSORS = {
    "conv.weight": RANDOM.normal(size=(4, 3, 2, 5)).astype("<f4"),
    "bn.bias": RANDOM.normal(size=4).astype("<f4"),
    "bn.num_batches_tracked": np.array(7, "<i8"),
    "fc.weight": RANDOM.normal(size=(6, 4)).astype("<f4"),
}
FLOATS = {name: value for name, value in TENSORS.items() if value.dtype.kind == "f"}


def assert_read(data: bytes) -> None:
    found = torch_file.float_tensors(data)

    assert list(found) == list(FLOATS)
    for name, value in FLOATS.items():
        np.testing.assert_array_equal(found[name], value)
        assert not found[name].flags.writeable


def test_every_tensor_of_numbers_is_found_and_counters_are_not():
    assert_read(torch_files.state_dict(TENSORS))


def test_tensors_that_lie_otherwise_in_memory_have_the_same_values():
    turned = {name: np.asfortranarray(value) for name, value in TENSORS.items()}

    assert_read(torch_files.state_dict(turned))


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("count", [0, 10, 200, -8])
def test_a_file_that_ends_early_is_refused(count):
    with pytest.raises(ValueError, match=r"state dict|storage|buffer|larger"):
        torch_file.float_tensors(torch_files.state_dict(TENSORS)[:count])


@pytest.mark.hostile("weights files")
def test_another_kind_of_file_is_refused():
    with pytest.raises(ValueError, match="not a state dict"):
        torch_file.float_tensors(torch_files.state_dict(TENSORS, magic=1))
    with pytest.raises(ValueError, match="not a state dict"):
        torch_file.float_tensors(b"PK\3\4")


class Explosive:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize(
    "call", [(os.system, "touch exploded"), (eval, "1"), (getattr, "text", "upper"), (bytearray, 9)]
)
def test_nothing_that_a_pickle_calls_is_called(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    head = b"".join(pickle.dumps(each, protocol=2) for each in (torch_files.MAGIC, torch_files.VERSION, {}))

    with pytest.raises(ValueError, match="is not part of a tensor"):
        torch_file.float_tensors(head + pickle.dumps({"a": Explosive(*call)}, protocol=2) + pickle.dumps([]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.hostile("weights files")
def test_a_dict_of_what_is_no_tensor_is_refused():
    row = (torch_files.MAGIC, torch_files.VERSION, {}, {"a": 1}, [])

    with pytest.raises(ValueError, match="not a state dict"):
        torch_file.float_tensors(b"".join(pickle.dumps(each, protocol=2) for each in row))


@pytest.mark.hostile("weights files")
def test_bytes_that_something_has_been_at_are_read_or_refused():
    @examples(300)
    @given(damaged(torch_files.state_dict(TENSORS)))
    def tried(data):
        try:
            found = torch_file.float_tensors(data)
        except ValueError:
            return
        assert all(value.size < len(data) for value in found.values())

    tried()
