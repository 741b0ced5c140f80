import dataclasses

import pytest

from pipeline import wording
from pipeline.config import schema
from pipeline.wording import WORDS

# What may be empty: it is said only where there is something to say.
NOTES = {"shown", "layer_note", "filter_note", "curve_note"}


def test_every_objective_that_a_recipe_may_name_has_words():
    objectives = schema.load()["$defs"]["recipe"]["properties"]["objective"]["enum"]

    assert list(WORDS) == objectives
    assert wording.DEFAULT in objectives


@pytest.mark.parametrize("objective", WORDS)
def test_no_word_is_missing_and_what_follows_on_a_text_is_set_apart_from_it(objective):
    words = dataclasses.asdict(WORDS[objective])

    assert {name for name, text in words.items() if not text} <= NOTES
    assert all(words[name].startswith(" ") for name in ("layer_note", "curve_note") if words[name])
    assert not words["filter_note"] or words["filter_note"].endswith(": ")
