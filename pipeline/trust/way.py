"""The profiles of a layer's pictures, and of places in photographs, on their way through the network."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pipeline import originals
from pipeline.measure import paths
from pipeline.network import keras_model, taps
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.originals import Original
from pipeline.results.exemplars import Exemplar
from pipeline.results.trust import PLACES, Station
from pipeline.trust import windows


def stations(
    network: Network,
    tensors: Mapping[str, np.ndarray],
    layer: ConvLayer,
    precision: str,
    pictures: np.ndarray,
    places: Sequence[Sequence[Exemplar]],
    open: Callable[[int], Original],
) -> tuple[Station, ...]:
    """Return how the layers on the way to a layer answer to the pictures of its filters.

    Photographs are seen where the unit's field is, pictures all over: they repeat what they show.

    Args:
        network: the network.
        tensors: its weights.
        layer: the layer.
        precision: of the convolutions.
        pictures: uint8 (filters, canvas, canvas, channels).
        places: of each filter, `PLACES` or more; the first of them are looked at.
        open: gives the photograph of a number; each is opened once.
    """
    graph = keras_model.graph_with(keras_model.load(network.model), tensors, precision)
    found = taps.Taps(network, graph, taps.way_to(network, graph, layer.name))
    field, side = layer.used_field_px, windows.side_px(layer, pictures.shape[1])
    over_all = found.reduced(found.means)
    over_field = found.reduced(lambda image: found.means(image, field))
    seen = _windows(places, open, lambda original, place: windows.cut(original, place, field, side))
    shown = np.concatenate([np.asarray(over_all(picture[None])) for picture in pictures])
    natural = np.stack([np.asarray(over_field(originals.in_channels(each, pictures.shape[3]))) for each in seen])
    return tuple(_stations(found.layers, shown, natural))


def _windows(
    places: Sequence[Sequence[Exemplar]],
    open: Callable[[int], Original],
    cut: Callable[[Original, Exemplar], np.ndarray],
) -> list[np.ndarray]:
    """Return the windows of each filter, uint8 (`PLACES`, side, side, 3), photograph by photograph."""
    wanted: dict[int, list[tuple[int, int]]] = {}
    for filter, several in enumerate(places):
        for place, each in enumerate(several[:PLACES]):
            wanted.setdefault(each.photograph, []).append((filter, place))
    found: dict[tuple[int, int], np.ndarray] = {}
    for number in sorted(wanted):
        original = open(number)
        for filter, place in wanted[number]:
            found[filter, place] = cut(original, places[filter][place])
    return [np.stack([found[filter, place] for place in range(PLACES)]) for filter in range(len(places))]


def _stations(layers: Sequence[ConvLayer], pictures: np.ndarray, places: np.ndarray) -> list[Station]:
    """Return the stations of layers whose channels lie one after the other in the last axis."""
    ends = np.cumsum([layer.filters for layer in layers])
    stations = []
    for layer, end in zip(layers, ends, strict=True):
        own = slice(end - layer.filters, end)
        compared = paths.compare(pictures[:, own].astype(np.float64), places[..., own].astype(np.float64))
        stations.append(
            Station(
                layer=layer.name,
                specific=None if compared.specific is None else round(compared.specific, 3),
                unnatural=round(compared.unnatural, 2),
                agreement=round(compared.agreement, 3),
            )
        )
    return stations
