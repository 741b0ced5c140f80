import socket
import subprocess
import sys
from typing import Any

import pytest

from pipeline.files import PROJECT
from pipeline.pool import client
from tests.support.pools import PATIENCE_SECONDS, UNKNOWN_LAYER

pytest_plugins = ["tests.support.pool_fixtures"]


def test_a_pool_of_another_directory_is_left_alone(owner, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv(client.ADDRESS, owner.address)

    assert client.run(client.RENDER, UNKNOWN_LAYER) is None


def test_a_pool_that_hangs_up_after_the_last_byte_has_been_told_all(monkeypatch):
    ours, theirs = socket.socketpair()
    send = socket.send_fds

    def send_to_one_that_hangs_up(*arguments: Any) -> int:
        sent = send(*arguments)
        theirs.recv(client.MESSAGE_BYTES)
        theirs.close()
        return sent

    monkeypatch.setattr(socket, "send_fds", send_to_one_that_hangs_up)

    with ours:
        client.send(ours, {"status": True}, descriptors=(1, 2))


@pytest.mark.parametrize("address", ["", client.OFF, "/nowhere/pool", __file__, "/" + "long" * 100])
def test_no_pool_is_no_error(monkeypatch, address):
    monkeypatch.setenv(client.ADDRESS, address)

    assert client.run(client.RENDER, UNKNOWN_LAYER) is None


def test_what_answers_nonsense_is_no_pool(tmp_path, monkeypatch):
    address = str(tmp_path / "s")
    monkeypatch.setenv(client.ADDRESS, address)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, "-c", "import socket; socket.socket(fileno=0).accept()[0].send(b'220 mail\\n')"],
            stdin=listener,
        )
        assert client.run(client.RENDER, UNKNOWN_LAYER) is None
    assert server.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize("client", ["pipeline.render.__main__", "pipeline.pool.__main__"])
def test_a_job_of_the_pool_imports_next_to_nothing(client):
    heavy = {"numpy", "tensorflow", "argparse", "pathlib", "typing", "difflib"}
    script = f"import sys; import {client}; print({heavy} & set(sys.modules))"

    # Without what other packages have a Python do at its start: coverage measures itself into every process.
    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=PROJECT, capture_output=True, text=True)

    assert done.stdout == "set()\n"
