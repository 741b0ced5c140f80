"""Where each document of an atlas lies below the results folder, and what its file is called."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Filter numbers are padded to this many digits, so that names sort like numbers in nearly every layer.
FILTER_DIGITS = 3


_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class FilterPaths:
    """The three files of one filter."""

    image: Path
    record: Path
    snapshots: Path


def slug(layer: str) -> str:
    """Return a file name for a layer: its own name where that is safe, else a safe one that no other layer gets."""
    if _SAFE_NAME.fullmatch(layer):
        return layer
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", layer).strip("-")[:80]
    return f"{readable or 'layer'}-{hashlib.sha256(layer.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def paths(results: Path, layer: str, filter: int) -> FilterPaths:
    """Return where the files of a filter are, below the directory of results."""
    return beside(results / "filters" / slug(layer) / f"{filter:0{FILTER_DIGITS}}.png")


def beside(image: Path) -> FilterPaths:
    """Return the files that belong to the picture `image`."""
    return FilterPaths(image, image.with_suffix(".json"), image.with_suffix(".snapshots.webp"))


# Side of one snapshot in the strip, in pixels: enough to tell what is emerging.
SNAPSHOT_PX = 80


# The band: as many tiles as stand side by side on a laptop's screen, in one row or two.
BAND_TILE_PX = 72


BAND_COLUMNS = 12


# How the copies' names end.
ENDING = ".avif"


def band_sample(filters: Sequence[int]) -> list[int]:
    """Return the filters that the band shows: evenly spread, one row or two, all when they are few."""
    rows = 2 if len(filters) >= 2 * BAND_COLUMNS else 1
    count = min(len(filters), rows * BAND_COLUMNS)
    return [filters[place * len(filters) // count] for place in range(count)]


def response_path(summary: Path) -> Path:
    """Return where the response matrix stands that belongs to a summary."""
    return summary.with_suffix(".response.npy")
