import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import UserError
from pipeline.pool import client
from pipeline.render import process as render
from pipeline.render import renderer
from pipeline.render import worker as workers
from pipeline.render.worker import Job, _climb, _receive
from tests.support.pools import PATIENCE_SECONDS

pytest_plugins = ["tests.support.pool_fixtures"]


def test_an_unexpected_error_leaves_its_traceback_and_the_worker_alive(capsys):
    def fail():
        raise ZeroDivisionError("in the middle")

    assert workers.run(fail) == 1
    assert "ZeroDivisionError: in the middle" in capsys.readouterr().err


def test_a_picture_outside_the_working_directory_is_refused(owner, tiny, tmp_path):
    code, _, stderr = owner.run(*tiny("first", 0, "a/../../x.png"))

    assert code == 1
    assert f"a/../../x.png is outside {tmp_path}" in stderr
    assert not (tmp_path.parent / "x.png").exists()


def test_an_animation_outside_the_working_directory_is_refused(owner, tiny, tmp_path):
    code, _, stderr = owner.run(*tiny("first", 0, "x.png"), "--animate", "../x.webp")

    assert code == 1
    assert f"--animate: ../x.webp is outside {tmp_path}" in stderr
    assert not (tmp_path / "x.png").exists()


def test_a_worker_that_has_grown_too_big_makes_way():
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", "from pipeline.render import worker; worker.MEMORY_BYTES = 1; worker.main()"],
            stdin=theirs,
        )
    with Path(os.devnull).open("wb") as nowhere:
        client.send(ours, {"arguments": ["--help"], "more": 0}, descriptors=[nowhere.fileno()] * 2)
    answer = json.loads(ours.makefile().readline())

    assert process.wait(PATIENCE_SECONDS) == 0
    assert answer["last"] is True
    assert answer["exits"] == [0]


def test_what_fails_together_is_tried_in_halves_down_to_each_alone(monkeypatch):
    def climb(batch: list[str], progress: Callable) -> list[str]:
        tried.append(batch)
        if len(batch) > 2:
            raise MemoryError
        if "b" in batch:
            raise UserError("not b")
        return [request.upper() for request in batch]

    tried: list[list[str]] = []
    monkeypatch.setattr(render, "prepare", lambda request: None)
    monkeypatch.setattr(renderer, "climb", climb)

    first, second, *others = _climb(["a", "b", "c", "d"])

    assert tried == [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b"], ["c", "d"]]
    assert (first, str(second), others) == ("A", "not b", ["C", "D"])


def test_jobs_of_a_batch_are_told_apart_however_their_messages_arrive(monkeypatch):
    pieces = iter(
        [
            (b'{"arguments": ["1"], "mo', [10, 11], 0, None),
            (b're": 1}\n{"arguments": ["2"], "more": 0}\n{"argu', [20, 21], 0, None),
            (b'ments": ["3"], "more": 0}\n', [30, 31], 0, None),
            (b"", [], 0, None),
        ]
    )
    batches: list[list[Job]] = []
    monkeypatch.setattr(socket, "recv_fds", lambda *arguments: next(pieces))
    monkeypatch.setattr(os, "_exit", sys.exit)

    with pytest.raises(SystemExit):
        _receive(None, SimpleNamespace(put=batches.append))

    assert [[(job.arguments, job.stdout, job.stderr) for job in batch] for batch in batches] == [
        [(["1"], 10, 11), (["2"], 20, 21)],
        [(["3"], 30, 31)],
    ]
