import numpy as np
import pytest
import tensorflow as tf

from pipeline import wording
from pipeline.ascent import objective

MAP = np.array([[-4.0, 2.0, 1.0], [6.0, -8.0, 3.0], [5.0, -1.0, 0.5]], np.float32)[None, :, :, None]


def value_and_gradient(name: str, leak: float, responses: np.ndarray = MAP) -> tuple[float, np.ndarray]:
    tensor = tf.constant(responses)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = objective.value(tensor, name, leak)
    return float(value[0]), tape.gradient(value, tensor).numpy()[0, :, :, 0]


@pytest.mark.parametrize("leak", [0.0, 0.1, 1.0])
def test_what_excites_counts_in_full_and_what_silences_by_the_leak(leak):
    value, gradient = value_and_gradient("channel", leak)

    positive = MAP[0, :, :, 0] > 0
    assert value == pytest.approx((17.5 - leak * 13.0) / 9)
    np.testing.assert_allclose(gradient, np.where(positive, 1.0, leak) / 9, rtol=1e-6)


def test_a_silent_filter_still_knows_which_way_is_up():
    silent = -np.abs(MAP) - 1

    assert (value_and_gradient("channel", 0.1, silent)[1] > 0).all()
    assert (value_and_gradient("channel", 0.0, silent)[1] == 0).all()


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_the_negative_objective_rewards_what_the_filter_is_against(leak):
    value, gradient = value_and_gradient("negative_channel", leak)

    assert value == pytest.approx((13.0 - leak * 17.5) / 9)
    np.testing.assert_allclose(gradient, np.where(MAP[0, :, :, 0] < 0, -1.0, -leak) / 9, rtol=1e-6)


@pytest.mark.parametrize(("sides", "centre"), [((3, 3), (1, 1)), ((4, 4), (2, 2)), ((2, 5), (1, 2)), ((1, 1), (0, 0))])
def test_a_neuron_is_the_middle_of_the_map(sides, centre):
    responses = 1 + np.arange(np.prod(sides), dtype=np.float32).reshape(1, *sides, 1)

    value, gradient = value_and_gradient("neuron", 0.1, responses)

    assert value == responses[0, *centre, 0]
    assert gradient[centre] == 1
    assert np.count_nonzero(gradient) == 1


def test_a_silent_neuron_leaks():
    assert value_and_gradient("neuron", 0.1)[0] == pytest.approx(-0.8)


def test_each_image_of_a_batch_has_its_own_value():
    batch = tf.constant(np.concatenate([MAP, 2 * MAP]))

    np.testing.assert_allclose(objective.value(batch, "channel", 0.0), [17.5 / 9, 35 / 9], rtol=1e-6)
    np.testing.assert_allclose(objective.activation(batch), [17.5 / 9, 35 / 9], rtol=1e-6)


def test_every_objective_of_the_schema_is_known():
    from pipeline.config import schema

    assert set(schema.load()["$defs"]["recipe"]["properties"]["objective"]["enum"]) == set(objective.OBJECTIVES)
    assert set(wording.OBJECTIVES) == set(wording.WORDS) == set(objective.OBJECTIVES)
    assert len({round(value_and_gradient(name, 0.1)[0], 4) for name in objective.OBJECTIVES}) == 3
