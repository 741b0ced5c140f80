"""What the copies that pages show lose of the pictures that were measured: `python -m bench.copies --results DIR`.

Of each layer a row: bytes of the PNG files and of the copies, how alike they are (PSNR), and how much of its activation
each filter keeps when it is shown the copy, on the network itself in float32. With `--qualities`, a row for each of
them, encoded for the best look, as small copies are, and for the least error: the table that the bound of
`pictures.web` was chosen from.
"""

import argparse
import functools
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from bench import table
from bench.quality import sample
from pipeline import errors, images
from pipeline.machine import device
from pipeline.machine.start import import_tensorflow
from pipeline.network import catalogue, known
from pipeline.pictures import web
from pipeline.results import layer_summary, layout, record
from pipeline.results.layer_summary import Layer
from pipeline.weights import store

FILTERS = 12
THREADS = 2
HEADER = ("layer", "px", "copy", "PNG kB", "copy kB", "PSNR dB", "least dB", "kept %", "least %")

Encode = Callable[[Image.Image], bytes]


class Judging(Protocol):
    """What tells the answers of a layer's filters to pictures: `measure.answers.Judge`, which is TensorFlow's."""

    def to_pictures(self, images: np.ndarray, *, objective: str) -> np.ndarray:
        """Return the answer of every filter to each of several images, (count, filters)."""


def encoders(qualities: Sequence[int]) -> dict[str, Encode]:
    """Return, by what the table calls them, how to make copies: as the site's are, or of some qualities."""
    if not qualities:
        return {"site": web.picture_copy}
    ways = {"look": images.encode, "error": images.encode_faithfully}
    return {
        f"{quality} {name}": functools.partial(encode, quality=quality)
        for name, encode in ways.items()
        for quality in qualities
    }


def decoded(data: bytes, channels: int) -> np.ndarray:
    """Return a copy as a network sees it, uint8 (side, side, channels); grey ones are the mean of the three."""
    with Image.open(io.BytesIO(data)) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    if channels == 3:
        return pixels
    grey: np.ndarray = np.rint(pixels.mean(axis=2, keepdims=True)).astype(np.uint8)
    return grey


def measured(
    results: Path, layer: Layer, filters: Sequence[int], judge: Judging, encoders: Mapping[str, Encode]
) -> Iterator[list[object]]:
    """Yield the rows of the table of a layer, one for each way to make copies."""
    paths = [layout.paths(results, layer.name, each) for each in filters]
    originals = [record.read(each)[1] for each in paths]
    columns = np.arange(len(filters)), np.array(filters)
    own = judge.to_pictures(np.stack(originals), objective=layer.objective)[columns]
    for name, encode in encoders.items():
        shown = [images.shown(each) for each in originals]
        copies = [encode(Image.fromarray(each)) for each in shown]
        seen = np.stack([decoded(each, layer.image_channels) for each in copies])
        kept = judge.to_pictures(seen, objective=layer.objective)[columns][own > 0] / own[own > 0]
        alike = [images.decibels(one, images.shown(other)) for one, other in zip(shown, seen, strict=True)]
        yield [
            layer.name,
            layer.canvas_px,
            name,
            float(np.mean([each.image.stat().st_size for each in paths])) / 1000,
            float(np.mean([len(each) for each in copies])) / 1000,
            float(np.mean(alike)),
            float(np.min(alike)),
            *((100 * float(kept.mean()), 100 * float(kept.min())) if len(kept) else (None, None)),
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.copies", description=__doc__)
    known.add_options(parser)
    parser.add_argument("--results", type=Path, default=Path("results"), help="a finished atlas")
    parser.add_argument(
        "--filters", type=int, default=FILTERS, help="of each layer, evenly spread (default: %(default)s)"
    )
    parser.add_argument("--layers", nargs="+", default=[], help="default: all that are in the results")
    parser.add_argument("--qualities", nargs="+", type=int, default=[], metavar="Q", help="0 to 100, of AVIF")
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    tensors = store.load(layout.weights(arguments.results)).tensors
    import_tensorflow(THREADS, on=device.CPU)
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of

    graph = graph_of(network, tensors)
    rows: list[list[object]] = []
    for each in network.layers:
        path = layout.layer_paths(arguments.results, each.name).summary
        # In false colours a picture shows some of the channels that were measured, and no copy has them all.
        if not path.is_file() or each.name not in (arguments.layers or [each.name]):
            continue
        layer = layer_summary.read(path)
        if images.is_false_colour(layer.image_channels):
            continue
        places = sample(len(layer.numbers), min(arguments.filters, len(layer.numbers)))
        filters = [layer.numbers[place] for place in places]
        judge = Judge(network, graph, layer.name, layer.canvas_px)
        rows += measured(arguments.results, layer, filters, judge, encoders(arguments.qualities))
    if not rows:
        raise errors.UserError(f"{arguments.results}: no layer of {network.name} that is in colours or in grey")
    print(table.render(HEADER, rows))


if __name__ == "__main__":
    errors.run(main)
