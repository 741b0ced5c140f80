"""What a picture looks like, measured: its colours, its scale, its direction, and the same in a few plain words.

The words are a closed vocabulary, for search and for text in place of the picture:

    "[direction] pattern, colour[ and colour], scale"

    direction   horizontal, rising, vertical, falling          (of stripes and streaks only)
    pattern     stripes (one direction), streaks (mostly one), grid (two, crossing), texture (none), plain
    colour      the one or two that take most of it, of COLOURS and black, grey, white
    scale       coarse, medium, fine                           (of all but plain)

Of a picture in false colours no colour is named.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.images import is_false_colour, shown

# Weights of red, green and blue in luminance (ITU-R BT.709), applied to sRGB values as they are.
LUMINANCE = np.array((0.2126, 0.7152, 0.0722))

# Mean chroma (largest minus smallest channel, 0..1) below which a picture has no hue.
GREY_CHROMA = 0.04

# Standard deviation of colour (0..1) below which a picture has no pattern.
PLAIN_DEVIATION = 0.02

# Periods in pixels that part fine from medium from coarse: stripes below 8 px are thinner than a letter's stem is
# high; above 20 px a 224-px picture shows a dozen at most.
FINE_PERIOD_PX = 8
COARSE_PERIOD_PX = 20

# Strength of orientation (0..1) from which a picture is called stripes, streaks, a grid.
STRIPES, STREAKS, GRID = 0.6, 0.3, 0.45

# A second colour is named when it takes this share of the first's weight.
SECOND_COLOUR = 0.3

# Hues from which each colour begins, degrees.
COLOURS = (
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
# Chroma below which a pixel is black, grey or white, and the values (0..1) that part these three.
GREY_PIXEL, BLACK_BELOW, WHITE_FROM = 0.12, 0.22, 0.85
# Orange and yellow darker than this value (0..1) are brown.
BROWN_BELOW = 0.55

DIRECTIONS = ("horizontal", "rising", "vertical", "falling")

_HUE_BIN_DEGREES = 10
# Hues this far from the most frequent one still belong to it.
_HUE_REACH_DEGREES = 20


@dataclass(frozen=True)
class Descriptors:
    """Measured properties of a picture; the meaning and range of each stands in `docs/formats.md`."""

    colour: str
    hue: float | None
    saturation: float
    contrast: float
    spectral_centroid: float
    orientation: float
    orientation_strength: float
    description: str


def describe(image: np.ndarray) -> Descriptors:
    """Measure a square image, uint8 (side, side, channels): its structure in all channels, its colours as shown.

    Of an image that is neither RGB nor grey the colours are false: it has no hue, no saturation, and none is named.
    """
    is_false = is_false_colour(image.shape[-1])
    unit, picture = image / 255.0, shown(image)
    hsv, chroma = _hsv(picture), _chroma(picture)
    deviation = float(np.sqrt(unit.var((0, 1)).mean()))
    power, across, down = _spectrum(unit)
    frequency = np.hypot(across, down)
    is_plain = deviation < PLAIN_DEVIATION or power.sum() == 0
    centroid = 0.0 if is_plain else float((power * frequency).sum() / power.sum())
    orientation, strength, crossing = (0.0, 0.0, 0.0) if is_plain else _orientation(power, across, down)
    pattern = "plain" if is_plain else _pattern(orientation, strength, crossing)
    colours = [] if is_false else [" and ".join(_colour_names(hsv, chroma))]
    words = [pattern, *colours, *([] if is_plain else [_scale(centroid)])]
    return Descriptors(
        colour="#{:02x}{:02x}{:02x}".format(*(round(mean) for mean in picture.mean((0, 1)))),
        hue=None if is_false else _hue(hsv[..., 0], chroma),
        saturation=0.0 if is_false else round(float(hsv[..., 1].mean()), 4),
        contrast=round(float((unit @ LUMINANCE if image.shape[-1] == 3 else unit.mean(-1)).std()), 4),
        spectral_centroid=round(min(centroid, 0.5), 4),
        orientation=round(orientation, 1) % 180,
        orientation_strength=round(strength, 4),
        description=", ".join(words),
    )


def _spectrum(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the power of each spatial frequency, summed over the channels, and the frequencies.

    All channels count, not luminance alone: stripes of red and green that are equally bright are stripes.

    Returns:
        power, frequency across, frequency down, cycles per pixel, each (side, side); frequencies past 0.5 in any
        direction and the constant part have no power.
    """
    side = len(unit)
    window = np.hanning(side + 2)[1:-1]
    # The borders must not count as edges: fade to the (windowed) mean.
    weights = (window[:, None] * window[None, :])[..., None]
    centred = (unit - (unit * weights).sum((0, 1)) / weights.sum()) * weights
    power = (np.abs(np.fft.fft2(centred, axes=(0, 1))) ** 2).sum(2)
    across, down = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side))
    frequency = np.hypot(across, down)
    power[(frequency == 0) | (frequency > 0.5)] = 0
    return power, across, down


def _orientation(power: np.ndarray, across: np.ndarray, down: np.ndarray) -> tuple[float, float, float]:
    """Return direction of the stripes in degrees, strength of one direction, strength of two crossing ones."""
    # Rows count downwards, angles anticlockwise.
    angle = np.arctan2(-down, across)
    one = (power * np.exp(2j * angle)).sum() / power.sum()
    two = (power * np.exp(4j * angle)).sum() / power.sum()
    # Stripes run at a right angle to the direction in which they change.
    return float(np.degrees(np.angle(one)) / 2 + 90) % 180, float(abs(one)), float(abs(two))


def _pattern(orientation: float, strength: float, crossing: float) -> str:
    if strength >= STREAKS:
        direction = DIRECTIONS[round(orientation / 45) % 4]
        return f"{direction} {'stripes' if strength >= STRIPES else 'streaks'}"
    return "grid" if crossing >= GRID else "texture"


def _scale(centroid: float) -> str:
    if centroid * FINE_PERIOD_PX > 1:
        return "fine"
    return "coarse" if centroid * COARSE_PERIOD_PX < 1 else "medium"


def _hsv(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return hue in degrees, below 360, saturation 0..1, value 0..1 of a picture, float64 (side, side, 3)."""
    hsv: NDArray[np.float64] = np.asarray(Image.fromarray(image).convert("HSV")) / 255.0
    hsv[..., 0] = hsv[..., 0] * 360.0 % 360.0
    return hsv


def _chroma(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    largest = np.maximum(np.maximum(red, green), blue)
    chroma: NDArray[np.float64] = (largest - np.minimum(np.minimum(red, green), blue)) / 255.0
    return chroma


def _hue(hues: np.ndarray, chroma: np.ndarray) -> float | None:
    """Return the hue that most of the picture's chroma has, degrees 0..360, or None for a grey picture."""
    if chroma.mean() < GREY_CHROMA:
        return None
    bins = np.bincount((hues / _HUE_BIN_DEGREES).astype(int).ravel(), chroma.ravel(), 360 // _HUE_BIN_DEGREES)
    # Neighbouring bins count too, so that a hue on the edge of two is not halved.
    peak = (int(np.argmax(bins + np.roll(bins, 1) / 2 + np.roll(bins, -1) / 2)) + 0.5) * _HUE_BIN_DEGREES
    distance = (hues - peak + 180) % 360 - 180
    near = np.where(np.abs(distance) <= _HUE_REACH_DEGREES, chroma, 0)
    return round(float(peak + (distance * near).sum() / near.sum()), 1) % 360


def _colour_names(hsv: np.ndarray, chroma: np.ndarray) -> list[str]:
    """Return the names of the one or two colours that take most of a picture; vivid pixels weigh more."""
    hue, value = hsv[..., 0], hsv[..., 2]
    codes = _CODE_OF_DEGREE[hue.astype(int)]
    codes[((codes == _code("orange")) | (codes == _code("yellow"))) & (value < BROWN_BELOW)] = _code("brown")
    grey = chroma < GREY_PIXEL
    codes[grey] = _code("grey")
    codes[grey & (value >= WHITE_FROM)] = _code("white")
    codes[value < BLACK_BELOW] = _code("black")
    weights = np.bincount(codes.ravel(), (GREY_PIXEL + chroma).ravel(), len(_NAMES))
    order = np.argsort(-weights, kind="stable")[:2]
    return [_NAMES[place] for place in order if weights[place] >= SECOND_COLOUR * weights[order[0]]]


def _code(name: str) -> int:
    return _NAMES.index(name)


# Colours by number; counting numbers is several times as fast as counting names.
_NAMES = sorted({name for _, name in COLOURS} | {"black", "grey", "white", "brown"})
_CODE_OF_DEGREE = np.array([_code([name for start, name in COLOURS if start <= degree][-1]) for degree in range(360)])
