import numpy as np
import pytest

from pipeline.measure import kernels
from pipeline.network.catalogue import Network
from tests.support import networks


def a_network(build, preprocessing: str = "unit") -> Network:
    return networks.functional(build, preprocessing=preprocessing)[1]


def a_convolution(layers, name: str, filters: int, **settings):
    return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name, **settings)


def weights_of(network: Network, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in network.parameters.items()}


def a_chain(preprocessing: str = "unit") -> Network:
    return a_network(
        lambda x, layers: a_convolution(layers, "b", 10)(layers.MaxPooling2D()(a_convolution(layers, "a", 8)(x))),
        preprocessing,
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
    assert np.array_equal(kernels.kernels_of(network, tensors, "a"), tensors["a/kernel"][:, :, channels])
    assert np.array_equal(kernels.kernels_of(network, tensors, "b"), tensors["b/kernel"])


def test_a_concatenation_keeps_track_of_whose_channel_is_whose():
    def build(x, layers):
        a = a_convolution(layers, "a", 2)(x)
        return a_convolution(layers, "c", 4)(layers.Concatenate()([a, a_convolution(layers, "b", 3)(a)]))

    network = a_network(build)
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
    network = a_network(lambda x, layers: a_convolution(layers, "b", 6, groups=2)(a_convolution(layers, "a", 4)(x)))
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
    def build(x, layers):
        a = a_convolution(layers, "a", 2)(x)
        return a_convolution(layers, "c", 4)(layers.Add()([a, a_convolution(layers, "b", 2)(a)]))

    network = a_network(build)
    tensors = weights_of(network)
    assert kernels.incoming(network, tensors, "c", 0) == ()
    assert {each.layer for each in kernels.outgoing(network, tensors, "a", 0)} == {"b"}


def test_a_kernel_of_zeros_has_no_neighbours():
    network = a_chain()
    tensors = {name: np.zeros_like(tensor) for name, tensor in weights_of(network).items()}
    assert kernels.incoming(network, tensors, "b", 0) == ()
    assert kernels.outgoing(network, tensors, "a", 0) == ()
