"""The small copies of photographs that pages show: `python -m pipeline.photographs.copies`."""

from collections.abc import Iterable
from pathlib import Path

from pipeline import errors, files, images, options, originals
from pipeline.results import exemplars, layout, photographs

# Longest side of a copy, in pixels.
SIDE_PX = 480
# Most bytes of a copy, and AVIF qualities, the first that keeps to it: 500 of them are 10 MB at most.
LARGEST_BYTES = 20_000
QUALITIES = (50, 43, 36, 29, 22, 15, 8)


def write(results: Path, layers: Iterable[str], output: Path) -> int:
    """Write a copy of each photograph that has a page into the folder `output`, replaced if it is there.

    Args:
        results: the results folder.
        layers: names of the atlas's layers.
        output: where to.

    Returns how many there are. Raises `UserError` for what is missing or wrong.
    """
    listed = photographs.read_files(layout.photograph_files(results))
    made = [exemplars.read(layout.exemplars(results, layer)) for layer in layers]
    shown = exemplars.paged(made, len(listed.photographs))
    with files.replacing_folder(output) as folder:
        for number in shown:
            original = originals.read(photographs.original(results, listed, number), SIDE_PX)
            data = images.encode_within(images.at_most(original.picture, SIDE_PX), QUALITIES, LARGEST_BYTES)
            files.write_bytes(folder / layout.photograph_copy(results, number).name, data)
    return len(shown)


def main() -> None:
    """Write the copies."""
    parser = options.Parser(prog="python -m pipeline.photographs.copies", description="Make small copies for pages.")
    options.add_results(parser)
    options.add_layers(parser)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write, replaced if it is there")
    arguments = parser.parse_args()
    count = write(arguments.results, arguments.layers, arguments.output)
    print(f"{arguments.output}: {count} copies")


if __name__ == "__main__":
    errors.run(main)
