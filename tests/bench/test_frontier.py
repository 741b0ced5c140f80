import re
from xml.etree import ElementTree

import pytest

from bench import frontier


def row(layers: str, recipe: str, seconds: float, worth: float | None) -> dict:
    return {"layers": layers, "recipe": recipe, "s a filter": seconds, "robust ÷ exact": worth}


ROWS = [
    row("block1", "exact", 1.0, 1.0),
    row("block1", "a < b", 10.0, 2.0),
    row("block2", "exact", 0.5, 1.0),
    row("block2", "dead", 0.5, None),
]


def test_every_recipe_has_its_place_and_what_has_no_figure_has_none():
    drawing = ElementTree.fromstring(frontier.chart(ROWS, "exact"))

    texts = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}circle"))) == 3
    assert {"block1", "block2", "a < b"} <= set(texts)
    assert "dead" not in texts


def test_what_costs_more_lies_to_the_right_and_what_is_worth_more_above():
    places = re.findall(r'<circle cx="(\d+)" cy="(\d+)"', frontier.chart(ROWS, "exact"))

    (x, y), (dearer_x, better_y), *_ = [tuple(map(int, place)) for place in places]
    assert dearer_x > x
    assert better_y < y


def test_nothing_measured_is_an_empty_chart():
    assert ElementTree.fromstring(frontier.chart([], "exact")) is not None


@pytest.mark.parametrize("worth", [0.01, 100.0])
def test_a_point_far_from_the_others_is_still_within_its_chart(worth):
    drawn = frontier.chart([*ROWS, row("block1", "far", 900.0, worth)], "exact")

    assert all(0 <= int(y) <= frontier.HEIGHT for y in re.findall(r'cy="(-?\d+)"', drawn))


def test_names_of_points_that_lie_together_do_not_cover_one_another():
    drawn = frontier.chart([row("block1", name, 1.0, 1.0) for name in ("exact", "default", "fine")], "exact")

    heights = [int(y) for y in re.findall(r'y="(\d+)">(?:exact|default|fine)<', drawn)]
    assert all(abs(one - other) >= frontier.LINE for place, one in enumerate(heights) for other in heights[:place])
    assert len(heights) == 3
