import msgspec
import numpy as np
import pytest

from pipeline import formatting
from pipeline.network.architecture import load_network
from pipeline.results import atlas as atlases
from pipeline.site import addresses, contents, drawings, illustrations
from pipeline.site.pages import filter, guide, home, parts
from pipeline.site.pages import layer as layer_page
from tests.support import synthetic

NUMBERS = {"block1_conv1": [0, 9, 63], "block1_conv2": [0, 1, 2, 3], "block3_conv1": range(0, 256, 2)}


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    synthetic.make_results(folder, load_network("vgg16"), NUMBERS)
    return atlases.read(folder, folder / "weights.npz", load_network("vgg16"), list(NUMBERS))


@pytest.fixture(scope="module")
def shown(atlas):
    return {page.path: page for page in contents.site_pages(atlas, "Title", "Description")}


def test_blocks_follow_the_strides_of_the_layers(atlas):
    titles = [(title, note, [layer.name for layer in group]) for title, note, group in home.blocks(atlas)]
    assert titles == [
        ("Block 1", "a unit at every pixel", ["block1_conv1", "block1_conv2"]),
        ("Block 3", "a unit every 4 pixels", ["block3_conv1"]),
    ]


def test_filters_are_turned_in_order_and_end_at_the_ends(shown):
    first, middle, last = (shown[f"block1_conv1/{number:03}.html"].view for number in (0, 9, 63))
    assert first.previous is None
    assert middle.previous == ("0", "block1_conv1/000.html")
    assert middle.next == ("63", "block1_conv1/063.html")
    assert last.next is None


def test_a_filter_outside_the_atlas_is_named_but_not_linked(atlas):
    tile = parts.tile(atlas.by_name["block1_conv1"], 5)
    assert (tile.label, tile.href, tile.image) == ("5", "", "")


def test_filters_of_layers_outside_the_atlas_are_named_but_not_linked(shown):
    outgoing = shown["block1_conv2/000.html"].view.outgoing
    assert outgoing
    assert all(each.tile.label.startswith("block2_conv1/") and not each.tile.href for each in outgoing)


def test_the_first_layer_shows_all_kernels_and_links_those_in_the_atlas(shown):
    kernels = shown["block1_conv1/index.html"].view.kernels
    assert len(kernels) == 64
    assert [kernel.number for kernel in kernels if kernel.href] == [0, 9, 63]
    assert shown["block1_conv2/index.html"].view.kernels == ()


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


def test_long_layers_are_cut_into_runs_with_anchors(shown):
    sections = shown["block3_conv1/index.html"].view.sections
    assert [len(section.tiles) for section in sections] == [layer_page.SECTION_FILTERS]
    assert sections[0].title == "128 filters from 0 to 254"


def test_only_a_few_filters_are_called_the_least_sure(shown, atlas):
    assert shown["block1_conv1/index.html"].view.worst == ()
    worst = shown["block3_conv1/index.html"].view.worst
    assert [each.number for each in worst] == list(atlas.by_name["block3_conv1"].figures.worst[: layer_page.LEAST_SURE])


def test_sort_values_put_the_largest_first_where_the_largest_matter(atlas):
    layer = atlas.by_name["block3_conv1"]
    values = layer_page.sort_values(layer)
    assert values["filter"] == list(layer.numbers)
    assert values["selectivity"] == [-each.selectivity for each in layer.filters]
    assert values["hue"] == [each.hue for each in layer.filters]


def test_a_run_with_gaps_says_how_many_filters_it_has(shown):
    titles = {name: [section.title for section in shown[f"{name}/index.html"].view.sections] for name in NUMBERS}
    assert titles["block1_conv1"] == ["3 filters from 0 to 63"]
    assert titles["block1_conv2"] == ["Filters 0 to 3"]


def test_only_a_layer_of_some_filters_has_charts(shown):
    assert shown["block1_conv1/index.html"].view.charts == ()
    assert len(shown["block3_conv1/index.html"].view.charts) == 3


def test_thousands_are_set_apart(atlas):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv2"], filters_total=2048)
    assert parts.rendered_words(layer) == "4 of 2,048 filters"


def test_what_is_similar_is_positively_similar(shown):
    for page in shown.values():
        if page.template == "filter.html":
            assert all("−" not in tile.label for tile in page.view.similar)


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(0, 9, "0 %"), (9, 9, "100 %"), (4223, 4224, "99.9 %"), (1, 2, "50.0 %"), (0, 0, "–")]
)
def test_a_hundred_per_cent_means_all(part, whole, text):
    assert formatting.percent(part, whole) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.5, "1,234"), (12.345, "12.3"), (-0.01234, "−0.0123"), (3.21e-7, "3.2e−07"), (float("nan"), "–")],
)
def test_numbers_have_three_digits_and_a_true_minus(value, text):
    assert formatting.number(value) == text


def test_a_kernel_map_marks_signs_by_shape():
    drawn = drawings.kernel_map([[1.0, -1.0], [0.25, 0.0]])
    assert drawn.count("class=pos") == drawn.count("class=neg") == 1
    assert f"h{drawings.LARGEST_SQUARE}v" in drawn
    # A quarter of the weight is a quarter of the area: half the side, made even.
    assert "h8v8" in drawn
    assert 'aria-label="−1.0 to +1.0"' in drawn


def test_a_frame_is_drawn_to_scale_and_only_where_it_fits():
    assert 'x="20" y="20" width="24" height="24"' in drawings.field_frame(24, 64)
    assert drawings.field_frame(64, 64) == ""


def test_charts_stand_up_to_one_filter_and_to_none_with_a_hue():
    assert "median 3.00" in drawings.ratio_histogram([3.0], 2)
    assert "of 0 pictures; 1 more are grey" in drawings.hue_histogram([None])
    assert "of 0 pictures; 1 have no clear one" in drawings.orientation_rose([(12.0, 0.0)])
    assert "highest 0" in drawings.curve([0.0], [0])


def test_a_kernels_picture_is_grey_for_zero_and_full_for_the_largest_weight():
    pixels = drawings.kernel_pixels(np.array([[[0.0, 0.5, -0.5]]]))
    assert pixels.tolist() == [[[128, 255, 0]]]


def test_a_response_is_brightest_where_the_picture_is_like_the_kernel():
    card = np.zeros((9, 9, 3), np.uint8)
    card[:, 5:] = 255
    kernel = np.repeat(np.array([[-1.0, 0.0, 1.0]] * 3)[..., None], 3, axis=2)
    response = illustrations.response(card, kernel)
    assert response.shape == (7, 7)
    assert response[3].tolist() == [0, 0, 0, 255, 255, 0, 0]


def test_telling_kernels_are_strong_and_unlike():
    random = np.random.default_rng(0)
    strong = random.standard_normal((4, 3, 3, 3))
    kernels = np.concatenate([strong, strong[:1] * 0.5, random.standard_normal((5, 3, 3, 3)) * 1e-3])
    assert sorted(illustrations.telling_kernels(kernels)) == [0, 1, 2, 3]


def test_the_method_is_told_as_the_recipe_has_it():
    fourier = " ".join(guide.method({"parameterisation": "fourier", "jitter_px": 8, "leak": 0.1}))
    pixels = " ".join(guide.method({"parameterisation": "pixels", "jitter_px": 0, "leak": 0.0}))
    assert "Fourier" in fourier
    assert "shifted" in fourier
    assert "0.1 times" in fourier
    assert pixels == "The picture is changed pixel by pixel."


def test_the_architecture_is_the_networks(atlas):
    rows = list(guide.architecture(atlas))
    assert len(rows) == 13
    assert (rows[0].weights, rows[0].kernel, rows[0].href) == ("1,728", "3 × 3 × 3", "block1_conv1/index.html")
    assert rows[2].href == ""


def test_a_reserved_name_gets_a_folder_of_its_own(atlas):
    layer = msgspec.structs.replace(atlas.layers[0], name="Data")
    assert addresses.folder(layer) == "Data-layer"
