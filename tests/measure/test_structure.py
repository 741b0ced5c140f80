import dataclasses

import numpy as np
import pytest

from pipeline.measure import structure
from tests.support import pictures
from tests.support.pictures import BLACK, BLUE, ORANGE, WHITE


def measured(picture: np.ndarray) -> structure.Structure:
    return structure.measure(picture / 255)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 110, 135, 170])
def test_orientation_is_the_direction_of_the_stripes(degrees):
    found = measured(pictures.grating(degrees, 8, BLUE, ORANGE))

    assert abs((found.orientation - degrees + 90) % 180 - 90) < 2
    assert found.orientation_strength > 0.95


@pytest.mark.parametrize("period", [6, 9, 12, 24, 32])
def test_the_period_of_a_grating_is_its_own_in_any_direction(period):
    for degrees in (0, 30, 45, 90):
        found = measured(pictures.grating(degrees, period, BLACK, WHITE, side=192))

        assert found.period_px == pytest.approx(period, rel=0.12)


@pytest.mark.parametrize("side", [96, 160, 224])
def test_the_period_does_not_depend_on_the_canvas(side):
    assert measured(pictures.noise(12, side)).period_px == pytest.approx(
        measured(pictures.noise(12, 192)).period_px, rel=0.1
    )


def test_grain_does_not_make_a_picture_fine():
    coarse = pictures.grating(90, 24, BLACK, WHITE, side=192)
    grain = np.random.default_rng(0).integers(-40, 41, coarse.shape)

    grainy = np.clip(coarse.astype(int) + grain, 0, 255).astype(np.uint8)

    assert measured(grainy).period_px == pytest.approx(24, rel=0.15)


def test_stripes_of_equal_luminance_are_seen():
    red, green = np.array((200, 40, 60)), np.array((40, 86, 60))
    assert abs((red - green) @ structure.LUMINANCE) < 4

    found = measured(pictures.grating(90, 8, red, green))

    assert found.orientation == pytest.approx(90, abs=2)
    assert found.orientation_strength > 0.95
    assert found.period_px == pytest.approx(8, rel=0.08)


def test_noise_has_no_direction_and_no_light_that_stands_out():
    for seed in range(4):
        found = measured(pictures.noise(10, seed=seed))

        assert found.orientation_strength < 0.28
        assert abs(found.skewness) < 0.3


def test_crossed_stripes_have_two_directions_and_not_one():
    found = measured(pictures.crossed(8))

    assert found.orientation_strength < 0.1
    assert found.crossing > 0.9


def test_rings_have_a_direction_at_each_place_and_none_over_all():
    rings, stripes = measured(pictures.rings(12)), measured(pictures.grating(90, 12, BLACK, WHITE, side=192))

    assert min(rings.coherence, stripes.coherence) > 0.6
    assert rings.orientation_strength < 0.05
    assert rings.curvature > 0.6
    assert abs(stripes.curvature) < 0.01


def test_skewness_tells_light_spots_from_dark_ones():
    light, dark = (measured(pictures.spots(ground, spot)) for ground, spot in ((BLACK, WHITE), (WHITE, BLACK)))

    assert light.skewness > 1
    assert dark.skewness == pytest.approx(-light.skewness, rel=0.01)


def test_evenness_is_the_share_of_the_area_where_nothing_changes():
    half = pictures.flat(BLUE, 192)
    half[:, :96] = pictures.noise(8, 192)[:, :96]

    # Where noise and colour meet, and around the edge, something changes within the reach of the blur.
    assert 0.35 < measured(half).evenness < 0.5
    assert measured(pictures.noise(8, 192)).evenness == 0


def test_a_picture_without_a_pattern_has_no_structure():
    assert measured(pictures.flat(ORANGE)) == structure.Structure()


@pytest.mark.parametrize("side", [1, 2, 3, 7])
def test_the_smallest_pictures_are_measured(side):
    random = np.random.default_rng(side)
    for _ in range(20):
        found = structure.measure(random.uniform(0, 1, (side, side, 3)))

        assert all(np.isfinite(value) for value in dataclasses.astuple(found))


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
def test_stripes_in_any_channel_are_stripes(channels):
    image = np.full((96, 96, channels), 0.5)
    image[..., -1] = pictures.grating(90, 12, BLACK, WHITE)[..., 0] / 255

    found = structure.measure(image)

    assert found.orientation == pytest.approx(90, abs=2)
    assert found.period_px == pytest.approx(12, rel=0.08)
