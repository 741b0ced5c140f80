"""The drawn stimuli that filters are tuned to or not: gratings of every direction, period, phase and colour, and flat
colours.

A grating is a sinusoid around mid grey. Stripes of 0° are horizontal, of 45° rise to the right, of 90° are vertical.
One in colour runs from a hue to its complement, so that a hue and the opposite one are the same axis.
"""

import colorsys
import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.network.photographs import MID_GREY

# How far the channel that swings most departs from mid grey, of the range 0..1: short of where photographs clip.
AMPLITUDE = 0.4

HUES = tuple(range(0, 360, 30))
AXES = HUES[: len(HUES) // 2]


@dataclass(frozen=True)
class Stimuli:
    """A set of stimuli: grey gratings, coloured ones of some of their directions, periods and phases, flat colours.

    In this order every array of answers has them: (directions, periods, phases), then (axes, some directions, some
    periods, some phases), then flat hues, black, white, and mid grey. Images of one channel have no hues and no axes.

    Attributes:
        orientations: directions of the stripes, degrees, evenly spread over 0..180.
        periods_px: ascending.
        phases: how many, evenly spread over a period.
        coloured_every: of the directions, periods and phases, each so manieth is drawn in colours.
    """

    orientations: tuple[float, ...]
    periods_px: tuple[float, ...]
    phases: int
    coloured_every: tuple[int, int, int]

    @property
    def grey(self) -> tuple[int, int, int]:
        """How many directions, periods and phases there are."""
        return len(self.orientations), len(self.periods_px), self.phases

    @property
    def coloured(self) -> tuple[int, int, int]:
        """How many directions, periods and phases there are in colours."""
        orientations, periods, phases = (
            -(-each // every) for each, every in zip(self.grey, self.coloured_every, strict=True)
        )
        return orientations, periods, phases

    def count(self, channels: int) -> int:
        """Return how many stimuli images of so many channels have."""
        hues = channels == 3
        return math.prod(self.grey) + hues * (len(AXES) * math.prod(self.coloured) + len(HUES)) + 3

    def draw(self, side_px: int, channels: int, batch: int) -> Iterator[np.ndarray]:
        """Yield all stimuli in batches, float32 (batch, side, side, channels) in 0..1; the last may be smaller."""
        images: list[np.ndarray] = []
        for image in self._images(side_px, channels):
            images.append(image)
            if len(images) == batch:
                yield np.stack(images)
                images = []
        if images:
            yield np.stack(images)

    def _images(self, side_px: int, channels: int) -> Iterator[np.ndarray]:
        white = np.ones(channels)
        for grating in self._waves(side_px, (1, 1, 1)):
            yield _coloured(grating, white)
        if channels == 3:
            for axis in AXES:
                for grating in self._waves(side_px, self.coloured_every):
                    yield _coloured(grating, swing(axis))
        flat = np.ones((side_px, side_px))
        for direction in (*([swing(hue) for hue in HUES] if channels == 3 else []), -white, white, 0 * white):
            yield _coloured(flat, direction)

    def _waves(self, side_px: int, every: tuple[int, int, int]) -> Iterator[np.ndarray]:
        for orientation in self.orientations[:: every[0]]:
            for period in self.periods_px[:: every[1]]:
                for phase in range(0, self.phases, every[2]):
                    yield wave(side_px, orientation, period, phase / self.phases)


# A fifth of the cost of twice as many directions and phases on a canvas of 144 px, and the same answer in blocks 1 to 4
# of VGG16: of the filters that answer most, the direction differs by 3° at most in the median of a layer, the period by
# 1 %, and 97 of 100 are as simple or complex as before (89 in block4_conv3).
FINE = Stimuli(
    orientations=tuple(15.0 * step for step in range(12)),
    periods_px=(3.0, 3.8, 4.8, 6.1, 7.7, 9.7, 12.3, 15.6, 19.8, 25.0, 31.6, 40.0),
    phases=4,
    coloured_every=(3, 3, 2),
)
# Enough to say whether any grating drives a filter, and about which.
COARSE = Stimuli(
    orientations=tuple(45.0 * step for step in range(4)),
    periods_px=(3.0, 4.8, 7.7, 12.3, 19.8, 31.6),
    phases=2,
    coloured_every=(2, 2, 2),
)


def wave(side_px: int, orientation: float, period_px: float, phase: float) -> np.ndarray:
    """Return a grating, float64 (side, side) in −1..1.

    Args:
        side_px: side of the image.
        orientation: direction of the stripes, degrees.
        period_px: from stripe to stripe, across them.
        phase: of the middle of the image, in periods; 0 is the brightest.
    """
    across = _across(side_px, orientation)
    wave: np.ndarray = np.cos(2 * np.pi * (across / period_px + phase))
    return wave


@functools.lru_cache(maxsize=64)
def _across(side_px: int, orientation: float) -> np.ndarray:
    """Return how far each pixel lies from the stripe through the middle, in pixels."""
    down, right = np.mgrid[:side_px, :side_px] - (side_px - 1) / 2
    angle = math.radians(orientation)
    across: np.ndarray = right * math.sin(angle) + down * math.cos(angle)
    return across


@functools.cache
def swing(hue: int) -> np.ndarray:
    """Return by how much each of red, green and blue departs from grey towards a hue, −1..1, the most by 1."""
    colour = np.array(colorsys.hsv_to_rgb(hue / 360, 1, 1))
    direction = colour - colour.mean()
    most: np.ndarray = direction / np.abs(direction).max()
    return most


def _coloured(pattern: np.ndarray, direction: np.ndarray) -> np.ndarray:
    image: np.ndarray = (MID_GREY + AMPLITUDE * pattern[..., None] * direction).astype(np.float32)
    return image
