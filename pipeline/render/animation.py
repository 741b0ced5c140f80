"""The animation of a render: the picture emerging, step by step, as one WebP or GIF file."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from pipeline.images import WEBP_METHOD, WEBP_QUALITY

# Milliseconds that a frame stays: most of what happens, happens in the first ten steps. The finished picture stays
# long enough to be looked at before all starts again.
FRAME_MS = 120
LAST_FRAME_MS = 2000

# For Pillow.
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    ".webp": {"format": "WEBP", "quality": WEBP_QUALITY, "method": WEBP_METHOD},
    ".gif": {"format": "GIF"},
}
ENDINGS = tuple(_SETTINGS)


def frame_steps(steps: int, every: int) -> tuple[int, ...]:
    """Return the steps of an ascent that become frames: the start, every so many, and the last."""
    return (*range(0, steps, every), steps)


def encode(frames: Sequence[np.ndarray], ending: str) -> bytes:
    """Return frames, uint8 (side, side, 3), as an animation that repeats for ever; same input, same bytes.

    Args:
        frames: at least one.
        ending: of the file's name, one of `ENDINGS`.
    """
    first, *others = [Image.fromarray(frame) for frame in frames]
    durations = [FRAME_MS] * len(others) + [LAST_FRAME_MS]
    buffer = io.BytesIO()
    first.save(buffer, save_all=True, append_images=others, duration=durations, loop=0, **_SETTINGS[ending])
    return buffer.getvalue()
