"""The command that says how far a layer's pictures can be trusted: `python -m pipeline.trust`."""

import argparse
from pathlib import Path

import numpy as np

from pipeline import errors, files, options, originals
from pipeline.machine import device, precision, start
from pipeline.measure import paths
from pipeline.network import catalogue, known
from pipeline.network.catalogue import Network
from pipeline.results import document, exemplars, layout, photographs, renders
from pipeline.results.exemplars import Exemplars
from pipeline.results.trust import FEWEST_PHOTOGRAPHS, FILTERS, PLACES, Station, Trust
from pipeline.weights import store
from pipeline.weights.store import Weights


def chosen(found: Exemplars) -> tuple[int, ...]:
    """Return the filters that a layer is judged by, evenly spread among those that enough photographs excite; none
    where there are too few photographs, or filters."""
    if found.photographs < FEWEST_PHOTOGRAPHS:
        return ()
    driven = [each.filter for each in found.filters if len(each.exemplars) >= PLACES]
    if len(driven) < paths.FEWEST_FILTERS:
        return ()
    count = min(len(driven), FILTERS)
    return tuple(driven[place * len(driven) // count] for place in range(count))


def judge(network: Network, loaded: Weights, results: Path, found: Exemplars, precision: precision.Precision) -> Trust:
    """Return how far the pictures of a layer can be trusted; where there are too few photographs, nothing is run.

    Args:
        network: the network.
        loaded: its weights.
        results: the results folder, with pictures and photographs.
        found: what excites the layer's filters.
        precision: of the convolutions.
    """
    filters = chosen(found)
    return Trust(
        model=network.name,
        name=found.name,
        weights_sha256=loaded.sha256,
        files_sha256=found.files_sha256,
        photographs=found.photographs,
        filters=filters,
        way=_way(network, loaded, results, found, filters, precision) if filters else (),
    )


def _way(
    network: Network,
    loaded: Weights,
    results: Path,
    found: Exemplars,
    filters: tuple[int, ...],
    precision: precision.Precision,
) -> tuple[Station, ...]:
    # A GPU is for the renders that go on meanwhile.
    start.import_tensorflow(1, on=device.CPU)
    from pipeline.trust import way

    layer = network.layer(found.name)
    listed = photographs.read_files(layout.photograph_files(results))
    rendered = renders.load(network, layer, filters, loaded.sha256, results)
    return way.stations(
        network,
        loaded.tensors,
        layer,
        precision,
        np.stack([each.image for each in rendered]),
        [found.by_number[filter].exemplars for filter in filters],
        lambda number: originals.read(photographs.original(results, listed, number), originals.DECODED_PX),
    )


def main() -> None:
    """Compare the pictures of a layer with photographs; write how far they can be trusted."""
    arguments = _arguments()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    name = network.layer(arguments.layer).name
    loaded = store.load(arguments.weights)
    loaded.check(network, arguments.weights)
    path = layout.exemplars(arguments.results, name)
    found = exemplars.read(path)
    listed = files.digest(layout.photograph_files(arguments.results))
    of = {"name": name, "weights_sha256": loaded.sha256, "files_sha256": listed}
    document.check(path, found, photographs.CURE, of)
    resolved = precision.resolve(arguments.precision, depthwise=network.is_depthwise)
    trust = judge(network, loaded, arguments.results, found, resolved)
    files.write_json(layout.trust(arguments.results, name), document.to_json(trust))


def _arguments() -> argparse.Namespace:
    parser = options.Parser(
        prog="python -m pipeline.trust",
        description="Say how far the pictures of a layer can be trusted: whether the layers before it answer to them "
        "as to the places in photographs that excite the same filters.",
    )
    known.add_options(parser)
    options.add_weights(parser)
    options.add_results(parser)
    options.add_layer(parser)
    parser.add_argument("--precision", choices=("auto", *precision.PRECISIONS), default="auto", help="(default: auto)")
    return parser.parse_args()


if __name__ == "__main__":
    errors.run(main)
