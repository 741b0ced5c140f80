import json
import os
import signal
import socket

import psutil
import pytest

from pipeline.pool import client
from tests.support.pools import PATIENCE_SECONDS, UNKNOWN_LAYER, Owner, files, gone, until

pytest_plugins = ["tests.support.pool_fixtures"]


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_are_the_same_with_a_pool_and_without(tmp_path, tiny, workers):
    filters = [("second", 5), ("first", 0), ("second", 1)]
    owner = Owner(tmp_path, workers)
    names = [f"{layer}-{number}.png" for layer, number in filters]

    pooled = [owner.start(*tiny(*filter_, f"pool/{name}")) for filter_, name in zip(filters, names, strict=True)]
    assert [job.communicate(timeout=PATIENCE_SECONDS)[1] for job in pooled] == ["", "", ""]
    count = len(owner.status()["workers"])
    owner.end()
    for filter_, name in list(zip(filters, names, strict=True))[workers - 1 :: 2]:
        assert owner.run(*tiny(*filter_, f"alone/{name}"), address=client.OFF) == (0, "", "")

    assert count == workers
    assert len(files(tmp_path / "pool")) == 9
    alone = files(tmp_path / "alone")
    assert alone
    assert alone.items() <= files(tmp_path / "pool").items()


def test_a_worker_compiles_once_for_each_layer(owner, tiny):
    first = owner.start(*tiny("first", 0, "0.png"))
    until(owner.busy)
    # They wait while the first one imports TensorFlow; by turns they would compile four times.
    others = [owner.start(*tiny(layer, 1, f"{number}.png")) for number, layer in enumerate(["second", "first"] * 2, 1)]
    until(lambda: owner.status()["waiting"] == 4)
    for job in (first, *others):
        assert job.wait(PATIENCE_SECONDS) == 0

    (only,) = owner.status()["workers"]

    assert (only["jobs"], only["compiled"]) == (5, 2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(UNKNOWN_LAYER, 1), (("--layer",), 2), (("--help",), 0)],
    ids=["a user's mistake", "arguments out of form", "help"],
)
def test_a_job_says_the_same_in_the_pool_as_alone(owner, arguments, code):
    pooled, alone = owner.run(*arguments), owner.run(*arguments, address=client.OFF)

    assert pooled == alone
    assert pooled[0] == code
    assert owner.status()["workers"][0]["jobs"] == 1


def test_a_killed_worker_fails_its_job_alone(owner):
    job, pid = owner.hold()
    waiting = owner.start(*UNKNOWN_LAYER)
    until(lambda: owner.status()["waiting"])

    os.kill(pid, signal.SIGKILL)

    _, stderr = job.communicate(timeout=PATIENCE_SECONDS)
    assert (job.returncode, stderr) == (1, "error: the worker of this job ended by signal 9; run it again\n")
    assert "nowhere" in waiting.communicate(timeout=PATIENCE_SECONDS)[1]
    assert [pid] != [worker["pid"] for worker in owner.status()["workers"]]


def test_a_cancelled_job_no_longer_waits(owner):
    owner.hold()
    waiting = owner.start(*UNKNOWN_LAYER)
    until(lambda: owner.status()["waiting"] == 1)

    waiting.kill()

    assert until(lambda: owner.status()["waiting"] == 0)


def test_a_cancelled_job_no_longer_runs(owner):
    job, pid = owner.hold()

    job.kill()

    until(lambda: not owner.busy())
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    "message",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[1]\n",
        b"\xff\xfe\n",
        b"[" * 60000 + b"\n",
        b'{"command": "render", "arguments": 3, "directory": 4}\n',
        b'{"command": "render", "arguments": ["--layer", 3], "directory": "/"}\n',
        b"x" * (2 * client.MESSAGE_BYTES),
        json.dumps({"command": "render", "arguments": [], "directory": os.sep}).encode() + b"\n",
    ],
    ids=["HTTP", "a list", "no text", "deep", "no arguments", "a number", "long", "no open files"],
)
def test_what_is_not_a_request_is_refused(owner, message):
    with client.connect(owner.address) as connection:
        try:
            connection.sendall(message)
            answer = connection.recv(client.MESSAGE_BYTES)
        except ConnectionError:
            answer = b""

    assert b"refused" in answer or not answer
    assert owner.status() == {"waiting": 0, "workers": []}


def test_half_a_request_keeps_nobody_waiting(owner):
    with client.connect(owner.address) as connection:
        socket.send_fds(connection, [b'{"arguments": '], [1, 2, 1, 2])

        assert owner.run(*UNKNOWN_LAYER)[0] == 1


def test_open_files_without_end_are_refused(owner):
    with client.connect(owner.address) as connection:
        socket.send_fds(connection, [b"{"], [1, 2])
        socket.send_fds(connection, [b" "], [1, 2])

        assert b"refused" in connection.recv(client.MESSAGE_BYTES)


def test_workers_end_with_a_killed_pool(owner):
    owner.run(*UNKNOWN_LAYER)
    family = owner.family()
    (pool_process,) = psutil.Process(owner.process.pid).children()

    pool_process.kill()

    assert len(family) == 2
    until(lambda: gone(family))
    assert "nowhere" in owner.run(*UNKNOWN_LAYER)[2]
