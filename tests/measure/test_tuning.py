"""Tuning: what answers to gratings say of a filter. Planted in small networks: measure/test_session.py."""

import numpy as np
import pytest

from pipeline.measure import tuning
from pipeline.measure.gratings import COARSE, FINE, Stimuli

ORIENTATIONS = np.array(FINE.orientations)
PERIODS = np.array(FINE.periods_px)
COUNT = FINE.count(3)
GREY = int(np.prod(FINE.grey))


def apart(a, b):
    """Return how far two directions are from each other, degrees."""
    return abs((a - b + 90) % 180 - 90)


def bump(orientation, sharpness=4.0):
    return np.exp(sharpness * (np.cos(2 * np.radians(ORIENTATIONS - orientation)) - 1))


def tuned(grey=0.0, coloured=0.0, flat=0.0, on_grey=0.0, central=None, stimuli=FINE):
    """Return how one filter is tuned that gives these answers."""
    strongest = np.zeros((stimuli.count(3), 1), np.float32)
    strongest[: np.prod(stimuli.grey), 0] = np.broadcast_to(grey, stimuli.grey).ravel()
    strongest[np.prod(stimuli.grey) : -15].reshape(6, -1)[:] = np.reshape(coloured, (-1, 1))
    strongest[-15:-1, 0] = flat
    middle = np.zeros_like(strongest) if central is None else central
    (found,) = tuning.tune(stimuli, np.maximum(strongest, 0) + np.float32(on_grey), middle)
    return found


@pytest.mark.parametrize("orientation", [0, 3, 7.5, 40, 91, 172.6, 179])
@pytest.mark.parametrize("sharpness", [0.3, 4, 20])
def test_a_direction_between_those_drawn_is_found(orientation, sharpness):
    found = tuning.preferred_orientation(ORIENTATIONS, bump(orientation, sharpness))

    assert apart(found, orientation) < 1


@pytest.mark.parametrize("period", [3.5, 5, 6.9, 11, 17, 28, 34])
@pytest.mark.parametrize("octaves", [0.5, 1.0, 2.0])
def test_a_period_between_those_drawn_is_found_without_bias(period, octaves):
    answers = np.exp(-((np.log2(PERIODS / period) / octaves) ** 2))

    assert tuning.preferred_period(PERIODS, answers) == pytest.approx(period, rel=0.05)


def test_a_period_at_the_end_of_those_drawn_stays_there():
    assert tuning.preferred_period(PERIODS, PERIODS) == 40
    assert tuning.preferred_period(PERIODS, 1 / PERIODS) == 3


def test_a_single_answer_among_zeros_is_taken_as_it_is():
    one = np.zeros(12)
    one[4] = 1

    assert tuning.preferred_orientation(ORIENTATIONS, one) == pytest.approx(60)
    assert tuning.preferred_period(PERIODS, one) == pytest.approx(PERIODS[4], rel=0.01)
    assert tuning.selectivity(ORIENTATIONS, one) == pytest.approx(1)
    assert tuning.width(ORIENTATIONS, one) == pytest.approx(15, abs=0.5)


def test_a_filter_that_takes_any_direction_has_no_selectivity_and_is_180_degrees_wide():
    assert tuning.selectivity(ORIENTATIONS, np.ones(12)) == pytest.approx(0)
    assert tuning.width(ORIENTATIONS, np.ones(12)) == 180


def test_a_narrower_filter_is_more_selective():
    widths = [tuning.width(ORIENTATIONS, bump(33, sharpness)) for sharpness in (1, 4, 16)]
    selectivities = [tuning.selectivity(ORIENTATIONS, bump(33, sharpness)) for sharpness in (1, 4, 16)]

    assert widths == sorted(widths, reverse=True)
    assert selectivities == sorted(selectivities)


def test_half_of_the_answer_is_found_on_both_sides_and_is_none_where_it_lies_beyond():
    answers = np.exp(-(np.log2(PERIODS / 12.3) ** 2) * np.log(2))

    assert tuning.half_height(PERIODS, answers) == pytest.approx((6.15, 24.6), rel=0.03)
    assert tuning.half_height(PERIODS, np.maximum(answers, 0.6)) == (None, None)


@pytest.mark.parametrize(
    ("phases", "expected"), [([1, 0, 0, 0], 2), ([1, 1, 0, 0], 2**0.5), ([1, 1, 1, 1], 0), ([1, 0, 1, 0], 0)]
)
def test_what_follows_a_grating_is_simple_and_what_does_not_complex(phases, expected):
    assert tuning.modulation(np.array(phases, np.float32)) == pytest.approx(expected)


def test_nothing_is_said_of_phases_where_a_unit_is_silent_or_two_were_drawn():
    assert tuning.modulation(np.zeros(4, np.float32)) is None
    assert tuning.modulation(np.ones(2, np.float32)) is None


def test_where_no_grating_does_more_than_mid_grey_nothing_is_said():
    found = tuned(on_grey=3.0)

    assert (found.strongest, found.on_mid_grey) == (3, 3)
    assert found.orientation is found.period_px is found.modulation is found.axis is None
    assert found.by_orientation == found.by_period == found.by_axis == ()


def test_what_mid_grey_does_is_not_counted_as_the_gratings():
    answers = bump(60)[:, None, None]

    quiet, loud = tuned(grey=answers), tuned(grey=answers, on_grey=5.0)

    assert loud.strongest == pytest.approx(6)
    assert loud.by_orientation == pytest.approx(quiet.by_orientation, abs=1e-5)


def test_the_axis_that_answers_most_is_preferred_and_held_against_grey():
    found = tuned(grey=1.0, coloured=[0, 0, 3, 1, 0, 0])

    assert found.axis == 60
    assert found.colour == pytest.approx(0.75)
    assert found.by_axis == pytest.approx((1 / 3, 0, 0, 1, 1 / 3, 0, 0))


def test_a_filter_that_answers_to_colours_alone_has_an_axis_but_no_direction():
    found = tuned(coloured=[0, 4, 0, 0, 0, 0])

    assert (found.strongest, found.strongest_in_grey) == (4, 0)
    assert (found.axis, found.colour, found.orientation) == (30, 1, None)
    assert found.by_axis == (0, 0, 1, 0, 0, 0, 0)


def test_a_filter_that_answers_to_no_colour_has_no_axis():
    found = tuned(grey=1.0)

    assert found.axis is None
    assert found.colour == 0


def test_a_filter_of_grey_images_has_no_colours():
    strongest = np.zeros((FINE.count(1), 1), np.float32)
    strongest[:GREY, 0] = np.broadcast_to(bump(30)[:, None, None], FINE.grey).ravel()
    strongest[-2, 0] = 0.5

    (found,) = tuning.tune(FINE, strongest, strongest)

    assert found.orientation == pytest.approx(30)
    assert found.axis is found.colour is None
    assert found.flat == (0, 0.5)


def test_few_stimuli_say_less():
    found = tuned(grey=np.array([0, 1, 0, 0])[:, None, None], stimuli=COARSE)

    assert found.orientation == pytest.approx(45)
    assert found.modulation is None


def test_the_best_grating_and_not_the_best_flat_colour_is_the_strongest():
    assert tuned(grey=1.0, flat=9.0).strongest == 1


def test_other_sets_of_stimuli_do_too():
    few = Stimuli(orientations=(0.0, 60.0, 120.0), periods_px=(4.0, 8.0), phases=4, coloured_every=(1, 1, 1))

    assert tuned(grey=np.array([0, 0, 2])[:, None, None], stimuli=few).orientation == pytest.approx(120)
