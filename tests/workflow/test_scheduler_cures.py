import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.pool.owner import Room
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
from pipeline.pool.owner import Room
from pipeline.workflow import scheduler_cures
onstart:
    scheduler_cures.let_wait(workflow, {{"one"}}, Room({cores}, {more}))
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

    scheduler_cures.let_wait(SimpleNamespace(scheduler=scheduler), {"one"}, Room(1, 1))

    assert vars(scheduler) == {"resources": {"slots": 2}}


def a_job(rule: str, cores: int = 1, priority: int = 0) -> SimpleNamespace:
    return SimpleNamespace(
        rule=SimpleNamespace(name=rule),
        is_group=lambda: False,
        priority=priority,
        scheduler_resources={"_cores": cores},
    )


@pytest.mark.parametrize(
    ("running", "wanted", "cores", "workers", "chosen"),
    [
        ([], ["render"] * 3, 2, 2, ["render"] * 3),
        (["render", "render"], ["render", "summary"], 2, 2, []),
        (["render"], ["render", "summary"], 2, 2, ["summary"]),
        (["summary"], ["summary", "render", "render"], 2, 2, ["summary"]),
        (["summary"], ["render", "render"], 2, 2, ["render"]),
        (["render"] * 20, ["render", "summary", "summary"], 2, 1, ["summary"]),
        (["render"] * 20, ["render", "render"], 2, 1, ["render", "render"]),
        ([], ["summary"] * 24, 2, 2, ["summary"] * 2),
        ([], ["summary", "render"], 1, 1, ["summary"]),
    ],
    ids=[
        "one more waits in the pool",
        "a summary that is due keeps renders from starting",
        "and starts as soon as one ends",
        "no render in the place of a core",
        "beside a summary renders have the other core, and none waits",
        "a pool of one worker, whatever it takes at once, leaves a core",
        "and takes as much as it likes",
        "what does not wait in the pool keeps to the cores",
        "what is more urgent comes first",
    ],
)
def test_only_what_waits_in_the_pool_exceeds_the_cores(running, wanted, cores, workers, chosen):
    jobs = [a_job(rule, priority=1 if rule == "summary" else 0) for rule in wanted]

    held = scheduler_cures.hold(jobs, map(a_job, running), cores=cores, rules={"render"}, workers=workers)

    assert [job.rule.name for job in held] == chosen


def test_a_job_with_several_cores_waits_for_as_many():
    running = [a_job("render")]

    held = scheduler_cures.hold([a_job("site", cores=2)], running, cores=2, rules={"render"}, workers=2)

    assert held == []


@pytest.mark.parametrize("scheduler", ["greedy", "ilp"])
def test_jobs_that_do_not_wait_keep_to_the_cores_beside_those_that_do(tmp_path, repository, scheduler):
    snakefile = """
from pipeline.pool.owner import Room
from pipeline.workflow import scheduler_cures
onstart:
    scheduler_cures.let_wait(workflow, {"pooled"}, Room(2, 20))
rule all:
    input: expand("{kind}-{number}", kind=("pooled", "alone"), number=range(8))
rule pooled:
    output: "pooled-{number}"
    shell: "sleep 0.2; touch {output}"
rule alone:
    output: "alone-{number}"
    priority: 1
    shell: "mkdir -p now; touch now/{wildcards.number}; ls now | wc -l >> seen; sleep 0.2; ls now | wc -l >> seen; "
           "rm now/{wildcards.number}; touch {output}"
"""
    (tmp_path / "Snakefile").write_text(snakefile)
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--scheduler", scheduler],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(repository)},
        check=True,
        capture_output=True,
    )

    assert max(map(int, Path(tmp_path, "seen").read_text().split())) == 2
