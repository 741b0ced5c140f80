"""docs/reliability.md says of every fault by which test it was seen: those tests are there."""

import re
from collections.abc import Iterator

import pytest

from pipeline.files import PROJECT

DOCUMENT = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    """Return the last cell of each row of the table."""
    return [line.split("|")[-2].strip() for line in DOCUMENT.splitlines() if line.startswith("| ")][1:]


def claims(cell: str) -> Iterator[tuple[str, str]]:
    """Yield each file that a cell names with the words that it quotes of a test there, "" for the whole file."""
    for part in re.sub(r"\(.*?\)", "", cell).split(";"):
        named, _, quoted = part.partition(": ")
        for file in re.findall(r"`(.+?)`", named):
            yield from ((file, words.strip(" …")) for words in quoted.split(", "))


def test_every_fault_names_a_test():
    assert len(rows()) > 20
    assert all(list(claims(cell)) for cell in rows())


@pytest.mark.parametrize(("file", "words"), sorted({claim for cell in rows() for claim in claims(cell)}))
def test_a_test_that_is_named_is_there(file, words):
    path = PROJECT / "tests" / file

    assert path.is_file()
    assert words in path.read_text(encoding="utf-8").replace("_", " ")
