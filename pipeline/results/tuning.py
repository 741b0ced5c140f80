"""How the filters of a layer are tuned: what they answer to gratings of every direction, period, phase and colour, and
to flat colours.

Of all filters, rendered or not, for one pass answers for all. Whether a grating drives a filter at all is for the
reader to say, who knows what else does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pipeline.machine.precision import Precision
from pipeline.measure.tuning import SIMPLE
from pipeline.results import document
from pipeline.results.document import Activation, Count, Digest, Document, FromOne, Name, Part, Share
from pipeline.wording import DEFAULT, Objective

# Of the best photograph, what the best grating must reach before anything is said of a filter's tuning: below it a
# curve is one weak answer among zeros, and an index of 1.00 says nothing (VGG16's block 5).
DRIVEN = 0.2

Degrees = Annotated[float, Meta(ge=0, le=180)]
Hue = Annotated[int, Meta(ge=0, lt=360)]
Period = Annotated[float, Meta(gt=0, le=2**16)]


class Filter(Part, frozen=True, kw_only=True):
    """How one filter is tuned."""

    filter: Annotated[Count, Meta(description="number of the filter in its layer, from 0")]
    strongest: Annotated[
        Activation, Meta(description="max(0, answer) of the strongest unit in the middle, on any grating")
    ]
    strongest_in_grey: Annotated[Activation, Meta(description="the same on any grey grating")]
    on_mid_grey: Annotated[Activation, Meta(description="the same on mid grey")]
    orientation: Annotated[
        Degrees | None,
        Meta(
            description="direction of the grey stripes that excite it most, degrees 0 (horizontal) to 180, "
            "anticlockwise; null, as all up to `modulation`, where none excites it more than mid grey"
        ),
    ]
    orientation_width: Annotated[
        Degrees | None,
        Meta(description="how many degrees of direction, of 180, excite it at least half as much as the best one"),
    ]
    orientation_selectivity: Annotated[
        Share | None,
        Meta(
            description="length of the mean of its answers as vectors of twice the angle: 0 where all directions do "
            "the same, 1 where one alone does anything"
        ),
    ]
    period_px: Annotated[
        Period | None,
        Meta(
            description="period that excites it most; the shortest or the longest of `periods_px` where it may prefer "
            "one beyond"
        ),
    ]
    shortest_px: Annotated[
        Period | None, Meta(description="shorter period that excites it half as much; null where that lies beyond")
    ]
    longest_px: Annotated[Period | None, Meta(description="longer one, likewise")]
    modulation: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        Meta(
            description="F1/F0 of the central unit: how much its answer swings as the best grating moves across it, ÷ "
            f"the mean; 0 to 2, above {SIMPLE:g} simple, below complex; null where it is silent, or too few phases "
            "were drawn"
        ),
    ]
    axis: Annotated[
        Hue | None,
        Meta(
            description="hue of the coloured gratings that excite it most, degrees 0 to 150: they run to the opposite "
            "hue; null where none does"
        ),
    ]
    colour: Annotated[
        Share | None,
        Meta(description="its answer to those ÷ the sum of that and its answer to the same gratings in grey, 0 to 1"),
    ]
    flat: Annotated[
        tuple[Activation, ...],
        Meta(description="what flat colours do more than mid grey: each of `hues`, then black, then white"),
    ]
    by_orientation: Annotated[
        tuple[Share, ...], Meta(description="answers to `orientations` at its best period ÷ the best answer")
    ]
    by_period: Annotated[
        tuple[Share, ...], Meta(description="answers to `periods_px` in its best direction ÷ the best answer")
    ]
    by_axis: Annotated[
        tuple[Share, ...],
        Meta(
            description="answers to some gratings in grey, then in the colours from each hue below 180° to its "
            "opposite ÷ the best of these"
        ),
    ]

    @property
    def is_tuned(self) -> bool:
        """Whether any grey grating excites it more than mid grey."""
        return self.orientation is not None

    def is_driven(self, natural: float) -> bool:
        """Return whether a grating excites it worth a word, beside what the best photograph does."""
        return self.strongest > self.on_mid_grey and self.strongest >= DRIVEN * natural

    def has_direction(self, natural: float) -> bool:
        """Return whether a grey one does, so that its direction, period and phase are worth a word."""
        return self.is_tuned and self.strongest_in_grey >= DRIVEN * natural


class Tuning(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/tuning/1"):
    """How all filters of one layer are tuned."""

    model: Annotated[Name, Meta(description="name of the network")]
    name: Annotated[Name, Meta(description="name of the layer")] = msgspec.field(name="layer")
    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    objective: Annotated[Objective, Meta(description="what an answer is: what the pictures were made for")] = DEFAULT
    precision: Annotated[Precision, Meta(description="of the network’s convolutions")]
    canvas_px: Annotated[FromOne, Meta(description="side of the images")]
    orientations: Annotated[
        tuple[Degrees, ...],
        Meta(description="directions of the stripes, degrees; few where the layer’s units see much"),
    ]
    periods_px: Annotated[tuple[Period, ...], Meta(description="periods, ascending")]
    phases: Annotated[FromOne, Meta(description="how many phases of each grating, evenly spread")]
    hues: Annotated[tuple[Hue, ...], Meta(description="hues of the flat colours; none where the image is grey")]
    filters: Annotated[
        Annotated[tuple[Filter, ...], Meta(min_length=1)],
        Meta(description="one object for each filter of the layer, rendered or not, by number"),
    ]

    def __post_init__(self) -> None:
        if [each.filter for each in self.filters] != list(range(len(self.filters))):
            raise ValueError("filters: should be all of the layer, by number")
        lengths = {
            "by_orientation": len(self.orientations),
            "by_period": len(self.periods_px),
            "by_axis": 1 + len(self.hues) // 2 if self.hues else 0,
        }
        for each in self.filters:
            if len(each.flat) != len(self.hues) + 2:
                raise ValueError(f"flat of filter {each.filter}: should have {len(self.hues) + 2} answers")
            for name, length in lengths.items():
                if len(getattr(each, name)) not in (0, length):
                    raise ValueError(f"{name} of filter {each.filter}: should have {length} answers, or none")
            if each.is_tuned and (
                None in (each.orientation_width, each.orientation_selectivity, each.period_px)
                or not each.by_orientation
                or not each.by_period
            ):
                raise ValueError(f"filter {each.filter}: should have all of its tuning, or none")

    @property
    def by_number(self) -> Mapping[int, Filter]:
        """The filters, found by number."""
        return dict(enumerate(self.filters))


def read(path: Path) -> Tuning:
    """Return the document in the file `path`; raise `UserError`, naming file and key, for what is none."""
    return document.read(path, Tuning, "the tuning of a layer", "delete it to make it anew")
