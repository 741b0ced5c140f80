"""Which device renders, and how many filters at a time: a GPU where TensorFlow sees one, else the processor's cores."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.errors import UserError

DEVICE = "ATLAS_DEVICE"
BATCH = "ATLAS_BATCH"
AUTO, CPU, GPU = "auto", "cpu", "gpu"
# Filters at a time on a GPU, which one small picture does not fill.
GPU_BATCH = 8
LARGEST_BATCH = 64
# What the drivers of NVIDIA, of AMD, and of Windows's subsystem for Linux put there. Without one of them TensorFlow
# need not be asked, which takes seconds.
DRIVERS = tuple(map(Path, ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")))


def wanted() -> str:
    """Return the device that the environment asks for: "auto", "cpu" or "gpu". Raises `UserError` for anything else."""
    value = os.environ.get(DEVICE) or AUTO
    if value not in (AUTO, CPU, GPU):
        raise UserError(f"{DEVICE}: should be {AUTO}, {CPU} or {GPU}, not {value!r:.80}")
    return value


def batch_size(device: str) -> int:
    """Return how many filters render at the same time, at most: what the environment says, or what suits the device.

    Raises `UserError` for what is no such number.
    """
    value = os.environ.get(BATCH)
    if not value:
        return GPU_BATCH if device == GPU else 1
    if not (value.isascii() and value.isdigit() and len(value) < 9 and 1 <= int(value) <= LARGEST_BATCH):
        raise UserError(f"{BATCH}: should be a number of filters, 1 to {LARGEST_BATCH}, not {value!r:.80}")
    return int(value)


def settle() -> str:
    """Return the device that this machine's workers are to render on, "cpu" or "gpu".

    Only TensorFlow knows whether it can use a GPU, for a driver alone does not do. It is asked in a process of its own,
    since the one that settles this, the workflow's, stays without it.

    Raises `UserError` where a GPU is demanded and TensorFlow sees none.
    """
    device = wanted()
    if device == CPU or (device == AUTO and not any(driver.exists() for driver in DRIVERS)):
        return CPU
    seen = _seen_by_tensorflow()
    if device == GPU != seen:
        raise none_seen()
    return seen


def idle_gpu() -> str:
    """Return a warning, one line, for where TensorFlow has been asked and will not use the GPU that there is; nothing
    where there is none, or where the processor was asked for."""
    there = next((driver for driver in DRIVERS if driver.exists()), None)
    if wanted() == CPU or there is None:
        return ""
    return (
        f"{there}: there is a GPU, but TensorFlow, as it is installed here, sees none: the processor renders. See "
        f"docs/gpu.md, or set {DEVICE}={CPU} where that is meant"
    )


def _seen_by_tensorflow() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.machine.start"],
        env=os.environ | {DEVICE: AUTO},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return GPU if done.stdout.strip() == GPU else CPU


def none_seen() -> UserError:
    return UserError(f"{DEVICE}: TensorFlow sees no GPU here; see docs/gpu.md, or set it to {AUTO} or {CPU}")
