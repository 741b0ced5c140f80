"""What the documents name is there: files, folders, links, commands."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.files import PROJECT

NAMES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
DOCUMENTS = [*(PROJECT / name for name in NAMES), *sorted((PROJECT / "docs").glob("*.md"))]
PATH = re.compile(r"(?<![\w/.-])(?:pipeline|tests|docs|bench|templates|profiles|\.github|\.ci)/[\w./-]*\w")
# A file, and in brackets what of it is meant: `pipeline/site/tables.py` (`FILTERS`).
PLACES = re.compile(r"`([\w/]+\.py)`\s+\(((?:`\w+`,? ?)+)")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"python3? -m ((?:pipeline|bench|docs)[\w.]*\w)")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@each_document
def test_every_file_and_folder_of_the_project_that_a_document_names_is_there(document):
    named = PATH.findall(document.read_text(encoding="utf-8"))

    assert [name for name in named if not (PROJECT / name).exists()] == []


@each_document
def test_what_a_document_names_of_a_file_stands_in_it(document):
    places = [
        (file, name)
        for file, names in PLACES.findall(document.read_text(encoding="utf-8"))
        for name in re.findall(r"\w+", names)
    ]

    assert [place for place in places if place[1] not in (PROJECT / place[0]).read_text(encoding="utf-8")] == []


@each_document
def test_every_link_to_another_file_leads_there(document):
    links = LINK.findall(document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@each_document
def test_every_command_that_a_document_gives_is_one(document):
    named = COMMAND.findall(document.read_text(encoding="utf-8"))

    assert [name for name in named if find_spec(name) is None or not _runs(name)] == []


def _runs(module: str) -> bool:
    """Return whether `python -m` runs a module: a package does by its `__main__`."""
    origin = Path(find_spec(module).origin)
    return origin.name != "__init__.py" or (origin.parent / "__main__.py").exists()
