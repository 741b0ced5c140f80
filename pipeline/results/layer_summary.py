"""The summary of a layer: what it is, what was measured of its rendered filters, and how sure their pictures are.

`docs/formats.md` and the tables of the site print what the fields mean from here.
"""

import functools
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType

from pipeline import files
from pipeline.errors import UserError
from pipeline.formatting import times
from pipeline.measure.families import FEWEST_FILTERS
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.measure.noise import NOISE_FLOOR
from pipeline.network.catalogue import LARGEST_CANVAS_PX
from pipeline.results import document, layout
from pipeline.results.document import (
    LARGEST_INTEGER,
    Activation,
    Count,
    Digest,
    Document,
    FromOne,
    Name,
    Number,
    Part,
    Share,
)
from pipeline.wording import DEFAULT, WORDS, Objective, Words

# How many filters `figures.worst` lists.
WORST_LISTED = 16

# Own rank up to which a picture counts in `own_best_top5`.
TOP = 5

Colour = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]
Row = tuple[Number, ...]


# What a summary is called in a message, and what to do about a damaged one.
_NAMED = ("the summary of a layer", "delete it to make it anew")


class OtherMeasuresError(UserError):
    """A summary is whole, but what it says was measured differently."""


class _Measured(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/layer/1"):
    measures: int = 1


class Slice(Part, frozen=True, kw_only=True):
    """One input channel of one kernel: who is read, how strongly, with which weights."""

    layer: Annotated[str, Meta(description="layer of the filter at the other end; input for the image’s channels")]
    filter: Annotated[
        Count,
        Meta(description="its number; of the image’s channels, 0, 1, 2 are red, green, blue where there are three"),
    ]
    norm: Annotated[Activation, Meta(description="L2 norm of the slice")]
    share: Annotated[
        Annotated[float, Meta(ge=0)], Meta(description="norm² ÷ the norm² of the whole kernel it belongs to, 0 to 1")
    ]
    kernel: Annotated[tuple[Row, ...], Meta(description="the slice, rows of weights")]


class Similar(Part, frozen=True, kw_only=True):
    """A filter of the same layer whose picture has much the same effect."""

    filter: Annotated[Count, Meta(description="number of the similar filter, of the same layer")]
    similarity: Annotated[
        Number, Meta(description="cosine between the responses of the layer to the two pictures, −1 to 1")
    ]


class Filter(Part, frozen=True, kw_only=True):
    """What was measured of one filter."""

    filter: Annotated[Count, Meta(description="number of the filter in its layer, from 0")]
    activation: Annotated[Activation, Meta(description="{meaning} on its own picture")]
    noise_activation: Annotated[
        Activation,
        Meta(
            description="the same on 1/f colour noise of the same size, floored at "
            f"{100 * NOISE_FLOOR:g} % of the layer’s median"
        ),
    ]
    robust_activation: Annotated[
        Activation,
        Meta(
            description="the same on its own picture seen twice, turned by 3° to either side, made 3 % larger and "
            "smaller, and moved by a few pixels, in the precision of the render: the mean"
        ),
    ]
    strongest_unit: Annotated[
        Activation,
        Meta(
            description="activation of the strongest unit of the filter’s map on its own picture, those near "
            "its border left out: what photographs are compared with"
        ),
    ]
    alive: Annotated[bool, Meta(description=f"activation ≥ {ALIVE_RATIO:g} × noise_activation")]
    own_rank: Annotated[
        FromOne,
        Meta(
            description="1 + number of the layer’s other pictures that {excite} the filter more; the last place where "
            "its own does not at all"
        ),
    ]
    selectivity: Annotated[
        Annotated[float, Meta(ge=-1, le=1)],
        Meta(description="(own − mean of others) ÷ (own + mean of others), −1 to 1; 0 where there is no other picture"),
    ]
    similar: Annotated[
        tuple[Similar, ...],
        Meta(
            description="up to 8 rendered filters of the layer whose pictures the same filters answer to, nearest first"
        ),
    ]
    bias: Annotated[Number, Meta(description="bias of the filter; 0 where the layer has none")]
    kernel_norm: Annotated[Activation, Meta(description="L2 norm of its kernel")]
    incoming: Annotated[tuple[Slice, ...], Meta(description="up to 6 slices of the kernel, the strongest by L2 norm")]
    outgoing: Annotated[
        tuple[Slice, ...],
        Meta(description="up to 6 slices of later kernels, by which the filters there read this one most"),
    ]
    kernel_rgb: Annotated[
        tuple[tuple[Row, ...], ...] | UnsetType,
        Meta(description="the kernel, [row][column][channel]; in layers that read the image itself"),
    ] = UNSET
    colour: Annotated[Colour, Meta(description="mean colour of the picture, #rrggbb")]
    hue: Annotated[
        Annotated[float, Meta(ge=0, le=360)] | None,
        Meta(description="dominant hue, degrees 0 to 360; none where the picture is grey or its colours are false"),
    ]
    saturation: Annotated[Share, Meta(description="mean HSV saturation, 0 to 1")]
    chroma: Annotated[
        Share, Meta(description="mean difference of a pixel’s largest and smallest channel, 0 (grey) to 1")
    ]
    lightness: Annotated[Share, Meta(description="mean luminance, 0 to 1")]
    contrast: Annotated[Share, Meta(description="standard deviation of luminance, 0 to 1")]
    skewness: Annotated[
        Number,
        Meta(
            description="skewness of luminance: positive where little of the picture is light, negative where little "
            "is dark"
        ),
    ]
    period_px: Annotated[
        Annotated[float, Meta(ge=0)],
        Meta(
            description="scale of the forms: twice the mean distance between light and dark, pixels; 0 in a plain "
            "picture, as are the measures below"
        ),
    ]
    orientation: Annotated[
        Annotated[float, Meta(ge=0, le=180)],
        Meta(description="direction of the stripes, degrees 0 (horizontal) to 180, anticlockwise"),
    ]
    orientation_strength: Annotated[Share, Meta(description="one direction: 0 (none) to 1 (a grating)")]
    crossing: Annotated[Share, Meta(description="two directions at right angles, 0 to 1; a grating has it too")]
    coherence: Annotated[Share, Meta(description="clear directions at each place, whichever they are, 0 to 1")]
    curvature: Annotated[
        Annotated[float, Meta(ge=-1, le=1)],
        Meta(description="part of `coherence` that is lost over the whole picture, because directions change"),
    ]
    evenness: Annotated[Share, Meta(description="share of the area in which nothing changes")]
    description: Annotated[str, Meta(description="the picture’s look in words, made from the measures")]

    @property
    def ratio(self) -> float:
        """How many times more the filter answers to its own picture than to noise; infinite where it is silent on
        noise, 0 where it is silent on both."""
        if self.noise_activation > 0:
            return self.activation / self.noise_activation
        return math.inf if self.activation > 0 else 0.0

    @property
    def is_silent(self) -> bool:
        """Whether it does not answer to its own picture at all."""
        return self.activation == 0

    def is_in_best(self, place: int) -> bool:
        """Return whether its own picture is among so many that make it answer most; one that leaves it silent never
        is, not even where there are no others."""
        return not self.is_silent and self.own_rank <= place

    @property
    def certainty(self) -> tuple[bool, int, float]:
        """What sorts filters, those whose pictures prove least first: not alive, then by own rank, then by ratio."""
        return self.alive, -self.own_rank, self.ratio


class Family(Part, frozen=True, kw_only=True):
    """Filters of the layer that are alike."""

    members: Annotated[
        Annotated[tuple[Count, ...], Meta(min_length=1)], Meta(description="numbers of the filters, ascending")
    ]
    typical: Annotated[Count, Meta(description="the one of them that is most like the others")]


class Figures(Part, frozen=True, kw_only=True):
    """How sure the pictures of a layer are: counts of filters, medians, and the least sure filters first."""

    rendered: Annotated[Count, Meta(description="filters in the atlas")]
    alive: Annotated[
        Count,
        Meta(
            description=f"of these, {{excited}} at least {times(ALIVE_RATIO)} as strongly by their picture as by noise"
        ),
    ]
    own_best: Annotated[
        Count, Meta(description="of these, {excited} by their own picture, and by no other of the layer more")
    ]
    own_best_top5: Annotated[
        Count, Meta(description="of these, {excited} by their own picture, and by at most four others more")
    ]
    retried: Annotated[Count, Meta(description="of these, with more than one random start")]
    median_selectivity: Annotated[Annotated[float, Meta(ge=-1, le=1)], Meta(description="median of `selectivity`")]
    median_robust_activation: Annotated[Activation, Meta(description="median of `robust_activation`")]
    worst: Annotated[
        tuple[Count, ...],
        Meta(
            description=f"up to {WORST_LISTED} filter numbers, the least sure first: not alive, then by own rank, then "
            "by activation ÷ noise"
        ),
    ]


class Layer(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/layer/1"):
    """One layer of the atlas: what it is, its figures, and its rendered filters by number."""

    model: Annotated[str, Meta(description="name of the network")]
    name: Annotated[str, Meta(description="name of the layer")] = msgspec.field(name="layer")
    index: Annotated[Count, Meta(description="place among the convolutional layers, from 0")]
    filters_total: Annotated[FromOne, Meta(description="filters that the layer has")]
    input_channels: Annotated[FromOne, Meta(description="channels that each kernel reads")]
    kernel_size: Annotated[tuple[FromOne, FromOne], Meta(description="rows and columns of a kernel")]
    kind: Annotated[Name, Meta(description="Keras’s class of the layer: Conv2D, DepthwiseConv2D, Dense, …")]
    depthwise: Annotated[bool, Meta(description="whether each of its filters reads one channel alone")]
    image_channels: Annotated[
        FromOne, Meta(description="channels of the image that the layer sees: 3 are RGB, 1 is grey")
    ]
    response_after: Annotated[
        tuple[Name, ...],
        Meta(
            description="what its response is taken after, Keras’s classes in order; nothing where it is the "
            "convolution’s own output"
        ),
    ]
    read_by: Annotated[
        tuple[Name, ...],
        Meta(
            description="what reads the response: names of functions or of Keras’s classes; nothing where it is the "
            "network’s output"
        ),
    ]
    nonlinearity_follows: Annotated[
        bool,
        Meta(description="whether a nonlinearity comes next; where none does, the sign of a filter is a convention"),
    ]
    receptive_field_px: Annotated[
        FromOne, Meta(description="side of the square of input pixels that one unit sees directly")
    ]
    effective_field_px: Annotated[
        FromOne | None,
        Meta(
            description="side of the square within it that 95 % of the squared gradient on noise falls into: nearly "
            "all of what moves a unit; none where that was not measured"
        ),
    ]
    sees_whole_image: Annotated[
        bool,
        Meta(
            description="whether a unit sees the whole image besides, by way of a gate, a normalisation over the whole "
            "map, or the like"
        ),
    ]
    stride_px: Annotated[FromOne, Meta(description="distance between neighbouring units, in input pixels")]
    canvas_px: Annotated[Annotated[int, Meta(ge=1, le=LARGEST_CANVAS_PX)], Meta(description="side of the pictures")]
    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    objective: Annotated[
        Objective,
        Meta(
            description="what the pictures were made for, `recipe.objective` of the records: it settles what an answer "
            "is; `channel` where it is missing"
        ),
    ] = DEFAULT
    measures: Annotated[
        Annotated[int, Meta(ge=1, le=LARGEST_INTEGER)],
        Meta(
            description="grows when what is measured, or how, changes; 1 where it is missing. What was measured "
            "differently is not compared"
        ),
    ] = 1
    figures: Annotated[Figures, Meta(description="how sure the pictures are, see below")]
    filters: Annotated[tuple[Filter, ...], Meta(description="one object for each rendered filter, by number")]
    families: Annotated[
        tuple[Family, ...],
        Meta(
            description="the rendered filters in groups whose pictures the same filters answer to, the largest first; "
            f"none where there are fewer than {FEWEST_FILTERS} filters"
        ),
    ]

    def __post_init__(self) -> None:
        numbers = list(self.numbers)
        if not numbers or numbers != sorted(set(numbers)) or numbers[-1] >= self.filters_total:
            raise ValueError(f"filters: should be some of the {self.filters_total}, each once, by number")
        check_families(self.families, numbers)

    @property
    def slug(self) -> str:
        """The name of its folder, in the results and on the site."""
        return layout.slug(self.name)

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


def check_families(families: Sequence[Family], filters: Sequence[int]) -> None:
    """Raise `ValueError` where there are families, and not each filter, by number, is in one of them."""
    if families and sorted(member for family in families for member in family.members) != list(filters):
        raise ValueError("families: each of the filters should be in one of them, once")
    if any(family.typical not in family.members for family in families):
        raise ValueError("families: the typical one should be one of them")


def read(path: Path) -> Layer:
    """Return the summary in `path`.

    Raises `UserError`, naming the file and the key, where it is not one, and `OtherMeasuresError` where it was made by
    other measures than these: that is said first, for other measures may have other keys.
    """
    data = files.read_bytes(path)
    made = document.parse(data, path, _Measured, *_NAMED).measures
    if made != layout.MEASURES:
        raise OtherMeasuresError(
            f"{path}: made by measures {made}, not {layout.MEASURES}, with which it cannot be compared; delete it to "
            "make it anew"
        )
    return document.parse(data, path, Layer, *_NAMED)


def check_responses(path: Path, shape: tuple[int, int]) -> None:
    """Raise `UserError` unless the file `path` is a response matrix, float32 (rendered filters, filters of the layer),
    and nothing else; its values are not read."""
    try:
        with files.opened(path) as stream:
            found, _, dtype = files.read_header(stream)
            size = os.fstat(stream.fileno()).st_size - stream.tell()
    except ValueError as error:
        raise UserError(f"{path}: damaged ({error})") from None
    if found != shape or dtype != np.float32:
        raise UserError(f"{path}: {dtype} {found!s:.80}, not float32 {shape}")
    if size != math.prod(shape) * dtype.itemsize:
        raise UserError(f"{path}: truncated, or with something after its end")


def check_alike(layers: Mapping[Path, Layer]) -> None:
    """Raise `UserError` where summaries, by the files that they were read from, are not of one atlas: of the same
    network, weights and objective."""
    first = next(iter(layers.values()))
    for path, layer in layers.items():
        for key in ("model", "weights_sha256", "objective"):
            found, wanted = getattr(layer, key), getattr(first, key)
            if found != wanted:
                raise UserError(
                    f"{path}: {key}: {found:.40}, but {wanted:.40} in {first.name}; an atlas has one of each"
                )
