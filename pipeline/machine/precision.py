"""Which precision this machine's processor is fast in."""

from pathlib import Path
from typing import Literal, get_args

Precision = Literal["float32", "bfloat16"]
Wanted = Precision | Literal["auto"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# Without one of these, bfloat16 is emulated: several times slower than float32.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def resolve(precision: Wanted, cpuinfo: Path = Path("/proc/cpuinfo")) -> Precision:
    """Return "float32" or "bfloat16": what was asked for, or for "auto" what this processor is fast in.

    Only Linux names the processor's abilities in a file; elsewhere "auto" is float32, which is right everywhere.
    """
    if precision != "auto":
        return precision
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return "float32"
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return "bfloat16" if flags & _BFLOAT16_FLAGS else "float32"
