"""The pictures as they were measured: what their files are called by whoever downloads them, and their digests.

On the site they lie beside their copies, `243.png` beside `243.avif`, the same files as in the results. A second copy
of each, in an archive for every layer, would make 1.1 GB of the 728 MB of a full atlas, more than GitHub Pages takes; a
script puts the archive together in the browser instead.
"""

import hashlib
from pathlib import Path

from pipeline import files, images
from pipeline.errors import UserError
from pipeline.results import layout
from pipeline.results.layer_summary import Layer
from pipeline.site.addresses import filter_path

# How the names of files end, after a filter's number: of its picture, and of all its channels where that is in false
# colours.
PICTURE, CHANNELS = ".png", "-channels.png"


def endings(layer: Layer) -> tuple[str, ...]:
    """Return how the names of the files of one of a layer's filters end."""
    return (PICTURE, CHANNELS) if images.is_false_colour(layer.image_channels) else (PICTURE,)


def prefix(network: str, layer: Layer) -> str:
    """Return what the names of a layer's files begin with for whoever downloads them: "vgg16-block4_conv1"."""
    return f"{layout.slug(network)}-{layer.slug}"


def name(network: str, layer: Layer, filter: int, ending: str = PICTURE) -> str:
    """Return what a file is called by whoever downloads it, which says what it shows wherever it is kept."""
    return f"{prefix(network, layer)}-{layout.digits(filter)}{ending}"


def digests_path(layer: Layer) -> str:
    """Return the address of the digests of a layer's files."""
    return f"data/layers/{layer.slug}.sha256"


def write(site: Path, results: Path, network: str, layer: Layer) -> None:
    """Put the files of a layer into the folder `site`, and the list of their digests, as `sha256sum --check` reads it,
    by the names of downloads.

    Raises `UserError` for a file that is missing.
    """
    lines = []
    for number in layer.numbers:
        paths = layout.paths(results, layer.name, number)
        for ending, source in zip(endings(layer), (paths.image, paths.channels), strict=False):
            if not source.is_file():
                raise UserError(f"{source}: no such file; render it, or say site.originals: false")
            files.link_or_copy(source, site / filter_path(layer, number, ending))
            with source.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            lines.append(f"{digest}  {name(network, layer, number, ending)}\n")
    (site / digests_path(layer)).write_text("".join(lines), encoding="ascii", newline="\n")
