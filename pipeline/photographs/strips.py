"""The patches of photographs that excite filters, a strip each: nine squares side by side.

`python -m pipeline.photographs.strips`
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import errors, files, images, options, originals
from pipeline.originals import Original
from pipeline.results import document, exemplars, layout, photographs
from pipeline.results.exemplars import Exemplar

# Side of a patch in a strip, in pixels.
PATCH_PX = 64
# Most bytes of a strip, and AVIF qualities, the first that keeps to it: 4,224 of them are most of what photographs add
# to a site.
LARGEST_BYTES = 4400
QUALITIES = (50, 44, 38, 32, 26, 20, 14)
# Shorter side to which a photograph is decoded: 24 pixels of 512 are then more than a patch has.
DECODED_PX = 2048


def write(folder: Path, places: Mapping[int, Sequence[Exemplar]], open: Callable[[int], Original]) -> None:
    """Write the strips of a layer's filters into a folder; a filter that no photograph excites gets none.

    Args:
        folder: where they go.
        places: of each filter, by number.
        open: gives the photograph of a number; each is opened once.
    """
    for filter, patches in cut(places, open).items():
        if patches:
            strip = Image.fromarray(np.concatenate(patches, axis=1))
            data = images.encode_within(strip, QUALITIES, LARGEST_BYTES)
            files.write_bytes(folder / f"{layout.digits(filter)}{layout.ENDING}", data)


def cut(places: Mapping[int, Sequence[Exemplar]], open: Callable[[int], Original]) -> dict[int, list[np.ndarray]]:
    """Return the patches of each filter, uint8 (`PATCH_PX`, `PATCH_PX`, 3), the strongest first."""
    wanted: dict[int, list[tuple[int, int]]] = {}
    for filter, several in places.items():
        for place, each in enumerate(several):
            wanted.setdefault(each.photograph, []).append((filter, place))
    found: dict[tuple[int, int], np.ndarray] = {}
    for photograph in sorted(wanted):
        original = open(photograph)
        for filter, place in wanted[photograph]:
            found[filter, place] = patch(original, places[filter][place])
    return {filter: [found[filter, place] for place in range(len(several))] for filter, several in places.items()}


def patch(original: Original, exemplar: Exemplar) -> np.ndarray:
    """Return what of a photograph an exemplar shows, uint8 (`PATCH_PX`, `PATCH_PX`, 3)."""
    return original.cut(exemplar.patch, (PATCH_PX, PATCH_PX))


def main() -> None:
    """Cut the patches that excite a layer's filters."""
    parser = options.Parser(prog="python -m pipeline.photographs.strips", description="Cut the patches of a layer.")
    options.add_results(parser)
    options.add_layer(parser)
    arguments = parser.parse_args()
    results = arguments.results
    listed = photographs.read_files(layout.photograph_files(results))
    path = layout.exemplars(results, arguments.layer)
    found = exemplars.read(path)
    of = {"name": arguments.layer, "files_sha256": files.digest(layout.photograph_files(results))}
    document.check(path, found, photographs.CURE, of)
    with files.replacing_folder(layout.strips(results, arguments.layer)) as folder:
        write(
            folder,
            {each.filter: each.exemplars for each in found.filters},
            lambda number: originals.read(photographs.original(results, listed, number), DECODED_PX),
        )


if __name__ == "__main__":
    errors.run(main)
