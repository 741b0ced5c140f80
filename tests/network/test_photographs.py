import math

from pipeline.network.photographs import CONTRAST, MID_GREY


def test_of_noise_with_the_contrast_of_photographs_hardly_anything_leaves_the_range():
    clipped = sum(math.erfc(room / (CONTRAST * math.sqrt(2))) / 2 for room in (MID_GREY, 1 - MID_GREY))

    assert clipped < 0.02
