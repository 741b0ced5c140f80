import functools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from pipeline.pool import client
from pipeline.pool import owner as pool_owner
from pipeline.render import worker as workers
from tests.support import pools
from tests.support.pools import PATIENCE_SECONDS, UNKNOWN_LAYER, Owner, files, gone, until


@pytest.fixture
def owner(tmp_path) -> Iterator[Owner]:
    one = Owner(tmp_path, workers=1)
    yield one
    one.end()


@pytest.fixture(scope="module")
def tiny(keras_file, keras_weights_file) -> Callable[..., tuple[str, ...]]:
    """Return a function that gives the arguments of a job on the tiny network."""
    return functools.partial(pools.arguments, keras_file, keras_weights_file)


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
        b'{"arguments": 3, "directory": 4}\n',
        b'{"arguments": ["--layer", 3], "directory": "/"}\n',
        b"x" * (2 * client.MESSAGE_BYTES),
        json.dumps({"arguments": [], "directory": os.sep}).encode() + b"\n",
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


def test_a_pool_of_another_directory_is_left_alone(owner, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv(client.ADDRESS, owner.address)

    assert client.render(UNKNOWN_LAYER) is None


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

    assert client.render(UNKNOWN_LAYER) is None


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
        assert client.render(UNKNOWN_LAYER) is None
    assert server.wait(PATIENCE_SECONDS) == 0


def test_only_its_user_reaches_the_pool(owner):
    directory = Path(owner.address).parent

    assert directory.stat().st_mode & 0o777 == 0o700
    assert len(owner.address) < 104


@pytest.mark.parametrize("ending", [None, signal.SIGTERM, signal.SIGKILL], ids=["normal", "SIGTERM", "SIGKILL"])
def test_the_pool_ends_with_its_owner(tmp_path, ending):
    owner = Owner(tmp_path, workers=1)
    job, pid = owner.hold()
    family = owner.family()

    if ending is None:
        owner.process.stdin.close()
    else:
        owner.process.send_signal(ending)

    _, stderr = job.communicate(timeout=PATIENCE_SECONDS)
    assert (job.returncode, stderr) == (1, "error: the pool of workers ended before this job did; run it again\n")
    assert pid in {process.pid for process in family}
    until(lambda: gone(family))
    until(lambda: not Path(owner.address).parent.exists())


def test_workers_leave_nothing_in_the_temporary_directory(tmp_path, tiny, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    owner = Owner(tmp_path, workers=1)

    assert owner.run(*tiny("first", 0, "0.png"))[0] == 0
    owner.end()

    until(lambda: not any(temporary.iterdir()))


def test_workers_end_with_a_killed_pool(owner):
    owner.run(*UNKNOWN_LAYER)
    family = owner.family()
    (pool_process,) = psutil.Process(owner.process.pid).children()

    pool_process.kill()

    assert len(family) == 2
    until(lambda: gone(family))
    assert "nowhere" in owner.run(*UNKNOWN_LAYER)[2]


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


def test_a_job_of_the_pool_imports_next_to_nothing():
    heavy = {"numpy", "tensorflow", "argparse", "pathlib", "typing", "difflib"}
    script = f"import sys; import pipeline.render.__main__; print({heavy} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "set()\n"


SNAKEFILE = '''
from pipeline.pool import owner
onstart:
    owner.start_for(workflow)
rule all:
    output: "done"
    shell: """echo $ATLAS_POOL > address; COMMAND; touch done"""
'''


@pytest.fixture
def workflow(tmp_path, owner) -> Callable[..., subprocess.Popen]:
    """Return a function that starts a workflow whose one job is the given command."""

    def start(command: str, *options: str) -> subprocess.Popen:
        (tmp_path / "Snakefile").write_text(SNAKEFILE.replace("COMMAND", command))
        environment = {name: value for name, value in owner.environment.items() if name != client.ADDRESS}
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--cores", "64", *options],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    return start


def test_jobs_of_a_workflow_find_its_pool(workflow, tmp_path):
    script = "import os; from pipeline.pool import client; print(client.status(os.environ['ATLAS_POOL']))"
    run = workflow(f'{sys.executable} -c "{script}" > status')

    assert run.wait(PATIENCE_SECONDS) == 0
    assert (tmp_path / "status").read_text() == "{'waiting': 0, 'workers': []}\n"
    assert not Path((tmp_path / "address").read_text().strip()).parent.exists()


@pytest.mark.parametrize(
    ("settings", "before", "after"),
    [
        ({}, client.OFF, client.OFF),
        ({"local_exec": False}, "/another/workflow's", None),
        ({"is_main_process": False}, "/its/workflow's", "/its/workflow's"),
        ({"touch": True}, "", ""),
    ],
    ids=[
        "where none is wanted",
        "where jobs run elsewhere",
        "of its own for a single job",
        "where nothing is rendered",
    ],
)
def test_a_workflow_starts_no_pool(monkeypatch, settings, before, after):
    monkeypatch.setenv(client.ADDRESS, before)
    usual = {"is_main_process": True, "touch": False, "local_exec": True, "cores": 1}

    pool_owner.start_for(SimpleNamespace(**(usual | settings)))

    assert os.environ.get(client.ADDRESS) == after


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left_of_a_workflow_that_is_ended(workflow, tmp_path, ending):
    run = workflow(f"{sys.executable} -m pipeline.render {' '.join(UNKNOWN_LAYER)} 2> log")
    address = until(lambda: (tmp_path / "address").exists() and (tmp_path / "address").read_text().strip())
    (pid,) = until(lambda: [worker["pid"] for worker in client.status(address)["workers"]])
    os.kill(pid, signal.SIGSTOP)
    family = psutil.Process(run.pid).children(recursive=True)

    if ending == signal.SIGINT:
        # As Ctrl-C does, to all of the terminal's foreground.
        os.killpg(run.pid, ending)
    else:
        run.send_signal(ending)
    if ending == signal.SIGTERM:
        # Snakemake then waits for the jobs that run.
        os.kill(pid, signal.SIGCONT)

    assert run.wait(PATIENCE_SECONDS) != 0
    assert pid in {process.pid for process in family}
    until(lambda: gone(family))
    until(lambda: not Path(address).parent.exists())
