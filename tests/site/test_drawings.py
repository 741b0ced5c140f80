import re

import numpy as np

from pipeline.site import drawings


def test_a_kernel_map_marks_signs_by_shape():
    drawn = drawings.kernel_map([[1.0, -1.0], [0.25, 0.0]])
    assert drawn.count("class=pos") == drawn.count("class=neg") == 1
    assert f"h{drawings.LARGEST_SQUARE}v" in drawn
    # A quarter of the weight is a quarter of the area: half the side, made even.
    assert "h8v8" in drawn
    assert 'aria-label="−1.0 to +1.0"' in drawn


def test_a_frame_is_drawn_to_scale_and_only_where_it_fits():
    assert 'x="20" y="20" width="24" height="24"' in drawings.field_frame(24, 64)
    assert drawings.field_frame(64, 64) == ""


def test_charts_stand_up_to_one_filter_and_to_none_with_a_hue():
    assert "median 3.00" in drawings.ratio_histogram([3.0], 2)
    assert "of 0 pictures; 1 more are grey" in drawings.hue_histogram([None])
    assert "of 0 pictures; 1 have no clear one" in drawings.orientation_rose([(12.0, 0.0)])
    assert "highest 0" in drawings.curve([0.0], [0])


def test_a_kernels_picture_is_grey_for_zero_and_full_for_the_largest_weight():
    pixels = drawings.kernel_pixels(np.array([[[0.0, 0.5, -0.5]]]))
    assert pixels.tolist() == [[[128, 255, 0]]]


def test_the_line_of_steps_on_a_copy_is_dashed_and_ends_where_the_networks_own_begins():
    drawn = drawings.curve([0.0, 1.0, 2.0, 3.0, 4.0], [0, 4], 2)

    own, copied = re.findall(r'<path class="line"( stroke-dasharray="6 5")? d="([^"]*)"', drawn)
    assert (bool(own[0]), bool(copied[0])) == (False, True)
    assert (own[1].count("L"), copied[1].count("L")) == (2, 1)
    assert "dasharray" not in drawings.curve([0.0, 1.0], [0], 0)
