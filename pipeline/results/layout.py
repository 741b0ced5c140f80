"""Where each document of an atlas lies below the results folder, and what its file is called: nothing else spells a
path in there. The Snakefile's outputs, which a reader looks for in the Snakefile, are held to it by a test."""

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Filter numbers are padded to this many digits, so that names sort like numbers in nearly every layer.
FILTER_DIGITS = 3

# The copies that pages show: how the names of their files end, after the number of the filter where it is one's.
ENDING = ".avif"
PICTURE, THUMBNAIL, STEPS, CHANNELS = ENDING, f"-thumb{ENDING}", f"-steps{ENDING}", f"-channels{ENDING}"
BAND, MOSAIC = f"band{ENDING}", f"mosaic{ENDING}"

# What Snakemake keeps the time of a folder in, inside it.
MARK = ".snakemake_timestamp"

# Grows when copies are made otherwise, and pages count on it: rule `tiles` names it among its parameters, so that those
# of finished layers are made anew.
COPIES = 2

# Grows when what is measured of layers, or how, changes: a further key, other views of a picture, another definition of
# an answer. What was measured differently is then told apart, and not compared. Rule `summary` names it among its
# parameters, so that finished layers are measured anew.
MEASURES = 4

# In the folder of the map, what says where each filter is on it.
SHEETS = "sheets.json"

# Side of one snapshot in the strip, in pixels: enough to tell what is emerging.
SNAPSHOT_PX = 80

# The band: tiles of a thumb's width side by side, as many as a laptop's screen is wide, in one row or two; fewer are
# larger, up to what a picture of 160 px allows, and as wide together.
BAND_COLUMNS = 12
BAND_PX = 864
LARGEST_BAND_TILE_PX = 144

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class FilterPaths:
    """The three files of one filter, and a fourth where its picture is in false colours: all channels of its image."""

    image: Path
    record: Path
    snapshots: Path
    channels: Path


@dataclass(frozen=True)
class LayerPaths:
    """What follows from the filters of one layer: two files of its summary, the mosaic, the folder of web copies."""

    summary: Path
    responses: Path
    mosaic: Path
    copies: Path


@dataclass(frozen=True)
class QualityPaths:
    """The figures of the whole atlas, and the same as a table to read."""

    figures: Path
    text: Path


@functools.cache
def slug(layer: str) -> str:
    """Return a file name for a layer: its own name where that is safe, else a safe one that no other layer gets."""
    if _SAFE_NAME.fullmatch(layer):
        return layer
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", layer).strip("-")[:80]
    return f"{readable or 'layer'}-{hashlib.sha256(layer.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def digits(filter: int) -> str:
    """Return a filter's number as the names of its files have it."""
    return f"{filter:0{FILTER_DIGITS}}"


def weights(results: Path) -> Path:
    """Return where the network's weights are."""
    return results / "weights.npz"


def filters(results: Path) -> Path:
    """Return the folder that holds those of the layers, with the files of their filters."""
    return results / "filters"


def paths(results: Path, layer: str, filter: int) -> FilterPaths:
    """Return where the files of a filter are."""
    return beside(filters(results) / slug(layer) / f"{digits(filter)}.png")


def beside(image: Path) -> FilterPaths:
    """Return the files that belong to the picture `image`."""
    endings = (".json", ".snapshots.webp", ".channels.png")
    return FilterPaths(image, *(image.with_suffix(ending) for ending in endings))


def layer_paths(results: Path, layer: str) -> LayerPaths:
    """Return where the files of a layer are."""
    name = slug(layer)
    summary = results / "layers" / f"{name}.json"
    return LayerPaths(summary, responses(summary), results / "mosaics" / f"{name}.png", results / "tiles" / name)


def responses(summary: Path) -> Path:
    """Return where the response matrix stands that belongs to a summary."""
    return summary.with_suffix(".response.npy")


def map_folder(results: Path) -> Path:
    """Return the folder of the map: the tiles of all its sheets, and what says where each filter is on them."""
    return results / "map"


def sheets(results: Path) -> Path:
    """Return what says where each filter is on the sheets of the map."""
    return map_folder(results) / SHEETS


def quality(results: Path) -> QualityPaths:
    """Return where the figures of the atlas are."""
    figures = results / "quality.json"
    return QualityPaths(figures, quality_text(figures))


def quality_text(figures: Path) -> Path:
    """Return where the table stands that belongs to the figures of an atlas."""
    return figures.with_suffix(".txt")


def site(results: Path) -> Path:
    """Return the folder of the published atlas."""
    return results / "site"


def new_site(results: Path) -> Path:
    """Return the folder of an atlas that is about to be published."""
    return results / "site.new"


def about(site: Path) -> Path:
    """Return what a site says of its atlas to programs."""
    return site / "data" / "atlas.json"


def collection(folder: Path) -> Path:
    """Return what a folder of several atlases says of itself to programs, and by which it is known as one."""
    return folder / "collection.json"


def site_archive(results: Path) -> Path:
    """Return the published atlas in one file."""
    return results / "site.zip"


def copies(filters: Sequence[int], *, with_channels: bool = False) -> list[str]:
    """Return the names of the web copies of a layer's pictures, `with_channels` where these are in false colours."""
    endings = (PICTURE, THUMBNAIL, STEPS, *([CHANNELS] if with_channels else []))
    return [BAND, MOSAIC, *(f"{digits(each)}{ending}" for each in filters for ending in endings)]


def band_sample(filters: Sequence[int]) -> list[int]:
    """Return the filters that the band shows: evenly spread, one row or two, all when they are few."""
    rows = 2 if len(filters) >= 2 * BAND_COLUMNS else 1
    count = min(len(filters), rows * BAND_COLUMNS)
    return [filters[place * len(filters) // count] for place in range(count)]


def band_grid(tiles: int) -> tuple[int, int, int]:
    """Return columns and rows of a band of so many tiles, and the side of a tile in pixels."""
    columns = min(tiles, BAND_COLUMNS)
    return columns, -(-tiles // columns), min(LARGEST_BAND_TILE_PX, BAND_PX // columns)


def photograph_files(results: Path) -> Path:
    """Return what says which photographs an atlas was shown."""
    return results / "photographs" / "files.json"


def photographs(results: Path) -> Path:
    """Return what says whose they are, too."""
    return results / "photographs" / "collection.json"


def samples(results: Path) -> Path:
    """Return the folder of the photographs that come with an atlas."""
    return results / "photographs" / "samples"


def scan(results: Path, share: int) -> Path:
    """Return where the strongest units in one share of the photographs are."""
    return results / "photographs" / "scan" / f"{share}.npz"


def finals(results: Path, share: int) -> Path:
    """Return where those are that were computed again, in float32."""
    return results / "photographs" / "finals" / f"{share}.npz"


def strongest(results: Path) -> Path:
    """Return where the strongest units in all photographs are."""
    return results / "photographs" / "strongest.npz"


def exemplars(results: Path, layer: str) -> Path:
    """Return what says how a layer answers to the photographs."""
    return results / "photographs" / "layers" / f"{slug(layer)}.json"


def strips(results: Path, layer: str) -> Path:
    """Return the folder of the patches that excite a layer's filters, a strip each."""
    return results / "photographs" / "strips" / slug(layer)


def strip(results: Path, layer: str, filter: int) -> Path:
    """Return where the patches are that excite a filter."""
    return strips(results, layer) / f"{digits(filter)}{ENDING}"


def photograph_copies(results: Path) -> Path:
    """Return the folder of the small copies of photographs that pages show."""
    return results / "photographs" / "copies"


def photograph_copy(results: Path, photograph: int) -> Path:
    """Return the small copy of a photograph."""
    return photograph_copies(results) / f"{digits(photograph)}{ENDING}"


def trust(results: Path, layer: str) -> Path:
    """Return what says how far a layer's pictures can be trusted."""
    return results / "trust" / f"{slug(layer)}.json"


def tuning(results: Path, layer: str) -> Path:
    """Return what says how the filters of a layer are tuned."""
    return results / "tuning" / f"{slug(layer)}.json"
