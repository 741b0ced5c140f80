"""What a filter's answers to gratings and flat colours say of it: the direction, period and colour that it prefers, how
narrowly, and whether it minds where a stripe lies.

An answer is the strongest unit of the middle of the map, max(0, response), less the answer to mid grey. A unit that
minds where a stripe lies is called simple, one that does not complex, as cells of the visual cortex are: the first
follows a grating that moves across it, F1/F0 > 1, the second does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.measure.gratings import AXES, HUES, Stimuli

# F1/F0 above which a filter is called simple: the bound that is usual for cells.
SIMPLE = 1.0


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """How a filter is tuned: directions, periods and phases by grey gratings, colours by coloured ones as well.

    What either do not excite more than mid grey does has None for those figures, and no curves.

    Attributes:
        strongest: the strongest unit on any grating.
        strongest_in_grey: the strongest unit on any grey grating.
        on_mid_grey: the strongest unit on mid grey.
        orientation: direction of the stripes that it prefers, degrees 0..180.
        orientation_width: degrees of direction, of 180, that it answers to at least half as strongly as to the best.
        orientation_selectivity: length of the mean of its answers as vectors of twice the angle: 0 where all
            directions do the same, 1 where one alone does anything.
        period_px: the period that it prefers; the shortest or longest drawn where it may prefer one beyond.
        shortest_px, longest_px: the periods to which it answers half as strongly; None where they lie beyond.
        modulation: F1/F0 of the central unit, 0..2; None where that is silent, or too few phases were drawn to tell.
        axis: hue of the colours that it prefers, degrees 0..150: the axis runs to the opposite hue.
        colour: its answer to that axis ÷ the sum of this and its answer to the same gratings in grey, 0..1.
        flat: answers to flat colours: those to hues, then black, then white; no less than 0.
        by_orientation, by_period, by_axis: answers ÷ the best; the last ones to grey first, then to each axis.
    """

    strongest: float
    strongest_in_grey: float
    on_mid_grey: float
    orientation: float | None = None
    orientation_width: float | None = None
    orientation_selectivity: float | None = None
    period_px: float | None = None
    shortest_px: float | None = None
    longest_px: float | None = None
    modulation: float | None = None
    axis: int | None = None
    colour: float | None = None
    flat: tuple[float, ...]
    by_orientation: tuple[float, ...] = ()
    by_period: tuple[float, ...] = ()
    by_axis: tuple[float, ...] = ()


def tune(stimuli: Stimuli, strongest: np.ndarray, central: np.ndarray) -> list[Tuned]:
    """Return how every filter of a layer is tuned.

    Args:
        stimuli: what it was shown.
        strongest: the strongest unit of the middle on each stimulus, no less than 0: float32 (stimuli, filters).
        central: the central unit likewise.
    """
    return [_tune(stimuli, one, middle) for one, middle in zip(strongest.T, central.T, strict=True)]


def _tune(stimuli: Stimuli, strongest: np.ndarray, central: np.ndarray) -> Tuned:
    grey = int(np.prod(stimuli.grey))
    mid_grey = float(strongest[-1])
    excess = np.maximum(strongest.astype(np.float64) - mid_grey, 0.0)
    has_colours = len(strongest) == stimuli.count(3)
    flat = tuple(excess[-3 - has_colours * len(HUES) : -1].tolist())
    gratings = excess[:grey].reshape(stimuli.grey)
    by_axis = _by_axis(stimuli, gratings, excess[grey:]) if has_colours else np.zeros(0)
    axis, colour = _preferred_axis(by_axis)
    found: dict[str, Any] = {
        "strongest": float(strongest[: -len(flat) - 1].max()),
        "strongest_in_grey": float(strongest[:grey].max()),
        "on_mid_grey": mid_grey,
        "axis": axis,
        "colour": colour,
        "flat": flat,
        "by_axis": _shares(by_axis),
    }
    # Its best phase: a unit of the middle or another finds it.
    by_place = gratings.max(2)
    if by_place.max() == 0:
        return Tuned(**found)
    row, column = np.unravel_index(by_place.argmax(), by_place.shape)
    by_orientation, by_period = by_place[:, column], by_place[row]
    shortest, longest = half_height(stimuli.periods_px, by_period)
    return Tuned(
        orientation=preferred_orientation(stimuli.orientations, by_orientation),
        orientation_width=width(stimuli.orientations, by_orientation),
        orientation_selectivity=selectivity(stimuli.orientations, by_orientation),
        period_px=preferred_period(stimuli.periods_px, by_period),
        shortest_px=shortest,
        longest_px=longest,
        modulation=modulation(central[:grey].reshape(stimuli.grey)[row, column]),
        by_orientation=_shares(by_orientation),
        by_period=_shares(by_period),
        **found,
    )


def preferred_orientation(orientations: Sequence[float], answers: np.ndarray) -> float:
    """Return the direction, degrees 0..180, at the peak of a curve through the best one and its neighbours."""
    best, count = int(answers.argmax()), len(answers)
    step = 180 / count
    around = answers[[best - 1, best, (best + 1) % count]]
    return float(_peak(np.array((-step, 0.0, step)), around) + orientations[best]) % 180


def selectivity(orientations: Sequence[float], answers: np.ndarray) -> float:
    """Return the length of the mean of answers as vectors of twice the angle, 0..1."""
    vectors = answers * np.exp(2j * np.radians(orientations))
    return float(abs(vectors.sum()) / answers.sum())


def width(orientations: Sequence[float], answers: np.ndarray) -> float:
    """Return how many degrees of direction, of 180, have at least half the best answer; between those drawn the curve
    is a straight line."""
    fine = np.interp(np.arange(0, 180, 0.5), (*orientations, 180.0), (*answers, answers[0]))
    return float((fine >= answers.max() / 2).sum() / 2)


def preferred_period(periods_px: Sequence[float], answers: np.ndarray) -> float:
    """Return the period at the peak of a curve through the best one and its neighbours, over the logarithm; the best
    one itself where it is the shortest or the longest."""
    best = int(answers.argmax())
    if best in (0, len(answers) - 1):
        return float(periods_px[best])
    around = slice(best - 1, best + 2)
    return float(np.exp(_peak(np.log(periods_px[around]), answers[around])))


def half_height(periods_px: Sequence[float], answers: np.ndarray) -> tuple[float | None, float | None]:
    """Return the nearest periods below and above the best at which half its answer is left, None where it is nowhere;
    between those drawn the curve is straight over the logarithm."""
    best = int(answers.argmax())
    logs, half = np.log(periods_px), answers[best] / 2

    def crossing(places: range, step: int) -> float | None:
        for place in places:
            if answers[place] < half:
                inner, outer = place - step, place
                share = (answers[inner] - half) / (answers[inner] - answers[outer])
                return float(np.exp(logs[inner] + share * (logs[outer] - logs[inner])))
        return None

    return crossing(range(best - 1, -1, -1), -1), crossing(range(best + 1, len(answers)), 1)


def modulation(phases: np.ndarray) -> float | None:
    """Return F1/F0 of a unit: the amplitude of its first harmonic over the phases of a grating ÷ its mean, 0..2.

    None where it is silent, and where fewer than four phases would take its second harmonic for its first.
    """
    if len(phases) < 4 or phases.max() <= 0:
        return None
    spectrum = np.abs(np.fft.rfft(phases.astype(np.float64)))
    return min(2.0, float(2 * spectrum[1] / spectrum[0]))


def _peak(x: np.ndarray, y: np.ndarray) -> float:
    """Return where a Gaussian through three points has its peak, the middle one being the highest: a parabola through
    the logarithms; it is no farther off than half way to the next, for the middle one is the highest."""
    heights = np.log(np.maximum(y, 1e-6 * y[1]))
    left, right = (heights[1] - heights[0]) / (x[1] - x[0]), (heights[2] - heights[1]) / (x[2] - x[1])
    bend = (right - left) / (x[2] - x[0])
    if bend == 0:
        return float(x[1])
    peak = (x[0] + x[1]) / 2 - left / (2 * bend)
    return float(np.clip(peak, *sorted(((x[0] + x[1]) / 2, (x[1] + x[2]) / 2))))


def _by_axis(stimuli: Stimuli, grey: np.ndarray, coloured: np.ndarray) -> np.ndarray:
    """Return the best answer to some gratings in grey, and to the same ones in the colours of each axis."""
    orientations, periods, phases = stimuli.coloured_every
    count = len(AXES) * int(np.prod(stimuli.coloured))
    axes = coloured[:count].reshape(len(AXES), -1).max(1)
    return np.array((grey[::orientations, ::periods, ::phases].max(), *axes))


def _preferred_axis(by_axis: np.ndarray) -> tuple[int | None, float | None]:
    if not by_axis.any():
        return None, None
    best = by_axis[1:].max()
    if best == 0:
        return None, 0.0
    return AXES[int(by_axis[1:].argmax())], float(best / (best + by_axis[0]))


def _shares(answers: np.ndarray) -> tuple[float, ...]:
    most = answers.max() if len(answers) else 0.0
    return tuple((answers / most).tolist()) if most > 0 else ()
