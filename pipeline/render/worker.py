"""A warm worker: a process that has TensorFlow and the loop of its last layer ready, and renders one filter after
another for the pool, or several at once."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import queue
import resource
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import errors
from pipeline.errors import UserError
from pipeline.machine import device
from pipeline.pool import client
from pipeline.render import process

if TYPE_CHECKING:
    from pipeline.render.renderer import Climbed
    from pipeline.render.request import RenderRequest

# Bytes that a worker may hold between two jobs; above, it makes way for a fresh one. It is what is left of the 2,000 MB
# that rule render asks for, after the peak of a job.
MEMORY_BYTES = 1_500_000_000
# The same for a worker on a GPU, whose libraries alone take some of it; there is one of them on a machine.
GPU_MEMORY_BYTES = 8_000_000_000


@dataclass(eq=False)
class Job:
    """A job of a batch: its arguments, its open files, and what it was to be and has become."""

    arguments: list[str]
    stdout: int
    stderr: int
    request: RenderRequest | None = None
    exit: int = 0

    def do(self, step: Callable[[], None]) -> None:
        """Take a step of this job; what is printed meanwhile goes where the job wants it."""
        with standard_streams(self.stdout, self.stderr):
            self.exit = run(step)


def main() -> None:
    """Render what comes over the socket that is this process's stdin, until it closes."""
    connection = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    batches: queue.SimpleQueue[list[Job]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, batches), daemon=True).start()
    allowed = GPU_MEMORY_BYTES if os.environ.get(device.DEVICE) == device.GPU else MEMORY_BYTES
    memory = 0
    while memory <= allowed:
        jobs = batches.get()
        render_all(jobs)
        memory = resident_bytes()
        client.send(
            connection,
            {
                "exits": [job.exit for job in jobs],
                "memory": memory,
                "compiled": _compiled(),
                "last": memory > allowed,
            },
        )


def render_all(jobs: Sequence[Job]) -> None:
    """Render the jobs of a batch, which are of one kind, in one loop, and close their files.

    Each is read and written by itself, under its own streams, and fails by itself. What is said during the loop goes to
    the first one's.
    """
    for job in jobs:
        job.do(functools.partial(_read, job))
    ready = [(job, job.request) for job in jobs if job.request]
    if ready:
        first, _ = ready[0]
        with standard_streams(first.stdout, first.stderr):
            results = _climb([request for _, request in ready])
        for (job, _), result in zip(ready, results, strict=True):
            job.do(functools.partial(_write, result))
    for job in jobs:
        os.close(job.stdout)
        os.close(job.stderr)


def run(step: Callable[[], None]) -> int:
    """Take a step, report what goes wrong on stderr, and return the exit code: all of it as the command does that
    renders in its own process.

    A full disk takes the log's last words too; the worker lives on, for there may be room again for the next job.
    """
    try:
        errors.run(step)
    except SystemExit as exit_:
        if exit_.code is None or isinstance(exit_.code, int):
            return exit_.code or 0
        with contextlib.suppress(OSError):
            print(exit_.code, file=sys.stderr)
        return 1
    except BaseException:
        with contextlib.suppress(OSError):
            traceback.print_exc()
        return 1
    return 0


def _read(job: Job) -> None:
    from pipeline.render import request as requests

    request = requests.parse(job.arguments)
    # By name: results may well be a link to a bigger disk.
    for option, path in (("--output", request.image), ("--animate", request.animation)):
        absolute = path and Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
        if absolute and not absolute.is_relative_to(Path.cwd()):
            raise UserError(
                f"{option}: {path} is outside {Path.cwd()}, where the workflow that runs works; "
                f"choose a path inside, or set {client.ADDRESS}={client.OFF}"
            )
    job.request = request


def _climb(requests: Sequence[RenderRequest]) -> Sequence[Climbed | BaseException]:
    """Return what comes of each, a result or an error; what fails together is tried in halves, down to each alone.

    It may be too much at once for the memory of a GPU, or the fault of one.
    """
    try:
        process.prepare(requests[0])
        from pipeline.render.renderer import climb

        return climb(requests, lambda step: process.show(requests[0], step))
    except BaseException as error:
        if len(requests) == 1:
            return [error]
    half = len(requests) // 2
    return [*_climb(requests[:half]), *_climb(requests[half:])]


def _write(result: Climbed | BaseException) -> None:
    if isinstance(result, BaseException):
        raise result
    from pipeline.render.renderer import write

    write(result)


@contextmanager
def standard_streams(stdout: int, stderr: int) -> Iterator[None]:
    """Make the open files `stdout` and `stderr` this process's own for a while, also for what is not Python."""
    own = os.dup(1), os.dup(2)
    try:
        for job, number in ((stdout, 1), (stderr, 2)):
            os.dup2(job, number)
        yield
    finally:
        for saved, number in zip(own, (1, 2), strict=True):
            os.dup2(saved, number)
            os.close(saved)


def resident_bytes() -> int:
    """Return the memory that this process holds; where that is not to be had, the most that it ever held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _compiled() -> int:
    """Return how many loops this process has compiled."""
    renderer = sys.modules.get("pipeline.render.renderer")
    return renderer._ascent.cache_info().misses if renderer else 0


def _receive(connection: socket.socket, batches: queue.SimpleQueue[list[Job]]) -> None:
    """Put each batch of jobs that arrives, when it is whole, into `batches`; when the pool is gone, end the process.

    Whatever it is doing: who wanted it is gone as well.
    """
    text, descriptors, jobs = b"", [], []
    while True:
        data, received, _, _ = socket.recv_fds(connection, client.MESSAGE_BYTES, 2)
        if not data:
            os._exit(0)
        text += data
        descriptors += received
        # The end of one message may come together with the beginning of the next.
        *lines, text = text.split(b"\n")
        for line in lines:
            message = json.loads(line)
            stdout, stderr, *descriptors = descriptors
            jobs.append(Job(message["arguments"], stdout, stderr))
            if not message["more"]:
                batches.put(jobs)
                jobs = []


if __name__ == "__main__":
    main()
