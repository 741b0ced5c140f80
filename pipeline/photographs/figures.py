"""How filters answer to photographs, in figures: distribution, sparseness, and which filters answer alike."""

from collections.abc import Sequence

import numpy as np

from pipeline.results.exemplars import ALIKE, HISTOGRAM_STEPS, QUANTILES

# Of likenesses: the last bits differ from machine to machine.
_DIGITS = 4
# Of activations in float32, beside their mean.
_ROUNDING = 1e-6


def quantiles(activation: np.ndarray) -> list[float]:
    """Return the quantiles of activations, (photographs,): of each the next that there is, above or below."""
    ordered = np.sort(activation)
    return [float(ordered[round(each * (len(ordered) - 1))]) for each in QUANTILES]


def histogram(activation: np.ndarray, largest: float) -> list[int]:
    """Return how many activations lie in each step of half an octave down from the largest, and below all of them.

    Args:
        activation: float32 (photographs,).
        largest: of all photographs; 0 puts all in the last place.
    """
    step = np.full(len(activation), HISTOGRAM_STEPS)
    there = activation > 0
    if largest > 0:
        # What was computed less exactly may lie above the largest.
        down = np.floor(2 * np.log2(largest / activation[there].astype(np.float64)))
        step[there] = np.clip(down, 0, HISTOGRAM_STEPS).astype(int)
    return [int(count) for count in np.bincount(step, minlength=HISTOGRAM_STEPS + 1)]


def reach_half(activation: np.ndarray, largest: float) -> float:
    """Return the share of activations, (photographs,), that reach half of the largest; 0 where that is 0."""
    return float(np.mean(activation >= largest / 2)) if largest > 0 else 0.0


def likenesses(sample: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return how alike filters answer to the same photographs: correlations of the square roots of their activations,
    rounded; 0 with what answers to all alike. A square root, or the few strongest photographs were all there is.

    Args:
        sample: activations of all filters that are compared, float32 (photographs, filters).
        own: which of these are compared with all.

    Returns:
        float64 (own, filters).
    """
    root = np.sqrt(sample, dtype=np.float64)
    mean = root.mean(0)
    root -= mean
    norm = np.linalg.norm(root, axis=0)
    # What is left of equal numbers is rounding, which would be alike.
    varies = norm > _ROUNDING * mean
    root *= np.where(varies, 1 / np.where(varies, norm, 1), 0)
    found: np.ndarray = np.round(np.clip(root[:, own].T @ root, -1, 1), _DIGITS)
    return found


def alike(likeness: np.ndarray, own: int) -> Sequence[tuple[int, float]]:
    """Return the filters that answer most alike, nearest first: their places, and how alike.

    Args:
        likeness: of a filter with all, (filters,).
        own: its own place.
    """
    order = [int(each) for each in np.argsort(-likeness, kind="stable")[: ALIKE + 1] if each != own][:ALIKE]
    return [(each, float(likeness[each])) for each in order if likeness[each] > 0]
