"""The command that says which photographs the network is shown: `python -m pipeline.photographs`."""

from pathlib import Path

from pipeline import errors, files, formatting, options
from pipeline.photographs import folder, samples
from pipeline.results import document, layout


def main() -> None:
    """List the photographs of a folder, or fetch the samples and list those."""
    parser = options.Parser(
        prog="python -m pipeline.photographs",
        description="List the photographs that the network is shown: those of a folder, or samples that are fetched.",
    )
    options.add_results(parser)
    parser.add_argument("--folder", type=Path, help="where the photographs are (default: the samples)")
    arguments = parser.parse_args()
    if arguments.folder is None:
        found = samples.gather(layout.samples(arguments.results))
    else:
        found = folder.gather(arguments.folder)
    output = layout.photograph_files(arguments.results)
    files.write_json(output, document.to_json(found))
    for each in found.left_out:
        print(f"left out: {each.file}: {each.why}")
    used, left_out = formatting.counted(len(found.photographs), "photograph"), len(found.left_out)
    print(f"{output}: {used}, {formatting.counted(left_out, 'file')} left out")


if __name__ == "__main__":
    errors.run(main)
