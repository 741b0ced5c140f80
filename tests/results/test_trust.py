import json

import pytest

from pipeline.errors import UserError
from pipeline.results import document, trust
from pipeline.results.trust import Station, Trust


def a_station(layer: str = "second", **changes) -> Station:
    return Station(layer=layer, **({"specific": 0.5, "unnatural": 2.0, "agreement": 0.4} | changes))


def the_trust(**changes) -> Trust:
    values = {"model": "tiny", "name": "second", "weights_sha256": "0" * 64, "files_sha256": "1" * 64}
    values |= {"photographs": 200, "filters": (0, 2, 5), "way": (a_station("first"), a_station())}
    return Trust(**(values | changes))


def test_what_is_written_is_read(tmp_path):
    (tmp_path / "second.json").write_text(json.dumps(document.to_json(the_trust())))

    assert trust.read(tmp_path / "second.json") == the_trust()


@pytest.mark.parametrize("changes", [{"way": []}, {"filters": []}, {"way": [document.to_json(a_station("first"))]}])
def test_a_way_that_does_not_end_with_the_layer_is_refused(tmp_path, changes):
    (tmp_path / "second.json").write_text(json.dumps(document.to_json(the_trust()) | changes))

    with pytest.raises(UserError, match="way: should end with the layer itself"):
        trust.read(tmp_path / "second.json")


@pytest.mark.parametrize(
    ("specific", "unnatural", "grades"),
    [(0.1, 1.2, ("low", "low")), (0.4, 2, ("middle", "middle")), (0.9, 12, ("high", "high"))],
)
def test_figures_have_three_grades(specific, unnatural, grades):
    station = a_station(specific=specific, unnatural=unnatural)

    assert (station.specific_grade, station.unnatural_grade) == grades


@pytest.mark.parametrize("changes", [{"agreement": 0.02}, {"specific": None}])
def test_where_photographs_do_not_agree_there_is_no_grade(changes):
    assert a_station(**changes).specific_grade is None
    assert the_trust(way=(a_station("first"), a_station(**changes))).own is None


def test_with_too_few_photographs_nothing_is_said_of_the_layer_itself():
    assert the_trust(filters=(), way=()).own is None
    assert the_trust().own == a_station()
