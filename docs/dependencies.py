"""What this project depends on, and under which licences: `python -m docs.dependencies` writes docs/dependencies.md
from pyproject.toml and from what the installed packages say of themselves."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from pipeline import errors
from pipeline.errors import UserError
from pipeline.files import PROJECT

PYPROJECT = PROJECT / "pyproject.toml"
# Where a package names its licence in a classifier alone.
_CLASSIFIER = re.compile(r"License :: OSI Approved :: (.+)")
# What the MIT licence begins with, where a package has its text alone.
_MIT = "Permission is hereby granted, free of charge"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
# A licence's name, not its whole text, which some packages put in the same place.
LONGEST_LICENCE = 60

INTRODUCTION = """\
# Dependencies

Written by `make docs` from `pyproject.toml` and the installed packages. Versions, and what these packages need in turn,
are pinned with hashes in `requirements.txt` (to run) and `requirements-test.txt` (to test); `make` installs from these
alone. To hold them against the published lists of vulnerabilities:

    python3 -m venv build/audit
    build/audit/bin/pip install pip-audit
    build/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt -r requirements-test.txt
"""


@dataclass(frozen=True)
class Dependency:
    """A package that pyproject.toml names: what it is for ("run", or the name of an extra), and its licence."""

    name: str
    needed_to: str
    licence: str


def declared(project: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the packages that a parsed pyproject.toml names, with what for, each once."""
    groups = {"run": project["project"]["dependencies"], **project["project"]["optional-dependencies"]}
    found: dict[str, str] = {}
    for group, requirements in groups.items():
        for requirement in requirements:
            if name := _NAME.match(requirement):
                found.setdefault(name[0], group)
    return list(found.items())


def licence(name: str) -> str:
    """Return the licence that an installed package says it is under."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise UserError(f"{name} is not installed; `make test` installs all that is listed") from None
    classified = [match[1] for value in about.get_all("Classifier") or () if (match := _CLASSIFIER.fullmatch(value))]
    stated: list[str] = [each for name in ("License-Expression", "License") for each in about.get_all(name) or ()]
    for each in (*stated, *classified):
        if each and len(each) <= LONGEST_LICENCE and "\n" not in each:
            return each
    for file in metadata.files(name) or ():
        if file.name.startswith("LICEN") and (text := file.read_text().strip()):
            return "MIT" if _MIT in text else text.split("\n")[0][:LONGEST_LICENCE]
    return "see the package"


def document(dependencies: list[Dependency]) -> str:
    """Return docs/dependencies.md."""
    lines = [INTRODUCTION, "| package | needed to | licence |", "|---|---|---|"]
    lines += [f"| {each.name} | {each.needed_to} | {each.licence} |" for each in dependencies]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the document."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    print(document([Dependency(name, group, licence(name)) for name, group in declared(project)]), end="")


if __name__ == "__main__":
    errors.run(main)
