import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pipeline.errors import UserError
from pipeline.machine import device
from pipeline.pool import client
from pipeline.pool import owner as pool_owner
from tests.support.pools import PATIENCE_SECONDS, UNKNOWN_LAYER, Owner, gone, until

pytest_plugins = ["tests.support.pool_fixtures"]

SNAKEFILE = '''
from pipeline.pool import owner
onstart:
    owner.start_for(workflow)
rule all:
    output: "done"
    shell: """echo $ATLAS_POOL > address; COMMAND; touch done"""
'''


@pytest.fixture
def environment(monkeypatch) -> pytest.MonkeyPatch:
    """Return the environment, in which nobody has asked for anything."""
    for name in (device.DEVICE, device.BATCH, client.ADDRESS):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


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


@pytest.mark.parametrize("value", ["0", "65", "-1", "4.0", "many", "٤", "²", "9" * 10_000])
def test_a_batch_that_is_none_is_a_mistake(environment, value):
    environment.setenv(device.BATCH, value)

    with pytest.raises(UserError, match="ATLAS_BATCH: should be a number of filters, 1 to 64, not '"):
        pool_owner.check_environment()


@pytest.mark.parametrize("value", ["no", "0", "OFF", "false", "pool.sock"])
def test_a_pool_that_is_neither_off_nor_an_address_is_a_mistake(environment, value):
    environment.setenv(client.ADDRESS, value)

    with pytest.raises(UserError, match="ATLAS_POOL: should be off for no pool, or not be set, not '"):
        pool_owner.check_environment()


@pytest.mark.parametrize("value", ["", "off", "/tmp/atlas-x/pool"])
def test_a_pool_that_is_off_or_an_address_is_none(environment, value):
    environment.setenv(client.ADDRESS, value)

    pool_owner.check_environment()


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

    assert pool_owner.start_for(SimpleNamespace(**(usual | settings))) is None
    assert os.environ.get(client.ADDRESS) == after


def test_where_tensorflow_is_not_installed_there_is_no_pool(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setenv(client.ADDRESS, "")
    workflow = SimpleNamespace(is_main_process=True, touch=False, local_exec=True, cores=1)

    assert pool_owner.start_for(workflow) is None


@pytest.mark.parametrize(
    ("on", "batch", "cores", "limit", "at_once", "waiting"),
    [
        ("cpu", "", 2, 2, 1, 1),
        ("cpu", "4", 2, 2, 4, 10),
        ("gpu", "", 8, 1, 8, 8),
        ("gpu", "", 64, 1, 8, 1),
        ("gpu", "4", 2, 1, 4, 6),
    ],
)
def test_a_pool_has_one_worker_on_a_gpu_and_a_batch_waits_for_it(
    environment, on, batch, cores, limit, at_once, waiting
):
    def start(workers: int, **settings: object) -> str:
        started.append((workers, settings))
        return "/a/pool"

    started: list[tuple[int, dict]] = []
    environment.setattr(pool_owner, "start", start)
    environment.setattr(pool_owner, "usable_cores", lambda: 64)
    environment.setattr(device, "settle", lambda: on)
    environment.setenv(device.BATCH, batch)
    workflow = SimpleNamespace(is_main_process=True, touch=False, local_exec=True, cores=cores)

    assert pool_owner.start_for(workflow) == pool_owner.Room(workers=limit, waiting=waiting)
    assert started == [(limit, {"batch": at_once, "on": on})]


def test_jobs_of_a_workflow_find_its_pool(workflow, tmp_path):
    script = "import os; from pipeline.pool import client; print(client.status(os.environ['ATLAS_POOL']))"
    run = workflow(f'{sys.executable} -c "{script}" > status')

    assert run.wait(PATIENCE_SECONDS) == 0
    assert (tmp_path / "status").read_text() == "{'waiting': 0, 'workers': []}\n"
    assert not Path((tmp_path / "address").read_text().strip()).parent.exists()


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
