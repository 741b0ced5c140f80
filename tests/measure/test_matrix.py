import numpy as np
import pytest

from pipeline.measure import matrix
from pipeline.measure.noise import NOISE_CONTRAST, NOISE_IMAGES, colour_noise, floored

# Three pictures of four channels; channel 2 was not rendered.
RENDERED = np.array([0, 1, 3])
RESPONSES = np.array([[8, 1, 5, 0], [2, 6, 5, 0], [0, 7, 5, 0]], np.float32)
NOISE = np.array([[1, 4, 2, 0], [3, 2, 2, 0]], np.float32)


def test_own_rank_counts_the_pictures_that_excite_a_filter_more():
    assert matrix.own_ranks(RESPONSES, RENDERED).tolist() == [1, 2, 1]


def test_selectivity_compares_the_own_picture_with_the_others():
    assert matrix.selectivities(RESPONSES, RENDERED) == pytest.approx([(8 - 1) / (8 + 1), (6 - 4) / (6 + 4), 0])


def test_selectivity_is_zero_without_other_pictures():
    assert matrix.selectivities(RESPONSES[:1], RENDERED[:1]).tolist() == [0]


def test_noise_activation_is_a_mean_floored_by_the_layers_median():
    assert floored(NOISE) == pytest.approx([2, 3, 2, 0.05 * 2])


def test_alive_asks_for_twice_the_noise():
    found = matrix.figures(RESPONSES, NOISE, RENDERED)
    assert [each.alive for each in found] == [True, True, False]
    assert [each.noise_activation for each in found] == pytest.approx([2, 3, 0.1])


def test_a_silent_filter_is_not_alive_even_where_noise_is_silent():
    assert matrix.alive(np.zeros(1, np.float32), np.zeros(1, np.float32)).tolist() == [False]


def test_pictures_with_the_same_effect_are_similar():
    rows = np.array([[9, 9, 0, 0], [0, 0, 9, 9], [8, 9, 0, 1], [1, 0, 8, 9]], np.float32)
    found = matrix.figures(rows, NOISE, np.arange(4))
    assert [each.similar[0][0] for each in found] == [2, 3, 0, 1]
    assert found[0].similar[0][1] > 0.9
    assert found[0].similar[-1][1] < -0.9


def test_similar_filters_are_named_by_their_number_and_exclude_the_own():
    found = matrix.figures(RESPONSES, NOISE, RENDERED)
    assert [{number for number, _ in each.similar} for each in found] == [{1, 3}, {0, 3}, {0, 1}]


def test_equally_similar_filters_come_by_number_and_at_most_eight():
    rows = np.tile(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), (6, 6))
    found = matrix.figures(rows, rows[:1], np.arange(12))
    assert [number for number, _ in found[11].similar] == [1, 3, 5, 7, 9, 0, 2, 4]


def test_noise_is_the_same_at_every_call_and_centred_on_mid_grey():
    noise = colour_noise(64)
    assert np.array_equal(noise, colour_noise(64))
    assert noise.shape == (NOISE_IMAGES, 64, 64, 3)
    assert noise.dtype == np.float32
    assert noise.mean((1, 2)) == pytest.approx(np.full((4, 3), 127.5), abs=2)
    assert noise.std((1, 2)) == pytest.approx(np.full((4, 3), 255 * NOISE_CONTRAST), rel=0.05)
    assert 0 <= noise.min() < noise.max() <= 255


def test_the_amplitude_of_noise_falls_as_one_over_frequency():
    noise = colour_noise(128, count=8).astype(np.float64)
    amplitude = np.abs(np.fft.fft2(noise - noise.mean((1, 2), keepdims=True), axes=(1, 2))).mean((0, 3))
    frequency = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :])
    band = (frequency > 0.03) & (frequency < 0.4)
    slope = np.polyfit(np.log(frequency[band]), np.log(amplitude[band]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)


def test_the_channels_of_noise_are_independent():
    noise = colour_noise(64, count=16)
    correlations = [np.corrcoef(image.reshape(-1, 3).T)[0, 1] for image in noise]
    assert abs(np.mean(correlations)) < 0.2
