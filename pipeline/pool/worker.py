"""A warm worker: a process that has TensorFlow and the loop of its last layer ready, and does one job after another for
the pool, renders several at once.

What it does is in rooms above, which it knows by name alone (`client.COMMANDS`).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib
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

from pipeline import errors
from pipeline.machine import device
from pipeline.pool import client

# Bytes that a worker may hold between two jobs; above, it makes way for a fresh one. It is what is left of the 2,000 MB
# that rule render asks for, after the peak of a job.
MEMORY_BYTES = 1_500_000_000
# The same for a worker on a GPU, whose libraries alone take some of it; there is one of them on a machine.
GPU_MEMORY_BYTES = 8_000_000_000


@dataclass(eq=False)
class Job:
    """A job of a batch: its command and arguments, its open files, and what it has become."""

    command: str
    arguments: list[str]
    stdout: int
    stderr: int
    exit: int = 0

    def do(self, step: Callable[[], None]) -> None:
        """Take a step of this job; what is printed meanwhile goes where the job wants it."""
        with standard_streams(self.stdout, self.stderr):
            self.exit = run(step)


def main() -> None:
    """Do what comes over the socket that is this process's stdin, until it closes."""
    connection = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    batches: queue.SimpleQueue[list[Job]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, batches), daemon=True).start()
    allowed = GPU_MEMORY_BYTES if os.environ.get(device.DEVICE) == device.GPU else MEMORY_BYTES
    memory = 0
    while memory <= allowed:
        jobs = batches.get()
        do_all(jobs)
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


def do_all(jobs: Sequence[Job]) -> None:
    """Do the jobs of a batch, which are of one kind: renders in one loop, all else one by one; close their files."""
    if jobs[0].command == client.RENDER:
        importlib.import_module(client.COMMANDS[client.RENDER]).render_all(jobs)
    else:
        for job in jobs:
            job.do(functools.partial(_command, job))
    _tidy(after_render=jobs[0].command == client.RENDER)
    for job in jobs:
        os.close(job.stdout)
        os.close(job.stderr)


def run(step: Callable[[], None]) -> int:
    """Take a step, report what goes wrong on stderr, and return the exit code: all of it as the command does in a
    process of its own.

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


def _command(job: Job) -> None:
    """Do what the command of a job does, which takes its arguments from where every command does."""
    module = importlib.import_module(client.COMMANDS[job.command])
    sys.argv = [module.__name__, *job.arguments]
    module.main()


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


def _tidy(*, after_render: bool) -> None:
    """Let go of what jobs that are done have left; what a render keeps, the next one uses."""
    if gradients := sys.modules.get("pipeline.network.gradients"):
        gradients.forget()
    if not after_render:
        # Of a command's graph of the network, the parts refer to each other: a tenth of a gigabyte for VGG16.
        gc.collect()
        # Where the C library lets us: else glibc keeps a tenth of a gigabyte of a summary's, and the worker would have
        # to make way for a fresh one.
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


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
            jobs.append(Job(message["command"], message["arguments"], stdout, stderr))
            if not message["more"]:
                batches.put(jobs)
                jobs = []


if __name__ == "__main__":
    main()
