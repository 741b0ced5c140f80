"""Which records belong together, and what is said of one that does not."""

import pytest

from pipeline.results import agreement
from pipeline.results.agreement import Expected
from pipeline.results.record import Versions
from tests.support.documents import a_record

WANTED = Expected("conv1", {"model": "tiny", "seed": 0, "recipe": {"steps": 1, "snapshots": [0]}, "method": None})


def made(**changes):
    return a_record(**({"recipe": {"steps": 1, "snapshots": (0,)}} | changes))


def test_a_record_as_expected_differs_in_nothing():
    assert agreement.difference(made(), WANTED) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 3}, "seed: 3, not 0"),
        ({"model": "other", "seed": 3}, "model: 'other', not 'tiny'"),
        ({"recipe": {"steps": 2, "snapshots": (0,)}}, "recipe.steps: 2, not 1"),
        ({"recipe": {"steps": 1}}, "recipe.snapshots: None, not [0]"),
        ({"recipe": {"steps": 1, "snapshots": (0,), "new": 1}}, "recipe.new: 1, not None"),
    ],
)
def test_the_first_difference_is_named(changes, words):
    assert agreement.difference(made(**changes), WANTED) == words


def test_what_nothing_fixes_is_what_most_records_say():
    odd = made(versions=Versions(atlas="1", method=2, tensorflow="2", numpy="2", pillow="13"))

    settled = agreement.settle(WANTED, [odd, made(), made()])

    assert settled.values["method"] == 1
    assert agreement.difference(odd, settled) == "method: 2, not 1"


def test_without_records_nothing_is_settled():
    assert agreement.settle(WANTED, []) == WANTED
