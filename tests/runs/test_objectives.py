"""The workflow with objectives other than the usual: figures and words are those of what the pictures were made for."""

import dataclasses
import json
import re

import numpy as np
import pytest

from pipeline.wording import Words
from tests.support.markup import documents
from tests.support.workflow import FILTERS, Workflow

pytest_plugins = ["tests.support.workflow_fixtures"]

# Enough steps for every filter of a tiny network to answer; no jitter, so that the central unit stays where it is.
RECIPE = {"steps": 24, "jitter_px": 0}
RENDERED = 7


def words_of(atlas: Workflow) -> dict[str, str]:
    """Return the text of every page of an atlas, in small letters, by address; descriptions in the head included."""
    return {
        name: " ".join(
            [document.text, *(each["content"] for each in document.all("meta") if "content" in each)]
        ).lower()
        for name, document in documents(atlas.results / "site").items()
    }


def quality_of(atlas: Workflow) -> dict:
    return json.loads((atlas.results / "quality.json").read_text())


@pytest.fixture(scope="module")
def make(project, configuration, tmp_path_factory):
    """Return a function that makes the whole atlas of an objective."""

    def make(objective: str) -> tuple[Workflow, str]:
        # The words of the configuration are the user's; where there are none, the atlas finds its own.
        changes = {
            "recipe": RECIPE | {"objective": objective},
            "site": {"title": "Tiny", "description": ""},
            # Mid grey is 0: as "unit" it would leave the first layer silent and the units of the second unreachable.
            "preprocessing": "tf",
        }
        workflow = Workflow(project, tmp_path_factory.mktemp(objective), dict(configuration) | changes)
        run = workflow.run()
        assert run.code == 0, run.output
        return workflow, run.output

    return make


@pytest.fixture(scope="module")
def against(make):
    return make("negative_channel")


@pytest.fixture(scope="module")
def central(make):
    return make("neuron")


def test_what_a_filter_is_against_is_not_counted_as_dead(against):
    atlas, output = against

    quality = quality_of(atlas)

    assert quality["objective"] == "negative_channel"
    assert quality["total"]["rendered"] == quality["total"]["alive"] == RENDERED
    assert quality["failing"] == []
    table = (atlas.results / "quality.txt").read_text()
    assert table in output
    assert table.splitlines()[0].split()[:3] == ["layer", "rendered", "opposed"]
    assert "failing (not 2 × the opposition on noise): none" in table
    assert "alive" not in table


def test_a_picture_that_a_filter_is_against_holds_it_further_below_zero_than_noise_and_the_other_pictures(against):
    atlas, _ = against
    for layer in FILTERS:
        summary = json.loads((atlas.results / f"layers/{layer}.json").read_text())
        matrix = np.load(atlas.results / f"layers/{layer}.response.npy")
        for row, each in enumerate(summary["filters"]):
            assert each["activation"] == pytest.approx(matrix[row, each["filter"]])
            assert each["activation"] >= 2 * each["noise_activation"] > 0
            assert each["own_rank"] == 1
            assert each["robust_activation"] > each["noise_activation"]


def test_the_pages_say_what_the_filters_are_against_and_nowhere_what_excites_them(against):
    atlas, _ = against
    found = words_of(atlas)

    assert "what 7 filters of mine are against" in found["index.html"]
    assert "opposed100 %opposed at least twice as strongly by their picture as by noise" in found["index.html"]
    assert "what this filter is against: " in found["second/003.html"]
    assert "what filter 3 of second is against: " in found["second/003.html"]
    assert "what the filters are against" in found["first/index.html"]
    assert not any(f"{{{word.name}}}" in found["data/index.html"] for word in dataclasses.fields(Words))
    # There "alive" is the name of a column.
    data = found.pop("data/index.html")
    assert not re.search("excite|looks? for", data)
    for name, text in found.items():
        assert not (seen := re.search(".*(alive|excites|looks for).*", text)), (name, seen[0])


def test_the_pages_say_how_much_activation_is_left_beside_opposition(against):
    atlas, _ = against
    record = json.loads((atlas.results / "filters/first/001.json").read_text())

    text = words_of(atlas)["first/001.html"]

    left = record["last_activation"] / record["noise_activation"]
    assert ("silences the filter" if left < 1 else "elsewhere in the picture the filter is excited") in text


def test_a_central_unit_is_judged_by_itself(central):
    atlas, output = central

    quality = quality_of(atlas)

    assert quality["objective"] == "neuron"
    assert quality["total"]["alive"] == RENDERED
    assert "failing (not 2 × the central activation on noise): none" in output
    records = [json.loads(path.read_text()) for path in sorted(atlas.results.glob("filters/*/*.json"))]
    summaries = [json.loads((atlas.results / f"layers/{layer}.json").read_text()) for layer in FILTERS]
    measured = [each["activation"] for summary in summaries for each in summary["filters"]]
    # The map's mean, which the record has, is far below what the one unit does.
    assert all(unit > 1.5 * record["last_activation"] for unit, record in zip(measured, records, strict=True))


def test_the_pages_say_that_one_unit_was_measured(central):
    atlas, _ = central
    found = words_of(atlas)

    assert "one unit of a filter, that at the centre of its map" in found["index.html"]
    assert "only that unit was measured" in found["first/index.html"]
    assert "central activation" in found["second/003.html"]
    assert "mean activation at every step of all units" in found["second/003.html"]
