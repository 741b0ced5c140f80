import json

import pytest

from pipeline.errors import UserError
from pipeline.results import document, exemplars
from pipeline.results.exemplars import Exemplar, Exemplars, Filter
from pipeline.results.layer_summary import Family


def an_exemplar(photograph: int = 0, **changes) -> Exemplar:
    values = {"scale_px": 256, "row": 3, "column": 4, "activation": 2.0, "field": (10, 10, 14, 14)}
    return Exemplar(photograph=photograph, **(values | {"patch": (0, 0, 24, 24)} | changes))


def a_filter(number: int, **changes) -> Filter:
    values = {"natural": 2.0, "natural_to_synthetic": 0.5, "exemplars": (an_exemplar(),), "quantiles": (0, 0.5, 1, 2)}
    values |= {"histogram": (1, *[0] * 15, 2), "reach_half": 1 / 3, "alike": ()}
    return Filter(filter=number, **(values | changes))


def the_exemplars(**changes) -> Exemplars:
    values = {"model": "tiny", "name": "first", "weights_sha256": "0" * 64, "files_sha256": "1" * 64}
    values |= {"photographs": 3, "sampled": 3, "field_px": 4}
    values |= {"filters": (a_filter(0), a_filter(3)), "families": ()}
    return Exemplars(**(values | changes))


def test_what_is_written_is_read(tmp_path):
    (tmp_path / "first.json").write_text(json.dumps(document.to_json(the_exemplars())))

    assert exemplars.read(tmp_path / "first.json") == the_exemplars()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"filters": []}, "at least one"),
        ({"filters": [document.to_json(a_filter(3)), document.to_json(a_filter(0))]}, "by number"),
        ({"families": [{"members": [0], "typical": 0}]}, "each of the filters should be in one"),
        ({"photographs": 0}, "photographs"),
        ({"filters": [document.to_json(a_filter(0, exemplars=(an_exemplar(3),)))]}, "all of them shown"),
        ({"filters": [document.to_json(a_filter(0, exemplars=(an_exemplar(), an_exemplar())))]}, "different"),
        ({"schema": "atlas/exemplars/2"}, "should be atlas/exemplars/1"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_refused(tmp_path, changes, reason):
    value = document.to_json(the_exemplars()) | changes
    (tmp_path / "first.json").write_text(json.dumps(value))

    with pytest.raises(UserError, match=reason):
        exemplars.read(tmp_path / "first.json")


def test_families_hold_every_filter_once():
    families = (Family(members=(0, 3), typical=3),)

    assert the_exemplars(families=families).families == families


def test_the_frame_is_where_the_field_lies_in_the_patch():
    exemplar = an_exemplar(field=(110, 200, 122, 206), patch=(104, 194, 128, 218))

    assert exemplar.frame == (0.25, 0.25, 0.5, 0.25)


def test_a_field_that_fills_its_patch_is_all_of_it():
    assert an_exemplar(field=(0, 0, 24, 24)).frame == (0, 0, 1, 1)
