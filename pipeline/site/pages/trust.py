"""How far pictures can be trusted, as the page on how to read the atlas says it: in grades, layer by layer."""

from dataclasses import dataclass

from pipeline.formatting import counted
from pipeline.results.atlas import Atlas
from pipeline.results.trust import Trust
from pipeline.site import addresses

TOO_FEW = "too few photographs"


@dataclass(frozen=True)
class TrustRow:
    """The grades of one layer; where `early` is nothing, there are no layers that much earlier."""

    layer: str
    href: str
    early: str
    own: str
    unnatural: str


@dataclass(frozen=True)
class TrustView:
    """How the pictures of an atlas compare with photographs; no rows where there are too few to compare with."""

    photographs: str
    rows: tuple[TrustRow, ...]
    finding: str


def trust_view(atlas: Atlas) -> TrustView | None:
    """Return how the pictures of an atlas compare with photographs; None where the network was shown none."""
    if atlas.trust is None:
        return None
    found = [(layer, atlas.trust[layer.name]) for layer in atlas.layers]
    rows = [_row(each, f"{addresses.folder(layer)}/index.html") for layer, each in found]
    return TrustView(
        photographs=counted(found[0][1].photographs, "photograph"),
        rows=tuple(rows) if any(each.own for _, each in found) else (),
        finding=_finding([each for _, each in found]),
    )


def _row(found: Trust, href: str) -> TrustRow:
    own = found.own
    return TrustRow(
        layer=found.name,
        href=href,
        early=(found.early_grade or "") if own else "",
        own=own.specific_grade or TOO_FEW if own else TOO_FEW,
        unnatural=own.unnatural_grade if own else "",
    )


def _finding(found: list[Trust]) -> str:
    """Say in a sentence what the layers have in common, as far as most of them do."""
    pairs = [(each.early_specific, each.own.specific) for each in found if each.own]
    compared = [(early, own) for early, own in pairs if early is not None and own is not None]
    later = sum(early < own for early, own in compared)
    if not compared or later <= len(compared) / 2:
        return ""
    return (
        f"In {later} of {len(compared)} layers a picture is less specific in the first third of its way than at the "
        "end: it takes another path through the early layers, and joins the natural one near its own."
    )
