"""Everything an atlas shows: the layers of a results folder, their filters, and the records of their renders."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.measure import kernels
from pipeline.network.catalogue import Network
from pipeline.results import document, exemplars, layer_summary, layout, photographs, record, strongest, trust, tuning
from pipeline.results.exemplars import Exemplars
from pipeline.results.layer_summary import Layer
from pipeline.results.photographs import Collection
from pipeline.results.record import Record
from pipeline.results.strongest import Strongest
from pipeline.results.trust import Trust
from pipeline.results.tuning import Tuning
from pipeline.weights import store
from pipeline.wording import Words


@dataclass(frozen=True)
class Natural:
    """What excites the filters of an atlas in photographs.

    Attributes:
        collection: the photographs.
        layers: of each layer of the atlas by name, how it answers to them.
        strongest: the strongest unit of every filter in each of a sample of them.
    """

    collection: Collection
    layers: Mapping[str, Exemplars]
    strongest: Strongest

    @functools.cached_property
    def paged(self) -> Sequence[int]:
        """Which photographs have a page, ascending."""
        return exemplars.paged(self.layers.values(), len(self.collection.photographs))


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
        natural: what photographs say; None where it was shown none.
        trust: of each layer by name, how its pictures compare with photographs; likewise.
        tuning: of each layer by name, what gratings do; nothing where it was shown no photographs.
    """

    network: Network
    layers: tuple[Layer, ...]
    records: Mapping[str, Mapping[int, Record]]
    weights_sha256: str
    weights_source: str
    weights_are_published: bool
    first_kernels: np.ndarray
    natural: Natural | None = None
    trust: Mapping[str, Trust] | None = None
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
    results: Path, weights_path: Path, network: Network, layers: Sequence[str], *, with_photographs: bool = False
) -> Atlas:
    """Return the atlas of the given layers, `with_photographs` where it was shown any, and gratings with them.

    Raises `UserError`, naming the file, for what is missing or wrong.
    """
    made = store.load(weights_path)
    wanted = {network.layer(name).name for name in layers}
    found = {
        layout.layer_paths(results, layer.name).summary: read_layer(results, layer.name)
        for layer in network.layers
        if layer.name in wanted
    }
    layer_summary.check_alike(found)
    return Atlas(
        network=network,
        layers=tuple(found.values()),
        records={layer.name: _records(results, layer) for layer in found.values()},
        weights_sha256=made.sha256,
        weights_source=made.source,
        weights_are_published=made.are_published,
        first_kernels=np.moveaxis(kernels.kernels_of(network, made.tensors, network.layers[0].name), 3, 0),
        natural=_natural(results, list(found.values())) if with_photographs else None,
        trust={layer.name: _trust(results, layer) for layer in found.values()} if with_photographs else None,
        tuning={layer.name: _tuning(results, layer) for layer in found.values()} if with_photographs else {},
    )


def read_layer(results: Path, name: str) -> Layer:
    """Return the summary of the layer `name`; raise `UserError` where its file is missing, or another's."""
    path = layout.layer_paths(results, name).summary
    layer = layer_summary.read(path)
    if layer.name != name:
        raise UserError(f"{path}: the summary of {layer.name:.80}, not of {name}; delete it to make it anew")
    return layer


def _natural(results: Path, layers: Sequence[Layer]) -> Natural:
    listed = layout.photograph_files(results)
    digest, made = files.digest(listed), {}
    for layer in layers:
        path = layout.exemplars(results, layer.name)
        made[layer.name] = exemplars.read(path)
        document.check(path, made[layer.name], photographs.CURE, _of(layer) | {"files_sha256": digest})
        if missing := set(layer.numbers) - set(made[layer.name].by_number):
            raise UserError(f"{path}: filter {min(missing)} is missing; {photographs.CURE}")
    digests = photographs.read_files(listed).digests
    table = strongest.read(layout.strongest(results))
    if table.photographs != digests or not {layer.name for layer in layers} <= set(table.layers):
        raise UserError(f"{layout.strongest(results)}: of other photographs or layers; {photographs.CURE}")
    collection = photographs.read(layout.photographs(results))
    if tuple(each.sha256 for each in collection.photographs) != digests:
        raise UserError(f"{layout.photographs(results)}: of other photographs than {listed}; {photographs.CURE}")
    return Natural(collection, made, table)


def _trust(results: Path, layer: Layer) -> Trust:
    path = layout.trust(results, layer.name)
    found = trust.read(path)
    document.check(path, found, photographs.CURE, {"name": layer.name, "weights_sha256": layer.weights_sha256})
    return found


def _records(results: Path, layer: Layer) -> dict[int, Record]:
    return {number: record.read_record(layout.paths(results, layer.name, number).record) for number in layer.numbers}


def _tuning(results: Path, layer: Layer) -> Tuning:
    path = layout.tuning(results, layer.name)
    found = tuning.read(path)
    document.check(path, found, photographs.CURE, _of(layer))
    if len(found.filters) != layer.filters_total:
        raise UserError(f"{path}: {len(found.filters)} filters of {layer.filters_total}; {photographs.CURE}")
    return found


def _of(layer: Layer) -> dict[str, str]:
    """Return what documents about a layer have in common with its summary."""
    return {key: getattr(layer, key) for key in ("model", "name", "weights_sha256", "objective")}
