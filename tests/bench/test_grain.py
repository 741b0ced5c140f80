import numpy as np
import pytest

from bench import grain

SIDE = 64


def waves(per_pixel: float, degrees: float) -> np.ndarray:
    down, across = np.mgrid[:SIDE, :SIDE]
    angle = np.radians(degrees)
    phase = 2 * np.pi * per_pixel * (across * np.cos(angle) + down * np.sin(angle))
    return np.repeat(np.rint(127 + 100 * np.sin(phase)).astype(np.uint8)[..., None], 3, -1)


@pytest.mark.parametrize(("per_pixel", "expected"), [(0.1, 0), (0.4, 1)])
def test_what_is_finer_than_a_quarter_of_the_sampling_rate_is_fine(per_pixel, expected):
    fine, _ = grain.shares(waves(per_pixel, 30))

    assert fine == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("degrees", "expected"), [(0, 1), (90, 1), (3, 1), (30, 0), (45, 0)])
def test_fine_structure_along_the_axes_is_told_from_other(degrees, expected):
    _, on_axes = grain.shares(waves(0.4, degrees))

    assert on_axes == pytest.approx(expected, abs=0.05)


def test_a_flat_picture_has_neither():
    assert grain.shares(np.full((SIDE, SIDE, 3), 9, np.uint8)) == (0, 0)
