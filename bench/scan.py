"""What a look at photographs costs, in processor seconds: `python -m bench.scan FOLDER`.

All layers of VGG16, in a process and on a thread as a share of the scan has them. With ONEDNN_MAX_CPU_ISA set to
AVX512_CORE_BF16, a processor that has AMX stands for one that has not.
"""

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import loop, machine
from pipeline import errors, originals
from pipeline.machine import precision
from pipeline.network import catalogue
from pipeline.originals import Original
from pipeline.workflow.cost import CROP_PX


@dataclass(frozen=True)
class Cost:
    """What some photographs took, all but the last in processor seconds.

    Attributes:
        photographs: how many.
        crops: as many of `CROP_PX` squared as there were pixels for the network.
        start: TensorFlow and the network made ready, and the first photograph, for which it is compiled.
        opened: photographs read, decoded and cut, and nothing else.
        looked: the same, and looked at.
        peak_gb: most memory that the process held, 10^9 bytes.
    """

    photographs: int
    crops: float
    start: float
    opened: float
    looked: float
    peak_gb: float

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        looked, opened = (1000 / self.crops * seconds for seconds in (self.looked, self.opened))
        yield f"{self.photographs} photographs, {self.crops:,.0f} crops of {CROP_PX} px"
        yield (
            f"{looked:.0f} processor seconds for 1,000 crops, {opened:.0f} of them to open the photographs; "
            f"{self.start:.1f} to start; {self.peak_gb:.2f} GB"
        )


def measure(folder: Path, names: Sequence[str], chosen: str) -> Cost:
    """Return what photographs of a folder cost, all layers asked, in a precision."""
    began = time.process_time()
    from pipeline.machine import device, start

    start.import_tensorflow(1, on=device.CPU)
    from pipeline.photographs import views
    from pipeline.photographs.scan import Scanner

    network = catalogue.load(loop.MODEL)
    scanner = Scanner(network, loop.tensors(), [layer.name for layer in network.layers], chosen, "channel")

    def cut(original: Original) -> float:
        seen = views.views(network.layers, original.width_px, original.height_px)
        return sum(originals.seen(original, view).size / 3 / CROP_PX**2 for view in seen)

    scanner.look(_open(folder / names[0]))
    ready = time.process_time()
    crops = sum(cut(_open(folder / name)) for name in names)
    cut_at = time.process_time()
    for name in names:
        scanner.look(_open(folder / name))
    looked = time.process_time() - cut_at
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return Cost(len(names), crops, ready - began, cut_at - ready, looked, peak)


def _open(path: Path) -> Original:
    return originals.read(path, originals.DECODED_PX)


def main() -> None:
    """Print what the photographs of a folder cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.scan", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of photographs, as `make photographs` makes one")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each so manieth alone (default: 1)")
    parser.add_argument("--precision", choices=("auto", *precision.PRECISIONS), default="auto", help="(default: auto)")
    options = parser.parse_args()
    names = originals.find(options.folder)[:: options.every]
    chosen = precision.resolve(options.precision, depthwise=False)
    print(f"{machine.describe().line()}\n{chosen}")
    for line in loop.in_new_process(measure, options.folder, names, chosen).lines():
        print(line)


if __name__ == "__main__":
    errors.run(main)
