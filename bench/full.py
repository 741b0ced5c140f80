"""The whole atlas, measured: `python -m bench.full`. It can be interrupted, and goes on where it was.

It is the real workflow over all filters, in `build/full/`; the time that it takes over all its runs is kept beside its
results. When it is done, the bare loop is timed on a few filters of each layer: their sum over all filters is the
floor.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import BUILD, loop, machine, table, workflow
from pipeline import errors, files
from pipeline.machine import precision
from pipeline.network import catalogue

DIRECTORY = BUILD / "full"
# Kept outside the workflow's own results, and written this often, so that a kill loses no more than this.
BOOK_SECONDS = 15
# A pause this many times as long as is usual between two filters is an interruption.
PAUSE = 20
# Of each layer, on each core, for the floor.
FLOOR_FILTERS = 2


@dataclass(frozen=True)
class LayerCost:
    """What a layer took.

    Attributes:
        layer, filters: which, and how many are rendered.
        filters_per_second: while its filters were being made, on all cores.
        bare_seconds: of one filter's bare loop, on one core while all are busy.
    """

    layer: str
    filters: int
    filters_per_second: float | None
    bare_seconds: float


def rate(finishes: Sequence[float]) -> float | None:
    """Return filters a second, from when each was done (ascending), interruptions left out; None for too few."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(finishes)]
    if not gaps:
        return None
    # The mean of the gaps stands in where several filters are done at the same moment.
    usual = statistics.median(gaps) or statistics.mean(gaps)
    working = [gap for gap in gaps if gap <= PAUSE * usual]
    return len(working) / sum(working) if sum(working) > 0 else None


def floor_seconds(costs: Sequence[LayerCost], cores: int) -> float:
    """Return the wall time of the bare loops of all filters on all cores."""
    return sum(each.filters * each.bare_seconds for each in costs) / cores


def run(directory: Path, cores: int, filters: str) -> float:
    """Run the workflow to its end; return the seconds of this and all earlier runs in the directory.

    Raises `UserError` when it fails, `KeyboardInterrupt` when it is interrupted; the time is kept in either case.
    """
    directory.mkdir(parents=True, exist_ok=True)
    book = directory / "time.json"
    before = files.read_json(book)["seconds"] if book.exists() else 0.0
    # With nothing left to do the time stands: asking again must not add to it.
    finished = directory / f"finished-{filters}"
    if finished.exists():
        return before
    start = time.perf_counter()
    with workflow.started(directory, cores, {"filters": filters, "photographs": "samples"}) as process:
        try:
            while process.poll() is None:
                time.sleep(1)
                if time.perf_counter() - start >= BOOK_SECONDS:
                    before += _lap(book, before, start)
                    start = time.perf_counter()
        finally:
            workflow.end(process)
            before += _lap(book, before, start)
    if process.returncode:
        raise errors.UserError(f"{directory / 'run.log'}: the workflow failed; run the same command again to go on")
    finished.touch()
    return before


def _lap(book: Path, before: float, start: float) -> float:
    seconds = time.perf_counter() - start
    files.write_json(book, {"seconds": before + seconds})
    return seconds


def measure(directory: Path, cores: int) -> list[LayerCost]:
    """Return what each finished layer took, and what its bare loop takes."""
    finishes = {layer.name: workflow.finish_times(directory, layer.name) for layer in catalogue.load(loop.MODEL).layers}
    jobs = [(layer, filter) for layer in finishes for filter in range(FLOOR_FILTERS * cores)]
    times = loop.climb_on(cores, precision.resolve("auto", depthwise=catalogue.load(loop.MODEL).is_depthwise), jobs)
    return [
        LayerCost(
            layer=layer,
            filters=len(done),
            filters_per_second=rate(done),
            bare_seconds=statistics.median(seconds for each in times for seconds in each.seconds[layer]),
        )
        for layer, done in finishes.items()
    ]


def main() -> None:
    """Run, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.full", description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help=f"where to work (default: {DIRECTORY})")
    parser.add_argument("--filters", default="all", choices=["all", "preview"], help="preview: a short trial")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    options = parser.parse_args()
    workflow.end_as_interrupted()
    directory = options.directory.resolve()
    done = len(workflow.finish_times(directory))
    print(f"{done:,} filters are done; {directory}/run.log has the progress. Ctrl-C interrupts: run again to go on.")
    here = machine.describe()
    try:
        seconds = run(directory, here.cores, options.filters)
    except KeyboardInterrupt:
        print(f"interrupted with {len(workflow.finish_times(directory)):,} filters done; the same command goes on")
        raise
    costs = measure(directory, here.cores)
    count = sum(each.filters for each in costs)
    floor = floor_seconds(costs, here.cores)
    print(here.line())
    header = ["layer", "filters", "filters/s", "bare loop, s a filter and core"]
    print(table.render(header, [list(asdict(each).values()) for each in costs]))
    print(f"{count:,} filters in {seconds / 60:.1f} min of wall time, all runs: {count / seconds:.2f} filters/s")
    print(f"floor (bare loops on {here.cores} cores) {floor / 60:.1f} min; whole ÷ floor {seconds / floor:.3f}")
    if options.json:
        result = {"machine": asdict(here), "seconds": seconds, "floor_seconds": floor, "filters": count}
        files.write_json(options.json, result | {"layers": [asdict(each) for each in costs]})


if __name__ == "__main__":
    errors.run(main)
