"""Which precision a network is fast in on this machine's processor."""

import os
from pathlib import Path
from typing import Literal, get_args

from pipeline.errors import UserError

Precision = Literal["float32", "bfloat16"]
Wanted = Precision | Literal["auto"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

# Without one of these, bfloat16 is emulated: several times slower than float32.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}

# Without oneDNN, TensorFlow emulates bfloat16.
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
# Variables that keep oneDNN, which computes TensorFlow's convolutions, from instructions that the processor has; and
# the limits that leave it without bfloat16: it then refuses such convolutions, or emulates them.
LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}


def limit() -> str:
    """Return the setting of the environment that leaves convolutions without bfloat16, nothing where none does."""
    for name in LIMITS:
        value = os.environ.get(name, "")
        # The first that is set counts, and what it does not know is no limit.
        if value:
            return f"{name}={value}" if value.upper() in _WITHOUT_BFLOAT16 else ""
    return ""


def check(precision: Wanted) -> None:
    """Raise `UserError` where bfloat16 is demanded and the environment keeps this machine from it."""
    if precision == "bfloat16" and (limited := limit()):
        raise UserError(f"precision: bfloat16, but {limited} keeps convolutions from it; unset that, or say float32")


def resolve(precision: Wanted, *, depthwise: bool, cpuinfo: Path = Path("/proc/cpuinfo")) -> Precision:
    """Return "float32" or "bfloat16": what was asked for, or for "auto" what this processor is fast in.

    Args:
        precision: what was asked for.
        depthwise: whether the network has convolutions that read one channel each. Those are slower in bfloat16
            everywhere: EfficientNets take 1.4 to 2.2 times as long in it as in float32 (Zen 4, AVX512_BF16).
        cpuinfo: where the system describes the processor.

    Only Linux names the processor's abilities in a file; elsewhere "auto" is float32, which is right everywhere.
    Raises `UserError` as `check` does.
    """
    check(precision)
    if precision != "auto":
        return precision
    if depthwise or limit() or os.environ.get(ONEDNN) == "0":
        return "float32"
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return "float32"
    flags = next((set(line.split()) for line in lines if line.startswith("flags")), set())
    return "bfloat16" if flags & _BFLOAT16_FLAGS else "float32"
