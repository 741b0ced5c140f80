"""Everything an atlas shows: the layers of a results folder, their filters, and the records of their renders."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import layer_summary, record, weights
from pipeline.descriptors import Descriptors
from pipeline.errors import UserError
from pipeline.network import Network
from pipeline.record import Record
from pipeline.wording import WORDS, Words


@dataclass(frozen=True)
class Slice:
    """One input channel of one kernel: who is read, how strongly, with which weights.

    Attributes:
        layer: the other filter's layer; "input" for the colour channels.
        filter: the other filter; 0, 1, 2 for red, green, blue.
        norm: L2 norm of the slice.
        share: norm² ÷ the norm² of the whole kernel, 0..1.
        kernel: rows of weights.
    """

    layer: str
    filter: int
    norm: float
    share: float
    kernel: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Filter:
    """What was measured of one filter; the meaning of each field stands in `docs/formats.md`."""

    filter: int
    activation: float
    noise_activation: float
    robust_activation: float
    alive: bool
    own_rank: int
    selectivity: float
    similar: tuple[tuple[int, float], ...]
    bias: float
    kernel_norm: float
    incoming: tuple[Slice, ...]
    outgoing: tuple[Slice, ...]
    looks: Descriptors

    @property
    def ratio(self) -> float:
        """How many times more the filter answers to its own picture than to noise, as the objective has it."""
        return self.activation / self.noise_activation if self.noise_activation > 0 else 0.0


@dataclass(frozen=True)
class Figures:
    """How sure the pictures of a layer are: counts of filters, and the least sure ones first."""

    rendered: int
    alive: int
    own_best: int
    own_best_top5: int
    worst: tuple[int, ...]


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
    made = weights.load(weights_path)
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
    slug = record.slug(name)
    path = results / "layers" / f"{slug}.json"
    value = layer_summary.read(path)
    if value["layer"] != name:
        raise UserError(f"{path}: not the summary of {name}; delete it to make it anew")
    layer_summary.check_objective(value, path)
    try:
        filters = tuple(_filter(each) for each in value["filters"])
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
    return record.read_record(record.paths(results, layer, filter).record)


def _filter(value: Mapping[str, Any]) -> Filter:
    fields = {each.name: value[each.name] for each in dataclasses.fields(Filter) if each.name != "looks"}
    fields["looks"] = Descriptors(**{each.name: value[each.name] for each in dataclasses.fields(Descriptors)})
    fields["similar"] = tuple((each["filter"], each["similarity"]) for each in value["similar"])
    for side in ("incoming", "outgoing"):
        fields[side] = tuple(
            Slice(**{**each, "kernel": tuple(tuple(row) for row in each["kernel"])}) for each in value[side]
        )
    return Filter(**fields)
