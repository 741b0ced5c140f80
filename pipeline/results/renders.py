"""The renders of a layer: pictures and records that were checked, each by itself and against the others.

What is damaged, or does not belong with the others, is set aside under another name and the run ends: the same
command again renders just those anew, and nothing that a user may have put there is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.results import agreement, layout
from pipeline.results import record as records
from pipeline.results.layout import FilterPaths
from pipeline.results.record import Record

DAMAGED_ENDING = ".damaged"

# How many files the one line of an error names; the others are counted.
_NAMED_FILES = 4


@dataclass(frozen=True)
class Render:
    """A filter's record and image, uint8 (canvas, canvas, channels), both checked."""

    record: Record
    image: np.ndarray


@dataclass(frozen=True)
class Fault:
    """A filter whose files cannot be used, and why, in words that begin with the file."""

    filter: int
    reason: str


def read(results: Path, layer: str, filters: Sequence[int]) -> tuple[list[Render], list[Fault]]:
    """Return the renders of a layer's filters, in order, and the filters whose files are missing or damaged."""
    renders, faults = [], []
    for filter in filters:
        try:
            renders.append(Render(*records.read(layout.paths(results, layer, filter))))
        except UserError as error:
            faults.append(Fault(filter, str(error)))
    return renders, faults


def set_aside(paths: FilterPaths) -> list[Path]:
    """Rename a filter's picture and record, so that they count as missing but are not lost; return their new names."""
    return [set_path_aside(path) for path in (paths.image, paths.record) if path.exists()]


def set_path_aside(path: Path) -> Path:
    """Rename a file or folder, so that it counts as missing but is not lost; return its new name."""
    target, copies = path.with_name(path.name + DAMAGED_ENDING), 1
    while target.exists():
        copies += 1
        target = path.with_name(f"{path.name}{DAMAGED_ENDING}{copies}")
    return path.rename(target)


def load(
    network: Network, layer: ConvLayer, filters: Sequence[int], weights_sha256: str, results: Path
) -> list[Render]:
    """Return the renders of `filters`; if some cannot be used, set them aside and raise `UserError` naming them."""
    renders, faults = read(results, layer.name, filters)
    made = [render.record for render in renders]
    wanted = agreement.settle(agreement.expected(network, layer, weights_sha256), made)
    for record in made:
        if odd := agreement.difference(record, wanted):
            path = layout.paths(results, layer.name, record.filter).record
            faults.append(Fault(record.filter, f"{path}: {odd}"))
    if not faults:
        return renders
    for fault in faults:
        set_aside(layout.paths(results, layer.name, fault.filter))
    named = "; ".join(fault.reason.removesuffix(f"; {records.CURE}") for fault in faults[:_NAMED_FILES])
    more = f"; and {len(faults) - _NAMED_FILES} more" if len(faults) > _NAMED_FILES else ""
    raise UserError(
        f"{named}{more} – what was there is set aside as *{DAMAGED_ENDING}; "
        f"run the same command again to render {'it' if len(faults) == 1 else 'them'} anew"
    )
