"""Runs of the real workflow, each in a directory of its own, and what can be seen of them from outside."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import BUILD, ROOT, loop
from pipeline import files
from pipeline.errors import UserError
from pipeline.pool import client

# A workflow that was told to end ends its jobs first; one that does not is killed.
END_SECONDS = 60
CONFIGURATION = "config.json"
# What config.yaml could say otherwise. The weights are a file, and no photographs are shown where that is not what is
# measured: to fetch either is no part of it.
SETTINGS: Mapping[str, Any] = {
    "model": "vgg16",
    "layers": "all",
    "image_size": "auto",
    "recipe": "default",
    "seed": 0,
    "precision": "auto",
    "photographs": "none",
}


@dataclass(frozen=True)
class Run:
    """One finished run.

    Attributes:
        seconds: wall time of the whole command.
        finishes: when each filter was done, in seconds since the epoch, ascending.
    """

    seconds: float
    finishes: tuple[float, ...]


def fresh_directory(name: str) -> Path:
    """Return an empty directory for a run; what an earlier one left there is removed."""
    directory = BUILD / "bench" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def command(directory: Path, cores: int, *arguments: str) -> list[str]:
    """Return the command line of a run in `directory`, whose settings are in the file that `configure` wrote there."""
    return [
        *(sys.executable, "-m", "snakemake"),
        *("--snakefile", str(ROOT / "Snakefile"), "--profile", str(ROOT / "profiles" / "default")),
        *("--directory", str(directory), "--configfile", str(directory / CONFIGURATION), "--cores", str(cores)),
        *arguments,
    ]


def configure(directory: Path, settings: Mapping[str, Any]) -> None:
    """Write the configuration of a run: `settings`, and for all others what they are without a config.yaml.

    In a file, for numbers inside the values of --config would arrive as texts.
    """
    files.write_json(directory / CONFIGURATION, {**SETTINGS, **settings})


def run(
    directory: Path, cores: int, settings: Mapping[str, Any], *arguments: str, pool: bool = True, log: str = "run.log"
) -> Run:
    """Run the workflow to its end; raise `UserError` naming the log when it fails."""
    start = time.perf_counter()
    with started(directory, cores, settings, *arguments, pool=pool, log=log) as process:
        code = process.wait()
    seconds = time.perf_counter() - start
    if code:
        raise UserError(f"{directory / log}: the workflow failed (exit code {code}); its log says why")
    return Run(seconds, finish_times(directory))


@contextlib.contextmanager
def started(
    directory: Path, cores: int, settings: Mapping[str, Any], *arguments: str, pool: bool = True, log: str = "run.log"
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the workflow; on leaving the block, end it if it still runs."""
    configure(directory, {"weights": str(loop.weights_file())} | dict(settings))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), client.ADDRESS: "" if pool else client.OFF}
    with (directory / log).open("ab") as output:
        process = subprocess.Popen(
            command(directory, cores, *arguments),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the benchmark, which then ends the workflow in order.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end_as_interrupted() -> None:
    """Let `kill` do what Ctrl-C does: end what was started, in order."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a workflow as Ctrl-C does; its finished files stay."""
    for how in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)


def finish_times(directory: Path, layer: str = "*") -> tuple[float, ...]:
    """Return when each filter's record was written, in seconds since the epoch, ascending."""
    return tuple(sorted(path.stat().st_mtime for path in directory.glob(f"results/filters/{layer}/*.json")))


def steady_seconds(finishes: Sequence[float], skip: int) -> float:
    """Return the seconds a filter in the steady state: between finishes, the first `skip` left out.

    While the first filters are made the workers start, and that is not what a filter costs.
    """
    if len(finishes) < skip + 2:
        raise ValueError(f"{len(finishes)} filters are too few to leave out {skip}")
    return (finishes[-1] - finishes[skip]) / (len(finishes) - 1 - skip)


def processor_seconds(process: int) -> float:
    """Return the processor time that a process itself has used, its children left out."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
