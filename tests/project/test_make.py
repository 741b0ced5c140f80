"""What `make` does with a configuration of the user's own: checks it before Snakemake reads it, and works elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.files import PROJECT
from tests.support.hostile import bomb

# A refusal takes two seconds; what Snakemake would make of some of these takes minutes.
SECONDS = 60


def make(target: str, *variables: str) -> subprocess.CompletedProcess:
    # `-o`: what is installed is as old as it may be.
    bin = os.path.relpath(Path(sys.executable).parent, PROJECT)
    command = ["make", "--silent", "-o", ".venv/.installed", f"BIN={bin}", target, *variables]
    # As from a terminal: these tests may themselves be run by make.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, cwd=PROJECT, env=own, capture_output=True, text=True, timeout=SECONDS, check=False)


BOMB = bomb("{x: 1}", "{{<<: [{}, {}, {}, {}, {}, {}, {}, {}, {}]}}").encode()


@pytest.mark.parametrize(
    ("target", "content", "message"),
    [
        *(pytest.param(target, BOMB, "anchors", id=target) for target in ("atlas", "full", "site", "check")),
        pytest.param("atlas", b"seed: 1\n" + b"#" * 10_000_000, "at most 131,072", id="large"),
        pytest.param("atlas", "seed: 1\n".encode("utf-16"), "is not UTF-8", id="UTF-16"),
        pytest.param("atlas", b"\x00\x01\x02", "has no place in YAML", id="binary"),
        pytest.param("atlas", b"", "empty", id="empty"),
        pytest.param("atlas", None, "not a regular file", id="named pipe"),
    ],
)
def test_a_hostile_configuration_is_one_line_before_any_work(tmp_path, target, content, message):
    path, directory = tmp_path / "my own.yaml", tmp_path / "my atlas"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_bytes(content)

    results = directory / "results"
    results.mkdir(parents=True)

    done = make(target, f"CONFIG={path}", f"DIRECTORY={directory}")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert done.returncode != 0
    assert line.startswith(f"error: {path}: ")
    assert message in line
    assert list(results.iterdir()) == []


def test_a_configuration_and_a_directory_of_ones_own_are_what_is_looked_at(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"layers": ["block1_conv1"], "filters": {"block1_conv1": "0-6"}}))
    (tmp_path / "elsewhere" / "results").mkdir(parents=True)

    done = make("check", f"CONFIG={path}", f"DIRECTORY={tmp_path}/elsewhere")

    assert done.returncode == 2
    assert "7" in done.stdout
    assert "block1_conv1" in done.stdout
    assert "block1_conv2" not in done.stdout


@pytest.mark.parametrize("target", ["check", "site", "unlock", "publish-zip", "collection", "poster", "photographs"])
def test_a_directory_that_is_not_there_is_one_line_and_is_not_made(tmp_path, target):
    done = make(target, f"DIRECTORY={tmp_path}/no where")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert done.returncode != 0
    assert line == f"error: DIRECTORY: {tmp_path}/no where: no such folder"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "variable", "message"),
    [
        ("poster", "PAPER=B5", "paper: invalid choice: 'B5' (choose from "),
        ("poster", "BY=hue", "by: invalid choice: 'hue' (choose from "),
        ("poster", "DPI=many", "dpi: invalid int value: 'many'"),
        ("poster", "DPI=9999", "dpi: should be 36 to 300, not 9999"),
        ("poster", "POSTER=x.jpg", "'x.jpg': no name of a poster: it should end in .pdf or .png"),
        ("poster", "POSTER=", "'.': no name of a poster: it should end in .pdf or .png"),
        ("poster", "POSTER=mistyped/x.pdf", "results/map/sheets.json: no such file"),
        ("photographs", "FOLDER=mistyped/photographs", "mistyped/photographs: mistyped: no such folder; make it, or "),
        ("collection", "BASE_URL=example.org", "base-url: it does not begin with https://"),
        ("collection", "OUTPUT=mistyped/all", "mistyped/all: mistyped: no such folder; make it, or name another place"),
        ("collection", "TITLE=\x01", "title: the character U+0001 has no place in a page; remove it"),
        ("check", "SET_ASIDE=yes", "results: no such folder; make atlas builds an atlas there"),
    ],
)
def test_a_mistake_in_a_variable_is_one_line_in_terms_of_make_and_makes_nothing(tmp_path, target, variable, message):
    done = make(target, variable, f"DIRECTORY={tmp_path}")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert done.returncode != 0
    assert line.startswith(f"error: {message}")
    assert "--" not in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["atlas", "full", "site"])
def test_a_directory_that_cannot_be_written_is_one_line(target):
    done = make(target, "DIRECTORY=/proc/sys")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert done.returncode != 0
    assert line == "error: DIRECTORY: /proc/sys: cannot be made or written to"


def test_pages_of_an_atlas_that_is_not_there_are_one_line_and_leave_nothing(tmp_path):
    done = make("site", f"DIRECTORY={tmp_path}")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert line == f"error: {tmp_path}/results: no finished atlas is there; make atlas builds it"
    assert list(tmp_path.iterdir()) == []


def test_a_line_break_in_a_variable_ends_no_command(tmp_path):
    done = make("collection", "RESULTS=mine\nyours", "TITLE=two\nlines", f"DIRECTORY={tmp_path}")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert line == "error: mine: no finished site in it (site/index.html); make atlas builds results and site"


@pytest.mark.parametrize("name", ["it's", 'a "b"', "$(id) `id`", "-x", "é ü", "a;b&c"])
def test_a_directory_of_any_name_is_that_directory(tmp_path, name):
    (tmp_path / name / "results").mkdir(parents=True)

    done = make("publish-zip", f"DIRECTORY={tmp_path}/{name.replace('$', '$$')}")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert line == "error: results/site: no site is there; make atlas builds it"


def test_a_collection_is_made_of_results_in_the_directory_and_its_mistakes_are_one_line(tmp_path):
    done = make("collection", "RESULTS=mine yours", f"DIRECTORY={tmp_path}", "TITLE=My own", "OUTPUT=to here")

    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("make: ***"))
    assert line == "error: mine: no finished site in it (site/index.html); make atlas builds results and site"
    assert list(tmp_path.iterdir()) == []
