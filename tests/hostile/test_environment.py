"""Environment variables that nobody meant well: proper work or one line, and never a wait without an end."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipeline.machine import device
from pipeline.network.known import KNOWN
from pipeline.pool import client, owner
from pipeline.weights import keras_host
from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]
pytestmark = pytest.mark.hostile("environment variables")

# No command here takes more than a second or two; this much says that one hangs.
SECONDS = 120
# Bytes that Linux allows for one variable, with its name.
LONGEST_VARIABLE = 131_000

# Variables that our code and Python read, and what no one should set them to.
VALUES = {
    "nothing": b"",
    "no path": b"\x01 \x1b[2J",
    "too long": b"/" + b"x" * (LONGEST_VARIABLE - 100),
    "longer than a socket's": b"/tmp/" + b"x" * 110,
    "two lines": b"/tmp/a\nb",
    "not text": b"/tmp/\xff\xfe",
    "nowhere": b"/nowhere/at/all",
    "a device": b"/dev/zero",
    "a file": b"{folder}/file",
    "a folder": b"{folder}/folder",
    "a socket that nobody listens at": b"{folder}/dead",
    "a socket of another kind": b"{folder}/datagram",
}
VARIABLES = (
    *(client.ADDRESS, device.DEVICE, device.BATCH),
    *("TMPDIR", "HOME", "KERAS_HOME", "XDG_RUNTIME_DIR", "COLUMNS", "TERM", "LC_ALL"),
)


@pytest.fixture(scope="module")
def folder():
    """Return a folder with a file, a folder, and sockets in it, whose path is short enough for those."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        (folder / "file").write_text("x")
        (folder / "folder").mkdir()
        for kind, path in ((socket.SOCK_STREAM, "dead"), (socket.SOCK_DGRAM, "datagram")):
            with socket.socket(socket.AF_UNIX, kind) as bound:
                bound.bind(str(folder / path))
        yield folder


def value_of(name: str, folder: Path) -> bytes:
    return VALUES[name].replace(b"{folder}", os.fsencode(folder))


def run(*arguments: str, **variables: bytes) -> subprocess.CompletedProcess:
    environment = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}
    environment |= {os.fsencode(name): value for name, value in variables.items()}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, cwd=workflows.REPOSITORY)


@pytest.mark.parametrize("value", VALUES)
def test_a_command_says_what_it_has_to_say_in_one_line_whatever_the_environment(folder, value):
    wrong = dict.fromkeys(VARIABLES, value_of(value, folder))

    done = run("pipeline.render", "--layer", "block1_conv1", "--filter", "64", "--output", "x.png", **wrong)

    assert done.returncode == 1
    assert done.stderr == b"error: block1_conv1 has no filter 64: its filters are 0 to 63\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_a_table_is_printed_in_any_encoding(encoding):
    code = "from pipeline import errors; errors.run(lambda: print('3 × noise – 1', 'é', chr(0x1f600)))"

    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert "noise" in done.stdout.decode(encoding)


@pytest.mark.parametrize("value", [value for value in VALUES if value != "a folder"])
def test_a_pool_starts_in_a_folder_that_can_be_used_or_not_at_all(folder, monkeypatch, value):
    text = os.fsdecode(value_of(value, folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, text)

    made = owner._private_directory()

    try:
        assert made.stat().st_mode & 0o777 == 0o700
        assert len(os.fsencode(made / "pool")) <= owner.ADDRESS_BYTES
        assert not os.fsdecode(made).startswith(f"{text}/") or text in ("", "/tmp/a\nb")
    finally:
        made.rmdir()


@pytest.mark.parametrize("value", VALUES)
def test_an_address_that_is_no_pools_is_no_pool(folder, monkeypatch, value):
    monkeypatch.setenv(client.ADDRESS, os.fsdecode(value_of(value, folder)))

    assert client.run(client.RENDER, ["--help"]) is None


@pytest.mark.parametrize("name", ["KERAS_HOME", "HOME"])
@pytest.mark.parametrize("value", ["too long", "a device", "a file", "a socket of another kind"])
def test_where_keras_cannot_keep_its_weights_they_are_kept_for_a_while(folder, monkeypatch, name, value):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv(name, os.fsdecode(value_of(value, folder)))
    file = KNOWN["vgg16"].imagenet.keras
    assert file is not None
    cached = keras_host.cached(file)

    with keras_host._place_for(cached) as path:
        assert path != cached
        path.write_bytes(b"x")
    assert not path.exists()


def test_a_workflow_in_a_hostile_environment_makes_the_same_bytes(fresh, finished, folder):
    fresh.environment |= {
        client.ADDRESS: str(folder / "datagram"),
        "TMPDIR": str(folder / "file"),
        "KERAS_HOME": "/dev/null",
        "XDG_RUNTIME_DIR": "nowhere",
        "COLUMNS": "many",
        "TERM": "",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
        "OMP_NUM_THREADS": "none",
    }

    made = fresh.run()

    assert made.code == 0, made.output
    assert "Traceback" not in made.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    workflows.wait_until_idle(fresh.directory)
