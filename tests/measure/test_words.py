import itertools

import pytest

from pipeline.measure import words
from pipeline.measure.colours import NAMES, Colours
from pipeline.measure.structure import Structure

MIDDLING = Structure(period_px=15, orientation=90, coherence=0.25, skewness=0.05)


def colours(chroma: float = 0.33, **shares: float) -> Colours:
    rest = {name: usual * (1 - sum(shares.values())) for name, usual in words.USUAL_SHARES.items()}
    return Colours(hue=0.0, saturation=0.5, chroma=chroma, shares=rest | shares)


def structure(**changes: float) -> Structure:
    return Structure(**{name: getattr(MIDDLING, name) for name in Structure.__dataclass_fields__} | changes)


def said(found: Structure = MIDDLING, seen: Colours | None = None, lightness: float = 0.47) -> str:
    return words.describe(found, seen or colours(), lightness)


def test_what_is_middling_is_not_mentioned():
    assert said() == "tangle, many-coloured"


def test_all_that_stands_out_is_said_in_order():
    found = structure(period_px=12, orientation=45, orientation_strength=0.5, skewness=-0.3)

    assert said(found, colours(0.36, orange=0.4, pink=0.3), 0.4) == (
        "fine rising stripes with shadows, orange and pink, vivid, dark"
    )


@pytest.mark.parametrize(("period", "word"), [(5, "tiny "), (12, "fine "), (15, ""), (16, "coarse "), (40, "large ")])
def test_scale_is_that_of_the_period(period, word):
    assert said(structure(period_px=period)).startswith(f"{word}tangle")


@pytest.mark.parametrize(
    ("degrees", "word"), [(0, "horizontal"), (50, "rising"), (100, "vertical"), (130, "falling"), (175, "horizontal")]
)
def test_stripes_and_streaks_have_a_direction(degrees, word):
    assert said(structure(orientation=degrees, orientation_strength=0.6)).startswith(f"{word} stripes")
    assert said(structure(orientation=degrees, orientation_strength=0.2)).startswith(f"{word} streaks")


@pytest.mark.parametrize(
    ("changes", "pattern"),
    [
        ({"period_px": 0}, "plain"),
        ({"orientation_strength": 0.5, "crossing": 0.9}, "vertical stripes"),
        ({"evenness": 0.4}, "blotches"),
        ({"crossing": 0.5, "curvature": 0.3}, "grid"),
        ({"curvature": 0.3}, "swirls"),
        ({"curvature": 0.15}, "curves"),
        ({"orientation_strength": 0.2}, "vertical streaks"),
        ({"coherence": 0.1}, "cells"),
        ({}, "tangle"),
    ],
)
def test_the_pattern_is_the_first_that_holds(changes, pattern):
    assert said(structure(**changes)).split(", ")[0] == pattern


@pytest.mark.parametrize(("skewness", "ending"), [(0.5, " with highlights"), (0, ""), (-0.5, " with shadows")])
def test_relief_is_what_little_of_the_picture_is(skewness, ending):
    assert said(structure(skewness=skewness)).split(", ")[0] == f"tangle{ending}"


def test_a_plain_picture_has_neither_scale_nor_relief():
    assert said(structure(period_px=0, skewness=3)) == "plain, many-coloured"


def test_a_colour_is_named_for_being_more_than_usual():
    # A quarter of most pictures is blue: that much says nothing of one.
    assert said(seen=colours(green=0.15, blue=0.25)).split(", ")[1] == "green"
    assert said(seen=colours(blue=0.7)).split(", ")[1] == "blue"


def test_a_speck_of_a_rare_colour_is_not_named():
    assert said(seen=colours(brown=0.04)).split(", ")[1] == "many-coloured"


def test_at_most_three_colours_are_named_the_most_telling_first():
    assert said(seen=colours(green=0.1, orange=0.3, pink=0.2, red=0.15)) == "tangle, orange, pink and green"


@pytest.mark.parametrize(("chroma", "word"), [(0.1, "dull"), (0.3, "muted"), (0.36, "vivid"), (0.6, "glaring")])
def test_vividness_is_that_of_the_chroma(chroma, word):
    assert said(seen=colours(chroma)) == f"tangle, many-coloured, {word}"


@pytest.mark.parametrize(("lightness", "word"), [(0.3, "dark"), (0.45, "dim"), (0.5, "light"), (0.9, "bright")])
def test_lightness_is_that_of_the_luminance(lightness, word):
    assert said(lightness=lightness) == f"tangle, many-coloured, {word}"


def test_of_false_colours_scale_direction_and_pattern_alone_are_named():
    found = structure(period_px=5, orientation_strength=0.5, skewness=2)

    assert words.describe(found, None, 0.9) == "tiny vertical stripes"


def test_a_grey_picture_is_described_by_its_greys():
    greys = dict.fromkeys(NAMES, 0.0)
    striped = Colours(None, 0, 0, greys | {"black": 0.3, "grey": 0.2, "white": 0.5})
    grey = Colours(None, 0, 0, greys | {"black": 0.01, "grey": 0.98, "white": 0.01})

    assert words.describe(MIDDLING, striped, 0.47) == "tangle, white and black"
    assert words.describe(MIDDLING, grey, 0.47) == "tangle, grey"


def test_the_words_of_a_description_leave_out_what_joins_them():
    assert words.named("fine rising stripes with shadows, orange, pink and purple, vivid") == (
        *("fine", "rising", "stripes", "shadows"),
        *("orange", "pink", "purple", "vivid"),
    )


def test_no_word_is_of_two_kinds():
    kinds = [
        words.DIRECTIONS,
        words.PATTERNS,
        (*NAMES, "many-coloured"),
        *(
            [word for _, word in levels if word]
            for levels in (words.SCALES, words.RELIEFS, words.VIVIDNESS, words.LIGHTNESS)
        ),
    ]

    assert all(not set(one) & set(other) for one, other in itertools.combinations(kinds, 2))


@pytest.mark.parametrize("levels", [words.SCALES, words.RELIEFS, words.VIVIDNESS, words.LIGHTNESS])
def test_levels_ascend_and_take_in_every_value(levels):
    starts = [start for start, _ in levels]

    assert starts == sorted(set(starts))
    assert starts[0] == float("-inf")


def test_usual_shares_are_those_of_whole_pictures():
    assert tuple(words.USUAL_SHARES) == NAMES
    assert sum(words.USUAL_SHARES.values()) == pytest.approx(1, abs=0.005)
