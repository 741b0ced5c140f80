"""The one line that says how far a run is: on a terminal it changes in place, elsewhere it appears now and then."""

import contextlib
import locale
import logging
import time
from collections import deque
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

# Seconds over which the rate is taken: the machine may have other work, so what was long ago tells little.
WINDOW_SECONDS = 300
# Seconds after the first filter before a rate is named: workers finish their first ones together.
FIRST_SECONDS = 30
# Seconds between two lines where lines cannot be overwritten.
LOG_SECONDS = 60
# Snakemake's own handler for the terminal.
STREAM_HANDLER = "DefaultStreamHandler"
# What the line stands for: these would be a paragraph for each job.
REPLACED_EVENTS = {
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.PROGRESS,
    LogEvent.RESOURCES_INFO,
    LogEvent.SHELLCMD,
}
REPLACED_MESSAGES = ("Select jobs to execute...",)
ERASE_LINE = "\r\033[K"


def show_for(workflow: Any, renders: Collection[str], work: Mapping[str, Mapping[str, float]]) -> None:
    """Show the progress of a Snakemake workflow; called when it starts.

    `work` is that of a job, in any unit, by its rule, and by its wildcard `layer` or `share`, of one that has none by
    nothing; jobs of which it says nothing take no time worth a word. `renders` are the rules that render filters.

    Where the user wants more (--verbose, --printshellcmds) or less (--quiet progress) than usual, or another logger,
    Snakemake's own messages stay as they are.
    """
    settings = workflow.output_settings
    quiet = {str(value).lower().rsplit(".", 1)[-1] for value in settings.quiet or ()}
    stream_handlers = [handler for handler in logger.handlers if handler.name == STREAM_HANDLER]
    if not workflow.is_main_process or settings.verbose or settings.printshellcmds or quiet & {"progress", "all"}:
        return
    for handler in stream_handlers:
        jobs = list(workflow.dag.needrun_jobs())
        filters = {job.jobid for job in jobs if job.rule.name in renders}
        left = {job.jobid: amount for job in jobs if (amount := _work_of(job, work))}
        logger.removeHandler(handler)
        logger.addHandler(ProgressHandler(handler, filters=filters, work=left, steps=len(jobs)))


def _work_of(job: Any, work: Mapping[str, Mapping[str, float]]) -> float:
    which: str = getattr(job.wildcards, "layer", "") or getattr(job.wildcards, "share", "")
    return work.get(job.rule.name, {}).get(which, 0.0)


def tell(workflow: Any, rule: str, path: str) -> None:
    """Print a file that a rule makes, as one of Snakemake's messages; nothing where the run was not asked for it, for
    what is there may be of another configuration."""
    if any(job.rule.name == rule for job in workflow.dag.jobs) and Path(path).exists():
        say(Path(path).read_text(encoding="utf-8").rstrip())


def say(text: str) -> None:
    """Print a text as one of Snakemake's messages; nothing where it is empty."""
    if text:
        # Snakemake's log file is in the locale's encoding; where that lacks a character, logging prints a traceback.
        encoding = locale.getpreferredencoding(do_setlocale=False)
        logger.info(text.encode(encoding, "backslashreplace").decode(encoding))


def format_line(
    *, done: int, total: int, steps_done: int, steps: int, rate: tuple[float, float] | None, left: float, now: datetime
) -> str:
    """Return the line.

    Args:
        done, total: filters rendered, and to be rendered in this run.
        steps_done, steps: the same of all other jobs.
        rate: filters and work a minute, of late; None while they are not known.
        left: work of all jobs that are still to be done.
        now: the time.
    """
    counted = [f"{done:,} of {total:,} filters"] if total else []
    until = [_until(rate, left, now, with_filters=done < total)] if left and rate else []
    others = [f"{steps_done:,} of {steps:,} other steps"] if steps and (done == total or steps_done) else []
    return "; ".join([*counted, *until, *others] if total else [*others, *until])


def _until(rate: tuple[float, float], left: float, now: datetime, *, with_filters: bool) -> str:
    filters_per_minute, work_per_minute = rate
    end = now + timedelta(minutes=left / work_per_minute)
    until = f"until {'' if end.date() == now.date() else f'{end:%a} '}{end:%H:%M}"
    if not with_filters or not filters_per_minute:
        return until
    return f"{filters_per_minute:.{0 if filters_per_minute >= 10 else 1}f} a minute, {until}"


def rates_per_minute(finishes: deque[tuple[float, int, float]], now: float) -> tuple[float, float] | None:
    """Return how many filters, and how much work, were finished a minute; None when there are too few to say.

    `finishes` has of each the time in seconds, 1 for a filter, and the work, in order. Time is taken from the first,
    for before it TensorFlow was started and the layer's loop compiled. Forgets those that lie before the window.
    """
    while len(finishes) > 2 and finishes[0][0] < now - WINDOW_SECONDS:
        finishes.popleft()
    if len(finishes) < 2 or now - finishes[0][0] < FIRST_SECONDS:
        return None
    minutes = (now - finishes[0][0]) / 60
    _, *later = finishes
    return sum(filters for _, filters, _ in later) / minutes, sum(work for _, _, work in later) / minutes


class ProgressHandler(logging.Handler):
    """Snakemake's handler of messages for the terminal, with the line below them in place of those about single jobs.

    Args:
        messages: the handler that prints everything else.
        filters: numbers of the jobs that render a filter.
        work: numbers of the jobs that take long, and the work that each is.
        steps: number of all jobs.
    """

    def __init__(
        self,
        messages: logging.StreamHandler[TextIO],
        *,
        filters: Collection[int],
        work: Mapping[int, float],
        steps: int,
    ) -> None:
        super().__init__()
        self.name = STREAM_HANDLER
        self._messages = messages
        self._stream = messages.stream
        self._filters, self._total, self._steps = set(filters), len(filters), steps - len(filters)
        self._work = dict(work)
        self._steps_done = 0
        self._finishes: deque[tuple[float, int, float]] = deque()
        self._shown, self._shown_at = "", time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a finished job; hand on a message that is not about a job."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_FINISHED:
            self._count(vars(record)["job_id"])
        elif event not in REPLACED_EVENTS and record.getMessage() not in REPLACED_MESSAGES:
            self._erase()
            # Failed jobs, which `quiet: rules` would hide too, are what a user must see.
            if event in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR):
                self._messages.emit(record)
            else:
                self._messages.handle(record)
            self._draw()

    def close(self) -> None:
        """Leave the line as it is and go below it."""
        if self._shown and self._stream.isatty():
            self._write("\n")
        self._shown = ""
        self._messages.close()
        super().close()

    def _count(self, job: int) -> None:
        now = time.monotonic()
        is_filter = job in self._filters
        self._filters.discard(job)
        self._steps_done += not is_filter
        if job in self._work:
            self._finishes.append((now, int(is_filter), self._work.pop(job)))
        line = format_line(
            done=self._total - len(self._filters),
            total=self._total,
            steps_done=self._steps_done,
            steps=self._steps,
            rate=rates_per_minute(self._finishes, now),
            left=sum(self._work.values()),
            now=datetime.now(),
        )
        last = not self._filters and self._steps_done == self._steps
        if self._stream.isatty():
            self._erase()
            self._shown = line
            self._draw()
        elif last or now - self._shown_at >= LOG_SECONDS:
            self._shown_at = now
            self._write(line + "\n")

    def _erase(self) -> None:
        if self._shown:
            self._write(ERASE_LINE)

    def _draw(self) -> None:
        if self._shown:
            self._write(self._shown)

    def _write(self, text: str) -> None:
        # A terminal that is gone is no reason to stop a run of hours.
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
