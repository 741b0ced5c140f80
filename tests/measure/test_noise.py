import numpy as np
import pytest

from pipeline.measure.noise import NOISE_IMAGES, colour_noise, floored
from pipeline.network.photographs import CONTRAST

# Two noise images, four channels.
NOISE = np.array([[1, 4, 2, 0], [3, 2, 2, 0]], np.float32)


def test_noise_activation_is_a_mean_floored_by_the_layers_median():
    assert floored(NOISE) == pytest.approx([2, 3, 2, 0.05 * 2])


def test_noise_is_the_same_at_every_call_and_centred_on_mid_grey():
    noise = colour_noise(64)
    assert np.array_equal(noise, colour_noise(64))
    assert noise.shape == (NOISE_IMAGES, 64, 64, 3)
    assert noise.dtype == np.float32
    assert noise.mean((1, 2)) == pytest.approx(np.full((4, 3), 127.5), abs=2)
    assert noise.std((1, 2)) == pytest.approx(np.full((4, 3), 255 * CONTRAST), rel=0.05)
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


def test_noise_has_as_many_channels_as_the_networks_images():
    assert colour_noise(16, channels=5).shape == (NOISE_IMAGES, 16, 16, 5)
