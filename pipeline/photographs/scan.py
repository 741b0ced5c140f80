"""The scan of a share of the photographs: the strongest unit of every filter in each of them, and where it is.

`python -m pipeline.photographs.scan`
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline import errors, files, options, originals
from pipeline.errors import UserError
from pipeline.machine import device, precision, start
from pipeline.network import catalogue, known
from pipeline.network.catalogue import Network
from pipeline.originals import Original
from pipeline.photographs import places, views
from pipeline.results import layout, photographs, strongest
from pipeline.results.photographs import Collection
from pipeline.results.strongest import Best, Strongest
from pipeline.weights import store
from pipeline.weights.store import Weights
from pipeline.wording import OBJECTIVES

# Photographs whose places are held before the best of them are kept: 4 MB for VGG16.
HELD = 64
# What red, green and blue add to the lightness of Rec. 601, in thousandths.
_LIGHTNESS = np.array([299, 587, 114], np.int32)


class Scanner:
    """A network that is shown photographs.

    Args:
        network: what is known of it.
        tensors: its weights.
        layers: names of the layers that are asked.
        precision: "float32" or "bfloat16".
        objective: what an answer is.

    Raises `UserError` where its images are neither RGB nor grey.
    """

    def __init__(
        self, network: Network, tensors: Mapping[str, np.ndarray], layers: Sequence[str], precision: str, objective: str
    ) -> None:
        from pipeline.network import keras_model
        from pipeline.network.taps import Taps

        check_channels(network, layers)
        graph = keras_model.graph_with(keras_model.load(network.model), tensors, precision)
        images = {network.layer(name).input: network.image_of(name).channels for name in layers}
        self._channels = tuple(images.values())
        self._taps = [
            Taps(network, graph, [name for name in layers if network.layer(name).input == image], objective)
            for image in images
        ]
        self._run = [each.reduced(each.strongest) for each in self._taps]
        found = [layer.name for taps in self._taps for layer in taps.layers]
        self._order = _columns(network, found, layers)
        origins = dict(zip(found, (origin for taps in self._taps for origin in taps.origins()), strict=True))
        self.origins = np.array([np.nan if origins[name] is None else origins[name] for name in layers], "<f4")

    def look(self, original: Original) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the strongest unit of each filter in a photograph: its activation, scale in pixels, row and column,
        each (filters,), layers in their order; of two scales that are as strong the smaller one."""
        parts = []
        for taps, channels, run in zip(self._taps, self._channels, self._run, strict=True):
            seen = views.views(taps.layers, original.width_px, original.height_px)
            found = [run(_pixels(original, view, channels)) for view in seen]
            value = np.concatenate([np.asarray(each.value) for each in found])
            best = value.argmax(0)
            row, column = (
                np.concatenate([np.asarray(getattr(each, name)) for each in found])[best, np.arange(len(best))]
                for name in ("row", "column")
            )
            scale = np.array([view.scale_px for view in seen])[best]
            parts.append((value.max(0), scale, row, column))
        value, scale, row, column = (np.concatenate(each)[self._order] for each in zip(*parts, strict=True))
        return value, scale, row, column


def check_channels(network: Network, layers: Sequence[str]) -> None:
    """Raise `UserError` where a network's images are neither RGB nor grey: no photograph can be one of them."""
    for name in layers:
        channels = network.image_of(name).channels
        if channels not in originals.CHANNELS:
            raise UserError(
                f"photographs: {network.name} takes images of {channels} channels, which no photograph has; say none"
            )


def share(number: int, shares: int, photographs: int) -> range:
    """Return the numbers of the photographs in a share, the first of which is 0."""
    return range(number * photographs // shares, (number + 1) * photographs // shares)


def scan(
    scanner: Scanner, numbers: Iterable[int], open: Callable[[int], Original], sampled: np.ndarray, columns: int
) -> tuple[Best, np.ndarray]:
    """Return the best places in photographs, and the strongest unit of each filter in those of a sample.

    Args:
        scanner: the network.
        numbers: of the photographs, ascending.
        open: gives the photograph of a number.
        sampled: numbers of those in the sample.
        columns: filters of all layers.

    Returns:
        The places; float32 (photographs of these in the sample, filters).
    """
    sample, held = [], []
    best = places.merged([_no_places(columns)])
    keep = set(sampled.tolist())
    for number in numbers:
        value, scale, row, column = scanner.look(open(number))
        held.append((value, np.full(columns, number), scale, row, column))
        if number in keep:
            sample.append(value)
        if len(held) == HELD:
            best, held = places.merged([best, _best(held)]), []
    if held:
        best = places.merged([best, _best(held)])
    return best, np.array(sample, "<f4").reshape(len(sample), columns)


def table(
    network: Network,
    loaded: Weights,
    layers: Sequence[str],
    *,
    collection: Collection,
    collection_sha256: str,
    results: Path,
    numbers: Sequence[int],
    sampled: np.ndarray,
    precision: precision.Precision,
    objective: str,
) -> Strongest:
    """Return the table of some photographs; with none of them the network is not even loaded.

    Args:
        network: the network.
        loaded: its weights.
        layers: names of the layers that are asked.
        collection: all photographs.
        collection_sha256: of the file that lists them.
        results: the results folder.
        numbers: of the photographs that are looked at, ascending.
        sampled: numbers of those in the sample, some of all.
        precision: of the convolutions.
        objective: what an answer is.
    """
    counts = np.array([network.layer(name).filters for name in layers], "<i4")
    columns = int(counts.sum())
    best, sample, origins = _no_places(columns), np.zeros((0, columns), "<f4"), np.zeros(len(layers), "<f4")
    if numbers:
        # A GPU is for the renders that go on meanwhile.
        start.import_tensorflow(1, on=device.CPU)
        scanner = Scanner(network, loaded.tensors, layers, precision, objective)
        best, sample = scan(
            scanner,
            numbers,
            lambda number: originals.read(photographs.original(results, collection, number), originals.DECODED_PX),
            sampled,
            columns,
        )
        origins = scanner.origins
    return Strongest(
        model=network.name,
        objective=objective,
        precision=precision,
        weights_sha256=loaded.sha256,
        collection_sha256=collection_sha256,
        layers=tuple(layers),
        filters=counts,
        origin=origins,
        best=best,
        shown=np.array(numbers, "<i4"),
        sampled=np.array([each for each in sampled.tolist() if each in set(numbers)], "<i4"),
        sample=sample,
    )


def _no_places(columns: int) -> Best:
    return places.best(*(np.zeros((columns, 0), dtype) for dtype in ("<f4", "<i4", "<i2", "<i2", "<i2")))


def _best(held: Sequence[tuple[np.ndarray, ...]]) -> Best:
    return places.best(*(np.stack(each, 1) for each in zip(*held, strict=True)))


def _columns(network: Network, found: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """Return where the filters of layers in the order `wanted` are among those of the layers `found`."""
    starts, start = {}, 0
    for name in found:
        starts[name] = start
        start += network.layer(name).filters
    return np.concatenate([starts[name] + np.arange(network.layer(name).filters) for name in wanted])


def _pixels(original: Original, view: originals.View, channels: int) -> np.ndarray:
    seen = originals.seen(original, view)
    if channels == 1:
        seen = ((seen.astype(np.int32) @ _LIGHTNESS + 500) // 1000)[..., None].astype(np.uint8)
    return seen[None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that shows photographs to a network."""
    known.add_options(parser)
    options.add_weights(parser)
    options.add_results(parser)
    parser.add_argument(
        "--objective", choices=OBJECTIVES, default="channel", help="what an answer is (default: channel)"
    )
    parser.add_argument("--share", type=int, default=0, metavar="K", help="which share of the photographs, from 0")
    parser.add_argument("--shares", type=int, default=1, metavar="N", help="of how many (default: 1)")
    parser.add_argument("--output", type=Path, required=True, help="the table to write")


def main() -> None:
    """Show a share of the photographs to the network; write the table of its strongest units."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.scan",
        description="Find the strongest unit of every filter in each of a share of the photographs.",
    )
    add_options(parser)
    parser.add_argument("--precision", choices=("auto", *precision.PRECISIONS), default="auto", help="(default: auto)")
    options.add_layers(parser)
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    check_channels(network, arguments.layers)
    loaded = store.load(arguments.weights)
    loaded.check(network, arguments.weights)
    listed = layout.photographs(arguments.results)
    collection = photographs.read(listed)
    found = table(
        network,
        loaded,
        arguments.layers,
        collection=collection,
        collection_sha256=files.digest(listed),
        results=arguments.results,
        numbers=share(arguments.share, arguments.shares, len(collection.photographs)),
        sampled=strongest.sampled(len(collection.photographs)),
        precision=precision.resolve(arguments.precision, depthwise=network.is_depthwise),
        objective=arguments.objective,
    )
    strongest.write(arguments.output, found)


if __name__ == "__main__":
    errors.run(main)
