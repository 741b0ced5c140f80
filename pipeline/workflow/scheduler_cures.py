"""Cures for what Snakemake's scheduler does not do for us, on private names: where it has changed, they do nothing."""

import threading
from typing import Any


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


def let_wait(workflow: Any, jobs: int) -> None:
    """Let so many jobs more than there are cores be under way; for a workflow that has a pool, where they wait.

    Between a job's end and the start of the next, Snakemake takes some 50 ms, and a worker would stand idle for them:
    an eighth of the time that a filter of block 3 takes. With one job waiting in the pool, which uses no more than its
    cores, workers find their next one there; and where a worker takes several at once, they have to be there, too.

    Snakemake's local executor has threads for five jobs more than there are cores; it is given as many as there may be.
    """
    for name in ("global_resources", "resources"):
        available = getattr(workflow.scheduler, name, {})
        if "_cores" in available:
            available["_cores"] += jobs
    threads: Any = getattr(getattr(workflow.scheduler, "_executor", None), "pool", None)
    if isinstance(getattr(threads, "_max_workers", None), int):
        threads._max_workers += jobs
