"""The command that summarises a rendered layer: `python -m pipeline.summary`."""

import argparse
import io
from pathlib import Path

import numpy as np

from pipeline import errors, files, options, selection
from pipeline.machine import device, start
from pipeline.network import catalogue, known
from pipeline.results import document, layout
from pipeline.results import renders as layer_renders
from pipeline.summary.summarise import measure, summarise
from pipeline.weights import kept


def _arguments() -> argparse.Namespace:
    parser = options.Parser(prog="python -m pipeline.summary", description="Summarise a rendered layer.")
    known.add_options(parser)
    options.add_weights(parser)
    options.add_results(parser)
    options.add_layer(parser)
    options.add_filters(parser)
    parser.add_argument(
        "--output", required=True, type=Path, help="the summary to write; the response matrix goes beside it"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of TensorFlow (default: 1)")
    return parser.parse_args()


def main() -> None:
    """Check a layer's renders; write its response matrix, then its summary."""
    arguments = _arguments()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    layer = network.layer(arguments.layer)
    filters = selection.parse_filters(arguments.filters)
    for filter in filters:
        network.check_filter(layer.name, filter)
    loaded = kept.load(arguments.weights)
    loaded.check(network, arguments.weights)
    renders = layer_renders.load(network, layer, filters, loaded.sha256, arguments.results)
    # A GPU is for the renders that go on meanwhile.
    start.import_tensorflow(arguments.threads, on=device.CPU)
    measured = measure(network, loaded, layer, renders)
    buffer = io.BytesIO()
    np.save(buffer, measured.responses, allow_pickle=False)
    files.write_bytes(layout.responses(arguments.output), buffer.getvalue())
    files.write_json(arguments.output, document.to_json(summarise(network, loaded, layer, renders, measured)))


if __name__ == "__main__":
    errors.run(main)
