import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import images
from pipeline.ascent import recipe as recipes
from pipeline.ascent.parameterisation import Fourier
from pipeline.errors import UserError
from pipeline.render import renderer
from pipeline.render.request import RenderRequest
from pipeline.results import layout, record

CANVAS_PX = 32
STEPS = 16


@pytest.fixture
def request_for(tiny_network, tiny_weights_file, tmp_path):
    """Return a function that gives a small request, with changes to it and to its recipe."""

    def make(specification=None, **changes) -> RenderRequest:
        recipe = recipes.resolve(
            {"steps": STEPS, "snapshots": [0, 2]} if specification is None else specification,
            field_px=8,
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
        pixels, text = np.asarray(picture), picture.text[record.TEXT_CHUNK]
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
    assert value["image_sha256"] == record.image_digest(pixels)
    assert (value["model"], value["layer"], value["filter"], value["seed"]) == ("tiny", "l2", 1, 0)
    assert (value["receptive_field_px"], value["stride_px"], value["canvas_px"]) == (8, 2, CANVAS_PX)
    assert value["recipe"] == request.recipe.to_json()
    with Image.open(request.image.with_suffix(".snapshots.webp")) as strip:
        assert strip.width == len(value["snapshot_steps"]) * strip.height


def test_what_a_worker_that_was_killed_has_left_of_it_is_gone(request_for):
    request = request_for()
    request.image.parent.mkdir(parents=True, exist_ok=True)
    for path in (request.image, request.image.with_suffix(".json"), request.image.with_suffix(".snapshots.webp")):
        path.with_name(f".tmp-00000000-{path.name}").write_text("half")

    rendered(request)

    assert not [name for name in names(request.image.parent) if name.startswith(".tmp-")]


@pytest.mark.parametrize(("copy_rank", "expected"), [(0.5, 12), (0.0, None)])
def test_the_record_says_how_many_steps_were_climbed_on_a_copy(
    request_for, sequential, random_tensors, tmp_path, copy_rank, expected
):
    from pipeline.weights import store

    network = sequential(
        ("Conv2D", {"filters": 16, "kernel_size": [3, 3], "activation": "relu"}),
        ("Conv2D", {"filters": 16, "kernel_size": [3, 3], "activation": "relu"}),
        ("Conv2D", {"filters": 2, "kernel_size": [3, 3]}),
    )
    weights = tmp_path / "wide.npz"
    tensors = random_tensors(network)
    store.save(weights, store.Weights(tensors, store.digest(tensors, tensors), "a test"))
    settings = {"steps": STEPS, "snapshots": [], "copy_rank": copy_rank}

    _, value = rendered(request_for(settings, network=network, weights=weights))

    assert value.get("copied_steps") == expected
    assert len(value["activations"]) == STEPS + 1


def test_the_record_has_the_activation_at_every_step_and_it_rises(request_for):
    _, value = rendered(request_for())

    assert value["snapshot_steps"] == [0, 2, STEPS]
    assert len(value["activations"]) == STEPS + 1
    assert value["last_activation"] == value["activations"][-1] > value["activations"][0]


def test_the_record_is_that_of_the_picture_within_its_8_bits(request_for, tiny_network, tiny_tensors):
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of

    pixels, value = rendered(request_for())

    judge = Judge(tiny_network, graph_of(tiny_network, tiny_tensors), "l2", CANVAS_PX)
    measured = judge.to_pictures(pixels[None])[0, 1]
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
    from pipeline.weights import store

    # An activation without bound, pixels without bound: each step multiplies the last.
    network = sequential(
        ("Conv2D", {"filters": 1, "kernel_size": [1, 1]}),
        ("Conv2D", {"filters": 1, "kernel_size": [1, 1]}),
    )
    tensors = {name: np.full(shape, 1e19, np.float32) for name, shape in network.parameters.items()}
    path = tmp_path / "huge.npz"
    store.save(path, store.Weights(tensors, store.digest(tensors, tensors), "a test"))
    specification = {"base": "classic", "learning_rate": 1000.0, "steps": 5}

    with pytest.raises(UserError, match=r"l1/0: the ascent ended in values that are not numbers; lower .*\(1000\.0\)"):
        renderer.render(request_for(specification, network=network, weights=path, layer="l1", filter=0))

    assert names(tmp_path) == ["huge.npz"]


def test_weights_of_another_network_are_refused(request_for, keras_weights_file):
    with pytest.raises(UserError, match=r"weights\.npz: not the weights of tiny"):
        renderer.render(request_for(weights=keras_weights_file))


def flat_network(sequential, tmp_path, *, biases: list[float]):
    """Return a network of one layer whose filters sum up brightness, less a bias, and its weights file."""
    from pipeline.weights import store

    network = sequential(("Conv2D", {"filters": len(biases), "kernel_size": [3, 3], "activation": "relu"}))
    kernel = np.full((3, 3, 3, len(biases)), 1 / 27, np.float32)
    tensors = {"l0/kernel": kernel, "l0/bias": np.array(biases, np.float32)}
    path = tmp_path / "flat.npz"
    store.save(path, store.Weights(tensors, store.digest(tensors, tensors), "a test"))
    return {"network": network, "weights": path, "layer": "l0", "filter": 0}


def test_a_living_filter_takes_one_attempt(request_for):
    _, value = rendered(request_for())

    assert value["attempts"] == 1
    assert value["last_activation"] >= 2 * value["noise_activation"] > 0


def test_the_noise_of_the_record_is_that_of_the_summary(request_for, tiny_network, tiny_tensors):
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of
    from pipeline.measure.noise import colour_noise, floored

    _, value = rendered(request_for())

    noise = Judge(tiny_network, graph_of(tiny_network, tiny_tensors), "l2", CANVAS_PX).to_noise(colour_noise(CANVAS_PX))
    assert value["noise_activation"] == floored(noise)[1]


def test_a_dead_filter_is_tried_to_the_limit_and_kept_as_failing(request_for, sequential, tmp_path):
    # Brightness is at most 1: with this bias no picture excites the filter.
    dead = flat_network(sequential, tmp_path, biases=[-2.0, 0.0])

    pixels, value = rendered(request_for({"steps": 4, "attempts": 3}, **dead))

    assert (value["attempts"], value["seed"]) == (3, 0)
    assert value["last_activation"] == 0 < value["noise_activation"]
    assert value["image_sha256"] == record.image_digest(pixels)


def test_a_filter_that_lives_from_another_start_is_tried_again(request_for, sequential, tmp_path, monkeypatch):
    silent = flat_network(sequential, tmp_path, biases=[-0.35, -0.4])
    start = Fourier.start

    def bad_first_start(self, random):
        parameters = start(self, random)
        starts.append(parameters)
        # Black, from where so few steps lead nowhere.
        return np.where(np.arange(3)[:, None, None] == 0, -9, parameters) if len(starts) == 1 else parameters

    starts: list[np.ndarray] = []
    monkeypatch.setattr(Fourier, "start", bad_first_start)
    request = request_for({"steps": 4, "learning_rate": 0.2}, **silent)
    told: list[int] = []

    renderer.render(request, told.append)

    value = json.loads(request.image.with_suffix(".json").read_text())
    assert (value["attempts"], value["seed"]) == (2, 0)
    assert value["last_activation"] >= 2 * value["noise_activation"]
    assert told == [0, 1, 2, 4] * 2
    np.testing.assert_array_equal(
        starts[0], start(Fourier(32, decay=1, contrast=0.01, contrast_limit=2), request.random())
    )
    assert not np.array_equal(starts[0], starts[1])


def test_of_failing_attempts_the_best_is_kept(request_for, monkeypatch):
    def climb_all(requests, ascent, attempt, progress):
        shades.append(attempt)
        image = np.full((CANVAS_PX, CANVAS_PX, 3), attempt, np.uint8)
        return [renderer.Climb(dict.fromkeys(range(3), image), (0.0, 0.0, (1e-6, 3e-6, 2e-6)[attempt]))]

    shades: list[int] = []
    monkeypatch.setattr(renderer, "_climb_all", climb_all)

    pixels, value = rendered(request_for({"steps": 2, "snapshots": [0, 1]}))

    assert shades == [0, 1, 2]
    assert value["attempts"] == 3
    assert value["last_activation"] == 3e-6
    assert pixels.max() == pixels.min() == 1


@pytest.mark.parametrize("settings", [{"objective": "negative_channel"}, {"base": "classic", "steps": 2}])
def test_what_is_not_held_against_noise_is_rendered_once(request_for, sequential, tmp_path, settings):
    dead = flat_network(sequential, tmp_path, biases=[-2.0, 0.0])

    _, value = rendered(request_for({"steps": 2, **settings}, **dead))

    assert value["attempts"] == 1


def written(requests: list[RenderRequest]) -> list[dict[str, bytes]]:
    """Return the files of each request."""
    return [
        {path.name: path.read_bytes() for path in request.image.parent.iterdir() if path.stem.startswith("x")}
        for request in requests
    ]


def render_together(requests: list[RenderRequest]) -> None:
    for result in renderer.climb(requests):
        renderer.write(result)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_filters_rendered_together_give_the_bytes_of_each_alone(request_for, tmp_path, precision):
    changes = [{"filter": 3}, {"filter": 0}, {"filter": 3, "seed": 5}]
    one, together = (
        [
            request_for(**change, precision=precision, image=tmp_path / way / str(number) / "x.png")
            for number, change in enumerate(changes)
        ]
        for way in ("alone", "together")
    )

    for request in one:
        renderer.render(request)
    render_together(together)

    assert [len(each) for each in written(together)] == [3, 3, 3]
    assert written(together) == written(one)


def test_only_filters_that_do_not_stand_out_are_tried_again(request_for, sequential, tmp_path, monkeypatch):
    def run_all(self, filters, randoms, stops):
        tried.append(list(filters))
        return straight(self, filters, randoms, stops)

    # Brightness is at most 1: no picture excites filters 0 and 2.
    some = flat_network(sequential, tmp_path, biases=[-2.0, -0.4, -2.0, -0.4])
    one, together = (
        [
            request_for(
                {"steps": 8, "learning_rate": 0.3, "attempts": 2},
                **some | {"filter": filter},
                image=tmp_path / f"{way}{filter}/x.png",
            )
            for filter in range(4)
        ]
        for way in ("alone", "together")
    )
    for request in one:
        renderer.render(request)
    tried: list[list[int]] = []
    straight = renderer.Ascent.run_all
    monkeypatch.setattr(renderer.Ascent, "run_all", run_all)

    render_together(together)

    assert tried == [[0, 1, 2, 3], [0, 2]]
    assert written(together) == written(one)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_filter_that_diverges_takes_no_other_with_it(request_for, tmp_path, monkeypatch):
    def start_of_nothing(self, random):
        starts.append(start(self, random))
        return starts[-1] * (np.nan if len(starts) == 2 else 1)

    requests = [request_for(filter=filter, image=tmp_path / str(filter) / "x.png") for filter in range(3)]
    starts: list[np.ndarray] = []
    start = Fourier.start
    monkeypatch.setattr(Fourier, "start", start_of_nothing)

    first, diverged, third = renderer.climb(requests)
    renderer.write(first)
    renderer.write(third)
    with pytest.raises(UserError, match="l2/1: the ascent ended in values that are not numbers"):
        renderer.write(diverged)

    # No other start helps where the rate is too high.
    assert len(starts) == 3
    assert names(tmp_path) == ["0", "2"]


def test_animations_of_a_batch_have_each_their_own_frames(request_for, tmp_path):
    every = request_for(filter=0, animation=tmp_path / "every.webp", image=tmp_path / "0" / "x.png")
    fifth = request_for(filter=2, animation=tmp_path / "fifth.webp", animation_every=5, image=tmp_path / "2" / "x.png")

    render_together([every, fifth])

    frames = {}
    for request in (every, fifth):
        with Image.open(request.animation) as picture:
            frames[request.animation.name] = picture.n_frames
    assert frames == {"every.webp": STEPS + 1, "fifth.webp": 5}


def test_progress_is_told_at_every_snapshot(request_for):
    told: list[int] = []

    renderer.render(request_for(), told.append)

    assert told == [0, 2, STEPS]


@pytest.mark.parametrize(("ending", "every", "frames"), [(".webp", 1, STEPS + 1), (".gif", 5, 5)])
def test_an_animation_has_a_frame_for_each_step_and_leaves_the_other_files_alone(
    request_for, tmp_path, ending, every, frames
):
    plain = request_for()
    renderer.render(plain)
    animated = request_for(
        image=tmp_path / "animated" / "x.png", animation=tmp_path / f"moving{ending}", animation_every=every
    )

    renderer.render(animated)

    for name in names(plain.image.parent):
        assert (animated.image.parent / name).read_bytes() == (plain.image.parent / name).read_bytes()
    with Image.open(animated.animation) as picture:
        assert (picture.n_frames, picture.size) == (frames, (CANVAS_PX, CANVAS_PX))


def test_eight_bits_are_the_nearest_and_cut_at_black_and_white():
    image = np.array([[[0.0, 1.0, 0.5], [-3.0, 7.0, 0.2]]], np.float32)

    assert renderer.to_8_bit(image, stretch=False).tolist() == [[[0, 255, 128], [0, 255, 51]]]


def test_stretching_uses_the_pictures_own_range():
    image = np.array([[[-2.0, 0.0, 2.0]]], np.float32)

    assert renderer.to_8_bit(image, stretch=True).tolist() == [[[0, 128, 255]]]
    assert renderer.to_8_bit(np.ones((1, 1, 3), np.float32), stretch=True).tolist() == [[[0, 0, 0]]]


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_a_network_of_other_images_is_rendered_in_all_their_channels(
    request_for, sequential, random_tensors, tmp_path, channels
):
    from pipeline.weights import store

    plain = {"kernel_size": [3, 3], "padding": "same", "activation": "relu"}
    network = sequential(("Conv2D", plain | {"filters": 4}), ("Conv2D", plain | {"filters": 2}), channels=channels)
    tensors = random_tensors(network)
    path = tmp_path / "weights.npz"
    store.save(path, store.Weights(tensors, store.digest(tensors, tensors), "a test"))
    request = request_for(network=network, weights=path, layer="l1", image=tmp_path / "out/l1/001.png")

    pixels, value = rendered(request)

    found, image = record.read(layout.beside(request.image))
    assert value["image_channels"] == channels
    assert image.shape == (CANVAS_PX, CANVAS_PX, channels)
    assert np.array_equal(pixels, images.shown(image))
    assert found.activations[-1] > found.activations[0]
