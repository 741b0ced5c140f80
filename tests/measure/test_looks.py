import itertools

import numpy as np
import pytest

from pipeline.measure import looks

BLUE, ORANGE, RED, GREEN = (30, 60, 220), (240, 130, 20), (220, 20, 20), (20, 160, 30)


def a_grating(degrees: float, period: float, dark, light, side: int = 96) -> np.ndarray:
    """Sine stripes that run in the direction `degrees`, anticlockwise from horizontal."""
    down, across = np.mgrid[:side, :side]
    angle = np.radians(degrees + 90)
    phase = 2 * np.pi * (across * np.cos(angle) - down * np.sin(angle)) / period
    share = ((1 + np.sin(phase)) / 2)[..., None]
    return np.round(np.array(dark) * (1 - share) + np.array(light) * share).astype(np.uint8)


def a_flat(colour, side: int = 64) -> np.ndarray:
    return np.full((side, side, 3), colour, np.uint8)


def noise(period: float, side: int = 96, seed: int = 0) -> np.ndarray:
    """Grey noise without direction, of about one period."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    band = np.exp(-(((frequency * period - 1) / 0.2) ** 2))
    white = np.random.default_rng(seed).standard_normal((side, side))
    luminance = np.fft.ifft2(np.fft.fft2(white) * band).real
    return np.repeat(np.clip(128 + 40 * luminance / luminance.std(), 0, 255).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 110, 135, 170])
def test_orientation_is_the_direction_of_the_stripes(degrees):
    found = looks.describe(a_grating(degrees, 8, BLUE, ORANGE))
    assert abs((found.orientation - degrees + 90) % 180 - 90) < 2
    assert found.orientation_strength > 0.95


@pytest.mark.parametrize("period", [3, 6, 12, 24])
def test_spectral_centroid_is_the_frequency_of_a_grating(period):
    found = looks.describe(a_grating(30, period, (0, 0, 0), (255, 255, 255)))
    assert found.spectral_centroid == pytest.approx(1 / period, rel=0.1)


@pytest.mark.parametrize(
    ("degrees", "period", "words"),
    [
        (90, 6, "vertical stripes, blue and orange, fine"),
        (0, 12, "horizontal stripes, blue and orange, medium"),
        (45, 30, "rising stripes, blue and orange, coarse"),
        (135, 6, "falling stripes, blue and orange, fine"),
    ],
)
def test_a_grating_is_said_to_be_stripes(degrees, period, words):
    found = looks.describe(a_grating(degrees, period, BLUE, ORANGE)).description
    pattern, colours, scale = found.split(", ")
    assert {pattern, scale} == {words.split(", ")[0], words.split(", ")[2]}
    assert {"blue", "orange"} & set(colours.split(" and "))


def test_stripes_of_equal_luminance_are_seen():
    red, green = np.array((200, 40, 60)), np.array((40, 86, 60))
    assert abs((red - green) @ looks.LUMINANCE) < 4
    found = looks.describe(a_grating(90, 8, red, green))
    assert found.orientation == pytest.approx(90, abs=2)
    assert found.orientation_strength > 0.95


def test_noise_without_direction_is_a_texture():
    found = [looks.describe(noise(10, seed=seed)) for seed in range(4)]
    assert all(each.orientation_strength < 0.3 for each in found)
    assert {each.description for each in found} == {"texture, grey, medium"}


def test_crossed_stripes_are_a_grid():
    stripes = (a_grating(degrees, 8, (0, 0, 0), (255, 255, 255)).astype(int) for degrees in (30, 120))
    found = looks.describe((sum(stripes) // 2).astype(np.uint8))
    assert found.description.startswith("grid, ")
    assert found.orientation_strength < 0.1


def test_a_round_blob_has_no_direction_and_is_coarse():
    down, across = np.mgrid[-48:48, -48:48]
    blob = np.exp(-(down**2 + across**2) / 400)[..., None] * np.array(ORANGE)
    found = looks.describe(blob.astype(np.uint8))
    assert found.orientation_strength < 0.05
    assert found.description.startswith("texture, ")
    assert found.description.endswith(", coarse")
    assert found.hue == pytest.approx(30, abs=3)


@pytest.mark.parametrize(
    ("colour", "hue", "name"),
    [
        (RED, 0, "red"),
        (ORANGE, 30, "orange"),
        ((240, 220, 20), 55, "yellow"),
        ((110, 70, 20), 33, "brown"),
        (GREEN, 124, "green"),
        ((20, 200, 200), 180, "turquoise"),
        (BLUE, 231, "blue"),
        ((130, 30, 220), 272, "purple"),
        ((240, 60, 190), 317, "pink"),
        ((220, 20, 30), 357, "red"),
    ],
)
def test_a_flat_colour_has_its_hue_and_its_name(colour, hue, name):
    found = looks.describe(a_flat(colour))
    assert abs((found.hue - hue + 180) % 360 - 180) < 2.5
    assert found.description == f"plain, {name}"
    assert found.colour == "#{:02x}{:02x}{:02x}".format(*colour)
    assert (found.contrast, found.spectral_centroid, found.orientation_strength) == (0, 0, 0)


@pytest.mark.parametrize(("level", "name"), [(0, "black"), (128, "grey"), (255, "white")])
def test_grey_has_no_hue(level, name):
    found = looks.describe(a_flat((level,) * 3))
    assert found.hue is None
    assert found.saturation == 0
    assert found.description == f"plain, {name}"


def test_saturation_and_contrast_follow_their_definitions():
    halves = np.concatenate([a_flat((255, 0, 0))[:, :32], a_flat((255, 255, 255))[:, :32]], 1)
    found = looks.describe(halves)
    assert found.saturation == pytest.approx(0.5)
    assert found.contrast == pytest.approx((1 - 0.2126) / 2, abs=1e-4)


def test_the_dominant_hue_is_that_of_most_of_the_chroma():
    picture = a_flat(BLUE)
    picture[:20] = RED
    assert looks.describe(picture).hue == pytest.approx(231, abs=3)
    assert looks.describe(picture).description.split(", ")[1] == "blue and red"


def test_every_description_keeps_to_the_vocabulary():
    directed = {" ".join(each) for each in itertools.product(looks.DIRECTIONS, ("stripes", "streaks"))}
    patterns = directed | {"grid", "texture", "plain"}
    colours = {name for _, name in looks.COLOURS} | {"black", "grey", "white", "brown"}
    random = np.random.default_rng(0)
    for _ in range(100):
        values = random.integers(0, 256, (random.integers(1, 40), 3))
        across, down = random.integers(1, 12, 2)
        picture = np.resize(values, (40 // down + 1, 40 // across + 1, 3)).repeat(down, 0).repeat(across, 1)[:40, :40]
        pattern, names, *scale = looks.describe(picture.astype(np.uint8)).description.split(", ")
        assert pattern in patterns
        assert set(names.split(" and ")) <= colours
        assert scale in ([], ["coarse"], ["medium"], ["fine"])


@pytest.mark.parametrize("side", [1, 2, 3])
def test_the_smallest_pictures_are_described(side):
    assert looks.describe(a_flat(RED, side)).description == "plain, red"


def test_a_picture_has_one_description():
    picture = noise(7)
    assert looks.describe(picture) == looks.describe(picture.copy())


def test_no_colour_is_named_where_colours_are_false():
    stripes = a_grating(90, 6, (200, 0, 0), (0, 0, 200))
    found = looks.describe(np.concatenate([stripes, stripes[..., :2]], axis=2))

    assert found.description == "vertical stripes, fine"
    assert (found.hue, found.saturation) == (None, 0.0)


def test_stripes_in_a_channel_that_is_not_shown_are_stripes():
    image = np.full((96, 96, 5), 128, np.uint8)
    image[..., 4] = a_grating(90, 12, (0, 0, 0), (255, 255, 255))[..., 0]

    assert looks.describe(image).description.startswith("vertical stripes")


def test_a_grey_image_is_described_as_the_grey_picture_that_it_is():
    stripes = a_grating(0, 12, (0, 0, 0), (255, 255, 255))

    assert looks.describe(stripes[..., :1]).description == looks.describe(stripes).description
