"""The neighbours of a filter: the kernel slices by which it reads earlier filters, and later ones read it.

Whatever the layer, a kernel is looked at as that of a plain convolution, (height, width, input channels of a group,
filters): a dense layer's is one of 1 × 1, a depthwise one's has as many groups as channels, and that of a separable
convolution is what its two make together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.network.catalogue import ConvLayer, Network

LISTED = 6

# Name that stands for the image where a layer reads the image itself; its filters are red, green, blue.
INPUT = "input"


@dataclass(frozen=True)
class Neighbour:
    """A filter at the other end of a kernel slice.

    Attributes:
        layer, filter: the filter; layer "input" and filter 0, 1, 2 are the image's red, green, blue.
        norm: L2 norm of the slice.
        share: norm² ÷ the squared norm of the whole kernel that the slice belongs to, 0..1.
        kernel: the slice, float32 (height, width).
    """

    layer: str
    filter: int
    norm: float
    share: float
    kernel: np.ndarray


def kernel_of(network: Network, tensors: Mapping[str, np.ndarray], layer: str, filter: int) -> np.ndarray:
    """Return a filter's kernel with the image's channels, where it reads them, in their own order.

    Returns:
        float32 (height, width, input channels of a group); no input channels where the layer's weights are not those
        of a convolution.
    """
    return _of_filters(network, tensors, layer, slice(filter, filter + 1))[..., 0]


def kernels_of(network: Network, tensors: Mapping[str, np.ndarray], layer: str) -> np.ndarray:
    """Return the kernels of all filters of a layer as `kernel_of` does: float32 (height, width, channels, filters)."""
    return _of_filters(network, tensors, layer, slice(None))


def incoming(network: Network, tensors: Mapping[str, np.ndarray], layer: str, filter: int) -> tuple[Neighbour, ...]:
    """Return the filters (or image channels) that `filter` of `layer` reads most, by norm, the strongest first.

    Empty where the input channels are no layer's filters (a sum, for instance).
    """
    kernel = kernel_of(network, tensors, layer, filter)
    sources = _input_channels(network, layer)
    if not sources or not kernel.size:
        return ()
    first = _first_channel(network.layer(layer), filter)
    norms = _norms(kernel, (0, 1))
    whole = float((norms**2).sum())
    return tuple(
        Neighbour(
            *sources[first + channel], float(norms[channel]), float(norms[channel] ** 2) / whole, kernel[..., channel]
        )
        for channel in _strongest(norms)
    )


def outgoing(network: Network, tensors: Mapping[str, np.ndarray], layer: str, filter: int) -> tuple[Neighbour, ...]:
    """Return the filters of later layers that read `filter` of `layer` most, by norm, the strongest first."""
    found = [
        neighbour
        for reader, channel in _readers(network, layer, filter)
        for neighbour in _reading(network, tensors, reader, channel)
    ]
    return tuple(sorted(found, key=lambda neighbour: -neighbour.norm)[:LISTED])


def _readers(network: Network, layer: str, filter: int) -> Iterator[tuple[str, int]]:
    """Yield every layer that reads the filter, and the input channel by which it does."""
    for reader in network.layers:
        start = 0
        for source in reader.sources:
            if source == layer:
                yield reader.name, start + filter
            start += network.layer(source).filters


def _reading(network: Network, tensors: Mapping[str, np.ndarray], reader: str, channel: int) -> Iterator[Neighbour]:
    """Yield the filters of `reader` that read its input channel `channel` most."""
    layer = network.layer(reader)
    group, place = divmod(channel, layer.input_channels // layer.groups)
    in_group = layer.filters // layer.groups
    members = slice(group * in_group, (group + 1) * in_group)
    kernels = _of_channel(network, tensors, reader, place, members)
    if not kernels.size:
        return
    norms = _norms(kernels, (0, 1))
    for index in _strongest(norms):
        number = members.start + int(index)
        whole = float((_norms(kernel_of(network, tensors, reader, number), (0, 1)) ** 2).sum())
        norm = float(norms[index])
        yield Neighbour(reader, number, norm, norm**2 / whole, kernels[..., index])


def _of_filters(network: Network, tensors: Mapping[str, np.ndarray], layer: str, filters: slice) -> np.ndarray:
    described = network.layer(layer)
    kernel = _kernels(described, tensors, filters)
    # Keras's "caffe" preprocessing hands the network blue, green, red.
    return kernel[:, :, ::-1] if network.preprocessing == "caffe" and described.reads_image else kernel


def _kernels(layer: ConvLayer, tensors: Mapping[str, np.ndarray], filters: slice) -> np.ndarray:
    """Return kernels as those of a plain convolution: (height, width, input channels of a group, filters)."""
    if layer.kind == "SeparableConv2D":
        each, mixed = tensors[f"{layer.weights}/depthwise_kernel"], tensors[f"{layer.weights}/pointwise_kernel"]
        channels, multiplier = each.shape[2:]
        mixing = mixed[0, 0, :, filters].reshape(channels, multiplier, -1)
        composed: np.ndarray = np.einsum("hwcm,cmf->hwcf", each, mixing).astype(np.float32)
        return composed
    kernel = tensors.get(f"{layer.weights}/kernel")
    if kernel is None or kernel.ndim != (2 if layer.kind == "Dense" else 4):
        return np.zeros((*layer.kernel_size, 0, layer.filters), np.float32)[..., filters]
    if layer.kind == "Dense":
        kernel = kernel[None, None]
    elif layer.kind == "DepthwiseConv2D":
        kernel = kernel.reshape(*kernel.shape[:2], 1, -1)
    elif layer.kind == "Conv2DTranspose":
        kernel = kernel.transpose(0, 1, 3, 2)
    return kernel[..., filters]


def _of_channel(
    network: Network, tensors: Mapping[str, np.ndarray], layer: str, place: int, filters: slice
) -> np.ndarray:
    """Return by which slices some filters of a layer read the channel at a place in their group, (height, width, …)."""
    described = network.layer(layer)
    if described.kind != "SeparableConv2D":
        return _kernels(described, tensors, filters)[:, :, place]
    each = tensors[f"{described.weights}/depthwise_kernel"][:, :, place]
    mixed = tensors[f"{described.weights}/pointwise_kernel"][0, 0].reshape(-1, each.shape[-1], described.filters)
    composed: np.ndarray = (each @ mixed[place][:, filters]).astype(np.float32)
    return composed


def _input_channels(network: Network, layer: str) -> list[tuple[str, int]]:
    described = network.layer(layer)
    if described.reads_image:
        return [(INPUT, channel) for channel in range(described.input_channels)]
    return [(source, number) for source in described.sources for number in range(network.layer(source).filters)]


def _first_channel(layer: ConvLayer, filter: int) -> int:
    """Return the first of the input channels that a filter reads: those of its group."""
    return filter // (layer.filters // layer.groups) * (layer.input_channels // layer.groups)


def _norms(kernel: NDArray[np.float32], axes: tuple[int, int]) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.sqrt(np.square(kernel, dtype=np.float64).sum(axes))
    return norms


def _strongest(norms: NDArray[np.float64]) -> list[int]:
    return [int(index) for index in np.argsort(-norms, kind="stable")[:LISTED] if norms[index] > 0]
