import msgspec
import pytest

from pipeline.site.pages import filter


def test_filters_of_layers_outside_the_atlas_are_named_but_not_linked(shown):
    outgoing = shown["block1_conv2/000.html"].view.outgoing
    assert outgoing
    assert all(each.tile.label.startswith("block2_conv1/") and not each.tile.href for each in outgoing)


def test_the_first_layers_slices_are_red_green_and_blue(shown):
    view = shown["block1_conv1/009.html"].view
    assert [each.tile.label for each in view.incoming] == ["red", "green", "blue"]
    assert view.kernel_uri.startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("channel", "3: random starts at most, until the filter is alive"),
        ("neuron", "3, but with the objective neuron there is one random start"),
    ],
)
def test_the_page_says_what_attempts_are(atlas, objective, words):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv1"], objective=objective)
    view = filter.filter_view(atlas, layer, layer.filters[0], None, None)

    assert dict(view.recipe)["attempts"] == words


def test_a_filter_that_its_own_picture_leaves_silent_has_no_multiple_of_noise(atlas):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv1"], objective="neuron")
    silent = msgspec.structs.replace(layer.filters[0], activation=0.0)
    fact = filter.filter_view(atlas, layer, silent, None, None).quality[0]

    assert fact.value == "none"
    assert fact.note.startswith("its own picture does not excite it at all; ")


def test_what_is_similar_is_positively_similar(shown):
    for page in shown.values():
        if page.template == "filter.html":
            assert all("−" not in tile.label for tile in page.view.similar)
