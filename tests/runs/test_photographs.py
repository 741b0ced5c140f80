"""What photographs add to a run of the workflow: their own rules and the site, and no picture."""

import json
import os

import pytest

from pipeline.results import layout
from tests.photographs.test_folder import save
from tests.support import workflow as workflows
from tests.support.workflow import FILTERS, Workflow, checked

pytest_plugins = ["tests.support.workflow_fixtures"]

OF_PHOTOGRAPHS = {"photographs", "scan", "strongest", "exemplars", "copies"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of three photographs, whose name tries a shell."""
    folder = tmp_path_factory.mktemp("pictures") / "mine {layer} $(id) 'n"
    for number in range(3):
        save(folder / f"{number}.jpg", number)
    return folder


@pytest.fixture(scope="module")
def with_photographs(finished, folder, tmp_path_factory) -> Workflow:
    """Return the finished workflow after it was shown photographs."""
    workflow = finished.copy(tmp_path_factory.mktemp("with-photographs") / "run")
    workflow = Workflow(workflow.project, workflow.directory, {**workflow.configuration, "photographs": str(folder)})
    planned = {rule for rule, _ in workflow.plan()}
    assert planned == OF_PHOTOGRAPHS | {"site", "all"}
    run = workflow.run()
    assert run.code == 0, run.output
    return workflow


def test_the_site_shows_them(with_photographs):
    site = layout.site(with_photographs.results)

    collection = json.loads(layout.photographs(with_photographs.results).read_text())
    assert [each["file"] for each in collection["photographs"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert sorted(path.name for path in (site / "photographs").glob("*.avif")) == ["000.avif", "001.avif", "002.avif"]
    for layer in FILTERS:
        assert layout.exemplars(with_photographs.results, layer).exists()
    assert not workflows.half_written(with_photographs.directory)


def test_nothing_is_left_to_do_and_the_check_agrees(with_photographs):
    assert with_photographs.plan() == []
    assert "site: whole" in checked(with_photographs)


def test_a_new_photograph_renders_no_picture(with_photographs, folder):
    save(folder / "3.jpg", 3)
    try:
        planned = {rule for rule, _ in with_photographs.plan()}
    finally:
        (folder / "3.jpg").unlink()

    assert planned == OF_PHOTOGRAPHS | {"site", "all"}


def test_other_credits_are_taken_up_though_no_photograph_has_changed(with_photographs, folder):
    (folder / "credits.csv").write_text("file,title\n0.jpg,Sea\n")
    try:
        planned = {rule for rule, _ in with_photographs.plan()}
    finally:
        (folder / "credits.csv").unlink()

    assert "photographs" in planned
    assert "render" not in planned


def test_patches_that_are_no_longer_published_leave_the_site(with_photographs, tmp_path):
    workflow = with_photographs.copy(tmp_path / "run")
    run = workflow.run(site={"publish_patches": False})

    assert run.code == 0, run.output
    assert list((layout.site(workflow.results) / "photographs").glob("*.avif")) == []
    assert list(layout.site(workflow.results).rglob("*-photographs.avif")) == []


def test_a_folder_that_is_gone_is_one_line(with_photographs, tmp_path):
    run = with_photographs.run("--dry-run", photographs=os.fspath(tmp_path / "gone"))

    assert run.errors() == [
        f"error: photographs: {tmp_path}/gone: no such folder; say samples, none, or the path of a folder"
    ]
