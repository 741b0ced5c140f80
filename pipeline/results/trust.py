"""How far the pictures of a layer can be trusted: whether they take the way through the network that photographs
take."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pipeline.results import document
from pipeline.results.document import Activation, Count, Digest, Document, FromOne, Name, Part
from pipeline.results.photographs import CURE

# Places of each filter that its picture is compared with.
PLACES = 8
# The places should be among the best tenth of the photographs: what else they hold excites a filter by chance.
FEWEST_PHOTOGRAPHS = 10 * PLACES
# Filters of a layer that are looked at: their mean is what is said, and its error with so many a few hundredths.
FILTERS = 64
# Where the own places agree less with each other, `specific` is a share of next to nothing.
LEAST_AGREEMENT = 0.1

# From which figures a layer has the middle and the high grade.
SPECIFIC_GRADES = (0.3, 0.6)
UNNATURAL_GRADES = (1.5, 3.0)

Grade = Literal["low", "middle", "high"]


class Station(Part, frozen=True, kw_only=True):
    """A layer on the way to the pictures' own, and how it answers to the pictures."""

    layer: Annotated[Name, Meta(description="name of the layer")]
    specific: Annotated[
        Annotated[float, Meta(ge=-1e6, le=1e6)] | None,
        Meta(
            description="how much more the pictures’ profiles are like those of their own filters’ places in "
            "photographs than like those of others’, as a share of what half of the places reaches: 1 as photographs, "
            "0 as the pictures of other filters; null where the places do not agree with each other"
        ),
    ]
    unnatural: Annotated[
        Activation, Meta(description="how far the pictures’ profiles are from the middle of all places’; theirs is 1")
    ]
    agreement: Annotated[
        Annotated[float, Meta(ge=-2, le=2)],
        Meta(description="how much more one half of a filter’s places is like the other half than like others’"),
    ]

    @property
    def specific_grade(self) -> Grade | None:
        """How specific the pictures are there; None where the photographs do not carry an answer."""
        if self.specific is None or self.agreement < LEAST_AGREEMENT:
            return None
        return _grade(self.specific, SPECIFIC_GRADES)

    @property
    def unnatural_grade(self) -> Grade:
        """How unnatural the pictures are there."""
        return _grade(self.unnatural, UNNATURAL_GRADES)


class Trust(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/trust/1"):
    """How the pictures of one layer compare with the places in photographs that excite the same filters."""

    model: Annotated[Name, Meta(description="name of the network")]
    name: Annotated[Name, Meta(description="name of the layer")] = msgspec.field(name="layer")
    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    files_sha256: Annotated[Digest, Meta(description="digest of `photographs/files.json`")]
    photographs: Annotated[FromOne, Meta(description="how many photographs were shown")]
    filters: Annotated[
        tuple[Count, ...],
        Meta(
            description=f"filters that the figures are means of, up to {FILTERS}, evenly spread; none where there are "
            f"fewer than {FEWEST_PHOTOGRAPHS} photographs, or too few filters that {PLACES} of them excite"
        ),
    ]
    way: Annotated[
        tuple[Station, ...],
        Meta(
            description="the layers on the way from the image to this one, itself the last; none where no filters are"
        ),
    ]

    def __post_init__(self) -> None:
        if bool(self.filters) != bool(self.way) or (self.way and self.way[-1].layer != self.name):
            raise ValueError("way: should end with the layer itself, or be empty as filters is")

    @property
    def own(self) -> Station | None:
        """How the layer itself answers to the pictures; None where there are too few photographs to say it."""
        return self.way[-1] if self.way and self.way[-1].specific_grade else None

    @property
    def early_specific(self) -> float | None:
        """How specific the pictures are in the first third of their way, the mean; None where that is no layer, or the
        photographs do not carry it."""
        first = [each.specific for each in self.way[: len(self.way) // 3] if each.specific_grade]
        known = [each for each in first if each is not None]
        return sum(known) / len(known) if known else None

    @property
    def early_grade(self) -> Grade | None:
        """The same as a grade."""
        return None if self.early_specific is None else _grade(self.early_specific, SPECIFIC_GRADES)


def read(path: Path) -> Trust:
    """Return the document in the file `path`; raise `UserError`, naming file and key, for what is none."""
    return document.read(path, Trust, "how far a layer is trusted", CURE)


def _grade(value: float, levels: tuple[float, float]) -> Grade:
    middle, high = levels
    return "high" if value >= high else "middle" if value >= middle else "low"
