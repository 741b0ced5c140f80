"""What photographs say of filters and layers, on the page of each."""

import dataclasses

import msgspec

from pipeline.network import catalogue
from pipeline.results import exemplars
from pipeline.results.layer_summary import Family
from pipeline.site.pages import natural

VGG16 = catalogue.load("vgg16")


def view(seen, *, with_patches: bool = True, **changes) -> natural.NaturalView:
    """Return what is said of the first filter, some of what is known of it changed."""
    layer = seen.layers[0]
    made = seen.natural.layers[layer.name]
    first = msgspec.structs.replace(made.filters[0], **changes)
    made = msgspec.structs.replace(made, filters=(first, *made.filters[1:]))
    changed = dataclasses.replace(seen.natural, layers={**seen.natural.layers, layer.name: made})
    return natural.filter_view(
        dataclasses.replace(seen, natural=changed), layer, layer.filters[0], with_patches=with_patches
    )


def of(seen, **changes):
    """Return the atlas, something of what it knows of the photographs changed."""
    layers = {name: msgspec.structs.replace(made, **changes) for name, made in seen.natural.layers.items()}
    return dataclasses.replace(seen, natural=dataclasses.replace(seen.natural, layers=layers))


def test_an_atlas_that_was_shown_no_photographs_says_nothing_of_them(seen):
    plain = dataclasses.replace(seen, natural=None)

    assert natural.filter_view(plain, seen.layers[0], seen.layers[0].filters[0], with_patches=True) is None


def test_patches_stand_in_the_strip_from_its_left_end_to_its_right(seen):
    patches = view(seen).patches

    assert [each.position for each in patches] == [f"{100 * place / 8:.4g}%" for place in range(9)]
    assert patches[0].share == "100 %"
    assert len({each.href for each in patches}) == exemplars.EXEMPLARS


def test_the_field_is_framed_where_it_is_small(seen):
    chosen = seen.natural.layers["block1_conv1"].filters[0].exemplars
    whole = [msgspec.structs.replace(each, field=each.patch) for each in chosen]

    # From 2 of 24 pixels on, 20 of them.
    assert view(seen).patches[0].frame == "--in:8.33%"
    assert {each.frame for each in view(seen, exemplars=tuple(whole)).patches} == {""}


def test_without_patches_places_are_named(seen):
    said = view(seen, with_patches=False)

    assert said.strip == ""
    assert said.places[0][2] == "10, 10 to 30, 30"


def test_how_many_photographs_there_were_is_said(seen):
    assert view(seen).note.startswith("The 9 places in 12 photographs that excite a unit of this filter most")
    assert "So few" not in view(seen).note


def test_that_they_are_few_is_said_where_units_look_for_large_things(seen):
    assert view(of(seen, field_px=60)).note.endswith(
        "So few photographs hold little of what filters of this depth look for."
    )


def test_of_photographs_that_do_not_excite_a_filter_that_is_said(seen):
    assert (
        "half of them do not excite it, nine in ten stay below 2.00"
        in view(seen, quantiles=(0.0, 0.0, 2.0, 3.0)).histogram_note
    )


def test_how_many_photographs_say_which_filters_are_alike_is_said_too(seen):
    assert view(seen).alike_note == "Too few photographs to tell: 12, and it takes 30."
    assert view(of(seen, photographs=256, sampled=256)).alike_note.endswith("strongest units in 256 photographs.")
    many = view(of(seen, photographs=5000, sampled=2000))
    assert many.alike_note.endswith("strongest units in 2,000 of 5,000 photographs.")
    assert many.histogram_note.startswith("The strongest unit in each of 2,000 of 5,000 photographs: half of them")


def test_how_many_reach_half_is_counted(seen):
    assert view(seen, reach_half=0.25).reach.value == "3 of 12"


def test_a_filter_that_no_photograph_excites_has_no_patches(seen):
    said = view(seen, exemplars=(), natural=0.0, natural_to_synthetic=0.0)

    assert said.note == "None of 12 photographs excites it."
    assert (said.strip, said.patches) == ("", ())


def test_a_picture_that_does_not_excite_its_filter_is_compared_with_nothing(seen):
    fact = view(seen, natural_to_synthetic=None).strength

    assert (fact.value, fact.note) == ("–", "its picture does not excite it")


def test_a_layer_says_the_median_of_natural_to_synthetic(seen):
    made = seen.natural.layers["block1_conv1"]
    changed = [
        msgspec.structs.replace(each, natural_to_synthetic=ratio)
        for each, ratio in zip(made.filters, (0.1, 0.7, None), strict=True)
    ]

    (fact,) = natural.layer_facts(msgspec.structs.replace(made, filters=tuple(changed)), seen.layers[0])

    assert (fact.term, fact.value) == ("Natural ÷ synthetic", "0.40")


def test_a_family_is_called_by_the_words_that_most_of_its_members_share(seen):
    layer = seen.layers[1]
    said = ("vertical stripes, blue and red, fine", "vertical, stripes, blue, fine", "dots, blue", "dots, green")
    filters = [
        msgspec.structs.replace(each, description=description)
        for each, description in zip(layer.filters, said, strict=True)
    ]
    layer = msgspec.structs.replace(layer, filters=tuple(filters))

    assert natural.caption(layer, Family(members=(0, 1), typical=0)) == "vertical, stripes, blue, fine"
    assert natural.caption(layer, Family(members=(0, 1, 2), typical=0)) == "blue, vertical, stripes, fine"
    assert natural.caption(layer, Family(members=(3,), typical=3)) == ""


def test_whose_a_photograph_is_is_said_as_far_as_it_is_known(seen):
    first, second, third = seen.natural.collection.photographs[:3]

    assert natural.credit(first) == "Sea & <sky> by Ann, CC BY 4.0"
    assert natural.credit(second) == "000001.jpg"
    assert natural.credit(third) == "Cat by Bo"


def test_families_show_their_members_the_most_typical_first(seen, monkeypatch):
    monkeypatch.setattr(natural, "SHOWN", 2)
    family = Family(members=(0, 1, 3), typical=1)
    layer = msgspec.structs.replace(seen.by_name["block1_conv2"], families=(family, Family(members=(2,), typical=2)))
    first, second = natural.families(seen, layer)

    assert (first.title, second.title) == ("Family 1: 3 filters", "Family 2: one filter")
    assert [each.number for each in first.shown] == [1, 0]
    assert [each.number for each in first.rest] == [3]
