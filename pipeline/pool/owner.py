"""The running workflow as the owner of its pool: it starts the pool, and by ending in whatever way ends it."""

import atexit
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.machine import device
from pipeline.pool import client

# Bytes of the longest path that every system's Unix sockets take (macOS: 104 with the final zero; Linux: 108).
ADDRESS_BYTES = 103
# For the pool to end when told: it has only to kill its workers.
END_SECONDS = 10
# Between two looks of the pool at workers that have jobs. One that is stopped (SIGSTOP) at two of them in a row is
# given up; how long a worker renders is no matter.
LOOK_SECONDS = 4
# Jobs that may knock before the pool process has come up, or while it is busy.
BACKLOG = 128


def check_environment() -> None:
    """Raise `UserError` for environment variables of ours that say nothing we know."""
    address = os.environ.get(client.ADDRESS, "")
    if address not in ("", client.OFF) and not address.startswith("/"):
        raise UserError(f"{client.ADDRESS}: should be {client.OFF} for no pool, or not be set, not {address!r:.80}")
    device.batch_size(device.wanted())


@dataclass(frozen=True)
class Room:
    """What a pool takes: by how many workers jobs are rendered at the same time, and how many jobs, beyond the cores,
    are to wait in it for a worker to find them there."""

    workers: int
    waiting: int


def start_for(workflow: Any) -> Room | None:
    """Start the pool of a Snakemake workflow, for its jobs on this machine; return what it takes, None where there is
    no pool.

    On a GPU the pool has one worker, which takes several jobs at once. Raises `UserError` where a GPU is demanded and
    there is none.

    Jobs that an executor carries elsewhere render alone, also where elsewhere is this machine: there they have a share
    of their own, which a worker here would not keep to. Processes that Snakemake starts for a single job own no pool.
    """
    if not workflow.is_main_process or workflow.touch or os.environ.get(client.ADDRESS) == client.OFF:
        return None
    os.environ.pop(client.ADDRESS, None)
    # Where conda makes the jobs' environments, TensorFlow may be there alone.
    if not workflow.local_exec or importlib.util.find_spec("tensorflow") is None:
        return None
    cores = workflow.cores or 1
    chosen = device.settle()
    if chosen == device.CPU and (idle := device.idle_gpu()):
        print(f"warning: {idle}", file=sys.stderr)
    batch = device.batch_size(chosen)
    limit = 1 if chosen == device.GPU else min(cores, usable_cores())
    try:
        os.environ[client.ADDRESS] = start(limit, batch=batch, on=chosen)
    except OSError as error:
        print(f"warning: no pool of workers ({error}); every filter starts TensorFlow anew", file=sys.stderr)
        return None
    # While all workers have all that they take at once, as much as one takes waits.
    return Room(workers=limit, waiting=max(1, (limit + 1) * batch - cores))


def start(limit: int, *, batch: int = 1, on: str = device.CPU, look_seconds: float = LOOK_SECONDS) -> str:
    """Start a pool of at most `limit` workers for jobs in this process's directory; return its address.

    A worker renders up to `batch` jobs at once, on the device `on`; every `look_seconds` the pool looks after it.

    It ends with this process. Raises `OSError` where it cannot be started.
    """
    directory = _private_directory()
    try:
        address = str(directory / "pool")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            # Bound here, so that no job can come too early; served there.
            listener.bind(address)
            listener.listen(BACKLOG)
            told = (listener.fileno(), address, limit, batch, look_seconds)
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.pool.server", *map(str, told)],
                # TensorFlow leaves temporary files where a worker is killed, as all are in the end: they go, too.
                env=os.environ | {device.DEVICE: on, "TMPDIR": str(directory)},
                # Nothing is ever written into this pipe: that it closes tells the pool that we are gone.
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                # Ctrl-C in a terminal is for the workflow; what becomes of its jobs, and so of the pool, it decides.
                start_new_session=True,
            )
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    atexit.register(_stop, process, directory)
    return address


def _stop(process: subprocess.Popen[bytes], directory: Path) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    shutil.rmtree(directory, ignore_errors=True)


def usable_cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _private_directory() -> Path:
    """Return a new directory that only this user enters, with a name short enough for a socket inside it.

    $XDG_RUNTIME_DIR comes last, for it is removed when its user logs out, and a run may outlast that.
    """
    for parent in (tempfile.gettempdir(), "/tmp", os.environ.get("XDG_RUNTIME_DIR", "")):
        if len(os.fsencode(parent)) + len("/atlas-xxxxxxxx/pool") <= ADDRESS_BYTES and os.access(parent, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="atlas-", dir=parent))
    raise OSError("no temporary directory with a path short enough for a socket; set TMPDIR to one")
