from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from pipeline.ascent.parameterisation import COLOUR_CORRELATION, Fourier, Pixels


def fourier(size_px: int = 32, **settings) -> Fourier:
    return Fourier(size_px, **{"decay": 1.0, "contrast": 0.01, "contrast_limit": 0.0} | settings)


def before_sigmoid(image: tf.Tensor) -> np.ndarray:
    image = image.numpy().astype(np.float64)
    return np.log(image / (1 - image))


def one_coefficient(size_px: int, part: int, row: int, column: int, channel: int = 0) -> tf.Tensor:
    parameters = np.zeros((2, 3, size_px, size_px // 2 + 1), np.float32)
    parameters[part, channel, row, column] = 0.1
    return tf.constant(parameters[None])


def start(parameterisation: Fourier | Pixels, seed: int = 0) -> tf.Tensor:
    return tf.constant(parameterisation.start(np.random.default_rng(seed))[None])


@pytest.mark.parametrize("size_px", [16, 17, 32])
def test_the_image_is_a_float_picture_of_its_size_strictly_between_black_and_white(size_px):
    parameterisation = fourier(size_px, contrast=1.0)

    image = parameterisation.image(start(parameterisation)).numpy()

    assert image.shape == (1, size_px, size_px, 3)
    assert image.dtype == np.float32
    assert 0 <= image.min() < 0.5 < image.max() <= 1


@pytest.mark.parametrize("kind", [fourier, Pixels])
def test_the_start_depends_on_the_random_source_alone(kind):
    parameterisation = kind(16)

    first, again, other = (parameterisation.start(np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_start_has_the_contrast_asked_for():
    start = fourier(64, contrast=0.05).start(np.random.default_rng(0))

    assert start.std() == pytest.approx(0.05, rel=0.02)


def test_the_start_looks_equally_strong_at_every_size():
    strengths = []
    for size_px in (32, 128):
        parameterisation = fourier(size_px, contrast=0.05)
        image = parameterisation.image(start(parameterisation))
        strengths.append(before_sigmoid(image).std())

    # Larger pictures hold more of the coarse structure, which grows with the logarithm of the size.
    assert strengths[1] == pytest.approx(strengths[0], rel=0.5)


@pytest.mark.parametrize(("row", "column"), [(0, 3), (4, 0), (2, 5)])
def test_a_coefficient_is_a_wave_of_its_frequency(row, column):
    image = before_sigmoid(fourier().image(one_coefficient(32, 0, row, column)))[0, :, :, 0]

    y, x = np.mgrid[:32, :32]
    wave = np.cos(2 * np.pi * (row * y + column * x) / 32)
    assert np.corrcoef(image.ravel(), wave.ravel())[0, 1] > 0.9999


@pytest.mark.parametrize("decay", [0.0, 1.0, 2.0])
def test_finer_waves_are_weaker_by_the_decay(decay):
    coarse, fine = (
        np.abs(before_sigmoid(fourier(decay=decay).image(one_coefficient(32, 0, 0, column)))).max() for column in (2, 8)
    )

    assert coarse / fine == pytest.approx(4**decay, rel=1e-3)


def test_independent_channels_become_the_published_colours():
    covariance_root = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])

    np.testing.assert_allclose(COLOUR_CORRELATION, covariance_root / np.sqrt(0.26**2 + 2 * 0.27**2), rtol=1e-5)
    for channel in range(3):
        image = before_sigmoid(fourier().image(one_coefficient(32, 0, 0, 2, channel)))[0, 0, 0]
        # Rounding of the sigmoid near one half is what the tolerance is for.
        np.testing.assert_allclose(
            image / np.abs(image).max(),
            covariance_root[:, channel] / np.abs(covariance_root[:, channel]).max(),
            atol=1e-3,
        )


@pytest.mark.parametrize("limit", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("contrast", [0.001, 0.1, 10.0])
def test_the_contrast_is_never_above_its_limit_and_weaker_pictures_are_left_alone(limit, contrast):
    parameters = start(fourier(contrast=contrast))
    free = fourier().image(parameters)
    limited = fourier(contrast_limit=limit).image(parameters)

    if contrast == 0.001:
        np.testing.assert_array_equal(limited, free)
    strength = np.sqrt(np.mean(before_sigmoid(limited) ** 2))
    assert strength <= limit * 1.001
    if contrast == 10.0:
        assert strength == pytest.approx(limit, rel=1e-3)


def test_pixels_are_what_they_are():
    pixels = Pixels(24).start(np.random.default_rng(0))

    np.testing.assert_array_equal(Pixels(24).image(start(Pixels(24)))[0], pixels)
    assert pixels.shape == (24, 24, 3)
    assert pixels.min() >= 0
    assert pixels.max() < 1
    assert pixels.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("kind", [partial(fourier, contrast=5.0, contrast_limit=1.0), Pixels])
def test_images_of_a_batch_have_nothing_to_do_with_each_other(kind):
    parameterisation = kind(16)
    parts = [start(parameterisation, 0), 0.01 * start(parameterisation, 1)]

    together = parameterisation.image(tf.concat(parts, 0))

    np.testing.assert_array_equal(together, np.concatenate([parameterisation.image(part) for part in parts]))


@pytest.mark.parametrize("kind", [partial(fourier, contrast=0.3), Pixels])
def test_a_grey_image_is_one_channel_shown_as_three(kind):
    parameterisation = kind(16, channels=1)
    parameters = start(parameterisation)

    image = parameterisation.image(parameters).numpy()

    assert parameters.shape == (1, *kind(16).start(np.random.default_rng(0)).shape[:-3], *parameters.shape[-3:])
    assert 1 in parameters.shape[1:]
    assert image.shape == (1, 16, 16, 3)
    assert image.std() > 0
    np.testing.assert_array_equal(image, np.repeat(image[..., :1], 3, -1))
