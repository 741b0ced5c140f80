"""Ctrl-C while a command starts: it ends, without a traceback, and leaves nothing half-written."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.files import PROJECT
from tests.support.pools import until

pytestmark = [
    pytest.mark.hostile("Ctrl-C while a command starts"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux which signals a process handles"),
]

COMMANDS = ("site", "render", "weights", "summary", "check", "pictures.web", "workflow.share")
# In which the slowest of them has imported all that it needs, on a free core.
SECONDS = 0.8


def catches_interrupts(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(caught & 1 << (signal.SIGINT - 1))


@pytest.mark.parametrize("number", range(21))
def test_a_command_that_is_interrupted_ends_in_silence(tmp_path, number):
    command = [sys.executable, "-m", f"pipeline.{COMMANDS[number % len(COMMANDS)]}", "--output", "x"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={"PYTHONPATH": str(PROJECT), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # Python handles the signal while it starts itself, and the package, the first thing that it imports, does not.
    until(lambda: process.poll() is not None or catches_interrupts(process.pid))
    until(lambda: process.poll() is not None or not catches_interrupts(process.pid))

    time.sleep(random.Random(number).uniform(0, SECONDS))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert list(tmp_path.rglob(".tmp-*")) == []


PROCESSES = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from pipeline import errors

def main():
    with ProcessPoolExecutor(2) as processes:
        with errors.for_this_process_alone():
            done = processes.map(time.sleep, [1] * 9)
        print("begun", flush=True)
        list(done)

errors.run(main)
"""


def test_processes_that_a_command_starts_end_with_it_in_silence(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESSES], cwd=tmp_path, env={"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    process.stdout.readline()

    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert (process.returncode, said) == (130, "")
