"""A long run of cheap renders: does anything grow that should not? `python -m bench.soak` prints a table."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipeline import errors
from pipeline.errors import UserError
from pipeline.pool import client
from pipeline.results import layout

REPOSITORY = Path(__file__).parent.parent
LAYER = "wide"
RENDERS = 2000
CANVAS_PX = 32
STEPS = 2
# Seconds between two looks.
LOOK_SECONDS = 1.0
# Parts of the run that the table compares. What comes first is the warming up.
PARTS = 8
# What may be more in the last part than in the second: memory in bytes, open files, and the rate's loss.
MAY_GROW_BYTES = 32 * 2**20
MAY_OPEN_FILES = 4
MAY_SLOW = 0.2


@dataclass(frozen=True)
class Look:
    """What was seen at one time.

    Attributes:
        seconds: since the run began.
        done: renders finished.
        main, pool: memory in bytes and open files of Snakemake's process and of the pool's.
        workers: memory in bytes of the largest worker, and the most open files of one.
    """

    seconds: float
    done: int
    main: tuple[int, int]
    pool: tuple[int, int]
    workers: tuple[int, int]


def write_model(path: Path, filters: int) -> None:
    """Write a network of one convolution."""
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.Input((CANVAS_PX, CANVAS_PX, 3)), keras.layers.Conv2D(filters, 3, padding="same", name=LAYER)]
    keras.Sequential(layers).save(path)


def run(directory: Path, *, renders: int, cores: int) -> tuple[list[Look], list[float]]:
    """Render in a new directory; return what was seen on the way, and when each render was done, in seconds, ascending.

    Raises `UserError` when the run fails.
    """
    write_model(directory / "wide.keras", renders)
    configuration = {
        "model": str(directory / "wide.keras"),
        "preprocessing": "unit",
        "weights": "model",
        "filters": "all",
        "image_size": CANVAS_PX,
        "precision": "float32",
        "recipe": {"steps": STEPS, "snapshots": []},
    }
    (directory / "soak.yaml").write_text(yaml.safe_dump(configuration))
    targets = [str(layout.paths(Path("results"), LAYER, number).record) for number in range(renders)]
    command = [sys.executable, "-m", "snakemake", *targets, "--snakefile", str(REPOSITORY / "Snakefile")]
    command += ["--configfile", str(directory / "soak.yaml"), "--directory", str(directory), "--cores", str(cores)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    environment.pop(client.ADDRESS, None)
    log = directory / "soak.log"
    with log.open("wb") as stream:
        begun, looks = time.monotonic(), []
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
        try:
            while process.poll() is None:
                looks.append(look(directory, process.pid, time.monotonic() - begun))
                time.sleep(LOOK_SECONDS)
        finally:
            process.terminate()
            process.wait()
    if process.returncode:
        raise UserError(f"the run failed: {log.read_text(errors='replace')[-2000:]}")
    return looks, sorted((directory / target).stat().st_mtime for target in targets)


def look(directory: Path, main: int, seconds: float) -> Look:
    """Return what is to be seen now."""
    folder = directory / "results/filters" / LAYER
    done = sum(name.endswith(".json") for name in os.listdir(folder)) if folder.exists() else 0  # noqa: PTH208 (fast)
    pools = _processes(directory, b"pipeline.pool.server")
    workers = [_size(pid) for pid in _processes(directory, b"pipeline.pool.worker")]
    return Look(
        seconds=seconds,
        done=done,
        main=_size(main),
        pool=_size(pools[0]) if pools else (0, 0),
        workers=(max((memory for memory, _ in workers), default=0), max((files for _, files in workers), default=0)),
    )


def parts(looks: Sequence[Look], finishes: Sequence[float]) -> list[tuple[Look, float]]:
    """Return for each of `PARTS` equal parts of the run what was seen last in it, and the renders a minute."""
    rows = []
    for part in range(PARTS):
        first, last = (len(finishes) * each // PARTS for each in (part, part + 1))
        seen = [each for each in looks if first < each.done <= last]
        if seen:
            rows.append((seen[-1], 60 * (last - 1 - first) / (finishes[last - 1] - finishes[first])))
    return rows


def grown(rows: Sequence[tuple[Look, float]]) -> list[str]:
    """Return what grew, or slowed down, between the second part and the last."""
    (first, rate), (last, last_rate) = rows[min(1, len(rows) - 1)], rows[-1]
    found = []
    for name in ("main", "pool", "workers"):
        (memory, files), (last_memory, last_files) = getattr(first, name), getattr(last, name)
        if last_memory - memory > MAY_GROW_BYTES:
            found.append(f"memory of {name}: {memory / 2**20:.0f} to {last_memory / 2**20:.0f} MiB")
        if last_files - files > MAY_OPEN_FILES:
            found.append(f"open files of {name}: {files} to {last_files}")
    if last_rate < (1 - MAY_SLOW) * rate:
        found.append(f"rate: {rate:.0f} to {last_rate:.0f} a minute")
    return found


def _processes(directory: Path, module: bytes) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if module in (process / "cmdline").read_bytes() and (process / "cwd").resolve() == directory:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def _size(pid: int) -> tuple[int, int]:
    """Return the memory that a process holds, in bytes, and how many files it has open."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0, 0


def main() -> None:
    """Print the table; exit with 1 if something grew."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--renders", type=int, default=RENDERS, help=f"default: {RENDERS:,}")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        rows = parts(*run(Path(name).resolve(), renders=arguments.renders, cores=arguments.cores))
    print("  done  minutes  a minute  main MiB  files  pool MiB  files  worker MiB  files")
    for each, rate in rows:
        sizes = "".join(
            f"  {memory / 2**20:{width}.0f}  {files:5}"
            for (memory, files), width in ((each.main, 8), (each.pool, 8), (each.workers, 10))
        )
        print(f"{each.done:6,}  {each.seconds / 60:7.1f}  {rate:8.0f}{sizes}")
    if problems := grown(rows):
        sys.exit("grown: " + "; ".join(problems))


if __name__ == "__main__":
    errors.run(main)
