"""Commands that a worker of the pool does, or the process itself where there is none."""

import os
import signal

import pytest

from pipeline import files
from pipeline.photographs import folder
from pipeline.pool import client
from pipeline.results import document, layout
from tests.photographs.test_folder import save
from tests.support.pools import Owner, until

pytest_plugins = ["tests.support.pool_fixtures"]

# On bare machines the pool has no worker for these: see `pipeline.pool.server.main`.
NO_POOL = client.OFF


def run(owner: Owner, *arguments: str, address: str | None = None) -> tuple[int, str, str]:
    return owner.run(*arguments, address=address, module="pipeline.pool")


@pytest.fixture
def scan(owner, keras_file, keras_weights_file):
    """Return a function that gives the arguments of a scan of two photographs, below the owner's directory."""
    for seed in range(2):
        save(owner.directory / "pictures" / f"{seed}.png", seed)
    listed = folder.gather(owner.directory / "pictures")
    files.write_json(layout.photograph_files(owner.directory), document.to_json(listed))
    return lambda output: (
        *("photographs.scan", "--model", str(keras_file), "--preprocessing", "unit"),
        *("--weights", str(keras_weights_file), "--results", ".", "--layers", "first", "second"),
        *("--precision", "float32", "--output", output),
    )


def test_a_scan_gives_the_same_bytes_in_the_pool_and_alone(owner, scan):
    # The second time in a worker that has done one already.
    runs = [run(owner, *scan(f"{place}.npz")) for place in range(2)]
    runs.append(run(owner, *scan("alone.npz"), address=NO_POOL))

    assert [code for code, _, _ in runs] == [0, 0, 0], runs
    (worker,) = owner.status()["workers"]
    assert worker["jobs"] == 2
    first, *others = ((owner.directory / name).read_bytes() for name in ("0.npz", "1.npz", "alone.npz"))
    assert others == [first, first]


def test_a_worker_that_renders_scans_and_renders_again(owner, scan, tiny):
    codes = [owner.run(*tiny("first", 0, "0.png"))[0], run(owner, *scan("0.npz"))[0]]
    codes.append(owner.run(*tiny("first", 0, "1.png"))[0])

    assert codes == [0, 0, 0]
    assert (owner.directory / "0.png").read_bytes() == (owner.directory / "1.png").read_bytes()
    (worker,) = owner.status()["workers"]
    assert worker["jobs"] == 3


def test_a_worker_that_renders_summarises_and_renders_again(owner, tiny, keras_file, keras_weights_file):
    def summary(output: str) -> tuple[str, ...]:
        return (
            *("summary", "--model", str(keras_file), "--preprocessing", "unit"),
            *("--weights", str(keras_weights_file), "--results", ".", "--layer", "first", "--filters", "0-1"),
            *("--output", output),
        )

    renders = [owner.run(*tiny("first", number, f"filters/first/{number:03}.png"))[0] for number in range(2)]
    summaries = [run(owner, *summary(f"{place}.json"))[0] for place in range(2)]
    again = owner.run(*tiny("first", 0, "again.png"))[0]
    alone = run(owner, *summary("alone.json"), address=NO_POOL)[0]

    assert [*renders, *summaries, again, alone] == [0] * 6
    (worker,) = owner.status()["workers"]
    assert worker["jobs"] == 5
    assert worker["compiled"] == 1
    for ending in (".json", ".response.npy"):
        first, *others = ((owner.directory / f"{name}{ending}").read_bytes() for name in ("0", "1", "alone"))
        assert others == [first, first]
    picture = (owner.directory / "filters/first/000.png").read_bytes()
    assert (owner.directory / "again.png").read_bytes() == picture


def test_what_a_command_says_and_its_exit_code_come_back(owner):
    asked = ("trust", "--layer", "x", "--model", "vgg17")

    in_pool, alone = run(owner, *asked), run(owner, *asked, address=NO_POOL)

    assert in_pool == alone
    assert in_pool[0] == 1
    assert in_pool[2].startswith("error: ")
    assert run(owner, "tuning", "--help")[:2] == run(owner, "tuning", "--help", address=NO_POOL)[:2]


def test_a_command_whose_worker_is_killed_fails_in_one_line(owner, scan):
    job = owner.start(*scan("0.npz"), module="pipeline.pool")
    (pid,) = until(owner.busy)

    os.kill(pid, signal.SIGKILL)

    _, stderr = job.communicate()
    assert (job.returncode, stderr) == (1, "error: the worker of this job ended by signal 9; run it again\n")
    assert run(owner, *scan("0.npz"))[0] == 0


@pytest.mark.parametrize("command", [(), ("render",), ("os.system", "true"), ("--help",)])
def test_no_other_command_is_done(owner, command):
    code, _, stderr = run(owner, *command)

    assert code == 1
    assert "should be one of photographs.scan, photographs.finals, summary, trust, tuning" in stderr


def test_the_pool_does_no_command_that_it_does_not_know(owner):
    with client.connect(owner.address) as connection:
        request = {"command": "os", "arguments": [], "directory": str(owner.directory)}
        client.send(connection, request, descriptors=(1, 2))

        assert b"refused" in connection.recv(client.MESSAGE_BYTES)
