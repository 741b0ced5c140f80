"""The neighbours of a filter: the kernel slices by which it reads earlier filters, and later ones read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.network.graph import Network

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


def reads_image(network: Network, layer: str) -> bool:
    """Return whether the input channels of a layer are the image's red, green and blue."""
    node = network.node(layer)
    while len(node.inputs) == 1:
        node = network.node(node.inputs[0])
        if node.kind == "Conv2D":
            return False
    return not node.inputs


def kernel_of(network: Network, tensors: Mapping[str, np.ndarray], layer: str) -> np.ndarray:
    """Return a layer's kernels with the image's channels, where it reads them, in the order red, green, blue.

    Returns:
        float32 (height, width, input channels of a group, filters).
    """
    kernel = tensors[f"{layer}/kernel"]
    # Keras's "caffe" preprocessing hands the network blue, green, red.
    return kernel[:, :, ::-1] if network.preprocessing == "caffe" and reads_image(network, layer) else kernel


def incoming(network: Network, tensors: Mapping[str, np.ndarray], layer: str, filter: int) -> tuple[Neighbour, ...]:
    """Return the filters (or image channels) that `filter` of `layer` reads most, by norm, the strongest first.

    Empty where the input channels are no layer's filters (a sum, for instance).
    """
    kernel = kernel_of(network, tensors, layer)[..., filter]
    sources = _input_channels(network, layer)
    if not sources:
        return ()
    first = _first_channel(network, layer, filter)
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
    kernel = tensors[f"{reader}/kernel"]
    per_group, filters = kernel.shape[2:]
    in_group = filters // _groups(network, reader)
    group, place = divmod(channel, per_group)
    members = slice(group * in_group, (group + 1) * in_group)
    norms = _norms(kernel[:, :, place, members], (0, 1))
    for index in _strongest(norms):
        number = members.start + int(index)
        whole = float((_norms(kernel[..., number], (0, 1)) ** 2).sum())
        norm = float(norms[index])
        yield Neighbour(reader, number, norm, norm**2 / whole, kernel[:, :, place, number])


def _input_channels(network: Network, layer: str) -> list[tuple[str, int]]:
    if reads_image(network, layer):
        return [(INPUT, channel) for channel in range(3)]
    sources = network.layer(layer).sources
    return [(source, number) for source in sources for number in range(network.layer(source).filters)]


def _groups(network: Network, layer: str) -> int:
    groups: int = network.node(layer).settings.get("groups", 1)
    return groups


def _first_channel(network: Network, layer: str, filter: int) -> int:
    """Return the first of the input channels that a filter reads: those of its group."""
    described, groups = network.layer(layer), _groups(network, layer)
    return filter // (described.filters // groups) * (described.input_channels // groups)


def _norms(kernel: NDArray[np.float32], axes: tuple[int, int]) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.sqrt(np.square(kernel, dtype=np.float64).sum(axes))
    return norms


def _strongest(norms: NDArray[np.float64]) -> list[int]:
    return [int(index) for index in np.argsort(-norms, kind="stable")[:LISTED] if norms[index] > 0]
