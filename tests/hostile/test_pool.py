"""Whoever is at the other end of the pool's socket: a job is done, or says in one line why not, and waits for no one
without an end."""

import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pool import client
from tests.support import hostile
from tests.support.hostile import examples
from tests.support.pools import PATIENCE_SECONDS, UNKNOWN_LAYER, Owner, until

pytest_plugins = ["tests.support.pool_fixtures"]
pytestmark = pytest.mark.hostile("messages at the pool's socket")

ACCEPTED = b'{"accepted": true}\n'


@pytest.fixture
def pool(monkeypatch) -> Callable[..., int | None]:
    """Return a function that has a pool render which says what it is given, and hangs up unless told otherwise."""

    def render(said: bytes, *, arguments: tuple[str, ...] = UNKNOWN_LAYER, hangs_up: bool = True) -> int | None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(said)
            if hangs_up:
                theirs.shutdown(socket.SHUT_WR)
            ours.settimeout(client.ANSWER_SECONDS)
            monkeypatch.setattr(client, "connect", lambda address: ours)
            return client.render(arguments)

    monkeypatch.setenv(client.ADDRESS, "/a/pool")
    monkeypatch.setattr(client, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)
    return render


@pytest.mark.parametrize(
    "answer",
    [
        b'{"exit": 256}',
        b'{"exit": -256}',
        b'{"exit": -1}',
        b'{"exit": "0"}',
        b'{"exit": false}',
        b'{"exit": 0.9}',
        b'{"exit": 1e400}',
        b'{"exit": NaN}',
        b'{"exit": null}',
        b'{"exit": [0]}',
        b"{}",
        b"[]",
        b"\xff",
        b"",
        b'{"exit": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b" " * (2 * client.MESSAGE_BYTES),
        b'{"working": 1}',
    ],
)
def test_what_is_no_end_of_a_job_leaves_the_job_to_itself(pool, answer):
    assert pool(ACCEPTED + answer + b"\n") is None


@pytest.mark.parametrize("accepted", [b'{"accepted": 1}', b'{"accepted": "yes"}', b"{}", b"[1]", b"", b"[" * 60_000])
def test_what_does_not_take_a_job_leaves_it_to_itself(pool, accepted):
    assert pool(accepted + b"\n" + b'{"exit": 0}\n') is None


def test_a_pool_that_makes_no_picture_has_not_rendered_it(pool, tmp_path):
    picture = tmp_path / "x.png"
    arguments = ("--layer", "--output", "--filter", "0", "--output", str(picture))
    ends = ACCEPTED + b'{"exit": 0}\n'

    assert pool(ends, arguments=arguments) is None
    # What was there before is not what it has made.
    picture.touch()
    picture.with_suffix(".json").touch()
    assert pool(ends, arguments=arguments) is None
    assert pool(ends, arguments=("--help",)) == 0


def test_what_a_pool_says_does_not_reach_the_terminal_as_it_is(pool, capsys):
    said = json.dumps({"exit": 1, "message": "\x1b[2J\x07\nsecond\ud800" + "x" * 10_000}).encode()

    assert pool(ACCEPTED + said + b"\n") == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: ?[2J??second?xxx")
    assert len(printed) < 600


def test_a_pool_that_hangs_up_is_said_to_have_ended(pool, capsys):
    assert pool(ACCEPTED) == 1
    assert capsys.readouterr().err == "error: the pool of workers ended before this job did; run it again\n"


@pytest.mark.parametrize("said", [b"", ACCEPTED, ACCEPTED + b'{"working": true}\n' * 3, ACCEPTED + b'{"exit"'])
def test_a_pool_that_falls_silent_is_given_up(pool, said):
    start = time.monotonic()

    assert pool(said, hangs_up=False) is None
    assert time.monotonic() - start < 5


@examples(300)
@given(
    st.sampled_from([b"", ACCEPTED, ACCEPTED * 2]),
    hostile.JSON | st.fixed_dictionaries({"exit": hostile.JSON}, optional={"message": hostile.JSON}),
    st.binary(max_size=5),
)
def test_any_answer_ends_a_job_or_leaves_it_to_itself(pool, before, value, after):
    code = pool(before + json.dumps(value).encode() + b"\n" + after)

    assert code is None or (type(code) is int and 0 <= code < 256)


@examples(150)
@given(
    st.binary(max_size=300)
    | hostile.JSON.map(lambda value: json.dumps(value).encode() + b"\n")
    | st.fixed_dictionaries({"arguments": hostile.JSON, "directory": hostile.JSON}).map(
        lambda value: json.dumps(value).encode() + b"\n"
    ),
    st.integers(0, 3),
)
def test_any_request_is_refused_and_the_pool_goes_on(owner, message, descriptors):
    with client.connect(owner.address) as connection:
        socket.send_fds(connection, [message or b"\n"], [1] * descriptors)
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = connection.recv(client.MESSAGE_BYTES)
        except ConnectionError:
            answer = b""

    assert not answer or b"refused" in answer or b"workers" in answer
    assert owner.status() == {"waiting": 0, "workers": []}


def test_a_stopped_pool_keeps_no_job_waiting(owner, monkeypatch):
    (process,) = psutil.Process(owner.process.pid).children()
    monkeypatch.setenv(client.ADDRESS, owner.address)
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
    process.suspend()
    try:
        assert client.render(UNKNOWN_LAYER) is None
    finally:
        process.resume()


def test_a_job_that_asks_hears_that_it_is_still_in_hand(owner):
    with client.connect(owner.address) as connection:
        request = {"arguments": list(UNKNOWN_LAYER), "directory": str(owner.directory)}
        client.send(connection, request, descriptors=(1, 2))
        answers = client.Answers(connection)
        assert answers.next() == {"accepted": True}

        socket.send_fds(connection, [b"\n"], [1])

        assert answers.next() == {"working": True}
        connection.settimeout(PATIENCE_SECONDS)
        assert answers.next() == {"exit": 1}


@pytest.fixture
def watchful(tmp_path):
    """Return the owner of a pool that looks after its worker all the time."""
    one = Owner(tmp_path, workers=1, look_seconds=0.1)
    yield one
    one.end()


def test_a_stopped_worker_is_given_up_and_its_job_can_be_done_again(watchful):
    job, pid = watchful.hold()

    _, stderr = job.communicate(timeout=PATIENCE_SECONDS)

    assert (job.returncode, stderr) == (
        1,
        "error: the worker of this job was stopped, and has been ended; run it again\n",
    )
    assert not psutil.pid_exists(pid)
    assert "nowhere" in watchful.run(*UNKNOWN_LAYER)[2]


def test_a_worker_that_takes_its_time_is_not_given_up(watchful, tiny):
    # It imports TensorFlow, compiles, and renders: for some seconds it is looked at all the time.
    assert watchful.run(*tiny("first", 0, "0.png")) == (0, "", "")


def test_a_worker_that_was_stopped_for_a_moment_goes_on(tmp_path):
    owner = Owner(tmp_path, workers=1, look_seconds=2)
    try:
        job, pid = owner.hold()
        time.sleep(0.5)
        os.kill(pid, signal.SIGCONT)

        assert "nowhere" in job.communicate(timeout=PATIENCE_SECONDS)[1]
        assert [worker["pid"] for worker in owner.status()["workers"]] == [pid]
    finally:
        owner.end()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits another process, as Linux alone can")
def test_a_pool_out_of_descriptors_waits_until_there_are_some(owner):
    (process,) = psutil.Process(owner.process.pid).children()
    owner.status()
    limit = process.num_fds() + 3
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (limit, limit))
    crowd = [client.connect(owner.address) for _ in range(10)]
    before = sum(process.cpu_times()[:2])

    time.sleep(1)

    assert sum(process.cpu_times()[:2]) - before < 0.3
    for connection in crowd:
        connection.close()
    assert until(owner.status) == {"waiting": 0, "workers": []}
