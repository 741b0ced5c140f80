import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import UserError
from pipeline.pool import client
from pipeline.pool import worker as workers
from pipeline.pool.worker import Job, _receive
from tests.support.pools import PATIENCE_SECONDS


def test_an_unexpected_error_leaves_its_traceback_and_the_worker_alive(capsys):
    def fail():
        raise ZeroDivisionError("in the middle")

    assert workers.run(fail) == 1
    assert "ZeroDivisionError: in the middle" in capsys.readouterr().err


def test_a_worker_that_has_grown_too_big_makes_way():
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", "from pipeline.pool import worker; worker.MEMORY_BYTES = 1; worker.main()"],
            stdin=theirs,
        )
    with Path(os.devnull).open("wb") as nowhere:
        client.send(
            ours, {"command": client.RENDER, "arguments": ["--help"], "more": 0}, descriptors=[nowhere.fileno()] * 2
        )
    answer = json.loads(ours.makefile().readline())

    assert process.wait(PATIENCE_SECONDS) == 0
    assert answer["last"] is True
    assert answer["exits"] == [0]


def test_jobs_of_a_batch_are_told_apart_however_their_messages_arrive(monkeypatch):
    pieces = iter(
        [
            (b'{"command": "a", "arguments": ["1"], "mo', [10, 11], 0, None),
            (b're": 1}\n{"command": "a", "arguments": ["2"], "more": 0}\n{"comm', [20, 21], 0, None),
            (b'and": "b", "arguments": ["3"], "more": 0}\n', [30, 31], 0, None),
            (b"", [], 0, None),
        ]
    )
    batches: list[list[Job]] = []
    monkeypatch.setattr(socket, "recv_fds", lambda *arguments: next(pieces))
    monkeypatch.setattr(os, "_exit", sys.exit)

    with pytest.raises(SystemExit):
        _receive(None, SimpleNamespace(put=batches.append))

    assert [[(job.command, job.arguments, job.stdout, job.stderr) for job in batch] for batch in batches] == [
        [("a", ["1"], 10, 11), ("a", ["2"], 20, 21)],
        [("b", ["3"], 30, 31)],
    ]


def test_jobs_of_a_command_are_done_one_by_one_with_its_arguments_and_each_fails_alone(monkeypatch):
    def main() -> None:
        done.append(sys.argv[1:])
        if "2" in sys.argv:
            raise UserError("no such share")

    done: list[list[str]] = []
    monkeypatch.setattr(sys, "argv", ["worker"])
    monkeypatch.setitem(client.COMMANDS, "told", "told")
    monkeypatch.setitem(sys.modules, "told", SimpleNamespace(__name__="told", main=main))
    pipes = [os.pipe() for _ in range(3)]
    jobs = [Job("told", [str(number)], os.dup(writing), writing) for number, (_, writing) in enumerate(pipes, 1)]

    workers.do_all(jobs)

    assert done == [["1"], ["2"], ["3"]]
    assert [job.exit for job in jobs] == [0, 1, 0]
    for reading, _ in pipes:
        # Its other end is closed.
        os.read(reading, 1000)
        assert os.read(reading, 1) == b""
        os.close(reading)
