import numpy as np
import pytest

from pipeline.measure import colours
from tests.support import pictures
from tests.support.pictures import BLUE, GREEN, ORANGE, RED


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
    found = colours.measure(pictures.flat(colour))

    assert abs((found.hue - hue + 180) % 360 - 180) < 2.5
    assert {each: share for each, share in found.shares.items() if share} == {name: 1.0}


@pytest.mark.parametrize(("level", "name"), [(0, "black"), (128, "grey"), (255, "white")])
def test_grey_has_no_hue(level, name):
    found = colours.measure(pictures.flat((level,) * 3))

    assert (found.hue, found.saturation, found.chroma) == (None, 0, 0)
    assert found.shares[name] == 1


def test_what_is_too_dark_to_tell_is_black():
    assert colours.measure(pictures.flat((50, 10, 10))).shares["black"] == 1


def test_saturation_and_chroma_follow_their_definitions():
    found = colours.measure(
        np.concatenate([pictures.flat((100, 0, 0))[:, :32], pictures.flat((255, 255, 255))[:, :32]], 1)
    )

    assert found.saturation == pytest.approx(0.5)
    assert found.chroma == pytest.approx(50 / 255)


def test_the_dominant_hue_is_that_of_most_of_the_chroma():
    picture = pictures.flat(BLUE)
    picture[:20] = RED

    assert colours.measure(picture).hue == pytest.approx(231, abs=3)


def test_shares_are_of_the_area_and_add_up_to_one():
    picture = pictures.flat(BLUE)
    picture[:16] = RED

    found = colours.measure(picture)

    assert (found.shares["red"], found.shares["blue"]) == (0.25, 0.75)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert tuple(found.shares) == colours.NAMES
