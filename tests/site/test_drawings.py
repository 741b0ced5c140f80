import colorsys
import re

import numpy as np

from pipeline.measure.gratings import AXES
from pipeline.site import drawings


def test_a_kernel_map_marks_signs_by_shape():
    drawn = drawings.kernel_map([[1.0, -1.0], [0.25, 0.0]])
    assert drawn.count("class=pos") == drawn.count("class=neg") == 1
    assert f"h{drawings.LARGEST_SQUARE}v" in drawn
    # A quarter of the weight is a quarter of the area: half the side, made even.
    assert "h8v8" in drawn
    assert 'aria-label="−1.0 to +1.0"' in drawn


def test_a_kernel_map_says_its_size_where_it_is_not_the_one_that_it_is_shown_in():
    assert "viewBox" not in drawings.kernel_map([[1.0] * 3] * 3)
    assert 'viewBox="0 0 80 16"' in drawings.kernel_map([[1.0] * 5])


def test_a_frame_is_drawn_to_scale_and_only_where_it_fits():
    assert 'x=20 y=20 width=24 height="24"' in drawings.field_frame(24, 64)
    assert drawings.field_frame(64, 64) == ""


def test_charts_stand_up_to_one_filter_and_to_none_with_a_hue():
    assert "median 3.00" in drawings.ratio_histogram([3.0], 2)
    assert "of 0 pictures; 1 more are grey" in drawings.hue_histogram([None])
    assert "of 0 pictures; 1 have no clear one" in drawings.orientation_rose([(12.0, 0.0)])
    assert "highest 0" in drawings.curve([0.0], [0])


def test_the_axis_of_multiples_of_noise_ends_at_a_thousand_and_every_power_of_ten_has_its_number_on_it():
    drawn = drawings.ratio_histogram([0.5, 3.0, 1e7], 2)

    ticks = re.findall(r"<text x=([\d.]+) y=124[^>]*>([^<]+)×</text>", drawn)
    assert [text for _, text in ticks] == ["0.1", "1", "10", "100", "≥ 1,000"]
    assert [float(x) for x, _ in ticks] == [0, 75, 150, 225, 300]
    assert "class=mid>1</text>" in drawn
    assert "median 3.00, least 0.500" in drawn
    assert "median more than 1,000" in drawings.ratio_histogram([1e7], 2)


def test_a_rose_of_no_direction_says_so():
    assert ">none<" in drawings.orientation_rose([(12.0, 0.1)])
    assert ">none<" not in drawings.orientation_rose([(12.0, 0.9)])


def test_the_dots_of_a_curve_are_numbered_as_the_snapshots_are():
    assert re.findall(r"style=--k:(\d) ", drawings.curve([0.0, 1.0, 2.0], [0, 2])) == ["0", "1"]


def test_a_kernels_picture_is_grey_for_zero_and_full_for_the_largest_weight():
    pixels = drawings.kernel_pixels(np.array([[[0.0, 0.5, -0.5]]]))
    assert pixels.tolist() == [[[128, 255, 0]]]


def test_the_line_of_steps_on_a_copy_is_dashed_and_ends_where_the_networks_own_begins():
    drawn = drawings.curve([0.0, 1.0, 2.0, 3.0, 4.0], [0, 4], 2)

    own, copied = re.findall(r'<path class=line( stroke-dasharray="6 5")? d="([^"]*)"', drawn)
    assert (bool(own[0]), bool(copied[0])) == (False, True)
    assert own[1].startswith("M300 ")
    assert (len(points(own[1])), len(points(copied[1]))) == (3, 2)
    assert points(own[1])[-1] == (592, 12)
    assert "dasharray" not in drawings.curve([0.0, 1.0], [0], 0)


def test_a_direction_is_drawn_where_it_points():
    drawn = drawings.direction_curve([0.0, 90.0], [0.2, 1.0], 90.0)

    middle, top = drawings.CHART_WIDTH // 2, 18
    (shape,) = re.findall(r'class=bars d="([^"]*)z"', drawn)
    assert (middle, top) in points(shape)
    assert f'class=limit d="M{middle} {drawings.CHART_HEIGHT}L{middle} {top}"' in drawn
    assert "most at 90°, least 20 % of that" in drawn


def test_periods_are_drawn_on_a_logarithmic_axis():
    drawn = drawings.period_curve([4.0, 8.0, 16.0], [0.0, 1.0, 0.0], 8.0)

    (line,) = re.findall(r'class=line d="([^"]*)"', drawn)
    assert [x for x, _ in points(line)] == [8, 150, 292]
    assert "Answers to stripes of 4.0 to 16 px: most at 8.0" in drawn


def test_each_axis_of_colour_is_drawn_from_a_hue_to_its_opposite():
    drawn = drawings.colour_bars([0, 60], [0.5, 1.0, 0.25])

    # What is above the bars is covered: of a chart 110 high, half, nearly nothing, three quarters.
    assert 'd="M0 0V57H100V4H200V84H300V0"' in drawn
    assert "in grey, 50 %, and along 2 axes of colour: 100 %, 25 %" in drawn


def test_the_style_sheet_has_two_stripes_for_grey_and_for_every_axis_of_colour(repository):
    (stripes,) = re.findall(r"\.hues \{ background.*", (repository / "templates" / "style.css").read_text())

    greys = ["4d4d4d", "bfbfbf"]
    assert re.findall(r"#(\w{6})", stripes) == greys + [a_colour(each) for hue in AXES for each in (hue, hue + 180)]
    # In per cent of a chart that is 300 wide, where each of fourteen is 21.
    assert re.findall(r"(\d+)%,", stripes) == [str(end) for end in range(7, 99, 7)]


def a_colour(hue: float) -> str:
    return "".join(f"{round(255 * each):02x}" for each in colorsys.hls_to_rgb(hue % 360 / 360, 0.5, 0.65))


def points(path: str) -> list[tuple[int, int]]:
    """Return the points of a path that begins somewhere and goes on from there."""
    x, y, *steps = map(int, re.findall(r"-?\d+", path))
    found = [(x, y)]
    for right, down in zip(steps[::2], steps[1::2], strict=True):
        found.append((found[-1][0] + right, found[-1][1] + down))
    return found


def test_layers_are_bars_with_their_numbers_and_names_are_escaped():
    drawn = drawings.layer_bars(["<a", "b"], [50.0, 100.0], 100.0, "Per cent")

    assert ">50<" in drawn
    assert "&lt;a" in drawn
    assert "<a" not in drawn.replace("&lt;a", "")
    assert ">1<" not in drawings.layer_bars(["a"] * 20, [1.0] * 20, 1.0, "Per cent")
