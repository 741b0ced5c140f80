"""A warm worker: a process that has TensorFlow and the loop of its last layer ready, and renders one filter after
another for the pool."""

import contextlib
import json
import os
import queue
import resource
import socket
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import errors, pool_client, render
from pipeline.errors import UserError

# Bytes that a worker may hold between two jobs; above, it makes way for a fresh one. It is what is left of the 2,000 MB
# that rule render asks for, after the peak of a job.
MEMORY_BYTES = 1_500_000_000


def main() -> None:
    """Render what comes over the socket that is this process's stdin, until it closes."""
    connection = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    jobs: queue.SimpleQueue[tuple[list[str], list[int]]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, jobs), daemon=True).start()
    memory = 0
    while memory <= MEMORY_BYTES:
        arguments, descriptors = jobs.get()
        with standard_streams(*descriptors):
            code = run(arguments)
        memory = resident_bytes()
        pool_client.send(
            connection,
            {"exit": code, "memory": memory, "compiled": _compiled(), "last": memory > MEMORY_BYTES},
        )


def run(arguments: Sequence[str]) -> int:
    """Render what the arguments say, report what goes wrong on stderr, and return the exit code: all of it as the
    command does that renders in its own process.

    A full disk takes the log's last words too; the worker lives on, for there may be room again for the next job.
    """
    try:
        errors.run(lambda: _render(arguments))
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


def _render(arguments: Sequence[str]) -> None:
    from pipeline import request as requests

    request = requests.parse(arguments)
    # By name: results may well be a link to a bigger disk.
    for option, path in (("--output", request.image), ("--animate", request.animation)):
        absolute = path and Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
        if absolute and not absolute.is_relative_to(Path.cwd()):
            raise UserError(
                f"{option}: {path} is outside {Path.cwd()}, where the workflow that runs works; "
                f"choose a path inside, or set {pool_client.ADDRESS}={pool_client.OFF}"
            )
    render.in_this_process(request)


@contextmanager
def standard_streams(stdout: int, stderr: int) -> Iterator[None]:
    """Make the open files `stdout` and `stderr` this process's own for a while, also for what is not Python; close
    them after."""
    own = os.dup(1), os.dup(2)
    try:
        for job, number in ((stdout, 1), (stderr, 2)):
            os.dup2(job, number)
            os.close(job)
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
    renderer = sys.modules.get("pipeline.renderer")
    return renderer._ascent.cache_info().misses if renderer else 0


def _receive(connection: socket.socket, jobs: queue.SimpleQueue) -> None:
    """Put each job that arrives, arguments and open files, into `jobs`; when the pool is gone, end the process.

    Whatever it is doing: who wanted it is gone as well.
    """
    while True:
        line, descriptors = b"", []
        while not line.endswith(b"\n"):
            data, received, _, _ = socket.recv_fds(connection, pool_client.MESSAGE_BYTES, 2)
            if not data:
                os._exit(0)
            line += data
            descriptors += received
        jobs.put((json.loads(line)["arguments"], descriptors))


if __name__ == "__main__":
    main()
