"""Whose the photographs are that the network is shown: `python -m pipeline.photographs.collection`.

This has a rule of its own, so that another title shows the network nothing again.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline import errors, files, options, originals
from pipeline.photographs import credits, licences, samples
from pipeline.photographs.credits import Credit
from pipeline.results import document, layout, photographs
from pipeline.results.photographs import Collection, File, Files, Photograph


def credited(listed: Files, said: Mapping[str, Credit]) -> Collection:
    """Return photographs with whose they are, as is said of their files."""
    return Collection(
        source=listed.source,
        folder=listed.folder,
        photographs=tuple(_photograph(each, said.get(each.file, Credit())) for each in listed.photographs),
        left_out=listed.left_out,
    )


def _photograph(file: File, credit: Credit) -> Photograph:
    licence = credit.licence and licences.named(credit.licence)
    return Photograph(
        file=file.file,
        sha256=file.sha256,
        width_px=file.width_px,
        height_px=file.height_px,
        title=credit.title,
        author=credit.author,
        licence=licence,
        licence_url=licences.address(licence) if licence else None,
        source=credit.source,
    )


def _said(listed: Files) -> Mapping[str, Credit]:
    if listed.folder is None:
        return samples.credits()
    folder = Path(listed.folder)
    # Of those that were left out, too: a table may name them.
    return credits.read(folder / originals.CREDITS, frozenset(originals.find(folder)))


def main() -> None:
    """Say whose the listed photographs are."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.collection", description="Say whose the listed photographs are."
    )
    options.add_results(parser)
    arguments = parser.parse_args()
    listed = photographs.read_files(layout.photograph_files(arguments.results))
    found = credited(listed, _said(listed))
    files.write_json(layout.photographs(arguments.results), document.to_json(found))


if __name__ == "__main__":
    errors.run(main)
