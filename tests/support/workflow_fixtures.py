"""The workflow on a tiny network, run once for all the tests that look at what it made, damage it or change it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.workflow import FILTERS, REPOSITORY, Workflow

# What a run of the workflow reads of the project.
PROJECT = ("Snakefile", "config.yaml", "environment.yaml", "profiles", "pipeline", "templates")


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """Return a copy of the project, so that a test may change it."""
    copy = tmp_path_factory.mktemp("project")
    for name in PROJECT:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    return copy


@pytest.fixture(scope="session")
def configuration(keras_file) -> dict[str, Any]:
    """Return the configuration of an atlas of a few small pictures of a tiny network."""
    return {
        "model": str(keras_file),
        "preprocessing": "unit",
        "weights": "model",
        "filters": FILTERS,
        "image_size": 64,
        "recipe": {"steps": 3},
        "precision": "float32",
        "photographs": "none",
        # What is in braces must not pass for one of Snakemake's wildcards.
        "site": {"title": "A {tiny} atlas"},
    }


@pytest.fixture(scope="session")
def one_layer(project, configuration, tmp_path_factory) -> Workflow:
    """Return the workflow as it stood when only the first layer was configured; to be copied, not run."""
    workflow = Workflow(project, tmp_path_factory.mktemp("one-layer"), configuration)
    run = workflow.run(filters={"first": FILTERS["first"]})
    assert run.code == 0, run.output
    return workflow


@pytest.fixture(scope="session")
def finished(one_layer, tmp_path_factory) -> Workflow:
    """Return the finished workflow, its second layer added to the first; to be copied, not run."""
    workflow = one_layer.copy(tmp_path_factory.mktemp("finished") / "run")
    run = workflow.run()
    assert run.code == 0, run.output
    return workflow


@pytest.fixture
def atlas(finished, tmp_path) -> Workflow:
    """Return a copy of the finished workflow, for a test to damage, change and run."""
    return finished.copy(tmp_path / "run")


@pytest.fixture
def fresh(project, configuration, tmp_path) -> Workflow:
    """Return a workflow that has not run."""
    return Workflow(project, tmp_path / "fresh", configuration)
