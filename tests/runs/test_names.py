"""Layers whose names look like something else to a shell, a command line, a path or a page."""

import os
import subprocess
import sys

import pytest

from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]

NAMES = ("-x", "--site", 'two\nlines, it\'s "{x}" <i>$HOME')


@pytest.fixture(scope="module")
def odd_file(tmp_path_factory):
    """Return a `.keras` file of small convolutions with these names, one filter each."""
    import keras

    convolutions = [keras.layers.Conv2D(1, 3, padding="same", name=name) for name in NAMES]
    path = tmp_path_factory.mktemp("odd") / "odd.keras"
    keras.Sequential([keras.Input((16, 16, 3)), *convolutions]).save(path)
    return path


def test_layers_of_any_name_are_rendered_published_and_found_whole(fresh, odd_file):
    chosen = {"model": str(odd_file), "layers": list(NAMES), "filters": "all", "recipe": {"steps": 2, "attempts": 1}}

    run = fresh.run(**chosen)

    assert run.code == 0, run.output
    assert workflows.broken_links(fresh.results / "site") == []
    assert len(list(fresh.results.glob("site/*/000.html"))) == len(NAMES)
    check = [sys.executable, "-m", "pipeline.check", "--configfile", "changed.yaml", "--cores", "1"]
    checked = subprocess.run(
        check, cwd=fresh.directory, env=os.environ | {"PYTHONPATH": str(fresh.project)}, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
