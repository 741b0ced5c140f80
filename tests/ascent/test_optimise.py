import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from pipeline.ascent import recipe as recipes
from pipeline.ascent.optimise import Ascent
from pipeline.ascent.parameterisation import COLOUR_CORRELATION
from pipeline.network import keras_model
from pipeline.network.truncated import truncate, with_copy

CANVAS_PX = 16
KERNEL_PX = 9
EDGE_DEGREES = 30
HUE = np.array([1.0, -0.6, -0.4], np.float32)
EDGE, COLOUR, BLOB = range(3)


def recipe(specification=None, field_px: int = 3, canvas_px: int = CANVAS_PX, **settings) -> recipes.Recipe:
    specification = {"base": "default", **settings} if specification is None else specification
    return recipes.resolve(specification, field_px=field_px, canvas_px=canvas_px)


def linear(weights: np.ndarray):
    """Return responses of filters without a network: the mean of the image, weighted, as a map of one unit."""

    def responses(image: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(image * tf.gather(weights, channels), (1, 2, 3))[:, None, None, None]

    return responses


def random_filters(count: int = 3) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, CANVAS_PX, CANVAS_PX, 3)).astype(np.float32)


def last(ascent: Ascent, filter: int = 0, seed: int = 0):
    *_, state = ascent.run(filter, np.random.default_rng(seed))
    return state


def known_filters() -> np.ndarray:
    """Return a kernel (9, 9, 3, 3): stripes along 30 degrees, a reddish colour, a bright blob on dark ground."""
    y, x = np.mgrid[:KERNEL_PX, :KERNEL_PX] - (KERNEL_PX - 1) / 2
    angle = np.radians(EDGE_DEGREES)
    # Rows count downwards, angles anticlockwise: the stripes' normal is the direction of the gradient.
    across = x * np.sin(angle) + y * np.cos(angle)
    window = np.exp(-(x**2 + y**2) / 8)
    stripes = window * np.sin(2 * np.pi * across / 6)
    blob = np.exp(-(x**2 + y**2) / 3) - (3 / 12) * np.exp(-(x**2 + y**2) / 12)
    grey = np.ones(3)
    kernel = np.stack(
        [stripes[..., None] * grey, np.ones((KERNEL_PX, KERNEL_PX, 1)) * HUE, (blob - blob.mean())[..., None] * grey],
        axis=-1,
    )
    return (kernel / np.abs(kernel).sum((0, 1, 2))).astype(np.float32)


@pytest.fixture(scope="module")
def known(sequential):
    network = sequential(
        ("Conv2D", {"filters": 3, "kernel_size": [KERNEL_PX] * 2, "padding": "same", "activation": "relu"})
    )
    tensors = {"l0/kernel": known_filters(), "l0/bias": np.zeros(3, np.float32)}
    return truncate(network, tensors, "l0", "float32")


@pytest.fixture(scope="module")
def pictures(known) -> list[np.ndarray]:
    """Return what the default recipe makes of the three known filters, (64, 64, 3)."""
    ascent = Ascent(known.channel_responses, 64, recipe("default", KERNEL_PX, 64))
    return [last(ascent, filter).image for filter in (EDGE, COLOUR, BLOB)]


def stripes_of(picture: np.ndarray) -> tuple[float, float]:
    """Return direction of the stripes (degrees, anticlockwise from horizontal) and strength (0..1) by the spectrum."""
    grey = picture.mean(-1) - picture.mean()
    power = np.abs(np.fft.fft2(grey)) ** 2
    v, h = np.meshgrid(np.fft.fftfreq(len(grey)), np.fft.fftfreq(len(grey)), indexing="ij")
    # Doubled angles: a wave and its opposite are one direction. -v because rows count downwards.
    doubled = np.sum(power * np.exp(2j * np.arctan2(-v, h))) / power.sum()
    return float(np.degrees(np.angle(doubled) / 2) + 90) % 180, float(np.abs(doubled))


def test_a_filter_of_stripes_gives_stripes_of_its_direction(pictures):
    direction, strength = stripes_of(pictures[EDGE])

    assert direction == pytest.approx(EDGE_DEGREES, abs=6)
    assert strength > 0.6


def test_a_filter_of_a_colour_gives_that_colour(pictures):
    colour = pictures[COLOUR].mean((0, 1))

    assert colour[0] > 0.5
    assert colour[0] > colour[1:].max() + 0.15
    assert np.corrcoef(colour, HUE)[0, 1] > 0.9


def test_the_other_filters_give_no_colour(pictures):
    for filter in (EDGE, BLOB):
        assert np.abs(pictures[filter].mean((0, 1)) - 0.5).max() < 0.12


def test_a_filter_of_a_blob_gives_a_blob_under_a_neuron(known):
    settings = recipe(None, KERNEL_PX, 32, objective="neuron", jitter_px=0)
    picture = last(Ascent(known.channel_responses, 32, settings), BLOB).image.mean(-1)

    y, x = np.mgrid[:32, :32] - 16
    radius = np.hypot(x, y)
    inside, ring = picture[radius < 1.5].mean(), picture[(radius > 2.9) & (radius < 4.2)].mean()
    assert inside > ring + 0.15
    for quarter in (picture[16 - 4 : 16, 16], picture[17:21, 16], picture[16, 12:16], picture[16, 17:21]):
        assert quarter.mean() < inside


def test_blobs_have_no_direction(pictures):
    assert stripes_of(pictures[BLOB])[1] < 0.5 * stripes_of(pictures[EDGE])[1]


@pytest.mark.parametrize("name", ["default", "classic"])
def test_what_is_climbed_rises(known, name):
    ascent = Ascent(known.channel_responses, 32, recipe(name, KERNEL_PX, 32))

    for filter in (EDGE, COLOUR, BLOB):
        state = last(ascent, filter)
        assert state.activations[-1] > 1.5 * state.activations[0]
        assert len(state.activations) == ascent.recipe.steps + 1


def test_the_negative_objective_lowers_the_response(known):
    picture = last(
        Ascent(known.channel_responses, 32, recipe(objective="negative_channel", canvas_px=32)), COLOUR
    ).image

    assert picture.mean((0, 1))[0] < 0.45
    assert picture.mean((0, 1))[1] > 0.6


def test_a_silent_filter_wakes_up_with_the_leak_and_not_without(sequential):
    network = sequential(("Conv2D", {"filters": 3, "kernel_size": [KERNEL_PX] * 2, "padding": "same"}))
    asleep = {"l0/kernel": known_filters(), "l0/bias": np.full(3, -0.18, np.float32)}
    responses = truncate(network, asleep, "l0", "float32").channel_responses

    leaky, hard = (
        last(Ascent(responses, 32, recipe(None, KERNEL_PX, 32, leak=leak, jitter_px=0)), EDGE) for leak in (0.1, 0.0)
    )

    assert leaky.activations[0] == hard.activations[0] == 0
    assert leaky.activations[-1] > 0
    assert hard.activations[-1] == 0


def test_the_classic_recipe_steps_along_the_normalised_gradient_of_a_linear_filter():
    weights = np.abs(random_filters())
    settings = dataclasses.replace(recipe("classic"), steps=3, learning_rate=0.5, snapshots=(0, 1, 2))
    start = np.random.default_rng(3).random((CANVAS_PX, CANVAS_PX, 3), np.float32)

    states = list(Ascent(linear(weights), CANVAS_PX, settings).run(1, np.random.default_rng(3)))

    direction = weights[1] / (np.linalg.norm(weights[1]) + 1e-5)
    assert [state.step for state in states] == [0, 1, 2, 3]
    for state in states:
        expected = start + state.step * 0.5 * direction
        np.testing.assert_allclose(state.image, expected, rtol=1e-5, atol=1e-5)
    activations = [float(np.sum((start + step * 0.5 * direction) * weights[1])) for step in range(4)]
    np.testing.assert_allclose(states[-1].activations, activations, rtol=1e-4)


def adam(parameters: np.ndarray, gradient, *, momentum: float, rate: float, steps: int) -> np.ndarray:
    """Return the parameters after steps of Adam upwards, as in the paper (algorithm 1), in float64."""
    mean = variance = np.zeros_like(parameters)
    for count in range(1, steps + 1):
        slope = gradient(parameters)
        mean = momentum * mean + (1 - momentum) * slope
        variance = 0.999 * variance + 0.001 * slope**2
        unbiased_mean, unbiased_variance = mean / (1 - momentum**count), variance / (1 - 0.999**count)
        parameters = parameters + rate * unbiased_mean / (np.sqrt(unbiased_variance) + 1e-8)
    return parameters


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_adam_does_what_its_paper_says(momentum):
    target = random_filters()[0].astype(np.float64)

    def responses(image: tf.Tensor, channels: tf.Tensor) -> tf.Tensor:
        return -tf.reduce_sum(tf.square(image - tf.constant(target, tf.float32)), (1, 2, 3))[:, None, None, None]

    settings = dataclasses.replace(
        recipe("classic"), optimiser="adam", momentum=momentum, leak=1.0, learning_rate=0.05, steps=40
    )
    start = np.random.default_rng(3).random((CANVAS_PX, CANVAS_PX, 3), np.float32)

    image = last(Ascent(responses, CANVAS_PX, settings), seed=3).image

    expected = adam(
        start.astype(np.float64), lambda pixels: -2 * (pixels - target), momentum=momentum, rate=0.05, steps=40
    )
    np.testing.assert_allclose(image, expected, atol=1e-3)


def test_snapshots_do_not_change_the_way_up():
    settings = recipe(steps=6, jitter_px=4)
    straight = last(Ascent(linear(random_filters()), CANVAS_PX, dataclasses.replace(settings, snapshots=())))
    stopped = last(Ascent(linear(random_filters()), CANVAS_PX, dataclasses.replace(settings, snapshots=(0, 1, 2, 5))))

    np.testing.assert_array_equal(straight.image, stopped.image)
    assert straight.activations == stopped.activations


def test_states_come_at_the_snapshots_with_the_activations_so_far():
    settings = recipe(steps=5, snapshots=[0, 2])
    states = list(Ascent(linear(random_filters()), CANVAS_PX, settings).run(0, np.random.default_rng(0)))

    assert [state.step for state in states] == [0, 2, 5]
    assert [len(state.activations) for state in states] == [0, 2, 6]
    assert states[2].activations[:2] == states[1].activations
    assert not np.array_equal(states[0].image, states[1].image)


def test_the_last_activation_is_that_of_the_last_image():
    weights = random_filters()
    state = last(Ascent(linear(weights), CANVAS_PX, recipe(steps=5)), filter=2)

    assert state.activations[-1] == pytest.approx(max(0.0, float(np.sum(state.image * weights[2]))), rel=1e-4)


def test_a_filter_comes_out_the_same_alone_and_after_another():
    settings = recipe(steps=4, jitter_px=6, scale=0.1)
    alone = last(Ascent(linear(random_filters()), CANVAS_PX, settings), filter=2, seed=5)
    ascent = Ascent(linear(random_filters()), CANVAS_PX, settings)
    last(ascent, filter=0, seed=1)

    after = last(ascent, filter=2, seed=5)

    assert after.image.tobytes() == alone.image.tobytes()
    assert after.activations == alone.activations


@pytest.mark.parametrize("settings", [{"jitter_px": 6}, {"base": "classic"}], ids=["default", "classic"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("groups", [1, 3])
def test_filters_come_out_the_same_alone_and_at_the_same_time(sequential, random_tensors, settings, precision, groups):
    network = sequential(
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}),
        ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2]}),
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3], "groups": groups}),
    )
    truncated = truncate(network, random_tensors(network), "l2", precision)
    ascent = Ascent(truncated.channel_responses, CANVAS_PX, recipe(steps=5, snapshots=[0, 2], **settings))
    filters = [4, 0, 5]

    together = list(ascent.run_all(filters, [np.random.default_rng(filter) for filter in filters], [0, 1, 5]))

    for member, filter in enumerate(filters):
        alone = list(ascent.run(filter, np.random.default_rng(filter), [0, 1, 5]))
        states = [each[member] for each in together]
        # To the bit, on a processor: what is optimised amplifies rounding without bound.
        assert [state.image.tobytes() for state in states] == [state.image.tobytes() for state in alone]
        assert [(state.step, state.activations) for state in states] == [
            (state.step, state.activations) for state in alone
        ]
    assert len({state.image.tobytes() for state in together[-1]}) == 3


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_filters_climbed_on_a_copy_come_out_the_same_alone_and_at_the_same_time(sequential, random_tensors, precision):
    network = sequential(
        ("Conv2D", {"filters": 16, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}),
        ("Conv2D", {"filters": 16, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}),
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3]}),
    )
    graph = keras_model.graph_with(keras_model.load(network.model), random_tensors(network), precision)
    exact, copy_responses = with_copy(network, graph, "l2", 0.5)
    ascent = Ascent(exact.channel_responses, CANVAS_PX, recipe(steps=5, snapshots=[]), 3, copy_responses)
    filters = [4, 0, 5]

    *_, together = ascent.run_all(filters, [np.random.default_rng(filter) for filter in filters])

    assert ascent.copied_steps == 4
    for filter, state in zip(filters, together, strict=True):
        alone = last(ascent, filter, filter)
        assert state.image.tobytes() == alone.image.tobytes()
        assert state.activations == alone.activations


@pytest.mark.parametrize("canvas_px", [32, 17], ids=["even", "odd"])
@pytest.mark.parametrize(
    "settings",
    [{"jitter_px": 6}, {"base": "classic"}, {"scale": 0.1, "rotation_degrees": 5.0}],
    ids=["default", "classic", "turned"],
)
def test_filters_come_out_the_same_where_there_are_enough_to_reckon_with_eight_at_a_time(known, settings, canvas_px):
    # Of sizes that eight divides, and that leave some over.
    ascent = Ascent(
        known.channel_responses, canvas_px, recipe(None, KERNEL_PX, canvas_px, steps=6, snapshots=[], **settings)
    )
    filters = [EDGE, COLOUR, BLOB] * 3

    *_, together = ascent.run_all(filters, [np.random.default_rng(seed) for seed in range(9)])

    for seed, (filter, state) in enumerate(zip(filters, together, strict=True)):
        alone = last(ascent, filter, seed)
        assert state.image.tobytes() == alone.image.tobytes()
        assert state.activations == alone.activations


def test_the_first_steps_are_climbed_on_the_copy_and_the_others_on_the_network_wherever_it_stops():
    network, copy = linear(random_filters()), linear(-random_filters())

    def climbed(stops, copy_steps=0.75, responses=network, other=copy):
        settings = recipe(steps=8, copy_rank=0.5, copy_steps=copy_steps, snapshots=[])
        return list(Ascent(responses, CANVAS_PX, settings, 3, other).run(1, np.random.default_rng(0), stops))

    *_, (before, after, state) = [climbed([6, 7, 8])]
    stopped = climbed([1, 3, 8])[-1]

    assert before.image.tobytes() == climbed([6, 8], 0.0, copy, None)[0].image.tobytes()
    assert after.image.tobytes() != climbed([7, 8], 0.0, copy, None)[0].image.tobytes()
    assert (stopped.image.tobytes(), stopped.activations) == (state.image.tobytes(), state.activations)
    assert len(state.activations) == 9


def test_without_a_copy_every_step_is_the_networks_own():
    settings = recipe(steps=4, copy_rank=0.5, copy_steps=0.75)

    with_none = last(Ascent(linear(random_filters()), CANVAS_PX, settings))

    exact = last(Ascent(linear(random_filters()), CANVAS_PX, dataclasses.replace(settings, copy_steps=0.0)))
    assert with_none.image.tobytes() == exact.image.tobytes()


@pytest.mark.parametrize("name", ["default", "classic"])
def test_a_filter_that_diverges_leaves_the_others_alone(name):
    weights = random_filters()
    weights[1] = np.inf
    settings = dataclasses.replace(recipe(name), steps=3)
    ascent = Ascent(linear(weights), CANVAS_PX, settings)

    *_, (first, broken, _) = ascent.run_all([0, 1, 2], [np.random.default_rng(seed) for seed in range(3)])

    assert not np.isfinite(broken.image).all()
    assert first.image.tobytes() == last(ascent, 0).image.tobytes()


def test_what_is_compiled_for_a_batch_is_good_for_smaller_ones():
    ascent = Ascent(linear(random_filters()), CANVAS_PX, recipe(steps=4))

    for count in (8, 7, 6, 5):
        *_, states = ascent.run_all([1] * count, [np.random.default_rng(seed) for seed in range(count)])
        assert len(states) == count

    assert ascent._climb.experimental_get_tracing_count() == 1


def test_filters_and_seeds_share_what_is_compiled():
    ascent = Ascent(linear(random_filters()), CANVAS_PX, recipe(steps=4))

    for filter, seed in ((0, 0), (1, 0), (2, 9)):
        last(ascent, filter, seed)

    assert ascent._climb.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("optimiser", ["adam", "normalised"])
@pytest.mark.parametrize("objective", ["channel", "neuron", "negative_channel"])
@pytest.mark.parametrize("parameterisation", ["fourier", "pixels"])
def test_every_crossing_of_settings_climbs(known, parameterisation, objective, optimiser):
    settings = recipe(
        None, KERNEL_PX, 16, parameterisation=parameterisation, objective=objective, optimiser=optimiser,
        steps=3, scale=0.05, rotation_degrees=5.0, learning_rate=0.1, jitter_px=2, snapshots=[],
    )  # fmt: skip

    state = last(Ascent(known.channel_responses, 16, settings), EDGE)

    assert state.image.shape == (16, 16, 3)
    assert np.isfinite(state.image).all()
    if objective != "negative_channel":
        assert state.activations[-1] > state.activations[0]


def test_a_gradient_of_zero_leaves_the_image_where_it_is():
    settings = dataclasses.replace(recipe("classic"), steps=3)
    silent = -np.abs(random_filters())

    states = list(Ascent(linear(silent), CANVAS_PX, settings).run(0, np.random.default_rng(0)))

    np.testing.assert_array_equal(states[0].image, states[-1].image)


def test_colours_are_decorrelated_in_the_default_recipe_only(known):
    start = next(
        iter(Ascent(known.channel_responses, 64, recipe("default", KERNEL_PX, 64)).run(0, np.random.default_rng(0)))
    )
    pixels = np.log(start.image / (1 - start.image)).reshape(-1, 3)

    expected = np.corrcoef(COLOUR_CORRELATION)
    np.testing.assert_allclose(np.corrcoef(pixels.T), expected, atol=0.25)
    assert expected[0, 1] > 0.5
