"""Several jobs at once in one worker, as on a GPU; here on the processor, where that changes no byte."""

import subprocess
from collections.abc import Callable, Iterator

import psutil
import pytest

from pipeline.render import process as render
from pipeline.render import request as requests
from tests.support.pools import PATIENCE_SECONDS, Owner, files, until

pytest_plugins = ["tests.support.pool_fixtures"]

BATCH = 4


@pytest.fixture
def owner(tmp_path) -> Iterator[Owner]:
    one = Owner(tmp_path, workers=1, batch=BATCH)
    yield one
    one.end()


@pytest.fixture
def queue(owner) -> Callable[..., tuple[list[subprocess.Popen], psutil.Process]]:
    """Return a function that has jobs wait, in the order given, for a worker that has stopped; it returns both."""

    def wait(*jobs: tuple[str, ...]) -> tuple[list[subprocess.Popen], psutil.Process]:
        _, pid = owner.hold()
        started = []
        for arguments in jobs:
            started.append(owner.start(*arguments))
            until(lambda: owner.status()["waiting"] == len(started))
        return started, psutil.Process(pid)

    return wait


@pytest.fixture
def alone(tmp_path, tiny) -> Callable[..., dict[str, bytes]]:
    """Return a function that gives the files of filters that are rendered one after another in this process."""

    def rendered(*filters: tuple[str, int]) -> dict[str, bytes]:
        for layer, number in filters:
            render.in_this_process(requests.parse(tiny(layer, number, str(tmp_path / f"alone/{layer}-{number}.png"))))
        return files(tmp_path / "alone")

    return rendered


def end(job: subprocess.Popen) -> tuple[int, str]:
    _, stderr = job.communicate(timeout=PATIENCE_SECONDS)
    return job.returncode, stderr


def test_pictures_of_a_batch_are_those_of_single_jobs(owner, queue, tiny, alone, tmp_path):
    filters = [("second", 0), ("second", 1), ("first", 0), ("second", 2), ("second", 3), ("second", 5)]
    jobs, process = queue(*(tiny(layer, number, f"pool/{layer}-{number}.png") for layer, number in filters))

    process.resume()

    assert [end(job) for job in jobs] == [(0, "")] * 6
    assert files(tmp_path / "pool") == alone(*filters)
    # The job that held the worker; four of the second layer; the fifth, before the first layer's, which waited longer.
    (only,) = owner.status()["workers"]
    assert (only["jobs"], only["batches"], only["compiled"]) == (7, 4, 2)


def test_a_job_of_a_batch_fails_alone_and_says_so_in_its_own_log(owner, queue, tiny, alone, tmp_path):
    (tmp_path / "file").touch()
    jobs, process = queue(
        tiny("second", 6, "pool/second-6.png"),
        tiny("second", 1, "file/x.png"),
        tiny("second", 2, "pool/second-2.jpg"),
        tiny("second", 3, "pool/second-3.png"),
    )

    process.resume()
    (no_filter, no_folder, no_picture, good) = [end(job) for job in jobs]

    assert no_filter == (1, "error: second has no filter 6: its filters are 0 to 5\n")
    assert (no_folder[0], no_folder[1].count("\n")) == (1, 1)
    assert no_folder[1].startswith("error: file")
    assert (no_picture[0], no_picture[1].count("\n")) == (1, 1)
    assert "--output: pool/second-2.jpg" in no_picture[1]
    assert good == (0, "")
    assert files(tmp_path / "pool") == alone(("second", 3))
    assert [worker["batches"] for worker in owner.status()["workers"]] == [2]


def test_a_killed_worker_fails_the_jobs_of_its_batch_and_they_can_be_done_again(owner, queue, tiny, alone, tmp_path):
    filters = [("second", 0), ("second", 1), ("second", 2)]
    commands = [tiny(layer, number, f"pool/{layer}-{number}.png") for layer, number in filters]
    jobs, process = queue(*commands)

    process.resume()
    # It imports TensorFlow then, which takes longer than to kill it.
    until(lambda: not owner.status()["waiting"])
    process.kill()

    assert [end(job) for job in jobs] == [(1, "error: the worker of this job ended by signal 9; run it again\n")] * 3
    assert [end(job) for job in [owner.start(*command) for command in commands]] == [(0, "")] * 3
    assert files(tmp_path / "pool") == alone(*filters)


def test_a_cancelled_job_leaves_the_others_of_its_batch_alone(owner, queue, tiny, alone, tmp_path):
    jobs, process = queue(*(tiny("second", number, f"pool/second-{number}.png") for number in range(3)))

    process.resume()
    until(lambda: not owner.status()["waiting"])
    jobs[1].kill()

    assert [end(jobs[0]), end(jobs[2])] == [(0, "")] * 2
    # What the cancelled one leaves, if anything, is the same as ever.
    assert files(tmp_path / "pool") == alone(*(("second", number) for number in range(3)))
    assert [worker["pid"] for worker in owner.status()["workers"]] == [process.pid]


def test_a_worker_whose_jobs_are_all_cancelled_ends(owner, queue, tiny):
    jobs, process = queue(*(tiny("second", number, f"pool/second-{number}.png") for number in range(2)))
    process.resume()
    until(lambda: not owner.status()["waiting"])
    process.suspend()

    for job in jobs:
        job.kill()

    until(lambda: not owner.busy())
    assert not psutil.pid_exists(process.pid)
