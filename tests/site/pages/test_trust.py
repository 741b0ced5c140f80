import dataclasses

from pipeline.results.trust import Station, Trust
from pipeline.site.pages import trust
from pipeline.site.pages.trust import TOO_FEW


def a_trust(layer: str, *specific: float, agreement: float = 0.3, photographs: int = 200) -> Trust:
    way = tuple(
        Station(layer=layer if last else f"l{place}", specific=each, unnatural=4.0, agreement=agreement)
        for place, each in enumerate(specific)
        for last in [place == len(specific) - 1]
    )
    return Trust(
        model="vgg16",
        name=layer,
        weights_sha256="0" * 64,
        files_sha256="1" * 64,
        photographs=photographs,
        filters=(0,) if way else (),
        way=way,
    )


def shown(atlas, *found: Trust) -> trust.TrustView:
    layers = tuple(atlas.by_name[each.name] for each in found)
    return trust.trust_view(dataclasses.replace(atlas, layers=layers, trust={each.name: each for each in found}))


def test_each_layer_has_the_grades_of_its_early_layers_and_its_own(atlas):
    view = shown(atlas, a_trust("block1_conv1", 0.7), a_trust("block3_conv1", 0.1, 0.3, 0.7))

    assert view.photographs == "200 photographs"
    assert [(each.layer, each.early, each.own, each.unnatural) for each in view.rows] == [
        ("block1_conv1", "", "high", "high"),
        ("block3_conv1", "low", "high", "high"),
    ]


def test_a_layer_that_the_photographs_do_not_carry_says_so_and_nothing_else(atlas):
    view = shown(atlas, a_trust("block1_conv1", 0.7), a_trust("block3_conv1", 0.1, 0.3, 0.7, agreement=0.02))

    assert (view.rows[1].early, view.rows[1].own, view.rows[1].unnatural) == ("", TOO_FEW, "")


def test_with_too_few_photographs_for_any_layer_there_are_no_rows(atlas):
    view = shown(atlas, a_trust("block1_conv1", photographs=12), a_trust("block3_conv1", photographs=12))

    assert (view.photographs, view.rows, view.finding) == ("12 photographs", (), "")


def test_the_finding_is_told_where_most_layers_show_it(atlas):
    rising, falling = a_trust("block3_conv1", 0.1, 0.3, 0.7), a_trust("block3_conv1", 0.8, 0.3, 0.4)

    assert "In 1 of 1 layers a picture is less specific in the first third" in shown(atlas, rising).finding
    assert shown(atlas, falling).finding == ""
    assert shown(atlas, a_trust("block1_conv1", 0.7)).finding == ""


def test_without_photographs_nothing_is_said(atlas):
    assert trust.trust_view(dataclasses.replace(atlas, trust=None)) is None
