"""What a small picture looks like, as numbers."""

import numpy as np
import pytest

from pipeline.measure import likeness

SIDE = 64


def a_grating(period_px: float, degrees: float, colour=(255, 140, 0)) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    angle = np.radians(degrees)
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * (x * np.sin(angle) + y * np.cos(angle)) / period_px)
    return np.rint(wave[..., None] * colour).astype(np.uint8)


PICTURES = {
    "orange": a_grating(8, 0),
    "orange moved": np.roll(a_grating(8, 0), 3, axis=0),
    "orange coarse": a_grating(32, 0),
    "orange upright": a_grating(8, 90),
    "blue": a_grating(8, 0, (0, 80, 255)),
    "plain": np.full((SIDE, SIDE, 3), (200, 100, 0), np.uint8),
}
SEEN = dict(
    zip(PICTURES, likeness.standardised(np.array([likeness.features(each) for each in PICTURES.values()])), strict=True)
)


def distance(first: str, second: str) -> float:
    return float(np.linalg.norm(SEEN[first] - SEEN[second]))


@pytest.mark.parametrize("other", ["orange coarse", "orange upright", "blue", "plain"])
def test_a_pattern_that_is_moved_looks_alike_and_nothing_else_does(other):
    assert distance("orange", "orange moved") < 0.2 * distance("orange", other)


def test_black_pictures_and_white_ones_have_finite_features():
    for value in (0, 255):
        assert np.isfinite(likeness.features(np.full((SIDE, SIDE, 3), value, np.uint8))).all()


def test_there_are_as_many_numbers_as_is_said():
    assert likeness.features(PICTURES["blue"]).shape == (likeness.FEATURES,)


def test_pictures_that_are_all_alike_differ_in_nothing():
    same = np.tile(likeness.features(PICTURES["blue"]), (5, 1))

    assert not likeness.standardised(same).any()


def test_each_group_counts_as_much_as_is_said_and_the_mean_colour_most():
    rng = np.random.default_rng(0)
    seen = likeness.standardised(rng.normal(size=(500, likeness.FEATURES)))

    widths, weights = zip(*likeness.GROUPS.values(), strict=True)
    lengths = [np.sqrt((group**2).sum(1).mean()) for group in np.split(seen, np.cumsum(widths)[:-1], axis=1)]

    assert lengths == pytest.approx(list(weights))
    assert weights[0] == max(weights)
