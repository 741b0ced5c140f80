"""The drawn stimuli: what is on them, in which order."""

import numpy as np
import pytest

from pipeline.measure import gratings
from pipeline.measure.gratings import COARSE, FINE, HUES, Stimuli

FEW = Stimuli(orientations=(0.0, 90.0), periods_px=(4.0, 8.0), phases=2, coloured_every=(2, 1, 2))


def drawn(stimuli, channels=3, side=16):
    return np.concatenate(list(stimuli.draw(side, channels, 5)))


@pytest.mark.parametrize("stimuli", [FEW, FINE, COARSE])
@pytest.mark.parametrize("channels", [1, 3])
def test_as_many_are_drawn_as_are_counted(stimuli, channels):
    images = drawn(stimuli, channels)

    assert images.shape == (stimuli.count(channels), 16, 16, channels)
    assert images.dtype == np.float32
    assert images.min() >= 0.5 - gratings.AMPLITUDE - 1e-6
    assert images.max() <= 0.5 + gratings.AMPLITUDE + 1e-6


def test_no_two_are_the_same():
    images = drawn(FINE, side=80)

    assert len({image.tobytes() for image in images}) == len(images)


def test_stripes_of_0_degrees_are_horizontal_and_those_of_45_rise_to_the_right():
    assert np.ptp(gratings.wave(16, 0, 8, 0), axis=1).max() < 1e-12
    assert np.ptp(gratings.wave(16, 90, 8, 0), axis=0).max() < 1e-12
    rising = gratings.wave(16, 45, 8, 0)
    assert np.allclose(rising[1:, :-1], rising[:-1, 1:])


def test_a_grating_repeats_after_its_period_and_a_phase_moves_it_by_a_part_of_one():
    wave = gratings.wave(32, 0, 8, 0)

    assert np.allclose(wave[8:], wave[:-8])
    assert np.allclose(gratings.wave(32, 0, 8, 0.25)[:-2], wave[2:])


def test_the_middle_is_brightest_at_phase_0():
    assert gratings.wave(33, 30, 12.3, 0)[16, 16] == 1


def test_opposite_hues_are_the_ends_of_one_axis():
    for hue in gratings.AXES:
        assert np.allclose(gratings.swing(hue), -gratings.swing(hue + 180))


def test_the_flat_colours_come_last_and_mid_grey_at_the_end():
    *_, black, white, grey = drawn(FEW)
    hues = drawn(FEW)[-3 - len(HUES) : -3]

    assert all(np.ptp(image, axis=(0, 1)).max() == 0 for image in (*hues, black, white, grey))
    assert [round(float(image.mean()), 6) for image in (black, grey, white)] == [0.1, 0.5, 0.9]
    assert hues[0][0, 0].argmax() == 0
    assert np.allclose(hues.mean((1, 2, 3)), 0.5)


def test_a_coloured_grating_leaves_the_mean_of_the_channels_grey():
    coloured = drawn(FEW)[8 : 8 + 6 * np.prod(FEW.coloured)]

    assert np.allclose(coloured.mean(-1), 0.5, atol=1e-6)


def test_grey_images_have_no_colours():
    assert FEW.count(3) - FEW.count(1) == 6 * np.prod(FEW.coloured) + len(HUES)
