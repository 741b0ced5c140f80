"""What photographs by the hundred thousand cost beside being looked at: `python -m bench.many`.

They are drawn, tiny, no two alike, and what the network would have answered is made up. Each step is measured in a
process of its own. What it takes to open and look at one does not depend on their number: `python -m bench.scan`.
"""

import argparse
import dataclasses
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench import loop, machine, table
from pipeline import errors, files
from pipeline.config import plan
from pipeline.network import catalogue
from pipeline.photographs import exemplars, folder, join, places, scan, shares
from pipeline.results import document, layout, photographs, strongest
from pipeline.results.strongest import Strongest

COUNT = 100_000
SIDE_PX, PATCHES = 64, 16
LAYER = "block5_conv3"


def draw(originals: Path, count: int) -> None:
    """Write photographs of random patches, a thousand in each folder."""
    random = np.random.default_rng(0)
    for number in range(count):
        path = originals / f"{number // 1000:04}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        patches = Image.fromarray(random.integers(0, 256, (PATCHES, PATCHES, 3), np.uint8))
        patches.resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST).save(path, "JPEG", quality=50)


def planned(originals: Path) -> str:
    """Plan an atlas that is shown the photographs: what every start of Snakemake does."""
    found = plan.plan({"photographs": str(originals)}).photographs
    return f"{found.shares} shares" if found else ""


def gathered(originals: Path, results: Path) -> str:
    """List the photographs, which are opened and compared with one another."""
    found = folder.gather(originals)
    files.write_json(layout.photograph_files(results), document.to_json(found))
    return f"{len(found.photographs):,} listed"


def shared(results: Path, count: int) -> str:
    """Find out which photographs are in a share: what each job of the scan does before it looks at any."""
    listed = photographs.read_files(layout.photograph_files(results)).photographs
    own = shares.digests(listed, count - 1, count)
    return f"{len(own)} in the last, {shares.sampled(listed, own)} of them in the sample"


def answered(results: Path, count: int) -> str:
    """Write the tables of all shares, made up, of the scan and of what is looked at again."""
    network = catalogue.load(loop.MODEL)
    listed = photographs.read_files(layout.photograph_files(results)).photographs
    random = np.random.default_rng(0)
    for number in range(count):
        own = shares.digests(listed, number, count)
        strongest.write(layout.scan(results, number), _made_up(network, own, shares.sampled(listed, own), random))
        strongest.write(layout.finals(results, number), _made_up(network, own, 0, random))
    return f"{sum(path.stat().st_size for path in layout.scan(results, 0).parent.iterdir()) / 1e6:.0f} MB"


def joined(results: Path, count: int) -> str:
    """Make one table of all."""
    found = join.joined([layout.scan(results, number) for number in range(count)])
    listed = photographs.read_files(layout.photograph_files(results)).digests
    strongest.write(layout.strongest(results), join.numbered(found, listed))
    return f"{layout.strongest(results).stat().st_size / 1e6:.0f} MB, {len(found.sampled):,} in the sample"


def again(results: Path, count: int) -> str:
    """Put together the places of one layer that were looked at again."""
    whole = dataclasses.replace(strongest.read(layout.strongest(results)), precision="bfloat16")
    return f"{len(exemplars.final(results, whole, LAYER, count).value)} filters of {LAYER}"


def _made_up(network: catalogue.Network, own: tuple[str, ...], sampled: int, random: np.random.Generator) -> Strongest:
    layers = [layer.name for layer in network.layers]
    blank = scan.blank(network, "0" * 64, layers, own, sampled=sampled, precision="float32", objective="channel")
    shape = (int(blank.filters.sum()), len(own))
    number = np.broadcast_to(np.arange(len(own)), shape)
    ones = np.ones(shape, int)
    return dataclasses.replace(
        blank,
        best=places.best(random.random(shape, np.float32), number, 256 * ones, ones, ones),
        sample=random.random(blank.sample.shape, np.float32),
    )


def measured(step: Callable[..., str], *arguments: Any) -> tuple[str, float, float, float]:
    """Return what a step says, the seconds that it took, those of a processor, and the most memory, 10^9 bytes."""
    began, worked = time.perf_counter(), time.process_time()
    said = step(*arguments)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    return said, seconds, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    """Print what many photographs cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.many", description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=COUNT, metavar="N", help="(default: %(default)s)")
    options = parser.parse_args()
    count = plan.shares(options.photographs)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        originals, results = Path(temporary, "originals"), Path(temporary, "results")
        draw(originals, options.photographs)
        steps: list[tuple[Callable[..., str], tuple[Any, ...]]] = [
            (planned, (originals,)),
            (gathered, (originals, results)),
            (shared, (results, count)),
            (answered, (results, count)),
            (joined, (results, count)),
            (again, (results, count)),
        ]
        for step, arguments in steps:
            said, *figures = loop.in_new_process(measured, step, *arguments)
            if step is not answered:
                rows.append([(step.__doc__ or "").partition(":")[0].rstrip("."), *figures, said])
    print(f"{options.photographs:,} photographs; {machine.describe().line()}")
    print(table.render(("step", "s", "processor s", "GB", "which makes"), rows))


if __name__ == "__main__":
    errors.run(main)
