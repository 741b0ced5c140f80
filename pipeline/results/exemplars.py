"""What in the photographs excites the filters of a layer: the nine patches that do it most, how much of the picture's
strength that is, how the filters answer to all photographs, and which filters answer alike.
"""

import functools
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.measure.families import FEWEST_FILTERS
from pipeline.results import document
from pipeline.results.document import Activation, Count, Digest, Document, FromOne, Name, Part, Share
from pipeline.results.layer_summary import Family, check_families
from pipeline.wording import DEFAULT, Objective

# Patches of a filter, each from a photograph of its own.
EXEMPLARS = 9
# Of the strongest unit of each photograph, from the lowest up: shares of the photographs that stay below.
QUANTILES = (0.1, 0.5, 0.9, 0.99)
# The histogram goes down from the strongest photograph's by so many steps of half an octave, a factor of √2.
HISTOGRAM_STEPS = 16
# Similar filters listed.
ALIKE = 8
# With fewer photographs, of thousands of filters some always answer to the same ones.
FEWEST_PHOTOGRAPHS = 30

# Photographs, at most, that have a page and a copy of their own: those of most patches.
PAGED = 500

_CURE = "delete it to make it anew"

Place = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Box = tuple[Place, Place, Place, Place]


class Exemplar(Part, frozen=True, kw_only=True):
    """A place in a photograph that excites a filter, the strongest of that photograph."""

    photograph: Annotated[Count, Meta(description="number of the photograph in `files.json`")]
    scale_px: Annotated[
        FromOne, Meta(description="shorter side of the photograph as the network saw it when the unit was strongest")
    ]
    row: Annotated[Place, Meta(description="row of the unit in the layer’s map, from 0")]
    column: Annotated[Place, Meta(description="its column")]
    activation: Annotated[Activation, Meta(description="max(0, answer) of the unit, in float32")]
    field: Annotated[
        Box,
        Meta(
            description="left, top, right, bottom of what the unit makes use of, in pixels of the photograph’s file, "
            "upright; cut off where it leaves the photograph"
        ),
    ]
    patch: Annotated[
        Box,
        Meta(description="the same of what its patch in the strip shows: a square, the field and at least 24 px of it"),
    ]

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Where the field lies in the patch: left, top, width, height, each a share of the patch's side, 0..1."""
        left, top, right, bottom = self.patch
        across, down = max(1, right - left), max(1, bottom - top)
        x = [min(max(0, each - left), across) / across for each in (self.field[0], self.field[2])]
        y = [min(max(0, each - top), down) / down for each in (self.field[1], self.field[3])]
        return x[0], y[0], x[1] - x[0], y[1] - y[0]


class Alike(Part, frozen=True, kw_only=True):
    """A filter of any layer that answers to the same photographs."""

    layer: Annotated[Name, Meta(description="its layer")]
    filter: Annotated[Count, Meta(description="its number")]
    similarity: Annotated[
        Annotated[float, Meta(ge=-1, le=1)],
        Meta(description="correlation of the square roots of the strongest units over the photographs, −1 to 1"),
    ]


class Filter(Part, frozen=True, kw_only=True):
    """How one filter answers to the photographs."""

    filter: Annotated[Count, Meta(description="number of the filter in its layer, from 0")]
    natural: Annotated[
        Activation,
        Meta(description="activation of its strongest unit in any of the photographs; 0 where none excites it"),
    ]
    natural_to_synthetic: Annotated[
        Activation | None,
        Meta(
            description="`natural` ÷ `strongest_unit` of the layer’s summary: what the strongest photograph reaches of "
            "what the picture does; null where the picture does not excite it"
        ),
    ]
    exemplars: Annotated[
        Annotated[tuple[Exemplar, ...], Meta(max_length=EXEMPLARS)],
        Meta(
            description=f"up to {EXEMPLARS} places, each in another photograph, the strongest first; fewer where fewer "
            "photographs excite it"
        ),
    ]
    quantiles: Annotated[
        tuple[Activation, ...],
        Meta(
            description="of the strongest unit of each sampled photograph: "
            + ", ".join(f"{100 * each:g}" for each in QUANTILES)
            + " % of the photographs stay below"
        ),
    ]
    histogram: Annotated[
        tuple[Count, ...],
        Meta(
            description=f"sampled photographs by their strongest unit, {HISTOGRAM_STEPS} steps of half an octave down "
            "from `natural`: the first are from `natural` ÷ √2 to `natural`; last, all that stay below"
        ),
    ]
    reach_half: Annotated[
        Share, Meta(description="share of the sampled photographs whose strongest unit reaches half of `natural`")
    ]
    alike: Annotated[
        tuple[Alike, ...],
        Meta(
            description=f"up to {ALIKE} rendered filters, of any layer, that answer to the same photographs, nearest "
            f"first; none where there are fewer than {FEWEST_PHOTOGRAPHS} photographs"
        ),
    ]


class Exemplars(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/exemplars/1"):
    """How the rendered filters of one layer answer to the photographs."""

    model: Annotated[Name, Meta(description="name of the network")]
    name: Annotated[Name, Meta(description="name of the layer")] = msgspec.field(name="layer")
    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    files_sha256: Annotated[Digest, Meta(description="digest of `photographs/files.json`")]
    objective: Annotated[Objective, Meta(description="what an answer is: what the pictures were made for")] = DEFAULT
    photographs: Annotated[FromOne, Meta(description="how many photographs were shown")]
    sampled: Annotated[
        FromOne,
        Meta(description="how many of them, chosen by their digests, the shares, histograms and likenesses are from"),
    ]
    field_px: Annotated[
        FromOne,
        Meta(description="side of what a unit makes use of, in pixels of what the network sees"),
    ]
    filters: Annotated[tuple[Filter, ...], Meta(description="one object for each rendered filter, by number")]
    families: Annotated[
        tuple[Family, ...],
        Meta(
            description="the layer’s rendered filters in groups that answer to the same photographs, the largest "
            f"first; none where there are fewer than {FEWEST_PHOTOGRAPHS} photographs, or {FEWEST_FILTERS} filters"
        ),
    ]

    def __post_init__(self) -> None:
        numbers = [each.filter for each in self.filters]
        if not numbers or numbers != sorted(set(numbers)):
            raise ValueError("filters: should be at least one, each once, by number")
        check_families(self.families, numbers)
        for each in self.filters:
            shown = [exemplar.photograph for exemplar in each.exemplars]
            if len(set(shown)) < len(shown) or any(number >= self.photographs for number in shown):
                raise ValueError(
                    f"exemplars of filter {each.filter}: should be from different photographs, all of them shown"
                )

    @property
    def natural_to_synthetic(self) -> float | None:
        """The median over its filters; None where no picture excites its filter."""
        ratios = [each.natural_to_synthetic for each in self.filters if each.natural_to_synthetic is not None]
        return statistics.median(ratios) if ratios else None

    @functools.cached_property
    def by_number(self) -> Mapping[int, Filter]:
        """The filters, found by number."""
        return {each.filter: each for each in self.filters}


def read(path: Path) -> Exemplars:
    """Return the document in the file `path`; raise `UserError`, naming file and key, for what is none."""
    return document.read(path, Exemplars, "exemplars of a layer", _CURE)


def paged(layers: Iterable[Exemplars], photographs: int) -> list[int]:
    """Return which of so many photographs have a page of their own, ascending: all where they are few, else those that
    the most patches of all layers are from, of equal ones the first."""
    if photographs <= PAGED:
        return list(range(photographs))
    counted = Counter(each.photograph for layer in layers for filter in layer.filters for each in filter.exemplars)
    return sorted(sorted(range(photographs), key=lambda number: (-counted[number], number))[:PAGED])
