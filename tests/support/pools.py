"""A pool to test, and jobs for it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from pipeline.files import PROJECT
from pipeline.pool import client

# Far more than anything here takes; where it passes, something hangs.
PATIENCE_SECONDS = 60
OWNER = """
import sys
from pipeline.pool import owner
print(owner.start(int(sys.argv[1]), batch=int(sys.argv[2]), look_seconds=float(sys.argv[3])), flush=True)
sys.stdin.read()
"""
UNKNOWN_LAYER = ("--layer", "nowhere", "--filter", "0", "--output", "x.png")


def until(look: Callable[[], Any]) -> Any:
    """Return what `look` returns as soon as that is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if value := look():
            return value
    raise TimeoutError


def gone(processes: list[psutil.Process]) -> bool:
    """Return whether all have ended; whether their parents have been told does not matter."""
    return not any(map(_runs, processes))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Owner:
    """A process that owns a pool for jobs in `directory`, as a workflow does."""

    def __init__(self, directory: Path, workers: int, batch: int = 1, look_seconds: float = PATIENCE_SECONDS) -> None:
        self.directory = directory
        self.environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(workers), str(batch), str(look_seconds)],
            cwd=directory,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self.process.stdout.readline().strip()
        self.environment[client.ADDRESS] = self.address

    def start(self, *arguments: str, address: str | None = None, module: str = "pipeline.render") -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.directory,
            env=self.environment | ({client.ADDRESS: address} if address else {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, address: str | None = None, module: str = "pipeline.render") -> tuple[int, str, str]:
        job = self.start(*arguments, address=address, module=module)
        stdout, stderr = job.communicate(timeout=PATIENCE_SECONDS)
        return job.returncode, stdout, stderr

    def status(self) -> dict:
        return client.status(self.address)

    def busy(self) -> list[int]:
        return [worker["pid"] for worker in self.status()["workers"] if worker["busy"]]

    def hold(self) -> tuple[subprocess.Popen, int]:
        """Return a job whose worker does not go on, and the worker's number."""
        job = self.start(*UNKNOWN_LAYER)
        (pid,) = until(self.busy)
        os.kill(pid, signal.SIGSTOP)
        return job, pid

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)


def arguments(
    model: Path, weights: Path, layer: str, number: int, output: str, recipe: str = '{"steps": 3}'
) -> tuple[str, ...]:
    """Return the arguments of a job on a tiny network."""
    return (
        *("--model", str(model), "--preprocessing", "unit", "--weights", str(weights)),
        *("--layer", layer, "--filter", str(number), "--canvas", "32", "--precision", "float32"),
        *("--recipe", recipe, "--output", output),
    )


def files(directory: Path) -> dict[str, bytes]:
    """Return the files of a directory, by name."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}
