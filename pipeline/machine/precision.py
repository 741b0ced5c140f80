"""Which precision a network is fast in on this machine's processor."""

from pathlib import Path
from typing import Literal, get_args

Precision = Literal["float32", "bfloat16"]
Wanted = Precision | Literal["auto"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# Without one of these, bfloat16 is emulated: several times slower than float32.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def resolve(precision: Wanted, *, depthwise: bool, cpuinfo: Path = Path("/proc/cpuinfo")) -> Precision:
    """Return "float32" or "bfloat16": what was asked for, or for "auto" what this processor is fast in.

    Args:
        precision: what was asked for.
        depthwise: whether the network has convolutions that read one channel each. Those are slower in bfloat16
            everywhere: EfficientNets take 1.4 to 2.2 times as long in it as in float32 (Zen 4, AVX512_BF16).
        cpuinfo: where the system describes the processor.

    Only Linux names the processor's abilities in a file; elsewhere "auto" is float32, which is right everywhere.
    """
    if precision != "auto":
        return precision
    if depthwise:
        return "float32"
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return "float32"
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return "bfloat16" if flags & _BFLOAT16_FLAGS else "float32"
