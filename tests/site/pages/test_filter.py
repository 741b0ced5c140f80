import msgspec
import pytest

from pipeline.site.pages import filter, parts
from tests.support import documents


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("channel", "3 random starts at most, until the ascent succeeds"),
        ("neuron", "3, but with the objective neuron there is one random start"),
    ],
)
def test_the_recipe_says_what_attempts_are(atlas, objective, words):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv1"], objective=objective)

    assert dict(parts.recipe_settings(atlas, layer))["attempts"] == words


def test_a_page_gives_the_settings_that_the_page_of_the_layer_does_not(atlas):
    layer = atlas.by_name["block1_conv1"]
    first, other = (filter.filter_view(atlas, layer, each, None, None) for each in layer.filters[:2])
    record = atlas.records[layer.name][layer.numbers[1]]
    mixed = msgspec.structs.replace(record, recipe=record.recipe | {"decay": 2.0})

    assert [term for term, _ in first.own_settings] == ["seed", "precision", "random starts tried"]
    assert first.own_settings == other.own_settings
    assert [*filter.own_settings(atlas, layer, mixed)] == [("decay", "2.0")]


def test_a_picture_is_cited_by_what_tells_it_from_others_and_makes_it_again(atlas):
    layer = atlas.by_name["block1_conv1"]
    view = filter.filter_view(atlas, layer, layer.filters[0], None, None)

    steps = dict(parts.recipe_settings(atlas, layer))["steps"]
    assert view.cited.startswith(f"pixels SHA-256 {view.image_sha256[:12]}, {view.canvas_px} px, {steps} steps, seed ")
    assert ", Filter Atlas " in view.cited


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
    assert {facts[term] for term in ("Rank", "Robustness", "Selectivity")} == {("–", "")}


def test_a_picture_that_hardly_excites_its_filter_is_doubted_and_one_that_does_is_not(atlas):
    layer = atlas.by_name["block1_conv1"]
    weak = msgspec.structs.replace(layer.filters[0], alive=False)

    assert "does not excite the filter twice as strongly as noise" in filter.doubt(weak, layer)
    alive = next(each for each in layer.filters if each.alive)
    assert filter.filter_view(atlas, layer, alive, None, None).doubt == ""


def test_only_what_is_alike_is_called_similar(atlas):
    layer = atlas.by_name["block1_conv2"]
    alike = tuple(
        msgspec.structs.replace(each, similarity=similarity)
        for each, similarity in zip(layer.filters[0].similar, (0.9, 0.3, 0.29), strict=True)
    )
    view = filter.filter_view(atlas, layer, msgspec.structs.replace(layer.filters[0], similar=alike), None, None)

    assert [tile.label.rpartition(" · ")[2] for tile in view.similar] == ["0.90", "0.30"]


def a_view(atlas, **changes):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv2"], **changes)
    return filter.filter_view(atlas, layer, layer.filters[0], None, None)


def test_the_field_is_told_with_what_matters_of_it(atlas):
    small = a_view(atlas, effective_field_px=3)
    large = a_view(atlas, receptive_field_px=851, effective_field_px=281, sees_whole_image=True)

    assert small.field.startswith("The frame is what one unit can see: 5 × 5 of ")
    assert small.field.endswith(" Nearly all of what moves it lies within 3 px.")
    assert [fact.term for fact in small.geometry[:2]] == ["Receptive field", "Effective field"]
    assert large.field.startswith("One unit can see directly 851 × 851 pixels, more than the picture’s ")
    assert "Besides, it sees the whole image" in large.field


def test_a_response_before_relu_is_said_to_be_and_its_sign_is_not_spoken_of(atlas):
    assert a_view(atlas).note == "The response is the convolution’s own output, before ReLU."


def test_of_false_colours_no_hue_and_no_mean_are_shown(atlas):
    view = a_view(atlas, image_channels=4)

    assert (view.swatch, view.channels) == ("", (0, 1, 2, 3))
    assert view.channels_image == "block1_conv2/000-channels.avif"
    assert "Hue" not in [fact.term for fact in view.look]
    assert a_view(atlas).channels_image == ""


def test_where_it_was_not_measured_what_matters_of_a_field_is_still_told(atlas):
    assert a_view(atlas, effective_field_px=None).field.endswith("The middle of that counts most.")


def test_times_that_noise_leaves_nearly_nothing_of_are_cut_off_and_the_floor_is_told(atlas):
    layer = atlas.by_name["block1_conv1"]
    loud = msgspec.structs.replace(layer.filters[0], activation=764.0, noise_activation=0.001)
    fact = filter.answer(loud, layer.words, in_times=True)

    assert fact.value == "more than 1,000×"
    assert fact.note == "764 on its own picture, 0.00100 on noise (floored at 5 % of the layer’s median)"
    usual = msgspec.structs.replace(loud, noise_activation=100.0)
    assert filter.answer(usual, layer.words, in_times=True).value == "7.64×"
    assert filter.answer(usual, layer.words, in_times=False).value == "764"


@pytest.mark.parametrize(("strength", "value"), [(0.04, "none"), (0.5, "0°")])
def test_a_direction_is_named_only_where_there_is_one(atlas, strength, value):
    layer = atlas.by_name["block1_conv1"]
    each = msgspec.structs.replace(layer.filters[0], orientation=179.8, orientation_strength=strength)

    assert {fact.term: fact.value for fact in filter.look(layer, each)}["Direction"] == value


def test_after_the_last_filter_of_a_layer_comes_the_first_of_the_next(shown):
    last, first = shown["block1_conv1/063.html"].view, shown["block1_conv2/000.html"].view

    assert last.next == ("block1_conv2/0", "block1_conv2/000.html")
    assert first.previous == ("block1_conv1/63", "block1_conv1/063.html")
    assert first.next == ("1", "block1_conv2/001.html")
    assert shown["block1_conv1/000.html"].view.previous is None
    assert shown["block3_conv1/254.html"].view.next is None


def test_the_curve_says_which_steps_were_climbed_on_a_copy():
    def words(**settings: int) -> str:
        return filter.copy_words(documents.a_record(**settings))

    assert words(copied_steps=12).startswith(" The first 12 steps (dashed) were taken on a cheaper copy")
    assert words() == ""
