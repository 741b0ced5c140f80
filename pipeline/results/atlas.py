"""Everything an atlas shows: the layers of a results folder, their filters, and the records of their renders."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.network.graph import Network
from pipeline.results import layer_summary, layout, record
from pipeline.results.layer_summary import Figures, Filter, filter_of
from pipeline.results.record import Record
from pipeline.weights import store
from pipeline.wording import WORDS, Words


@dataclass(frozen=True)
class Layer:
    """One layer of the atlas: what it is, its figures, its rendered filters by number, and their records.

    `slug` is the name of its folder, here and on the site; `objective` what its pictures were made for.
    """

    name: str
    slug: str
    index: int
    filters_total: int
    input_channels: int
    kernel_size: tuple[int, int]
    receptive_field_px: int
    stride_px: int
    canvas_px: int
    objective: str
    figures: Figures
    filters: tuple[Filter, ...]
    records: Mapping[int, Record]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of the rendered filters, ascending."""
        return tuple(each.filter for each in self.filters)

    @property
    def words(self) -> Words:
        """How to speak of what its pictures were made for."""
        return WORDS[self.objective]

    @functools.cached_property
    def by_number(self) -> Mapping[int, Filter]:
        """The rendered filters, found by number."""
        return {each.filter: each for each in self.filters}


@dataclass(frozen=True)
class Atlas:
    """The layers of an atlas in the network's order, all of one objective, and the weights they were rendered from.

    Attributes:
        network: the whole network, of which `layers` may be a part.
        layers: those that were rendered.
        weights_sha256: digest of the weights.
        weights_source: a sentence that says where they came from.
        first_kernels: kernels of the network's first layer, float32 (filters, height, width, [red, green, blue]).
    """

    network: Network
    layers: tuple[Layer, ...]
    weights_sha256: str
    weights_source: str
    first_kernels: np.ndarray

    @property
    def words(self) -> Words:
        """How to speak of what the pictures were made for."""
        return self.layers[0].words

    @functools.cached_property
    def by_name(self) -> Mapping[str, Layer]:
        """The layers, found by name."""
        return {layer.name: layer for layer in self.layers}


def read(results: Path, weights_path: Path, network: Network, layers: Sequence[str]) -> Atlas:
    """Return the atlas of the given layers; raise `UserError`, naming the file, for what is missing or wrong."""
    made = store.load(weights_path)
    wanted = {network.layer(name).name for name in layers}
    ordered = [layer.name for layer in network.layers if layer.name in wanted]
    first = network.layers[0]
    kernels = np.moveaxis(made.tensors[f"{first.name}/kernel"], 3, 0)
    if network.preprocessing == "caffe":
        # Such networks read blue, green, red.
        kernels = kernels[..., ::-1]
    found = tuple(read_layer(results, name) for name in ordered)
    for layer in found:
        if layer.objective != found[0].objective:
            raise UserError(
                f"{results / 'layers' / layer.slug}.json: objective: {layer.objective}, but {found[0].objective} in "
                f"{found[0].name}; an atlas has one objective"
            )
    return Atlas(
        network=network,
        layers=found,
        weights_sha256=made.sha256,
        weights_source=made.source,
        first_kernels=kernels,
    )


def read_layer(results: Path, name: str) -> Layer:
    """Return one layer of the results: its summary and the records of its filters."""
    slug = layout.slug(name)
    path = results / "layers" / f"{slug}.json"
    value = layer_summary.read(path)
    if value["layer"] != name:
        raise UserError(f"{path}: not the summary of {name}; delete it to make it anew")
    layer_summary.check_objective(value, path)
    try:
        filters = tuple(filter_of(each) for each in value["filters"])
        figures = {**value["figures"], "worst": tuple(value["figures"]["worst"])}
        return Layer(
            name=name,
            slug=slug,
            index=value["index"],
            filters_total=value["filters_total"],
            input_channels=value["input_channels"],
            kernel_size=tuple(value["kernel_size"]),
            receptive_field_px=value["receptive_field_px"],
            stride_px=value["stride_px"],
            canvas_px=value["canvas_px"],
            objective=layer_summary.objective(value),
            figures=Figures(**{each.name: figures[each.name] for each in dataclasses.fields(Figures)}),
            filters=filters,
            records={each.filter: _record(results, name, each.filter) for each in filters},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: damaged summary ({error!r:.80}); delete it to make it anew") from None


def _record(results: Path, layer: str, filter: int) -> Record:
    return record.read_record(layout.paths(results, layer, filter).record)
