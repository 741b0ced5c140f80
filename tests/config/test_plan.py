import dataclasses
import hashlib
import itertools
import os

import numpy as np
import pytest
from hypothesis import given

from pipeline import originals
from pipeline.ascent import recipe
from pipeline.config import plan, schema
from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.network.known import showcase
from tests.support.hostile import FORM, HOSTILE, PATHS, examples, within


def refusal(configuration) -> str:
    with pytest.raises(UserError) as caught:
        plan.plan(configuration)
    return str(caught.value)


def test_an_empty_configuration_is_the_default_atlas():
    atlas = plan.plan({})

    assert (atlas.model, atlas.preprocessing, atlas.weights) == ("vgg16", "auto", "imagenet")
    assert (atlas.seed, atlas.precision) == (0, "auto")
    assert atlas.recipes.keys() == atlas.canvas_px.keys() == atlas.filters.keys()
    title = {"title": "What the filters of VGG16 look for"}
    assert atlas.site == schema.defaults(FORM["properties"]["site"]) | title
    assert list(atlas.filters) == [layer.name for layer in catalogue.load("vgg16").layers]


def test_the_preview_is_small_spread_and_has_the_showcase():
    filters = plan.plan({"filters": "preview"}).filters

    assert sum(map(len, filters.values())) == 108
    for layer, numbers in filters.items():
        assert len(numbers) == plan.PREVIEW_FILTERS + len(showcase("vgg16").get(layer, ()))
        assert (numbers[0], numbers[-1]) == (0, catalogue.load("vgg16").layer(layer).filters - 1)
        assert max(np.diff(numbers)) <= numbers[-1] // 6
    for layer, numbers in showcase("vgg16").items():
        assert set(numbers) <= set(filters[layer])


def test_all_is_every_filter():
    filters = plan.plan({"filters": "all"}).filters

    assert sum(map(len, filters.values())) == 4224
    assert filters["block5_conv3"] == tuple(range(512))


def test_a_preview_of_a_small_layer_is_the_whole_layer(keras_file):
    filters = plan.plan({"model": str(keras_file), "preprocessing": "unit", "weights": "model"}).filters

    assert filters == {"first": (0, 1, 2, 3), "second": (0, 1, 2, 3, 4, 5)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("all", tuple(range(64))),
        ("preview", (0, 9, 18, 27, 36, 45, 54, 63)),
        (5, (5,)),
        ("5", (5,)),
        ("9, 0-3 ,3", (0, 1, 2, 3, 9)),
        ("0-63", tuple(range(64))),
        ([9, 3, 3], (3, 9)),
    ],
)
def test_filters_may_be_said_in_every_way(given, expected):
    assert plan.plan({"filters": {"block1_conv1": given}}).filters == {"block1_conv1": expected}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (64, "filters: block1_conv1: block1_conv1 has no filter 64: its filters are 0 to 63"),
        ("0-64", "filters: block1_conv1: block1_conv1 has no filter 64"),
        ([0, 10**30], f"filters: block1_conv1: block1_conv1 has no filter {10**30}"),
        ("3-1", "filters: block1_conv1: the range '3-1' runs backwards; write 1-3"),
        ("1,,2", "filters: block1_conv1: '' is not a filter number or range; write for example 0-31,159"),
        ("1.5", "filters: block1_conv1: '1.5' is not a filter number"),
        ("1-2-3", "filters: block1_conv1: '1-2-3' is not"),
        ("١٢", "filters: block1_conv1: '١٢' is not a filter number"),
        ("-1", "filters: block1_conv1: '-1' is not"),
        ("al", "filters: block1_conv1: 'al' is not"),
    ],
)
def test_filters_that_are_not_there_are_named_with_their_layer(given, expected):
    assert refusal({"filters": {"block1_conv1": given}}).startswith(expected)


def test_what_cannot_be_published_is_not_read_for_the_site(tmp_path, monkeypatch):
    (tmp_path / "CNAME").write_text("example.org")
    assert plan.plan({"site": {"extra": str(tmp_path)}}).site["extra"] == str(tmp_path)

    monkeypatch.setattr(plan, "MOST_EXTRA", 1)
    (tmp_path / "more").write_text("")
    assert "more than 1 files; name a smaller folder" in refusal({"site": {"extra": str(tmp_path)}})

    (tmp_path / "more").unlink()
    os.mkfifo(tmp_path / "pipe")
    told = refusal({"site": {"extra": str(tmp_path)}})
    assert told == f"site.extra: {tmp_path}/pipe: not a file"

    (tmp_path / "pipe").unlink()
    (tmp_path / "link").symlink_to("CNAME")
    told = refusal({"site": {"extra": str(tmp_path)}})
    assert told.startswith(f"site.extra: {tmp_path}/link: a link, which is not published: remove it")


def test_layers_come_in_the_networks_order():
    atlas = plan.plan({"layers": ["block2_conv2", "block1_conv2"], "filters": "all"})

    assert list(atlas.filters) == list(atlas.canvas_px) == ["block1_conv2", "block2_conv2"]


def test_a_mapping_alone_chooses_the_layers():
    filters = plan.plan({"filters": {"block3_conv1": 159, "block1_conv1": 0}}).filters

    assert filters == {"block1_conv1": (0,), "block3_conv1": (159,)}
    assert list(filters) == ["block1_conv1", "block3_conv1"]


def test_layers_and_a_mapping_must_name_the_same():
    both = {"layers": ["block1_conv1", "block1_conv2"]}

    assert refusal(both | {"filters": {"block1_conv1": 1}}) == (
        "filters: block1_conv2 is one of layers, but the mapping does not say which of its filters"
    )
    assert refusal({"layers": ["block1_conv1"], "filters": {"block1_conv1": 1, "block1_conv2": 1}}) == (
        "filters: block1_conv2 is not one of layers; add it there, or leave it out here"
    )
    right = plan.plan(both | {"filters": {"block1_conv2": 2, "block1_conv1": 1}})
    assert right.filters == {"block1_conv1": (1,), "block1_conv2": (2,)}


@pytest.mark.parametrize("key", ["layers", "filters"])
def test_a_layer_that_is_not_there_suggests_the_nearest(key):
    given = ["block1_cnv1"] if key == "layers" else {"block1_cnv1": 1}

    assert refusal({key: given}).startswith(
        f"{key}: vgg16 has no convolutional layer 'block1_cnv1'; did you mean block1_conv1?"
    )


def test_automatic_canvases_grow_with_the_receptive_field_within_their_limits():
    atlas = plan.plan({"filters": "all"})
    sides = list(atlas.canvas_px.values())

    assert sides == sorted(sides)
    assert (sides[0], sides[-1]) == (plan.CANVAS_SMALLEST_PX, plan.CANVAS_LARGEST_PX)
    assert all(side % plan.CANVAS_MULTIPLE_PX == 0 for side in sides)
    for layer in atlas.network.layers:
        assert atlas.canvas_px[layer.name] >= layer.receptive_field_px


def test_a_fixed_size_holds_for_every_layer():
    assert set(plan.plan({"image_size": 100}).canvas_px.values()) == {100}


def test_a_size_that_is_too_small_names_the_layer_and_the_smallest():
    assert refusal({"image_size": 31}) == "image_size: 31 is too small for block5_conv1, which needs at least 32 pixels"
    assert plan.plan({"image_size": 32}).canvas_px["block5_conv3"] == 32
    assert plan.plan({"image_size": 8, "layers": ["block1_conv1"]}).canvas_px == {"block1_conv1": 8}


def test_a_size_from_the_command_line_has_the_same_bounds():
    network = catalogue.load("vgg16")

    assert plan.resolve_canvas(network, "block1_conv1", "100") == 100
    for size in ("big", "2049", "9" * 30, "-64", "7"):
        with pytest.raises(UserError, match="image_size: "):
            plan.resolve_canvas(network, "block1_conv1", size)


def of_layers(network, **settings):
    """Return a network whose layers take images of certain sizes alone."""
    layers = tuple(dataclasses.replace(layer, **settings) for layer in network.layers)
    return dataclasses.replace(network, catalogue=dataclasses.replace(network.catalogue, layers=layers))


def test_a_layer_that_takes_images_of_one_size_alone_has_pictures_of_that_size():
    network = of_layers(catalogue.load("vgg16"), only_canvas_px=45, smallest_canvas_px=45, canvas_multiple_px=45)

    assert plan.resolve_canvas(network, "block1_conv1", "auto") == 45
    assert plan.resolve_canvas(network, "block1_conv1", 45) == 45
    with pytest.raises(UserError, match="block1_conv1 has a map on images of 45 pixels alone, not of 90; say 45"):
        plan.resolve_canvas(network, "block1_conv1", 90)


def test_a_layer_that_takes_multiples_has_pictures_of_such_a_size():
    network = of_layers(catalogue.load("vgg16"), smallest_canvas_px=64, canvas_multiple_px=64)

    assert plan.resolve_canvas(network, "block1_conv1", "auto") == 192
    assert plan.resolve_canvas(network, "block1_conv1", 192) == 192
    with pytest.raises(UserError, match="takes multiples of 64 pixels, not 100; say 128"):
        plan.resolve_canvas(network, "block1_conv1", 100)


@pytest.mark.parametrize("size", ["auto", 224])
@pytest.mark.parametrize("model", ["vgg16", "efficientnet-lite0"])
def test_no_canvas_that_is_as_large_as_the_automatic_one_is_warned_of(model, size):
    assert plan.small_canvases(plan.plan({"model": model, "image_size": size})) == ""


def test_canvases_smaller_than_what_a_unit_makes_use_of_are_warned_of_in_one_line():
    assert plan.small_canvases(plan.plan({"image_size": 64})) == (
        "image_size: 64 pixels are fewer than a unit makes use of in 5 of 13 layers (up to 196, in block5_conv3): "
        "pictures there cannot show all that their filters look for; auto suits each layer"
    )
    assert plan.small_canvases(plan.plan({"image_size": 64, "layers": ["block1_conv1"]})) == ""


def test_single_settings_override_the_rest():
    atlas = plan.plan({"recipe": {"base": "classic", "steps": 7}, "site": {"title": "Mine"}, "seed": 4})

    assert {each.steps for each in atlas.recipes.values()} == {7}
    assert {each.parameterisation for each in atlas.recipes.values()} == {"pixels"}
    assert atlas.site == schema.defaults(FORM["properties"]["site"]) | {"title": "Mine"}
    assert atlas.seed == 4


def test_each_layer_has_the_recipe_that_suits_what_was_measured_of_it():
    atlas = plan.plan({"model": "efficientnet-lite0", "image_size": 200})

    for layer in atlas.network.layers:
        expected = recipe.resolve(
            "default", field_px=layer.used_field_px, canvas_px=200, depth=layer.depth, grain=layer.gradient_grain
        )
        assert atlas.recipes[layer.name] == expected


def test_vgg16_keeps_the_recipes_that_its_finished_pictures_were_made_by():
    atlas, exact = plan.plan({}), plan.plan({"recipe": "exact"})

    canvases, recipes = list(atlas.canvas_px.values()), list(atlas.recipes.values())
    assert canvases == [160] * 10 + [208, 224, 224]
    assert [each.steps for each in recipes] == [80, 80, 66, 56, 43, 37, 33, 27, 24, 22, 18, 16, 16]
    assert [each.copied_steps for each in recipes] == [60, 60, 50, 42, 32, 28, 25, 20, 18, 16, 14, 12, 12]
    assert [each.jitter_px for each in recipes] == [160] * 9 + [136, 152, 120, 56]
    assert {(each.decay, each.contrast_limit, each.scale, each.rotation_degrees) for each in recipes} == {(1, 2, 0, 0)}
    assert [each.steps for each in exact.recipes.values()] == [80, 80, 75, 63, 48, 42, 37, 30, 27, 25, 21, 18, 17]


def test_a_deep_network_of_large_fields_gets_canvases_and_steps_by_what_it_makes_use_of():
    atlas = plan.plan({"model": "efficientnet-lite0"})

    # They see 115, 275 and 851 pixels, and make use of 72, 152 and 366.
    layers = ("block4c_expand", "block5c_expand", "head_conv")
    assert [atlas.canvas_px[layer] for layer in layers] == [160, 224, 224]
    assert [atlas.recipes[layer].steps for layer in layers] == [28, 39, 61]


@pytest.mark.parametrize(
    "address", ["https://example.org/?v=1", "https:///x", "http://:8000/", "https://me:x@example.org"]
)
def test_an_address_that_would_make_wrong_links_is_refused_before_any_work(address):
    text = refusal({"site": {"base_url": address}})

    assert text.startswith("site.base_url: it ")
    assert text.endswith("; write an address like https://example.org/atlas/")


@pytest.mark.parametrize("key", ["title", "author", "description", "licence"])
@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\ud800", "\ufffe", "\ufdd0", "\u202e"])
def test_a_character_that_no_page_can_hold_is_refused_before_any_work(key, character):
    assert refusal({"site": {key: f"An {character} atlas"}}) == (
        f"site.{key}: the character U+{ord(character):04X} has no place in a page; remove it"
    )


def test_texts_of_the_site_may_have_every_script_and_are_put_on_one_line():
    said = {"description": "Two\nlines,\ta tab", "title": "滤波器 –\u2028Ünïcode 🎉 <&>\n", "author": "O'Neill"}

    site = plan.plan({"site": said}).site

    assert (site["description"], site["title"]) == ("Two lines, a tab", "滤波器 – Ünïcode 🎉 <&>")
    assert site["author"] == "O'Neill"


def test_a_source_that_no_page_can_link_to_is_refused_before_any_work():
    assert refusal({"site": {"source": "https://example.org/?v=1"}}).startswith("site.source: it has a query")


def test_all_that_is_wrong_is_said_at_once_a_line_each():
    wrong = {
        "weights": "mine.h5",
        "filters": {"block1_conv1": "0-64", "block1_conv2": "99"},
        "site": {"base_url": "example.org", "title": "\x01"},
    }

    lines = [line.partition(": it ")[0].partition(" in /")[0] for line in refusal(wrong).splitlines()]

    assert lines == [
        "filters: block1_conv1: block1_conv1 has no filter 64: its filters are 0 to 63",
        "filters: block1_conv2: block1_conv2 has no filter 99: its filters are 0 to 63",
        "weights: mine.h5: no such file",
        "site.base_url",
        "site.title: the character U+0001 has no place in a page; remove it",
    ]


def test_all_layers_that_there_are_none_of_are_named():
    wrong = {"layers": ["block1_conv9", "block1_conv1", "blok2_conv1"]}

    assert [line.partition(" no ")[0] for line in refusal(wrong).splitlines()] == ["layers: vgg16 has"] * 2


def test_a_model_that_is_not_there_is_named():
    assert refusal({"model": "vg16"}).startswith("model: unknown model 'vg16'; did you mean vgg16?")


@pytest.mark.parametrize("key", ["model", "weights"])
def test_a_relative_path_that_leads_nowhere_is_told_where_it_began(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    text = refusal({key: "mine/net.keras", "preprocessing": "unit"})

    assert text.startswith(f"{key}: mine/net.keras: no such file in {tmp_path}, where relative paths begin")


@pytest.mark.parametrize("key", ["model", "weights"])
@pytest.mark.parametrize("path", ["/nowhere/x", "x" * 5000, "a\0b", "\udcff", "~/x"])
def test_no_text_whatever_is_more_than_a_path_that_leads_nowhere(key, path):
    assert ": no such file" in refusal({key: path + ".keras", "preprocessing": "unit"})


@pytest.mark.parametrize("key", ["model", "weights"])
@pytest.mark.parametrize("target", [".", "/dev/zero"])
def test_what_is_there_and_no_file_is_not_called_missing(key, target, tmp_path):
    path = tmp_path / "other.keras"
    path.symlink_to(target)

    assert refusal({key: str(path), "preprocessing": "unit"}).startswith(
        f"{key}: {path}: a folder or a device, not a regular file"
    )


@pytest.mark.parametrize("key", ["model", "weights"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty: copy or download it again"), (b"<html>", "a web page, not the file itself"), (2000, "cut off: ")],
)
def test_a_file_that_is_not_all_there_or_something_else_is_told_before_any_work(
    key, content, message, keras_file, tmp_path
):
    path = tmp_path / "other.keras"
    path.write_bytes(keras_file.read_bytes()[:content] if isinstance(content, int) else content)
    given = {"model": str(keras_file), "preprocessing": "unit", "weights": "model"} | {key: str(path)}

    text = refusal(given)

    assert text.startswith(f"{key}: {path}: ")
    assert message in text


@pytest.mark.parametrize("key", ["model", "weights"])
def test_a_path_that_snakemake_would_take_for_a_pattern_is_refused(key, keras_file, tmp_path):
    path = tmp_path / "my{net}.keras"
    path.symlink_to(keras_file)
    given = {"model": str(keras_file), "preprocessing": "unit", "weights": "model"}

    assert refusal(given | {key: str(path)}) == (
        f"{key}: {path}: Snakemake would put something else for {{net}}; rename it without"
    )


def test_a_configuration_is_left_as_it_was():
    given = {"filters": {"block1_conv1": [3, 1]}, "recipe": {"base": "classic"}}

    plan.plan(given)

    assert given == {"filters": {"block1_conv1": [3, 1]}, "recipe": {"base": "classic"}}


@pytest.mark.hostile("configurations")
@examples(300)
@given(PATHS, HOSTILE)
def test_a_hostile_value_gives_a_sound_plan_or_the_users_mistake(path, value):
    try:
        atlas = plan.plan(within(path, value))
    except UserError:
        return
    assert all(type(number) is int for numbers in atlas.filters.values() for number in numbers)
    assert all(type(side) is int for side in atlas.canvas_px.values())
    assert type(atlas.seed) is int


def test_numbers_inside_a_mapping_may_come_as_text_as_from_snakemakes_command_line():
    said = {"recipe": {"steps": "16", "leak": "0.5", "stretch": "true"}, "filters": {"block1_conv1": ["3", "1"]}}

    atlas = plan.plan(said)

    recipe = atlas.recipes["block1_conv1"]
    assert (recipe.steps, recipe.leak, recipe.stretch) == (16, 0.5, True)
    assert atlas.filters == {"block1_conv1": (1, 3)}


@pytest.mark.parametrize(("text", "value"), [("1e2", 100.0), ("1.5E-2", 0.015), ("1e+2", 100.0)])
def test_a_number_whose_exponent_yaml_takes_for_text_is_a_number(text, value):
    atlas = plan.plan({"recipe": {"learning_rate": text}})

    assert {each.learning_rate for each in atlas.recipes.values()} == {value}


def test_the_title_follows_the_model_unless_it_is_said(keras_file):
    own = {"model": str(keras_file), "preprocessing": "unit", "weights": "model"}

    assert plan.plan(own).site["title"] == f"What the filters of {keras_file.stem} look for"
    assert plan.plan({**own, "site": {"title": "Mine"}}).site["title"] == "Mine"


def test_the_title_says_what_the_objective_makes_of_the_pictures():
    against = plan.plan({"recipe": {"objective": "negative_channel"}})

    assert against.site["title"] == "What the filters of VGG16 are against"


@pytest.mark.parametrize(
    ("model", "weights", "expected"),
    [
        ("own", "imagenet", "weights: imagenet is known for named networks only"),
        ("vgg16", "model", "weights: `model` is for a file of a model; for vgg16 say imagenet"),
    ],
)
def test_weights_that_there_cannot_be_are_refused_before_any_work(keras_file, model, weights, expected):
    model = str(keras_file) if model == "own" else model

    assert refusal({"model": model, "preprocessing": "unit", "weights": weights}).startswith(expected)


def test_a_plan_knows_what_is_in_the_files_that_it_names(keras_file):
    digest = hashlib.sha256(keras_file.read_bytes()).hexdigest()

    of_model = plan.plan({"model": str(keras_file), "preprocessing": "unit", "weights": "model"})
    of_both = plan.plan({"model": str(keras_file), "preprocessing": "unit", "weights": str(keras_file)})

    assert plan.plan({}).contents == {}
    assert of_model.contents == {"model": digest}
    assert of_both.contents == {"model": digest, "weights": digest}


def a_folder(path, *names: str):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    return str(path)


def test_the_samples_are_shown_unless_something_else_is_said(tmp_path):
    assert plan.plan({}).photographs == plan.Photographs(
        folder=None, count=plan.SAMPLES, shares=1, state="", credits=""
    )
    assert plan.plan({"photographs": "none"}).photographs is None
    shown = plan.plan({"photographs": a_folder(tmp_path / "pictures", "a.jpg", "b/c.PNG", "notes.txt")}).photographs
    assert (shown.folder, shown.count, shown.shares) == (str(tmp_path / "pictures"), 2, 1)


@pytest.mark.parametrize(
    ("filters", "precision", "expected"),
    [("0", "bfloat16", "bfloat16"), ("0-1", "bfloat16", "float32"), ("0", "auto", "auto"), ("0", "float32", "float32")],
)
def test_where_most_photographs_would_be_looked_at_again_they_are_looked_at_in_float32(filters, precision, expected):
    # Nine photographs of each filter, of the 12 samples.
    asked = plan.plan({"filters": {"block1_conv1": filters}, "precision": precision})

    assert plan.scan_precision(asked) == expected


@pytest.mark.parametrize(("channels", "is_shown"), [(1, True), (3, True), (5, False)])
def test_a_network_is_shown_photographs_where_these_can_be_its_images(functional, channels, is_shown):
    _, network = functional(lambda x, layers: layers.Conv2D(2, 3, name="a")(x), channels=channels)
    asked = {"model": network.model, "preprocessing": "unit", "weights": "model", "filters": "all"}

    assert (plan.plan(asked).photographs is not None) is is_shown


def test_many_photographs_are_shared_out_among_a_bounded_number_of_jobs(tmp_path, monkeypatch):
    folder = a_folder(tmp_path, *(f"{number}.jpg" for number in range(9)))
    monkeypatch.setattr(plan, "PHOTOGRAPHS_A_SHARE", 4)
    assert plan.plan({"photographs": folder}).photographs.shares == 3
    monkeypatch.setattr(plan, "MOST_SHARES", 2)
    assert plan.plan({"photographs": folder}).photographs.shares == 2


def test_one_photograph_more_is_one_share_more_at_most():
    shares = [plan.shares(count) for count in range(1, 40_000)]

    assert shares[0] == 1
    assert {after - before for before, after in itertools.pairwise(shares)} == {0, 1}
    assert shares[-1] == plan.MOST_SHARES


def test_the_state_of_a_folder_changes_with_its_photographs_and_that_of_its_credits_with_these(tmp_path):
    folder = a_folder(tmp_path, "a.jpg", "b.jpg")

    def state() -> str:
        return plan.plan({"photographs": folder}).photographs.state

    def credits() -> str:
        return plan.plan({"photographs": folder}).photographs.credits

    states, first = [state()], credits()
    (tmp_path / "notes.txt").write_text("x")
    assert state() == states[0]
    (tmp_path / "c.jpg").touch()
    states.append(state())
    (tmp_path / "a.jpg").write_text("longer than it was")
    states.append(state())
    assert credits() == first
    (tmp_path / "credits.csv").write_text("file\n")
    assert (state(), credits() != first) == (states[-1], True)
    (tmp_path / "b.jpg").rename(tmp_path / "d.jpg")
    states.append(state())
    assert len(set(states)) == len(states) == 4


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("sample", "photographs: sample: no such folder in {cwd}, where relative paths begin; say samples, none, or "
         "the path of a folder; did you mean samples?"),
        ("/nowhere", "photographs: /nowhere: no such folder; say samples, none, or the path of a folder"),
        ("a\0b", "photographs: a\0b: no such folder in {cwd}, where"),
        ("a.jpg", "photographs: a.jpg: not a folder; say samples, none, or the path of a folder"),
        ("empty", "photographs: empty: no photograph in it: no file that ends in .jpg"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_shown_is_named(tmp_path, monkeypatch, value, message):
    monkeypatch.chdir(tmp_path)
    a_folder(tmp_path, "a.jpg", "empty/notes.txt")

    assert refusal({"photographs": value}).startswith(message.format(cwd=tmp_path))


def test_a_missing_folder_is_not_taken_for_a_misspelt_none():
    assert "did you mean" not in refusal({"photographs": "nope"})


def test_somebodys_whole_disk_is_not_gone_through(tmp_path, monkeypatch):
    a_folder(tmp_path, "a/a.jpg", "b/b.jpg", "c/c.jpg")
    monkeypatch.setattr(originals, "MOST_ENTRIES", 5)

    assert refusal({"photographs": str(tmp_path)}) == (
        f"photographs: {tmp_path}: more than 5 files; name a folder of photographs alone"
    )


@pytest.mark.parametrize("key", ["publish_patches", "originals"])
@pytest.mark.parametrize("value", [True, False])
def test_patches_and_originals_are_published_or_not(key, value):
    assert plan.plan({"site": {key: value}}).site[key] is value
    assert plan.plan({"site": {key: str(value).lower()}}).site[key] is value
    assert plan.plan({}).site[key] is True


def test_highlights_are_filters_of_the_atlas_in_any_order():
    chosen = ["block4_conv1/243", "block1_conv1/0", "block2_conv2/077"]
    assert plan.plan({"site": {"highlights": chosen}}).site["highlights"] == chosen
    assert plan.plan({}).site["highlights"] == []


@pytest.mark.parametrize(
    ("highlight", "message"),
    [
        ("block4_conv9/243", "block4_conv9/243: vgg16 has no convolutional layer 'block4_conv9'; did you mean"),
        ("block4_conv1/512", "block4_conv1/512: block4_conv1 has no filter 512: its filters are 0 to 511"),
        ("block4_conv1/244", "block4_conv1/244: it is not in this atlas (the nearest that is: block4_conv1/243); add"),
        ("block3_conv1/159", "block3_conv1/159: it is not in this atlas; add it to filters, or leave it out here"),
        ("block4_conv1", "block4_conv1 does not look right: it should be like block4_conv1/243"),
        ("/3", "/3 does not look right"),
    ],
)
def test_a_highlight_that_is_not_in_the_atlas_is_named(highlight, message):
    said = refusal({"layers": ["block4_conv1"], "site": {"highlights": [highlight]}})

    assert said.startswith("site.highlights")
    assert message in said
