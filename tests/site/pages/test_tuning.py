import dataclasses
from types import SimpleNamespace

import pytest

from pipeline.measure import gratings
from pipeline.site.pages import filter, tuning
from tests.support.documents import a_tuned_filter, the_tuning, what_photographs_do


def shown(atlas, natural=10.0, coarse=False, **changes):
    """Return the atlas after all its filters were found to be tuned alike, and photographs to do so much."""
    sets = {"orientations": (0.0, 45.0, 90.0, 135.0), "periods_px": (3.0, 30.0), "phases": 2} if coarse else {}
    if coarse:
        changes = {"by_orientation": (0.1, 1.0, 0.1, 0.0), "by_period": (1.0, 0.5), "modulation": None} | changes
    return dataclasses.replace(
        atlas,
        natural=SimpleNamespace(layers={layer.name: what_photographs_do(layer, natural) for layer in atlas.layers}),
        tuning={
            layer.name: the_tuning(
                name=layer.name,
                filters=tuple(a_tuned_filter(number, **changes) for number in range(layer.filters_total)),
                **sets,
            )
            for layer in atlas.layers
        },
    )


def view(atlas, **changes):
    found = shown(atlas, **changes)
    made = tuning.tuning_view(found, found.layers[0], 9)
    assert made is not None
    return made


def facts(atlas, **changes):
    return {fact.term: (fact.value, fact.note) for fact in view(atlas, **changes).facts}


def test_without_gratings_a_page_says_nothing_of_them(atlas):
    assert tuning.tuning_view(atlas, atlas.layers[0], 9) is None
    assert list(tuning.layer_facts(atlas, atlas.layers[0])) == []
    assert tuning.trends(atlas) == ()


def test_what_drives_a_filter_is_told_in_figures_and_drawn(atlas):
    found = view(atlas)

    assert found.note.endswith("it is 8.00, 80 % of its response to the best of 12 photographs.")
    assert [fact.value for fact in found.facts] == ["45°", "7.7 px", "simple", "yellow–blue", "blue"]
    assert [chart.title for chart in found.charts] == ["Direction", "Period", "Colours"]


def test_below_a_fifth_of_the_best_photograph_it_is_not_driven_and_no_index_is_printed(atlas):
    found = view(atlas, natural=41.0)

    assert found.note == (
        "Not driven by gratings: its response to the best one is 20 % of its response to the best of 12 photographs."
    )
    assert found.facts == found.charts == ()
    assert view(atlas, natural=39.0).facts


def test_a_filter_that_grey_excites_as_much_is_not_driven(atlas):
    found = view(atlas, strongest=8.0, on_mid_grey=8.0)

    assert found.note == "Not driven by gratings: it responds to none more than to mid grey."


def test_where_coloured_gratings_alone_drive_a_filter_nothing_is_said_of_directions(atlas):
    found = view(atlas, strongest_in_grey=1.0)

    assert found.note.endswith("No grey grating drives it, so it has no direction here.")
    assert [fact.term for fact in found.facts] == ["Colours", "Flat colour"]
    assert [chart.title for chart in found.charts] == ["Colours"]


def test_where_no_photograph_excites_a_filter_its_tuning_is_told_by_itself(atlas):
    assert view(atlas, natural=0.0).note.endswith(
        "To the best grating it is 8.00, more than to the best of 12 photographs."
    )


@pytest.mark.parametrize(
    ("changes", "term", "value"),
    [
        ({"orientation_width": 180.0}, "Direction", "any"),
        ({"orientation": 179.8}, "Direction", "0°"),
        ({"period_px": 40.0}, "Period", "≥ 40 px"),
        ({"period_px": 3.0}, "Period", "≤ 3.0 px"),
        ({"modulation": 0.2}, "Phase", "complex"),
        ({"colour": 0.3}, "Colours", "light–dark"),
        ({"axis": None, "colour": 0.0}, "Colours", "light–dark"),
        ({"colour": 1.0}, "Colours", "yellow–blue"),
        ({"flat": (0.0,) * 14}, "Flat colour", "none"),
        ({"flat": (0.0,) * 12 + (1.0, 0.0)}, "Flat colour", "none"),
        ({"flat": (0.0,) * 12 + (2.0, 0.0)}, "Flat colour", "black"),
    ],
)
def test_figures_are_in_words_where_numbers_would_mislead(atlas, changes, term, value):
    assert facts(atlas, **changes)[term][0] == value


def test_of_a_unit_that_is_silent_in_the_middle_no_phase_is_told(atlas):
    assert "Phase" not in facts(atlas, modulation=None)


def test_few_gratings_give_rough_figures_and_no_charts(atlas):
    found = view(atlas, coarse=True)

    assert "the figures are rough" in found.note
    assert found.facts
    assert found.charts == ()


def test_every_hue_that_is_drawn_has_a_name_of_its_own():
    assert len(set(map(tuning.hue_name, gratings.HUES))) == len(gratings.HUES)
    assert tuning.hue_name(240) == "blue"


def test_a_layer_says_how_many_of_its_filters_gratings_drive(atlas):
    found = shown(atlas)
    few, many = (found.by_name[name] for name in ("block1_conv1", "block3_conv1"))

    assert [fact.value for fact in tuning.layer_facts(found, few)] == ["3 of 3"]
    assert [fact.value for fact in tuning.layer_facts(found, many)] == ["128 of 128", "128 of 128"]
    assert [fact.value for fact in tuning.layer_facts(shown(atlas, natural=99.0), many)] == ["0 of 128"]


def test_layers_are_compared_where_gratings_drive_their_filters(atlas):
    simple, width = tuning.trends(shown(atlas))

    assert "block1_conv1 100, block1_conv2 100, block3_conv1 100" in simple.drawing
    assert "block1_conv1 60, block1_conv2 60, block3_conv1 60" in width.drawing
    assert tuning.trends(shown(atlas, natural=99.0)) == ()


def test_a_filters_page_has_it(atlas):
    found = shown(atlas)
    layer = found.layers[0]

    assert filter.filter_view(found, layer, layer.filters[0], None, None).tuning is not None
