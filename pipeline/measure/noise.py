"""Noise as natural as photographs' statistics make it, and what a channel's answer to it counts as."""

import numpy as np
from numpy.typing import NDArray

from pipeline.network.photographs import CONTRAST, MID_GREY

# Noise activations are floored at this share of the layer's median: a channel that is silent on noise would call
# any picture a success.
NOISE_FLOOR = 0.05

# One noise image leaves a deep layer's means (a map of 14 × 14 units) too much to chance; four do not.
NOISE_IMAGES = 4
NOISE_SEED = 0


def colour_noise(canvas_px: int, count: int = NOISE_IMAGES, *, channels: int = 3) -> NDArray[np.float32]:
    """Return images whose amplitude falls as 1/frequency, as photographs' does; the same at every call.

    Returns:
        float32 (count, canvas_px, canvas_px, channels), 0..255 around mid grey; the channels are independent.
    """
    random = np.random.Generator(np.random.PCG64(NOISE_SEED))
    frequency = np.hypot(np.fft.fftfreq(canvas_px)[:, None], np.fft.fftfreq(canvas_px)[None, :])
    frequency[0, 0] = np.inf  # no constant part: the mean is mid grey
    white = random.standard_normal((count, canvas_px, canvas_px, channels))
    noise = np.fft.ifft2(np.fft.fft2(white, axes=(1, 2)) / frequency[:, :, None], axes=(1, 2)).real
    deviation = np.maximum(noise.std((1, 2), keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(np.clip(255 * (MID_GREY + CONTRAST * noise / deviation), 0, 255), np.float32)


def floored(noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each channel's mean answer to noise, not below `NOISE_FLOOR` of the layer's median.

    Args:
        noise: float32 (noise images, channels).

    Returns:
        float32 (channels,).
    """
    means = noise.mean(0)
    return np.asarray(np.maximum(means, np.float32(NOISE_FLOOR) * np.median(means)), np.float32)
