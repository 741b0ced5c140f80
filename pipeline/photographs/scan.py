"""The scan of a share of the photographs: the strongest unit of every filter in each of them, and where it is.

`python -m pipeline.photographs.scan`
"""

import argparse
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline import errors, options, originals
from pipeline.errors import UserError
from pipeline.machine import device, precision, start
from pipeline.network import catalogue, known
from pipeline.network.catalogue import Network
from pipeline.originals import Original
from pipeline.photographs import places, shares, views
from pipeline.results import layout, photographs, strongest
from pipeline.results.photographs import Files
from pipeline.results.strongest import Best, Strongest
from pipeline.weights import store
from pipeline.wording import OBJECTIVES

# Photographs whose places are held before the best of them are kept: 4 MB for VGG16.
HELD = 64


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
            found = [run(originals.in_channels(originals.seen(original, view), channels)[None]) for view in seen]
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


def scan(
    scanner: Scanner, photographs: Sequence[str], open: Callable[[str], Original], sampled: int, columns: int
) -> tuple[Best, np.ndarray]:
    """Return the best places in photographs, and the strongest unit of each filter in the first of them.

    Args:
        scanner: the network.
        photographs: their digests, ascending.
        open: gives the photograph of a digest.
        sampled: how many are in the sample.
        columns: filters of all layers.

    Returns:
        The places, each photograph by its place among these; float32 (sampled, filters).
    """
    sample, held = [], []
    best = places.merged([_no_places(columns)])
    for place, digest in enumerate(photographs):
        value, scale, row, column = scanner.look(open(digest))
        held.append((value, np.full(columns, place), scale, row, column))
        if place < sampled:
            sample.append(value)
        if len(held) == HELD:
            best, held = places.merged([best, _best(held)]), []
    if held:
        best = places.merged([best, _best(held)])
    return best, np.array(sample, "<f4").reshape(len(sample), columns)


def blank(
    network: Network,
    weights_sha256: str,
    layers: Sequence[str],
    photographs: Sequence[str],
    *,
    sampled: int,
    precision: precision.Precision,
    objective: str,
) -> Strongest:
    """Return a table that says what it is of, and nothing of the photographs yet.

    Args:
        network: the network.
        weights_sha256: digest of its weights.
        layers: names of the layers that are asked.
        photographs: digests of the photographs, ascending.
        sampled: how many of them, the first, are in the sample.
        precision: of the convolutions.
        objective: what an answer is.
    """
    counts = np.array([network.layer(name).filters for name in layers], "<i4")
    columns = int(counts.sum())
    return Strongest(
        model=network.name,
        objective=objective,
        precision=precision,
        weights_sha256=weights_sha256,
        layers=tuple(layers),
        photographs=tuple(photographs),
        filters=counts,
        origin=np.zeros(len(layers), "<f4"),
        best=_no_places(columns),
        sampled=np.arange(sampled, dtype="<i4"),
        sample=np.zeros((sampled, columns), "<f4"),
    )


def filled(
    wanted: Strongest, network: Network, tensors: Mapping[str, np.ndarray], open: Callable[[str], Original]
) -> Strongest:
    """Return a blank table with what its photographs say; where there are none, the network is not even loaded.

    Args:
        wanted: what it is to be of.
        network: the network.
        tensors: its weights.
        open: gives the photograph of a digest.
    """
    if not wanted.photographs:
        return wanted
    # A GPU is for the renders that go on meanwhile.
    start.import_tensorflow(1, on=device.CPU)
    scanner = Scanner(network, tensors, wanted.layers, wanted.precision, wanted.objective)
    columns = int(wanted.filters.sum())
    best, sample = scan(scanner, wanted.photographs, open, len(wanted.sampled), columns)
    return dataclasses.replace(wanted, origin=scanner.origins, best=best, sample=sample)


def is_made(path: Path, wanted: Strongest, others: Collection[str] = ()) -> bool:
    """Return whether a file holds the table of all photographs of one that is wanted, and of no more but `others`: of
    thousands of photographs one is new, and those of all other shares have been looked at.

    Args:
        path: of the file.
        wanted: what it should be of.
        others: digests of photographs that may be in it besides.
    """
    try:
        found = strongest.read(path)
    except (UserError, OSError):
        return False
    needed, there = set(wanted.photographs), set(found.photographs)
    return (
        all(getattr(found, name) == getattr(wanted, name) for name in strongest.SHARED)
        and needed <= there <= needed | set(others)
        # More where photographs have come since that are before its own by their digests.
        and len(found.sampled) >= len(wanted.sampled)
    )


def make(
    output: Path,
    wanted: Strongest,
    network: Network,
    tensors: Mapping[str, np.ndarray],
    open: Callable[[str], Original],
    others: Collection[str] = (),
) -> None:
    """Write a table, unless the file holds it already: then it is only marked as made now; see `filled`, `is_made`."""
    if is_made(output, wanted, others):
        output.touch()
        print(f"{output}: these photographs have been looked at; nothing is done again")
    else:
        strongest.write(output, filled(wanted, network, tensors, open))


def opener(results: Path, listed: Files) -> Callable[[str], Original]:
    """Return what gives the photograph of a digest, decoded as large as networks see it."""
    numbers = {digest: number for number, digest in enumerate(listed.digests)}
    return lambda digest: originals.read(photographs.original(results, listed, numbers[digest]), originals.DECODED_PX)


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
    listed = photographs.read_files(layout.photograph_files(arguments.results))
    own = shares.digests(listed.photographs, arguments.share, arguments.shares)
    wanted = blank(
        network,
        loaded.sha256,
        arguments.layers,
        own,
        sampled=shares.sampled(listed.photographs, own),
        precision=precision.resolve(arguments.precision, depthwise=network.is_depthwise),
        objective=arguments.objective,
    )
    make(arguments.output, wanted, network, loaded.tensors, opener(arguments.results, listed))


if __name__ == "__main__":
    errors.run(main)
