"""The pool: a small process that passes jobs on to warm workers.

It starts a worker when a job waits and none is free, gives a worker the jobs of the layer that it has compiled as long
as there are any, several at once where it is told so, and ends, with all workers, when its stdin closes: that is when
its owner, the workflow, is gone.
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
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.machine import device
from pipeline.pool import client as pool_client
from pipeline.pool import order

WORKER = (sys.executable, "-u", "-m", "pipeline.pool.worker")
# A worker reads at once what it is sent; one that has not after this long is stopped or stuck, and is given up.
WORKER_SECONDS = 5
# Until the pool tries again to let somebody in, after the system refused: for want of descriptors, most likely.
REFUSED_SECONDS = 0.5


@dataclass(eq=False)
class Client:
    """A job that is waiting or running: its connection, what it said, its stdout and stderr, and what it is."""

    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)
    descriptors: list[int] = field(default_factory=list)
    command: str = ""
    arguments: list[str] | None = None
    kind: tuple[str, ...] = ()


@dataclass(eq=False)
class Worker:
    """A warm worker: its process, the connection to it, what it is at, and what it has last said of itself.

    A client that is gone while others of its batch are not leaves None in its place.
    """

    process: subprocess.Popen[bytes]
    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)
    clients: list[Client | None] = field(default_factory=list)
    kind: tuple[str, ...] = ()
    jobs: int = 0
    batches: int = 0
    memory: int = 0
    compiled: int = 0
    was_stopped: bool = False


class Pool:
    """Jobs that wait, workers that are busy or free, and the one loop that moves them on."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        directory: Path,
        limit: int,
        batch: int,
        look_seconds: float,
        commands: Collection[str] = tuple(pool_client.COMMANDS),
    ) -> None:
        """Serve clients of `listener` that work in `directory` and want one of `commands`, with at most `limit` workers
        that take up to `batch` jobs at once, and are looked after every `look_seconds`."""
        self.directory = directory
        self.limit = limit
        self.batch = batch
        self.look_seconds = look_seconds
        self.commands = commands
        self.waiting: list[Client] = []
        self.workers: list[Worker] = []
        self.listener = listener
        self.selector = selectors.DefaultSelector()
        # Times of the monotonic clock: of the next look at workers, and until which nobody is let in.
        self.look_at = time.monotonic() + look_seconds
        self.closed_until = 0.0
        listener.setblocking(False)
        self._watch(listener, self._accept)

    def run(self, owner: int) -> None:
        """Serve until the pipe `owner` closes; then end all workers."""
        self._watch(owner, lambda: None)
        try:
            while True:
                for key, _ in self.selector.select(self._seconds()):
                    if key.fd == owner and not os.read(owner, 1):
                        return
                    # An event of this round may have closed what another one is about.
                    if self.selector.get_map().get(key.fd) is key:
                        key.data()
                self._keep_time()
        finally:
            for worker in self.workers:
                worker.process.kill()
            for worker in self.workers:
                worker.process.wait()

    def _watch(self, source: socket.socket | int, handle: Callable[[], None]) -> None:
        self.selector.register(source, selectors.EVENT_READ, handle)

    def _seconds(self) -> float | None:
        """Return after how many seconds something is due, whatever happens; None where nothing is."""
        due = [self.look_at] if any(worker.clients for worker in self.workers) else []
        due += [self.closed_until] if self.closed_until else []
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _keep_time(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if self.closed_until and now >= self.closed_until:
            self.closed_until = 0.0
            self._watch(self.listener, self._accept)
        if now >= self.look_at:
            # From now on, however late it is: whatever stopped us may have stopped the workers, too.
            self.look_at = now + self.look_seconds
            for worker in [worker for worker in self.workers if worker.clients]:
                was_stopped, worker.was_stopped = worker.was_stopped, _is_stopped(worker.process.pid)
                # The end of one may have been that of another.
                if was_stopped and worker.was_stopped and worker in self.workers:
                    self._end(worker, "the worker of this job was stopped, and has been ended; run it again")

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            # Whoever knocks still does, so that the selector would say so for ever.
            self.selector.unregister(self.listener)
            self.closed_until = time.monotonic() + REFUSED_SECONDS
            return
        if not pool_client.is_ours(connection):
            connection.close()
            return
        connection.setblocking(False)
        client = Client(connection)
        self._watch(connection, lambda: self._hear_client(client))

    def _hear_client(self, client: Client) -> None:
        """Take in what a client says: a part of its request or, after that, that it is still there, or gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(client.connection, pool_client.MESSAGE_BYTES, 2)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if data and client.arguments is not None:
            _close_all(descriptors)
            self._answer(client, {"working": True})
            return
        client.descriptors += descriptors
        if not data:
            self._forget(client)
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
            command, arguments, directory = request["command"], request["arguments"], request["directory"]
            if not all(isinstance(argument, str) for argument in (*arguments, command, directory)):
                raise TypeError
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            self._refuse(client, "not a request")
            return
        if len(client.descriptors) != 2:
            self._refuse(client, "stdout and stderr are wanted with the request")
        elif directory != str(self.directory):
            self._refuse(client, f"this pool works in {self.directory}")
        elif command not in self.commands:
            self._refuse(client, f"this pool does {', '.join(self.commands)}")
        else:
            client.command, client.arguments = command, arguments
            client.kind = (command, *order.kind(arguments))
            self.waiting.append(client)
            self._answer(client, {"accepted": True})
            self._dispatch()

    def _refuse(self, client: Client, reason: str) -> None:
        self._answer(client, {"refused": reason})
        self._forget(client)

    def _answer(self, client: Client, message: Mapping[str, object]) -> None:
        # Where the client is gone, the selector will say so.
        with contextlib.suppress(OSError):
            pool_client.send(client.connection, message)

    def _forget(self, client: Client) -> None:
        """Close a client's connection; if its job still waits or runs, it does so no longer.

        A job that runs together with others goes on with them: its files are whole and right, wanted or not.
        """
        self.selector.unregister(client.connection)
        client.connection.close()
        _close_all(client.descriptors)
        if client in self.waiting:
            self.waiting.remove(client)
        for worker in [worker for worker in self.workers if client in worker.clients]:
            worker.clients[worker.clients.index(client)] = None
            if not any(worker.clients):
                self._end(worker)
        self._dispatch()

    def _dispatch(self) -> None:
        """Give waiting jobs to free workers, and start workers as long as there are jobs without."""
        while self.waiting:
            free = [worker for worker in self.workers if not worker.clients]
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
            jobs, which = order.choose(
                [client.kind for client in self.waiting], [worker.kind for worker in free], most=self.batch
            )
            self._give(free[which], [self.waiting[job] for job in jobs])

    def _give(self, worker: Worker, clients: list[Client]) -> None:
        """Give a free worker the jobs of waiting clients, each with its open files; they are of one kind."""
        self.waiting = [client for client in self.waiting if client not in clients]
        worker.clients, worker.kind, worker.was_stopped = list(clients), clients[0].kind, False
        worker.jobs += len(clients)
        worker.batches += 1
        try:
            # A message each, for that is how much surely fits; it says how many more belong to the batch.
            for place, client in enumerate(clients, 1):
                message = {"command": client.command, "arguments": client.arguments, "more": len(clients) - place}
                pool_client.send(worker.connection, message, descriptors=client.descriptors)
        except OSError:
            self._end(worker)
        for client in clients:
            _close_all(client.descriptors)

    def _start(self) -> list[Worker]:
        """Start a worker; return it, or nothing where the machine has no room for one more."""
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(WORKER, stdin=theirs.fileno(), cwd=self.directory)
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
        """Take in what a worker says: that its jobs are done, or, by falling silent, that it died."""
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
            clients, worker.clients = worker.clients, []
            if result["last"]:
                self._end(worker)
            for client, code in zip(clients, result["exits"], strict=True):
                if client:
                    self._answer(client, {"exit": code})
                    self._forget(client)

    def _end(self, worker: Worker, reason: str = "") -> None:
        """Be rid of a worker; the jobs that it has fail, for a reason or because it died."""
        self.selector.unregister(worker.connection)
        worker.connection.close()
        self.workers.remove(worker)
        # It may be dead already; then this tells how it died.
        worker.process.kill()
        code = worker.process.wait()
        clients, worker.clients = worker.clients, []
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        for client in filter(None, clients):
            message = reason or f"the worker of this job ended {how}; run it again"
            self._answer(client, {"exit": 1, "message": message})
            self._forget(client)

    def _status(self) -> dict[str, object]:
        workers = [
            {
                "pid": worker.process.pid,
                "busy": bool(worker.clients),
                "jobs": worker.jobs,
                "batches": worker.batches,
                "memory": worker.memory,
                "compiled": worker.compiled,
            }
            for worker in self.workers
        ]
        return {"waiting": len(self.waiting), "workers": workers}


def _is_stopped(pid: int) -> bool:
    """Return whether a child of this process is stopped; where the system does not say, it is not."""
    if not hasattr(os, "waitid"):
        return False
    with contextlib.suppress(OSError):
        # It may be asked again: that the child has been stopped is left to be told.
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    return False


def _close_all(descriptors: list[int]) -> None:
    while descriptors:
        os.close(descriptors.pop())


def main() -> None:
    """Serve the socket that the command line gives: its descriptor, its address, how many workers at most, how many
    jobs one takes at once, and how many seconds there are between two looks at workers."""
    descriptor, address, limit, batch = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    look_seconds = float(sys.argv[5])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    # The one worker on a GPU is for renders: all else is a processor's work.
    on_gpu = os.environ.get(device.DEVICE) == device.GPU
    commands = (pool_client.RENDER,) if on_gpu else tuple(pool_client.COMMANDS)
    try:
        listener = socket.socket(fileno=descriptor)
        Pool(
            listener, directory=Path.cwd(), limit=limit, batch=batch, look_seconds=look_seconds, commands=commands
        ).run(owner=0)
    finally:
        shutil.rmtree(address.parent, ignore_errors=True)


if __name__ == "__main__":
    main()
