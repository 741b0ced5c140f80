import msgspec
import pytest

from pipeline.site.pages import filter
from tests.support import documents


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
    assert fact.note == "its own picture does not excite it at all"


@pytest.mark.parametrize(
    ("selectivity", "doubt"),
    [
        (0.0, "No picture of the layer excites the filter, its own included: "),
        (-1.0, "This picture does not excite the filter at all: do not trust it."),
    ],
)
def test_of_a_silent_filter_nothing_is_compared_and_a_sentence_says_why(atlas, selectivity, doubt):
    layer = atlas.by_name["block1_conv1"]
    silent = msgspec.structs.replace(
        layer.filters[0], activation=0.0, robust_activation=0.0, alive=False, own_rank=64, selectivity=selectivity
    )

    view = filter.filter_view(atlas, layer, silent, None, None)

    assert view.doubt.startswith(doubt)
    facts = {fact.term: (fact.value, fact.note) for fact in view.quality}
    assert {facts[term] for term in ("Own rank", "Robustness", "Selectivity")} == {("–", "")}


def test_a_picture_that_hardly_excites_its_filter_is_doubted_and_one_that_does_is_not(atlas):
    layer = atlas.by_name["block1_conv1"]
    weak = msgspec.structs.replace(layer.filters[0], alive=False)

    assert "does not excite the filter 2 times as much as noise" in filter.doubt(weak, layer)
    alive = next(each for each in layer.filters if each.alive)
    assert filter.filter_view(atlas, layer, alive, None, None).doubt == ""


def test_what_is_similar_is_positively_similar(shown):
    for page in shown.values():
        if page.template == "filter.html":
            assert all("−" not in tile.label for tile in page.view.similar)


def a_view(atlas, **changes):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv2"], **changes)
    return filter.filter_view(atlas, layer, layer.filters[0], None, None)


def test_the_field_is_told_with_what_matters_of_it(atlas):
    small = a_view(atlas, effective_field_px=3)
    large = a_view(atlas, receptive_field_px=851, effective_field_px=281, sees_whole_image=True)

    assert small.field.startswith("The frame is what one unit sees: 5 × 5 of ")
    assert small.field.endswith(" Nearly all of what moves it lies within 3 px.")
    assert [fact.term for fact in small.geometry[:2]] == ["Receptive field", "Effective field"]
    assert large.field.startswith("One unit sees directly 851 × 851 pixels, more than the picture's ")
    assert "Besides, it sees the whole image" in large.field


def test_a_response_before_relu_is_said_to_be_and_its_sign_is_not_spoken_of(atlas):
    assert a_view(atlas).note == "The response is the convolution’s own output, before ReLU."


def test_of_false_colours_no_hue_and_no_mean_are_shown(atlas):
    view = a_view(atlas, image_channels=4)

    assert (view.swatch, view.channels) == ("", (0, 1, 2, 3))
    assert view.channels_image == "block1_conv2/000-channels.avif"
    assert "Hue" not in [fact.term for fact in view.look]
    assert a_view(atlas).channels_image == ""


def test_the_readers_of_a_filter_are_named(atlas):
    assert a_view(atlas).outgoing_title == "The filters of block2_conv1 whose kernels weigh it most."


def test_the_curve_says_which_steps_were_climbed_on_a_copy():
    def words(**settings: int) -> str:
        return filter.copy_words(documents.a_record(**settings))

    assert words(copied_steps=12).startswith(" The first 12 steps, dashed, were climbed on a cheaper copy")
    assert words() == ""
