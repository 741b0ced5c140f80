"""Cures for what Snakemake's scheduler does not do for us, on private names: where it has changed, they do nothing."""

import threading
from collections.abc import Callable, Collection, Iterable
from typing import Any

from pipeline.pool.owner import Room


def apply(workflow: Any) -> None:
    """Apply the cures to a workflow; called when it starts."""
    disarm_rate_limiter(workflow)
    let_signals_in(workflow)


def disarm_rate_limiter(workflow: Any) -> None:
    """Take the limiter of job submissions off a workflow whose jobs run on this machine.

    The limiter (100 jobs a second, to spare a cluster's queue) is asked again a second after every pass of the
    scheduler, by a timer that each pass starts while jobs are waiting. The timer's pass starts a timer, too, so their
    number never falls, and each finished job adds one: after n jobs there are n passes a second, and from a few hundred
    on the main process does nothing else. Without a limiter there are no timers; cores limit local jobs anyway.
    """
    scheduler = workflow.scheduler
    if workflow.local_exec and getattr(scheduler, "job_rate_limiter", None) is not None:
        scheduler.job_rate_limiter = None


def let_signals_in(workflow: Any) -> None:
    """Give the scheduler a lock that its own handler of SIGTERM can take.

    The handler runs in the main thread, between any two of its instructions, and takes the scheduler's lock. Where the
    main thread holds that lock already, and it is not one that its holder may take twice, the workflow hangs for ever.
    """
    scheduler = workflow.scheduler
    if isinstance(getattr(scheduler, "_lock", None), type(threading.Lock())):
        scheduler._lock = threading.RLock()


def let_wait(workflow: Any, rules: Collection[str], room: Room | None) -> None:
    """Let so many jobs of `rules` more than there are cores be under way as there is room for them to wait in the pool.

    Between a job's end and the start of the next, Snakemake takes some 50 ms, and a worker would stand idle for them:
    an eighth of the time that a filter of block 3 takes. With one job waiting in the pool, which uses no more than its
    cores, workers find their next one there; and where a worker takes several at once, they have to be there, too.

    Snakemake counts one core for each job; of more of them than there are, those that wait in the pool have none. So
    what the scheduler selects is held to the cores once more: all other jobs and the workers have one each.

    Snakemake's local executor has threads for five jobs more than there are cores; it is given as many as there may be.
    """
    scheduler = workflow.scheduler
    if room is None or not hasattr(scheduler, "_job_selector") or not hasattr(scheduler, "job_selector_greedy"):
        return
    for name in ("global_resources", "resources"):
        available = getattr(scheduler, name, {})
        if "_cores" in available:
            available["_cores"] += room.waiting
    for name in ("_job_selector", "job_selector_greedy"):
        setattr(scheduler, name, _within(workflow.cores, rules, room, scheduler, getattr(scheduler, name)))
    threads: Any = getattr(getattr(scheduler, "_executor", None), "pool", None)
    if isinstance(getattr(threads, "_max_workers", None), int):
        threads._max_workers += room.waiting


def _within(
    cores: int, rules: Collection[str], room: Room, scheduler: Any, select: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a function that selects jobs as `select` does, but no more than there are cores for."""

    def selected(*arguments: Any) -> Any:
        jobs = select(*arguments)
        # Of None the scheduler makes a choice of its own, by the other of its two selectors.
        return jobs and hold(jobs, scheduler.running, cores=cores, rules=rules, workers=room.workers)

    return selected


def hold(jobs: Iterable[Any], running: Iterable[Any], *, cores: int, rules: Collection[str], workers: int) -> list[Any]:
    """Return those of the selected `jobs` that can start beside those `running`.

    Jobs of `rules` have as many cores together as the pool has `workers`, or as there are jobs; every other job has its
    own. Where there is none for such a job, no further one of `rules` starts, or its turn would never come.
    """
    pooled, others = 0, 0
    for job in running:
        pooled, others = (pooled + 1, others) if _is_of(job, rules) else (pooled, others + _cores(job))
    chosen, is_due = [], False
    for job in sorted(jobs, key=lambda job: -job.priority):
        more = (1, 0) if _is_of(job, rules) else (0, _cores(job))
        if (is_due and more[0]) or others + more[1] + min(pooled + more[0], workers) > cores:
            is_due = is_due or not more[0]
            continue
        pooled, others = pooled + more[0], others + more[1]
        chosen.append(job)
    return chosen


def _is_of(job: Any, rules: Collection[str]) -> bool:
    return not job.is_group() and job.rule.name in rules


def _cores(job: Any) -> int:
    cores: int = job.scheduler_resources.get("_cores", 1)
    return cores
