import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.workflow import scheduler_cures

SNAKEFILE = """
import threading
from pathlib import Path
from pipeline.workflow import scheduler_cures
onstart:
    scheduler_cures.disarm_rate_limiter(workflow) if config["disarm"] else None
onsuccess:
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    Path("timers").write_text(str(len(timers)))
rule all:
    input: expand("{number}", number=range(3))
rule one:
    output: "{number}"
    shell: "touch {output}"
"""


@pytest.mark.parametrize("disarm", [True, False], ids=["disarmed", "as it is"])
def test_only_without_the_limiter_are_there_no_timers(tmp_path, repository, disarm):
    # Where it fails "as it is", Snakemake has mended it, and the cure can go; else Snakemake has changed under it.
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--config", f"disarm={disarm}"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(repository)},
        check=True,
        capture_output=True,
    )

    timers = int(Path(tmp_path, "timers").read_text())

    assert (timers == 0) == disarm


def test_jobs_of_a_cluster_stay_limited():
    scheduler = SimpleNamespace(job_rate_limiter="100 a second")

    scheduler_cures.disarm_rate_limiter(SimpleNamespace(local_exec=False, scheduler=scheduler))

    assert scheduler.job_rate_limiter == "100 a second"


def test_a_snakemake_without_the_limiter_is_left_alone():
    scheduler = SimpleNamespace()

    scheduler_cures.disarm_rate_limiter(SimpleNamespace(local_exec=True, scheduler=scheduler))

    assert vars(scheduler) == {}


@pytest.mark.parametrize("cured", [True, False], ids=["cured", "as it is"])
def test_only_with_the_cure_can_a_signal_come_while_the_scheduler_holds_its_lock(tmp_path, repository, cured):
    # Where it fails "as it is", Snakemake has mended it, and the cure can go; else Snakemake has changed under it.
    snakefile = f"""
from pathlib import Path
from pipeline.workflow import scheduler_cures
onstart:
    scheduler_cures.let_signals_in(workflow) if {cured} else None
    workflow.scheduler._lock.acquire()
    Path("entered").write_text(str(workflow.scheduler._lock.acquire(blocking=False)))
    workflow.scheduler._lock.release()
    workflow.scheduler._lock.release() if {cured} else None
rule all:
    output: "made"
    shell: "touch {{output}}"
"""
    (tmp_path / "Snakefile").write_text(snakefile)
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(repository)},
        check=True,
        capture_output=True,
    )

    assert (tmp_path / "entered").read_text() == str(cured)


def test_a_scheduler_with_another_lock_is_left_alone():
    lock = threading.RLock()
    scheduler = SimpleNamespace(_lock=lock)

    scheduler_cures.let_signals_in(SimpleNamespace(scheduler=scheduler))

    assert scheduler._lock is lock


@pytest.mark.parametrize(("cores", "more"), [(2, 0), (2, 1), (1, 8)])
def test_so_many_jobs_more_than_cores_are_under_way(tmp_path, repository, cores, more):
    snakefile = f"""
from pipeline.workflow import scheduler_cures
onstart:
    scheduler_cures.let_wait(workflow, {more})
rule all:
    input: expand("{{number}}.done", number=range(12))
rule one:
    output: "{{number}}.done"
    # Each counts itself among those under way, stays until one too many has come or two seconds have passed, and goes.
    shell: "mkdir -p now; touch now/{{wildcards.number}}; for i in $(seq 40); do ls now | wc -l >> seen; "
           "[ $(ls now | wc -l) -ge {cores + max(more, 1)} ] && break; sleep 0.05; done; sleep 0.2; "
           "rm now/{{wildcards.number}}; touch {{output}}"
"""
    (tmp_path / "Snakefile").write_text(snakefile)
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", str(cores)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(repository)},
        check=True,
        capture_output=True,
    )

    assert max(map(int, Path(tmp_path, "seen").read_text().split())) == cores + more


def test_a_scheduler_that_counts_its_cores_otherwise_is_left_alone():
    scheduler = SimpleNamespace(resources={"slots": 2})

    scheduler_cures.let_wait(SimpleNamespace(scheduler=scheduler), 1)

    assert vars(scheduler) == {"resources": {"slots": 2}}
