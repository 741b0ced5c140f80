"""What the workflow does when its workers, its directory or the clock fail it: the bytes stay those of an undisturbed
run, at the latest after another."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline import files
from pipeline.results import layout
from tests.photographs.conftest import drawn
from tests.support import memory_limit
from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]

# Bytes of memory with which Python starts, and TensorFlow does not.
LITTLE_MEMORY = 300_000_000
# Bytes that a worker fills before it has rendered anything.
LITTLE_MEMORY_TO_HOLD = 150_000_000
# Seconds within which what a killed workflow has begun is to end.
END_SECONDS = 10
# Seconds by which clocks are wrong.
DAY = 86_400


def processes(module, directory):
    """Return the processes that run one of our modules for a directory's workflow."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == directory and module.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_for_process(module, directory, process):
    """Return the first process of a running workflow that runs a module: its pool, or a worker."""
    while not (found := processes(module, directory)):
        try:
            process.wait(workflows.LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"ended without {module}:\n{process.stdout.read()}")
    return found[0]


@pytest.mark.parametrize("batch", ["1", "4"], ids=["one filter at a time", "several filters at once"])
def test_a_killed_worker_is_replaced_and_its_jobs_done_again(fresh, finished, batch):
    fresh.environment["ATLAS_BATCH"] = batch
    process = fresh.start(cores=1)
    worker = wait_for_process("pipeline.pool.worker", fresh.directory, process)
    workflows.wait_for(fresh.results / "filters/second/[0-9]*.png", process)

    os.kill(worker, signal.SIGKILL)
    run = workflows.finish(process)

    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    workflows.wait_until_idle(fresh.directory)


@pytest.fixture
def scan(fresh, tmp_path):
    """Return a running scan of photographs in a worker that does not go on, and the worker's number."""
    for number in range(3):
        path = tmp_path / "photographs" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        drawn(number, (600, 500)).save(path)
    table = layout.scan(fresh.results, 0).relative_to(fresh.directory)
    process = fresh.start(str(table), cores=1, photographs=str(tmp_path / "photographs"))
    wait_for_process("photographs.scan", fresh.directory, process)
    worker = wait_for_process("pipeline.pool.worker", fresh.directory, process)
    os.kill(worker, signal.SIGSTOP)
    yield process, worker
    workflows.wait_until_idle(fresh.directory)


def test_a_scan_whose_worker_is_killed_is_done_again(fresh, scan):
    process, worker = scan

    os.kill(worker, signal.SIGKILL)
    run = workflows.finish(process)

    assert run.code == 0, run.output
    assert layout.scan(fresh.results, 0).exists()


def test_a_scan_ends_with_a_workflow_that_is_killed(fresh, scan):
    process, _ = scan

    process.kill()
    process.wait()

    ended = time.monotonic() + END_SECONDS
    while workflows.processes_in(fresh.directory) and time.monotonic() < ended:
        time.sleep(workflows.LOOK_SECONDS)
    assert workflows.processes_in(fresh.directory) == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ATLAS_DEVICE", "gpu", "TensorFlow sees no GPU here; see docs/gpu.md, or set it to auto or cpu"),
        ("ATLAS_DEVICE", "tpu", "should be auto, cpu or gpu, not 'tpu'"),
        ("ATLAS_BATCH", "all", "should be a number of filters, 1 to 64, not 'all'"),
        ("ATLAS_POOL", "no", "should be off for no pool, or not be set, not 'no'"),
    ],
)
def test_a_variable_that_asks_for_what_is_not_there_ends_the_run_in_one_line(fresh, name, value, message):
    fresh.environment[name] = value

    failed = fresh.run()

    assert failed.code != 0
    assert failed.errors() == [f"error: {name}: {message}"]
    assert "Traceback" not in failed.output
    assert not fresh.results.exists()
    assert not list((fresh.directory / ".snakemake").glob("locks/*"))


def test_workers_out_of_memory_fail_their_jobs_and_a_rerun_makes_them(fresh, finished):
    process = fresh.start(cores=1)

    # The pool's, which its workers inherit: one that runs already can have taken what it needs.
    pool = wait_for_process("pipeline.pool.server", fresh.directory, process)
    resource.prlimit(pool, resource.RLIMIT_AS, (LITTLE_MEMORY, LITTLE_MEMORY))
    failed = workflows.finish(process)

    assert failed.code != 0, failed.output
    assert not list(fresh.results.rglob("*.png"))
    assert not workflows.half_written(fresh.directory)
    workflows.wait_until_idle(fresh.directory)
    run = fresh.run()
    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)


@pytest.fixture
def little_memory():
    """Return a group of processes that may have little memory; the kernel kills who takes more."""
    with memory_limit.limited(LITTLE_MEMORY_TO_HOLD) as group:
        if group is None:
            pytest.skip("a memory limit (cgroup) can be set by root alone, and not in every container")
        yield group


def test_a_worker_that_the_kernel_kills_for_want_of_memory_is_replaced(fresh, finished, little_memory):
    process = fresh.start(cores=1)

    little_memory.take(wait_for_process("pipeline.pool.worker", fresh.directory, process))
    run = workflows.finish(process)

    assert little_memory.killed() == 1
    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    workflows.wait_until_idle(fresh.directory)


def test_where_every_worker_is_killed_for_want_of_memory_the_jobs_say_so_and_a_rerun_makes_them(
    fresh, finished, little_memory
):
    process = fresh.start("results/filters/first/000.png", cores=1)

    little_memory.take(wait_for_process("pipeline.pool.server", fresh.directory, process))
    failed = workflows.finish(process)

    # It is tried twice.
    assert little_memory.killed() == 2
    assert failed.code != 0
    assert failed.errors() == ["error: the worker of this job ended by signal 9; run it again"] * 2
    assert "Traceback" not in failed.output
    assert not workflows.half_written(fresh.directory)
    workflows.wait_until_idle(fresh.directory)
    run = fresh.run()
    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)


@pytest.fixture
def read_only(fresh):
    """Return the function that makes the results of `fresh` writable; until then they are not, not even for root."""
    fresh.results.mkdir(parents=True)
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", fresh.results], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a read-only disk can be mounted by root alone, and not in every container")
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,rw", fresh.results], check=True)
    finally:
        subprocess.run(["umount", "--lazy", fresh.results], check=True)


def test_an_unwritable_directory_is_named(fresh, finished, read_only):
    failed = fresh.run()

    assert failed.code != 0
    assert "results: cannot be written to; make it writable" in failed.output
    assert "Traceback" not in failed.output

    read_only()
    run = fresh.run()
    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)


def test_a_second_workflow_in_a_directory_is_told_to_wait(fresh, finished):
    process = fresh.start()
    workflows.wait_for(fresh.results / "weights.npz", process)

    second = fresh.run()
    first = workflows.finish(process)

    assert second.code != 0
    assert "Directory cannot be locked" in second.output
    assert "--unlock" in second.output
    assert first.code == 0, first.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)


def test_a_temporary_directory_with_a_long_path_is_no_hindrance(fresh, finished, tmp_path):
    long = tmp_path / ("x" * 120)
    long.mkdir()
    fresh.environment["TMPDIR"] = str(long)
    names = ["filters/first/000.png", "filters/second/003.png"]

    process = fresh.start(*(f"results/{name}" for name in names), cores=1)
    wait_for_process("pipeline.pool.worker", fresh.directory, process)
    run = workflows.finish(process)

    assert run.code == 0, run.output
    assert "no pool" not in run.output
    for name in names:
        assert (fresh.results / name).read_bytes() == (finished.results / name).read_bytes()
    workflows.wait_until_idle(fresh.directory)
    assert not list(long.glob("atlas-*"))


@pytest.mark.parametrize("seconds", [-10 * DAY, DAY], ids=["back", "forward"])
def test_files_of_a_clock_that_jumped_change_no_byte(atlas, finished, seconds):
    for name in ("filters/second/001.png", "filters/second/001.json", "layers/first.json", "weights.npz"):
        path = atlas.results / name
        time = path.stat().st_mtime + seconds
        os.utime(path, (time, time))

    run = atlas.run()

    assert run.code == 0, run.output
    assert workflows.contents(atlas.results) == workflows.contents(finished.results)
    # One run sets it right, however far ahead the times are.
    assert atlas.plan() == []


def test_a_record_of_another_recipe_is_set_aside_and_its_picture_made_anew(atlas, finished, tmp_path):
    other = atlas.copy(tmp_path / "other")
    run = other.run("results/filters/second/001.png", recipe={"steps": 4})
    assert run.code == 0, run.output
    for path in other.results.glob("filters/second/001.*"):
        shutil.copy2(path, atlas.results / "filters/second")
    # As after a copy by hand: of these files Snakemake knows nothing.
    (atlas.results / "layers/second.json").unlink()

    failed = atlas.run()

    assert failed.code != 0
    assert re.search(r"second/001\.json: recipe\.\w+: .*, not ", failed.output)
    atlas.assert_run_gives(finished)


def test_parts_from_several_machines_are_put_together_and_only_what_is_missing_is_made(fresh, finished):
    first, second = (finished.results / "filters" / layer for layer in ("first", "second"))
    shutil.copytree(first, fresh.results / "filters/first")
    shutil.copytree(second, fresh.results / "filters/second", ignore=shutil.ignore_patterns("003*"))
    # The weights must not look newer than the pictures that were made with them: docs/clusters.md.
    shutil.copyfile(finished.results / "weights.npz", fresh.results / "weights.npz")
    os.utime(fresh.results / "weights.npz", (0, 0))

    planned = fresh.plan()
    run = fresh.run()

    assert [filter for rule, filter in planned if rule == "render"] == ["second/003"]
    assert "weights" not in dict(planned)
    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    assert fresh.plan() == []


def test_parts_made_with_other_settings_are_named_when_put_together(atlas, finished):
    record = atlas.results / "filters/first/001.json"
    files.write_json(record, json.loads(record.read_text()) | {"weights_sha256": "0" * 64})
    shutil.rmtree(atlas.directory / ".snakemake")
    (atlas.results / "layers/first.json").unlink()

    failed = atlas.run()

    assert failed.code != 0
    assert "first/001.json: weights_sha256" in failed.output
    atlas.assert_run_gives(finished)
