"""docs/reliability.md says of every fault by which test it was seen: those tests are there."""

import re
from collections.abc import Iterator

import pytest

from pipeline.files import PROJECT

DOCUMENT = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")


def table(columns: int) -> list[list[str]]:
    """Return the cells of the rows below the head of the table that has so many columns."""
    lines = [line.strip("|").split("|") for line in DOCUMENT.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in cells] for cells in lines if len(cells) == columns][1:]


def rows() -> list[str]:
    """Return the last cell of each row of the table of faults."""
    return [cells[-1] for cells in table(3)]


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


def test_the_campaign_lists_every_kind_of_hostile_input_and_adds_up():
    marked = {
        kind
        for path in (PROJECT / "tests").rglob("test_*.py")
        for kind in re.findall(r"mark\.hostile\(\"([^\"]+)\"\)", path.read_text(encoding="utf-8"))
    }
    *kinds, total = table(5)

    assert {kind for kind, *_ in kinds} == marked
    tried, held, broken = ([int(cells[place].replace(",", "")) for cells in [*kinds, total]] for place in (1, 2, 3))
    assert tried[-1] == sum(tried[:-1])
    assert [there + gone for there, gone in zip(held, broken, strict=True)] == tried
