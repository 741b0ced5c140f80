"""The document of how a layer is tuned."""

import json

import pytest

from pipeline.errors import UserError
from pipeline.results import document, tuning
from tests.support.documents import a_tuned_filter, the_tuning


def read(folder, value):
    path = folder / "conv1.json"
    path.write_text(json.dumps(value))
    return tuning.read(path)


def test_what_is_written_is_read(tmp_path):
    assert read(tmp_path, document.to_json(the_tuning())) == the_tuning()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema": "atlas/tuning/2"}, "should be atlas/tuning/1"),
        ({"filters": []}, "length"),
        ({"filters": [document.to_json(a_tuned_filter(1))]}, "by number"),
        ({"hues": []}, "flat of filter 0: should have 2"),
        ({"orientations": [0.0, 90.0]}, "by_orientation of filter 0: should have 2 answers, or none"),
        ({"periods_px": [0.0]}, "periods_px"),
        ({"filters": [document.to_json(a_tuned_filter(0, period_px=None))]}, "all of its tuning, or none"),
        ({"filters": [document.to_json(a_tuned_filter(0, by_period=()))]}, "all of its tuning, or none"),
        ({"filters": [document.to_json(a_tuned_filter(0, orientation=200.0))]}, "orientation"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused(tmp_path, changes, reason):
    with pytest.raises(UserError, match=reason):
        read(tmp_path, document.to_json(the_tuning()) | changes)


def test_a_filter_is_driven_where_the_best_grating_reaches_a_fifth_of_the_best_photograph():
    each = a_tuned_filter(strongest=2.0)

    assert [each.is_driven(natural) for natural in (0.0, 9.9, 10.1)] == [True, True, False]


def test_its_direction_is_worth_a_word_where_a_grey_one_does():
    each = a_tuned_filter(strongest=2.0, strongest_in_grey=1.0)

    assert [each.has_direction(natural) for natural in (4.9, 5.1)] == [True, False]
    assert each.is_driven(5.1)
    assert not a_tuned_filter(orientation=None).has_direction(0.0)


def test_a_filter_that_no_grating_excites_more_than_mid_grey_is_never_driven():
    assert not a_tuned_filter(strongest=2.0, on_mid_grey=2.0).is_driven(0.0)
