"""The pool: a small process that passes jobs on to warm workers.

It starts a worker when a job waits and none is free, gives a worker the jobs of the layer that it has compiled as long
as there are any, and ends, with all workers, when its stdin closes: that is when its owner, the workflow, is gone.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import pool_client

WORKER = (sys.executable, "-u", "-m", "pipeline.worker")
# A worker reads at once what it is sent; one that has not after this long is stopped or stuck, and is given up.
WORKER_SECONDS = 5
# Options of a job that a compiled loop does not depend on. Those of all others make its kind.
INDIVIDUAL = ("--filter", "--output", "--seed")


@dataclass(eq=False)
class Client:
    """A job that is waiting or running: its connection, what it said, and its stdout and stderr."""

    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)
    descriptors: list[int] = field(default_factory=list)
    arguments: list[str] | None = None
    kind: tuple[str, ...] = ()


@dataclass(eq=False)
class Worker:
    """A warm worker: its process, the connection to it, what it is at, and what it has last said of itself."""

    process: subprocess.Popen
    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)
    client: Client | None = None
    kind: tuple[str, ...] = ()
    jobs: int = 0
    memory: int = 0
    compiled: int = 0


def kind(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return what jobs that share a compiled loop have in common: layer, canvas, precision, recipe, network."""
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in INDIVIDUAL:
            skip = True
        elif not argument.startswith(tuple(f"{option}=" for option in INDIVIDUAL)):
            kept.append(argument)
    return tuple(kept)


def choose(waiting: Sequence[tuple[str, ...]], free: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    """Return which of the `waiting` jobs goes to which of the `free` workers, given the kinds of both, as a pair of
    indices: the longest waiting that a worker has compiled; if there is none, the longest waiting."""
    for job, kind_ in enumerate(waiting):
        if kind_ in free:
            return job, free.index(kind_)
    return 0, 0


class Pool:
    """Jobs that wait, workers that are busy or free, and the one loop that moves them on."""

    def __init__(self, listener: socket.socket, *, directory: Path, limit: int) -> None:
        """Serve clients of `listener` that work in `directory`, with at most `limit` workers."""
        self.directory = directory
        self.limit = limit
        self.waiting: list[Client] = []
        self.workers: list[Worker] = []
        self.listener = listener
        self.selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self._watch(listener, self._accept)

    def run(self, owner: int) -> None:
        """Serve until the pipe `owner` closes; then end all workers."""
        self._watch(owner, lambda: None)
        try:
            while True:
                for key, _ in self.selector.select():
                    if key.fd == owner and not os.read(owner, 1):
                        return
                    # An event of this round may have closed what another one is about.
                    if self.selector.get_map().get(key.fd) is key:
                        key.data()
        finally:
            for worker in self.workers:
                worker.process.kill()
            for worker in self.workers:
                worker.process.wait()

    def _watch(self, source: socket.socket | int, handle: Callable[[], None]) -> None:
        self.selector.register(source, selectors.EVENT_READ, handle)

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        if not pool_client.is_ours(connection):
            connection.close()
            return
        connection.setblocking(False)
        client = Client(connection)
        self._watch(connection, lambda: self._hear_client(client))

    def _hear_client(self, client: Client) -> None:
        """Take in what a client says: a part of its request or, after that, only that it is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(client.connection, pool_client.MESSAGE_BYTES, 2)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        client.descriptors += descriptors
        if not data:
            self._forget(client)
            return
        if client.arguments is not None:
            _close_all(client.descriptors)
            return
        client.received += data
        if client.received.endswith(b"\n") and len(client.received) <= pool_client.MESSAGE_BYTES:
            self._take(client)
        elif (
            b"\n" in client.received
            or len(client.received) >= pool_client.MESSAGE_BYTES
            # Open files are few in a process; whoever sends them by the hundred could use up ours.
            or len(client.descriptors) > 2
        ):
            self._refuse(client, "one line of JSON is wanted, not too long, and two open files")

    def _take(self, client: Client) -> None:
        try:
            request = json.loads(client.received)
            if request.get("status") is True:
                self._answer(client, self._status())
                self._forget(client)
                return
            arguments, directory = request["arguments"], request["directory"]
            if not all(isinstance(argument, str) for argument in (*arguments, directory)):
                raise TypeError
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            self._refuse(client, "not a request")
            return
        if len(client.descriptors) != 2:
            self._refuse(client, "stdout and stderr are wanted with the request")
        elif directory != str(self.directory):
            self._refuse(client, f"this pool works in {self.directory}")
        else:
            client.arguments, client.kind = arguments, kind(arguments)
            self.waiting.append(client)
            self._answer(client, {"accepted": True})
            self._dispatch()

    def _refuse(self, client: Client, reason: str) -> None:
        self._answer(client, {"refused": reason})
        self._forget(client)

    def _answer(self, client: Client, message: dict) -> None:
        # Where the client is gone, the selector will say so.
        with contextlib.suppress(OSError):
            pool_client.send(client.connection, message)

    def _forget(self, client: Client) -> None:
        """Close a client's connection; if its job still waits or runs, it does so no longer."""
        self.selector.unregister(client.connection)
        client.connection.close()
        _close_all(client.descriptors)
        if client in self.waiting:
            self.waiting.remove(client)
        for worker in [worker for worker in self.workers if worker.client is client]:
            worker.client = None
            self._end(worker)
        self._dispatch()

    def _dispatch(self) -> None:
        """Give waiting jobs to free workers, and start workers as long as there are jobs without."""
        while self.waiting:
            free = [worker for worker in self.workers if worker.client is None]
            if not free and len(self.workers) < self.limit:
                free = self._start()
            if not free and self.workers:
                return
            if not free:
                client = self.waiting[0]
                self._answer(
                    client, {"exit": 1, "message": "no worker could be started; is the machine out of memory?"}
                )
                self._forget(client)
                return
            job, which = choose([client.kind for client in self.waiting], [worker.kind for worker in free])
            client, worker = self.waiting.pop(job), free[which]
            worker.client, worker.kind = client, client.kind
            worker.jobs += 1
            try:
                pool_client.send(worker.connection, {"arguments": client.arguments}, descriptors=client.descriptors)
            except OSError:
                self._end(worker)
            _close_all(client.descriptors)

    def _start(self) -> list[Worker]:
        """Start a worker; return it, or nothing where the machine has no room for one more."""
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(WORKER, stdin=theirs, cwd=self.directory)
        except OSError:
            ours.close()
            return []
        finally:
            theirs.close()
        ours.settimeout(WORKER_SECONDS)
        worker = Worker(process, ours)
        self.workers.append(worker)
        self._watch(ours, lambda: self._hear_worker(worker))
        return [worker]

    def _hear_worker(self, worker: Worker) -> None:
        """Take in what a worker says: that its job is done, or, by falling silent, that it died."""
        try:
            data = worker.connection.recv(pool_client.MESSAGE_BYTES)
        except OSError:
            data = b""
        worker.received += data
        if not data:
            self._end(worker)
        elif worker.received.endswith(b"\n"):
            result = json.loads(worker.received)
            worker.received.clear()
            worker.memory, worker.compiled = result["memory"], result["compiled"]
            client, worker.client = worker.client, None
            if result["last"]:
                self._end(worker)
            if client:
                self._answer(client, {"exit": result["exit"]})
                self._forget(client)

    def _end(self, worker: Worker) -> None:
        """Be rid of a worker; a job that it has fails."""
        self.selector.unregister(worker.connection)
        worker.connection.close()
        self.workers.remove(worker)
        # It may be dead already; then this tells how it died.
        worker.process.kill()
        code = worker.process.wait()
        if worker.client:
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            self._answer(worker.client, {"exit": 1, "message": f"the worker of this job ended {how}; run it again"})
            self._forget(worker.client)

    def _status(self) -> dict:
        workers = [
            {
                "pid": worker.process.pid,
                "busy": worker.client is not None,
                "jobs": worker.jobs,
                "memory": worker.memory,
                "compiled": worker.compiled,
            }
            for worker in self.workers
        ]
        return {"waiting": len(self.waiting), "workers": workers}


def _close_all(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())


def main() -> None:
    """Serve the socket whose descriptor, address and greatest number of workers the command line gives."""
    descriptor, address, limit = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        Pool(socket.socket(fileno=descriptor), directory=Path.cwd(), limit=limit).run(owner=0)
    finally:
        shutil.rmtree(address.parent, ignore_errors=True)


if __name__ == "__main__":
    main()
