"""A cure for Snakemake's limiter of job submissions, which takes a whole core from long local runs."""

from typing import Any


def disarm(workflow: Any) -> None:
    """Take the limiter off a workflow whose jobs run on this machine; called when it starts.

    The limiter (100 jobs a second, to spare a cluster's queue) is asked again a second after every pass of the
    scheduler, by a timer that each pass starts while jobs are waiting. The timer's pass starts a timer, too, so their
    number never falls, and each finished job adds one: after n jobs there are n passes a second, and from a few hundred
    on the main process does nothing else. Without a limiter there are no timers; cores limit local jobs anyway.

    No option turns it off and the name is private, so this does nothing where Snakemake has changed; a test tells.
    """
    scheduler = workflow.scheduler
    if workflow.local_exec and getattr(scheduler, "job_rate_limiter", None) is not None:
        scheduler.job_rate_limiter = None
