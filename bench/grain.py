"""How fine and how rectilinear the structure of a picture is: grain, and the grid that pooling leaves in it."""

import numpy as np
from numpy.typing import NDArray

# Of the sampling rate: finer is what one sees as grain.
FINE = 0.25
AXES_DEGREES = 5.0


def shares(image: NDArray[np.uint8]) -> tuple[float, float]:
    """Return which share of a picture's spectral energy is fine, and which share of that lies along the axes.

    Args:
        image: uint8 (side, side, channels); the mean of the channels counts, through a Hann window, for its edges are
            no part of it.

    Returns:
        shares, 0 to 1; both 0 where there is nothing.
    """
    grey = image.astype(np.float64).mean(-1)
    window = np.hanning(len(grey))
    energy = np.abs(np.fft.fft2((grey - grey.mean()) * window[:, None] * window)) ** 2
    down, across = np.meshgrid(np.fft.fftfreq(len(grey)), np.fft.fftfreq(len(grey)), indexing="ij")
    fine = np.hypot(down, across) > FINE
    angle = np.degrees(np.arctan2(np.abs(down), np.abs(across)))
    along = fine & ((angle < AXES_DEGREES) | (angle > 90 - AXES_DEGREES))
    whole, part = energy.sum(), energy[fine].sum()
    return (float(part / whole) if whole else 0.0, float(energy[along].sum() / part) if part else 0.0)
