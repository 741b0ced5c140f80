"""The colours of a picture, measured: its hue, how vivid it is, and how much of it each colour with a name takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Mean chroma (largest minus smallest channel, 0..1) below which a picture has no hue.
GREY_CHROMA = 0.04

# Hues from which each colour begins, degrees.
HUES = (
    (0, "red"),
    (15, "orange"),
    (42, "yellow"),
    (70, "green"),
    (165, "turquoise"),
    (195, "blue"),
    (260, "purple"),
    (295, "pink"),
    (345, "red"),
)
# Chroma below which a pixel is black, grey or white, and the values (0..1) that part these three; a darker pixel is
# black whatever its chroma.
GREY_PIXEL, BLACK_BELOW, WHITE_FROM = 0.2, 0.25, 0.8
# Orange and yellow darker than this value (0..1) are brown.
BROWN_BELOW = 0.55

NAMES = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "black", "grey", "white")

_HUE_BIN_DEGREES = 10
# Hues this far from the most frequent one still belong to it.
_HUE_REACH_DEGREES = 20


@dataclass(frozen=True)
class Colours:
    """Measured properties of a picture's colours.

    Attributes:
        hue: that most of the chroma has, degrees 0..360; None for a grey picture.
        saturation: mean HSV saturation, 0..1.
        chroma: mean difference of the largest and the smallest channel, 0..1.
        shares: of the area, by the name of the colour; all NAMES, together 1.
    """

    hue: float | None
    saturation: float
    chroma: float
    shares: dict[str, float]


def measure(picture: NDArray[np.uint8]) -> Colours:
    """Return the colours of a picture, uint8 (height, width, 3)."""
    hsv, chroma = _hsv(picture), _chroma(picture)
    return Colours(
        hue=_hue(hsv[..., 0], chroma),
        saturation=float(hsv[..., 1].mean()),
        chroma=float(chroma.mean()),
        shares=_shares(hsv, chroma),
    )


def _hsv(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return hue in degrees, below 360, saturation 0..1, value 0..1 of a picture, float64 (height, width, 3)."""
    hsv: NDArray[np.float64] = np.asarray(Image.fromarray(picture).convert("HSV")) / 255.0
    hsv[..., 0] = hsv[..., 0] * 360.0 % 360.0
    return hsv


def _chroma(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    largest = np.maximum(np.maximum(red, green), blue)
    chroma: NDArray[np.float64] = (largest - np.minimum(np.minimum(red, green), blue)) / 255.0
    return chroma


def _hue(hues: np.ndarray, chroma: np.ndarray) -> float | None:
    if chroma.mean() < GREY_CHROMA:
        return None
    bins = np.bincount((hues / _HUE_BIN_DEGREES).astype(int).ravel(), chroma.ravel(), 360 // _HUE_BIN_DEGREES)
    # Neighbouring bins count too, so that a hue on the edge of two is not halved.
    peak = (int(np.argmax(bins + np.roll(bins, 1) / 2 + np.roll(bins, -1) / 2)) + 0.5) * _HUE_BIN_DEGREES
    distance = (hues - peak + 180) % 360 - 180
    near = np.where(np.abs(distance) <= _HUE_REACH_DEGREES, chroma, 0)
    return round(float(peak + (distance * near).sum() / near.sum()), 1) % 360


def _shares(hsv: np.ndarray, chroma: np.ndarray) -> dict[str, float]:
    hue, value = hsv[..., 0], hsv[..., 2]
    codes = _CODE_OF_DEGREE[hue.astype(int)]
    codes[((codes == _code("orange")) | (codes == _code("yellow"))) & (value < BROWN_BELOW)] = _code("brown")
    is_grey = chroma < GREY_PIXEL
    codes[is_grey] = _code("grey")
    codes[is_grey & (value >= WHITE_FROM)] = _code("white")
    codes[value < BLACK_BELOW] = _code("black")
    counts = np.bincount(codes.ravel(), minlength=len(NAMES))
    return {name: float(count / codes.size) for name, count in zip(NAMES, counts, strict=True)}


def _code(name: str) -> int:
    return NAMES.index(name)


# Colours by number; counting numbers is several times as fast as counting names.
_CODE_OF_DEGREE = np.array([_code([name for start, name in HUES if start <= degree][-1]) for degree in range(360)])
