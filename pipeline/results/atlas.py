"""Everything an atlas shows: the layers of a results folder, their filters, and the records of their renders."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.measure import kernels
from pipeline.network.catalogue import Network
from pipeline.results import exemplars, layer_summary, layout, record, tuning
from pipeline.results.exemplars import Exemplars
from pipeline.results.layer_summary import Layer
from pipeline.results.record import Record
from pipeline.results.tuning import Tuning
from pipeline.weights import store
from pipeline.wording import Words


@dataclass(frozen=True)
class Atlas:
    """The layers of an atlas in the network's order, all of one objective, and the weights they were rendered from.

    Attributes:
        network: the whole network, of which `layers` may be a part.
        layers: those that were rendered.
        records: of each layer by name, those of its rendered filters by number.
        weights_sha256: digest of the weights.
        weights_source: a sentence that says where they came from.
        weights_are_published: whether they are those that a named network is published with, not from a user's file.
        first_kernels: kernels of the network's first layer, float32 (filters, height, width, [red, green, blue]).
        exemplars: of each layer by name, what photographs do; nothing where none were shown.
        tuning: of each layer by name, what gratings do, likewise.
    """

    network: Network
    layers: tuple[Layer, ...]
    records: Mapping[str, Mapping[int, Record]]
    weights_sha256: str
    weights_source: str
    weights_are_published: bool
    first_kernels: np.ndarray
    exemplars: Mapping[str, Exemplars] = field(default_factory=dict)
    tuning: Mapping[str, Tuning] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        """How to speak of what the pictures were made for."""
        return self.layers[0].words

    @functools.cached_property
    def by_name(self) -> Mapping[str, Layer]:
        """The layers, found by name."""
        return {layer.name: layer for layer in self.layers}


def read(
    results: Path, weights_path: Path, network: Network, layers: Sequence[str], *, is_shown: bool = False
) -> Atlas:
    """Return the atlas of the given layers; raise `UserError`, naming the file, for what is missing or wrong.

    Args:
        results: the results folder.
        weights_path: of the network's weights.
        network: the network.
        layers: names of its layers.
        is_shown: whether it was shown photographs and gratings.
    """
    made = store.load(weights_path)
    wanted = {network.layer(name).name for name in layers}
    found = {
        layout.layer_paths(results, layer.name).summary: read_layer(results, layer.name)
        for layer in network.layers
        if layer.name in wanted
    }
    layer_summary.check_alike(found)
    seen = found.values() if is_shown else ()
    return Atlas(
        network=network,
        layers=tuple(found.values()),
        records={layer.name: _records(results, layer) for layer in found.values()},
        weights_sha256=made.sha256,
        weights_source=made.source,
        weights_are_published=made.are_published,
        first_kernels=np.moveaxis(kernels.kernels_of(network, made.tensors, network.layers[0].name), 3, 0),
        exemplars={layer.name: _exemplars(results, layer) for layer in seen},
        tuning={layer.name: _tuning(results, layer) for layer in seen},
    )


def read_layer(results: Path, name: str) -> Layer:
    """Return the summary of the layer `name`; raise `UserError` where its file is missing, or another's."""
    path = layout.layer_paths(results, name).summary
    layer = layer_summary.read(path)
    if layer.name != name:
        raise UserError(f"{path}: the summary of {layer.name:.80}, not of {name}; delete it to make it anew")
    return layer


def _records(results: Path, layer: Layer) -> dict[int, Record]:
    return {number: record.read_record(layout.paths(results, layer.name, number).record) for number in layer.numbers}


def _exemplars(results: Path, layer: Layer) -> Exemplars:
    path = layout.exemplars(results, layer.name)
    found = exemplars.read(path)
    _check_whose(path, layer, found)
    if missing := [number for number in layer.numbers if number not in found.by_number]:
        raise UserError(f"{path}: filter {missing[0]} is missing; delete it to make it anew")
    return found


def _tuning(results: Path, layer: Layer) -> Tuning:
    path = layout.tuning(results, layer.name)
    found = tuning.read(path)
    _check_whose(path, layer, found)
    if len(found.filters) != layer.filters_total:
        raise UserError(f"{path}: {len(found.filters)} filters of {layer.filters_total}; delete it to make it anew")
    return found


def _check_whose(path: Path, layer: Layer, found: Exemplars | Tuning) -> None:
    for key in ("model", "name", "weights_sha256", "objective"):
        if getattr(found, key) != getattr(layer, key):
            raise UserError(
                f"{path}: {key}: {getattr(found, key):.40}, but {getattr(layer, key):.40} in the layer's summary; "
                "delete it to make it anew"
            )
