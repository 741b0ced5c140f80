import numpy as np
import pytest

from pipeline.measure import kernels
from pipeline.network.architecture import from_keras_config
from pipeline.network.graph import Network


def an_input(name: str) -> dict:
    return {"class_name": "InputLayer", "config": {"name": name, "batch_shape": [None, None, None, 3]}}


def a_layer(kind: str, name: str, *inputs: str, **settings) -> dict:
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [each, 0, 0]}} for each in inputs]
    arguments = [tensors] if len(tensors) > 1 else tensors
    return {"class_name": kind, "config": {"name": name, **settings}, "inbound_nodes": [{"args": arguments}]}


def a_convolution(name: str, source: str, filters: int, **settings) -> dict:
    defaults = {"filters": filters, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}
    return a_layer("Conv2D", name, source, **{**defaults, **settings})


def a_network(*layers: dict, preprocessing: str = "unit") -> Network:
    config = {"class_name": "Functional", "config": {"layers": [{**an_input("image"), "inbound_nodes": []}, *layers]}}
    return from_keras_config(config, name="tiny", preprocessing=preprocessing)


def weights_of(network: Network, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in network.parameters.items()}


def a_chain(preprocessing: str = "unit") -> Network:
    return a_network(
        a_convolution("a", "image", 8),
        a_layer("MaxPooling2D", "pool", "a", pool_size=[2, 2], padding="valid"),
        a_convolution("b", "pool", 10),
        preprocessing=preprocessing,
    )


def test_incoming_slices_are_the_strongest_of_the_kernel():
    network = a_chain()
    tensors = weights_of(network)
    found = kernels.incoming(network, tensors, "b", 4)
    kernel = tensors["b/kernel"][..., 4]
    norms = np.linalg.norm(kernel.reshape(9, 8), axis=0)
    assert [each.filter for each in found] == np.argsort(-norms)[:6].tolist()
    assert {each.layer for each in found} == {"a"}
    for each in found:
        assert each.norm == pytest.approx(norms[each.filter])
        assert each.share == pytest.approx(norms[each.filter] ** 2 / (norms**2).sum())
        assert np.array_equal(each.kernel, kernel[..., each.filter])


def test_outgoing_slices_are_those_that_the_reader_lists_as_incoming():
    network = a_chain()
    tensors = weights_of(network)
    found = kernels.outgoing(network, tensors, "a", 3)
    norms = np.linalg.norm(tensors["b/kernel"][:, :, 3].reshape(9, 10), axis=0)
    assert [(each.layer, each.filter) for each in found] == [("b", number) for number in np.argsort(-norms)[:6]]
    for each in found:
        whole = np.linalg.norm(tensors["b/kernel"][..., each.filter])
        assert each.share == pytest.approx(norms[each.filter] ** 2 / whole**2)
        assert np.array_equal(each.kernel, tensors["b/kernel"][:, :, 3, each.filter])


def test_the_last_layer_has_no_outgoing_slices():
    network = a_chain()
    assert kernels.outgoing(network, weights_of(network), "b", 0) == ()


@pytest.mark.parametrize(
    ("preprocessing", "channels"), [("unit", [0, 1, 2]), ("torch", [0, 1, 2]), ("caffe", [2, 1, 0])]
)
def test_the_first_layer_reads_red_green_blue_whatever_order_the_network_wants(preprocessing, channels):
    network = a_chain(preprocessing)
    tensors = weights_of(network)
    found = kernels.incoming(network, tensors, "a", 5)
    assert sorted(each.filter for each in found) == [0, 1, 2]
    assert sum(each.share for each in found) == pytest.approx(1)
    for each in found:
        assert each.layer == "input"
        assert np.array_equal(each.kernel, tensors["a/kernel"][:, :, channels[each.filter], 5])
    assert np.array_equal(kernels.kernel_of(network, tensors, "a"), tensors["a/kernel"][:, :, channels])
    assert np.array_equal(kernels.kernel_of(network, tensors, "b"), tensors["b/kernel"])


def test_a_concatenation_keeps_track_of_whose_channel_is_whose():
    network = a_network(
        a_convolution("a", "image", 2),
        a_convolution("b", "a", 3),
        a_layer("Concatenate", "both", "a", "b"),
        a_convolution("c", "both", 4),
    )
    tensors = weights_of(network)
    incoming = kernels.incoming(network, tensors, "c", 1)
    channel = {("a", 0): 0, ("a", 1): 1, ("b", 0): 2, ("b", 1): 3, ("b", 2): 4}
    assert {(each.layer, each.filter) for each in incoming} == set(channel)
    for each in incoming:
        assert np.array_equal(each.kernel, tensors["c/kernel"][:, :, channel[each.layer, each.filter], 1])
    outgoing = kernels.outgoing(network, tensors, "b", 2)
    assert [each.norm for each in outgoing] == sorted((each.norm for each in outgoing), reverse=True)
    for each in outgoing:
        assert np.array_equal(each.kernel, tensors["c/kernel"][:, :, 4, each.filter])
    assert {each.layer for each in kernels.outgoing(network, tensors, "a", 0)} == {"b", "c"}


def test_a_grouped_convolution_reads_only_its_group():
    network = a_network(a_convolution("a", "image", 4), a_convolution("b", "a", 6, groups=2))
    tensors = weights_of(network)
    incoming = kernels.incoming(network, tensors, "b", 5)
    assert {each.filter for each in incoming} == {2, 3}
    for each in incoming:
        assert np.array_equal(each.kernel, tensors["b/kernel"][:, :, each.filter - 2, 5])
    outgoing = kernels.outgoing(network, tensors, "a", 1)
    assert {each.filter for each in outgoing} == {0, 1, 2}
    for each in outgoing:
        assert np.array_equal(each.kernel, tensors["b/kernel"][:, :, 1, each.filter])


def test_channels_that_are_a_sum_have_no_names():
    network = a_network(
        a_convolution("a", "image", 2),
        a_convolution("b", "a", 2),
        a_layer("Add", "sum", "a", "b"),
        a_convolution("c", "sum", 4),
    )
    tensors = weights_of(network)
    assert kernels.incoming(network, tensors, "c", 0) == ()
    assert {each.layer for each in kernels.outgoing(network, tensors, "a", 0)} == {"b"}


def test_a_kernel_of_zeros_has_no_neighbours():
    network = a_chain()
    tensors = {name: np.zeros_like(tensor) for name, tensor in weights_of(network).items()}
    assert kernels.incoming(network, tensors, "b", 0) == ()
    assert kernels.outgoing(network, tensors, "a", 0) == ()
