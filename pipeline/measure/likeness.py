"""What a small copy of a picture looks like, as a list of numbers that are near one another where pictures look alike.

They follow the eye at a distance: which colours there are and how much of each, how coarse the pattern is and how
strong, and which way it runs. What the pictures do to the network plays no part.
"""

import numpy as np

from pipeline.measure import colours, structure

# Bands of spatial frequency, each the next octave or half of it: edges in cycles per pixel of the copy.
RINGS = (0.0, 0.02, 0.04, 0.0625, 0.09, 0.125, 0.18, 0.25, 0.5)

# How much each group of numbers counts, as a whole, against the others. Neighbours in other colours strike the eye
# first, then patterns of another size; of VGG16's pictures nine in ten have hardly any direction.
COLOUR_WEIGHT, PATTERN_WEIGHT, DIRECTION_WEIGHT = 1.0, 0.7, 0.5

# How many numbers there are in each group, and in all.
_GROUPS = (len(colours.NAMES) + 6, len(RINGS), 4)
FEATURES = sum(_GROUPS)


def features(picture: np.ndarray) -> np.ndarray:
    """Return what a square picture, uint8 (side, side, 3), looks like: float64 (features,), groups one after another.

    `standardised` gives the groups of many pictures their weights.
    """
    unit = picture / 255.0
    return np.concatenate([_colour(picture, unit), _pattern(unit), _direction(unit)])


def standardised(rows: np.ndarray) -> np.ndarray:
    """Return the features of many pictures, float64 (pictures, features), each of mean 0, and each group of features
    varying by its weight."""
    centred = rows - rows.mean(0)
    spread = centred.std(0)
    # What hardly differs between pictures would be noise made large.
    known = spread > 1e-9
    scaled = np.where(known, centred / np.where(known, spread, 1), 0)
    start, weighed = 0, []
    for weight, width in zip((COLOUR_WEIGHT, PATTERN_WEIGHT, DIRECTION_WEIGHT), _GROUPS, strict=True):
        weighed.append(scaled[:, start : start + width] * (weight / np.sqrt(width)))
        start += width
    return np.concatenate(weighed, axis=1)


def _colour(picture: np.ndarray, unit: np.ndarray) -> np.ndarray:
    shares = colours.measure(picture).shares
    red, green, blue = np.moveaxis(unit, -1, 0)
    # Light against dark, red against green, yellow against blue: what the eye compares.
    opponents = (structure.luminance(unit), red - green, (red + green) / 2 - blue)
    means = [plane.mean() for plane in opponents] + [plane.std() for plane in opponents]
    # Of the root, for 2 % of a colour in place of none is seen sooner than 42 % in place of 40.
    return np.array([*np.sqrt([shares[name] for name in colours.NAMES]), *means])


def _pattern(unit: np.ndarray) -> np.ndarray:
    power, across, down = structure.spectrum(unit)
    ring = np.digitize(np.hypot(across, down), RINGS[1:-1])
    energy = np.bincount(ring.ravel(), power.ravel(), len(RINGS) - 1)
    shares = np.sqrt(energy / max(energy.sum(), 1e-12))
    return np.array([*shares, np.log(unit.std() + 0.01)])


def _direction(unit: np.ndarray) -> np.ndarray:
    power, across, down = structure.spectrum(unit)
    angle = np.arctan2(-down, across)
    total = max(power.sum(), 1e-12)
    one, two = ((power * np.exp(times * 1j * angle)).sum() / total for times in (2, 4))
    return np.array([one.real, one.imag, two.real, two.imag])
