"""What a small copy of a picture looks like, as a list of numbers that are near one another where pictures look alike.

They follow the eye at a distance: which colours there are and how much of each, how coarse the pattern is and how
strong, and which way it runs. What the pictures do to the network plays no part.
"""

import numpy as np

from pipeline.measure import colours, structure

# Bands of spatial frequency, each the next octave or half of it: edges in cycles per pixel of the copy.
RINGS = (0.0, 0.02, 0.04, 0.0625, 0.09, 0.125, 0.18, 0.25, 0.5)

# Groups of numbers: how many there are, and how much the group counts as a whole. The mean colour strikes the eye
# first; of VGG16's pictures, nine in ten have hardly any direction.
GROUPS = {
    "mean colour": (3, 1.4),
    "spread of colour": (3, 0.3),
    "shares of colours": (len(colours.NAMES), 0.5),
    "coarseness": (len(RINGS) - 1, 0.6),
    "contrast": (1, 0.3),
    "direction": (4, 0.3),
}
FEATURES = sum(width for width, _ in GROUPS.values())


def features(picture: np.ndarray) -> np.ndarray:
    """Return what a square picture, uint8 (side, side, 3), looks like: float64 (features,), groups one after another.

    `standardised` gives the groups of many pictures their weights.
    """
    unit = picture / 255.0
    spectrum = structure.spectrum(unit)
    return np.concatenate([_colour(picture, unit), _pattern(unit, *spectrum), _direction(spectrum[0])])


def standardised(rows: np.ndarray) -> np.ndarray:
    """Return the features of many pictures, float64 (pictures, features), each of mean 0, and each group of features
    as long as its weight in the mean square."""
    centred = rows - rows.mean(0)
    start, weighed = 0, []
    for width, weight in GROUPS.values():
        group = centred[:, start : start + width]
        # Not each feature by itself: a colour that is nowhere but in three pictures would count as much as any.
        length = np.sqrt((group**2).sum(1).mean())
        # What hardly differs between pictures would be noise made large.
        weighed.append(group * (weight / length) if length > 1e-9 else np.zeros_like(group))
        start += width
    return np.concatenate(weighed, axis=1)


def _colour(picture: np.ndarray, unit: np.ndarray) -> np.ndarray:
    shares = colours.measure(picture).shares
    red, green, blue = np.moveaxis(unit, -1, 0)
    # Light against dark, red against green, yellow against blue: what the eye compares.
    opponents = (structure.luminance(unit), red - green, (red + green) / 2 - blue)
    means, spreads = [plane.mean() for plane in opponents], [plane.std() for plane in opponents]
    # The root, for 2 % of a colour in place of none is seen sooner than 42 % in place of 40.
    return np.array([*means, *spreads, *np.sqrt([shares[name] for name in colours.NAMES])])


def _pattern(unit: np.ndarray, power: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    ring = np.digitize(np.hypot(across, down), RINGS[1:-1])
    energy = np.bincount(ring.ravel(), power.ravel(), len(RINGS) - 1)
    shares = np.sqrt(energy / max(energy.sum(), 1e-12))
    return np.array([*shares, np.log(unit.std() + 0.01)])


def _direction(power: np.ndarray) -> np.ndarray:
    one, two = structure.directions(power)
    return np.array([one.real, one.imag, two.real, two.imag])
