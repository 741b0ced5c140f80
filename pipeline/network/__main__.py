"""The command that looks through a network with Keras: `python -m pipeline.network MODEL`."""

import os
import resource
import sys
import zipfile
from pathlib import Path

import numpy as np

from pipeline import errors, files, options
from pipeline.errors import UserError
from pipeline.machine import device, start
from pipeline.network import document, known
from pipeline.network.catalogue import Catalogue, ConvLayer

_HEAD = ("layer", "kind", "filters", "depth", "field", "of it used", "grain", "stride", "response after", "read by")


def main() -> None:
    """Make a network's catalogue; write it where that is asked for, and print its layers."""
    parser = options.Parser(
        prog="python -m pipeline.network",
        description="Look through a network with Keras: its layers of filters, what a unit of each sees of the image "
        "(directly, and the part of that it makes use of), how much of its gradient is finer than a quarter of the "
        "sampling rate, and where the response of a filter is taken.",
    )
    parser.add_argument("model", help=known.MODEL_HELP)
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="write the catalogue there")
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE.npz",
        help="weights as `python -m pipeline.weights` writes them (default: those in the file; of a network known by "
        "name, random ones)",
    )
    parser.add_argument(
        "--no-effective-fields",
        action="store_true",
        help="do not measure what part of its field a unit makes use of: recipe and canvas then go by the whole field",
    )
    arguments = parser.parse_args()
    _limit_memory()
    start.import_tensorflow(os.cpu_count() or 1, on=device.CPU)
    # Here, not above: both are TensorFlow's.
    import keras

    from pipeline.network import keras_model
    from pipeline.network.survey import survey

    # Of a network known by name the weights are random here, and so is, a little, what is measured of it.
    keras.utils.set_random_seed(0)
    tensors = _tensors(arguments.weights) if arguments.weights else None
    # In one precision throughout: where a model mixes two, so do the gradients that fields are measured by.
    graph = keras_model.graph_with(keras_model.load(arguments.model), tensors, "float32")
    show(arguments.model, len(graph.calls))
    found = survey(graph, arguments.model, with_effective_fields=not arguments.no_effective_fields)
    if arguments.output:
        files.write_bytes(arguments.output, document.encode(found))
    print(table(found), end="")


def _tensors(path: Path) -> dict[str, np.ndarray]:
    try:
        with files.opened(path) as stream, np.load(stream, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"--weights: {path}: not a file of `python -m pipeline.weights` ({error})") from None


def show(model: str, calls: int) -> None:
    """Say on a terminal how much there is to look through: the 514 of ResNet152 take a minute."""
    if sys.stderr.isatty():
        print(f"looking through {model}: {calls:,} layers of all kinds", file=sys.stderr, flush=True)


def table(catalogue: Catalogue) -> str:
    """Return the layers of a catalogue as a table for the terminal."""
    rows = [_HEAD, *map(_row, catalogue.layers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def _row(layer: ConvLayer) -> tuple[str, ...]:
    return (
        layer.name,
        layer.kind,
        f"{layer.filters:,}",
        str(layer.depth),
        f"{layer.receptive_field_px}{' and all' if layer.sees_all else ''}",
        str(layer.effective_field_px or ""),
        "" if layer.gradient_grain is None else f"{100 * layer.gradient_grain:.0f} %",
        str(layer.stride_px),
        ", ".join(layer.chain) or "itself",
        ", ".join(layer.readers) or "the output",
    )


def _limit_memory() -> None:
    """Let this process have no more memory than is free, so that what asks for more ends it and no other."""
    free = files.free_memory_bytes()
    if free is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (free, resource.getrlimit(resource.RLIMIT_DATA)[1]))


if __name__ == "__main__":
    errors.run(main)
