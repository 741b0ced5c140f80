import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import record as records
from pipeline import renderer
from pipeline.ascent import recipe as recipes
from pipeline.errors import UserError
from pipeline.request import RenderRequest

CANVAS_PX = 32
STEPS = 16


@pytest.fixture
def request_for(tiny_network, tiny_weights_file, tmp_path):
    """Return a function that gives a small request, with changes to it and to its recipe."""

    def make(specification=None, **changes) -> RenderRequest:
        recipe = recipes.resolve(
            {"steps": STEPS, "snapshots": [0, 2]} if specification is None else specification,
            receptive_field_px=8,
            canvas_px=CANVAS_PX,
        )
        fields = {
            "network": tiny_network, "weights": tiny_weights_file, "layer": "l2", "filter": 1, "canvas_px": CANVAS_PX,
            "seed": 0, "precision": "float32", "recipe": recipe, "image": tmp_path / "out" / "x.png",
        }  # fmt: skip
        return RenderRequest(**{**fields, **changes})

    return make


def rendered(request: RenderRequest) -> tuple[np.ndarray, dict]:
    renderer.render(request)
    with Image.open(request.image) as picture:
        pixels, text = np.asarray(picture), picture.text[records.TEXT_CHUNK]
    value = json.loads(request.image.with_suffix(".json").read_text())
    assert json.loads(text) == value
    return pixels, value


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_render_leaves_a_picture_its_record_and_its_snapshots(request_for):
    request = request_for()

    pixels, value = rendered(request)

    assert names(request.image.parent) == ["x.json", "x.png", "x.snapshots.webp"]
    assert pixels.shape == (CANVAS_PX, CANVAS_PX, 3)
    assert value["image_sha256"] == records.image_digest(pixels)
    assert (value["model"], value["layer"], value["filter"], value["seed"]) == ("tiny", "l2", 1, 0)
    assert (value["receptive_field_px"], value["stride_px"], value["canvas_px"]) == (8, 2, CANVAS_PX)
    assert value["recipe"] == request.recipe.to_json()
    with Image.open(request.image.with_suffix(".snapshots.webp")) as strip:
        assert strip.width == len(value["snapshot_steps"]) * strip.height


def test_the_record_has_the_activation_at_every_step_and_it_rises(request_for):
    _, value = rendered(request_for())

    assert value["snapshot_steps"] == [0, 2, STEPS]
    assert len(value["activations"]) == STEPS + 1
    assert value["last_activation"] == value["activations"][-1] > value["activations"][0]


def test_the_record_is_that_of_the_picture_within_its_8_bits(request_for, tiny_network, tiny_tensors):
    from pipeline.forward import mean_activations

    pixels, value = rendered(request_for())

    measured = mean_activations(tiny_network, tiny_tensors, "l2", pixels[None])[0, 1]
    assert measured == pytest.approx(value["last_activation"], rel=0.02)


def test_the_same_request_gives_the_same_bytes_after_others(request_for, tmp_path):
    first = request_for()
    renderer.render(first)
    renderer.render(request_for(filter=1, image=tmp_path / "other.png"))
    again = request_for(image=tmp_path / "again" / "x.png")

    renderer.render(again)

    for name in names(first.image.parent):
        assert (again.image.parent / name).read_bytes() == (first.image.parent / name).read_bytes()


@pytest.mark.parametrize("change", [{"seed": 1}, {"filter": 2}, {"layer": "l0"}])
def test_another_request_gives_another_picture(request_for, tmp_path, change):
    one, _ = rendered(request_for())
    other, value = rendered(request_for(**change, image=tmp_path / "other.png"))

    assert not np.array_equal(one, other)
    assert all(value[key] == wanted for key, wanted in change.items())


def test_both_precisions_say_which_they_are_and_look_alike(request_for, tmp_path):
    # Few steps, and not the same picture: Adam makes a full step of the smallest slope, whose sign rounding may flip.
    short = {"steps": 4, "learning_rate": 0.02}
    exact, exact_record = rendered(request_for(short))
    rounded, rounded_record = rendered(request_for(short, precision="bfloat16", image=tmp_path / "b.png"))

    assert (exact_record["precision"], rounded_record["precision"]) == ("float32", "bfloat16")
    assert not np.array_equal(exact, rounded)
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.7
    assert rounded_record["last_activation"] == pytest.approx(exact_record["last_activation"], rel=0.1)


def test_the_classic_recipe_passes_by_the_networks_preprocessing(request_for, tiny_network, tmp_path):
    shifted = dataclasses.replace(tiny_network, preprocessing="caffe")
    plain, _ = rendered(request_for({"base": "classic", "steps": 3}))
    other, _ = rendered(request_for({"base": "classic", "steps": 3}, network=shifted, image=tmp_path / "c.png"))

    np.testing.assert_array_equal(plain, other)
    assert (plain.min(), plain.max()) == (0, 255)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_that_are_not_numbers_are_a_mistake_and_leave_no_file(request_for, sequential, tmp_path):
    from pipeline import weights

    # An activation without bound, pixels without bound: each step multiplies the last.
    network = sequential(
        ("Conv2D", {"filters": 1, "kernel_size": [1, 1]}),
        ("Conv2D", {"filters": 1, "kernel_size": [1, 1]}),
    )
    tensors = {name: np.full(shape, 1e19, np.float32) for name, shape in network.parameters.items()}
    path = tmp_path / "huge.npz"
    weights.save(path, weights.Weights(tensors, weights.digest(tensors, tensors), "a test"))
    specification = {"base": "classic", "learning_rate": 1000.0, "steps": 5}

    with pytest.raises(UserError, match=r"l1/0: the ascent ended in values that are not numbers; lower .*\(1000\.0\)"):
        renderer.render(request_for(specification, network=network, weights=path, layer="l1", filter=0))

    assert names(tmp_path) == ["huge.npz"]


def test_weights_of_another_network_are_refused(request_for, keras_weights_file):
    with pytest.raises(UserError, match=r"weights\.npz: not the weights of tiny"):
        renderer.render(request_for(weights=keras_weights_file))


def test_progress_is_told_at_every_snapshot(request_for):
    told: list[int] = []

    renderer.render(request_for(), told.append)

    assert told == [0, 2, STEPS]


def test_eight_bits_are_the_nearest_and_cut_at_black_and_white():
    image = np.array([[[0.0, 1.0, 0.5], [-3.0, 7.0, 0.2]]], np.float32)

    assert renderer.to_8_bit(image, stretch=False).tolist() == [[[0, 255, 128], [0, 255, 51]]]


def test_stretching_uses_the_pictures_own_range():
    image = np.array([[[-2.0, 0.0, 2.0]]], np.float32)

    assert renderer.to_8_bit(image, stretch=True).tolist() == [[[0, 128, 255]]]
    assert renderer.to_8_bit(np.ones((1, 1, 3), np.float32), stretch=True).tolist() == [[[0, 0, 0]]]
