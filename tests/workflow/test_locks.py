"""Locks of runs that were killed: removed where nobody is there, and never where somebody is."""

import contextlib
import subprocess
import sys

import pytest

from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.workflow import locks

HERE = """
import sys
from pathlib import Path
from pipeline.workflow import locks
said = locks.take()
locks.begin(all_jobs_are_here=sys.argv[1] == "here")
Path(".snakemake/locks").mkdir(exist_ok=True)
Path(".snakemake/locks/0.output.lock").write_text("results/weights.npz\\n")
print(said, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def begun(tmp_path):
    """Return a function that begins a run in a process of its own, which has Snakemake's lock for ever."""
    with contextlib.ExitStack() as stack:

        def begin(where="here"):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", HERE, where],
                    cwd=tmp_path,
                    env={"PYTHONPATH": str(PROJECT)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process, process.stdout.readline().strip()

        yield begin


def killed(run):
    process, _ = run
    process.kill()
    process.wait()


def test_a_run_after_one_that_was_killed_removes_its_lock_and_says_so(begun):
    killed(begun())

    _, said = begun()

    assert said == "a run that was killed left its lock behind; it is removed"


def test_a_run_beside_another_leaves_the_lock(begun):
    begun()

    _, said = begun()

    assert said == locks.BESIDE


def test_a_lock_stays_while_one_of_several_is_there(begun):
    first = begun()
    begun()
    killed(first)

    assert begun()[1] == locks.BESIDE


def test_of_a_run_with_jobs_elsewhere_it_is_said_how_to_remove_the_lock(begun, tmp_path):
    killed(begun("elsewhere"))

    _, said = begun()

    assert said.endswith("when it has ended, make unlock (without make: --unlock) removes it")
    assert list(tmp_path.glob(".snakemake/locks/*.lock"))


def test_a_lock_of_another_machine_stays(begun, tmp_path):
    killed(begun())
    (tmp_path / ".snakemake" / locks.HELD).write_text("another")

    assert "perhaps on another machine" in begun()[1]


def test_unlocking_is_refused_while_a_run_is_there(begun, tmp_path):
    run = begun("elsewhere")

    with pytest.raises(UserError, match="a run is under way there; wait until it has ended"):
        locks.release(tmp_path / ".snakemake")
    killed(run)
    locks.release(tmp_path / ".snakemake")

    assert not list(tmp_path.glob(".snakemake/locks/*.lock"))


def test_where_nothing_can_be_written_all_stays_as_it_is(tmp_path):
    (tmp_path / "file").write_text("")

    assert locks.take(tmp_path / "file" / ".snakemake") == ""
    assert locks.take(tmp_path / "file") == ""
