import numpy as np
import pytest

from pipeline.measure import answers
from pipeline.network import forward

LAYER = "l2"


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 18, 18, 3), np.uint8)


@pytest.fixture
def responses(tiny_network, tiny_tensors, pictures) -> np.ndarray:
    """Return the responses to the pictures, (pictures, rows, columns, channels)."""
    truncated = forward.TruncatedNetwork(tiny_network, tiny_tensors, LAYER, "float32")
    return truncated.responses(pictures.astype(np.float32) / 255).numpy()


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("channel", lambda responses: np.maximum(0, responses).mean((1, 2))),
        ("neuron", lambda responses: np.maximum(0, responses[:, 4, 4])),
        ("negative_channel", lambda responses: np.maximum(0, -responses).mean((1, 2))),
    ],
)
def test_an_answer_is_what_the_objective_raises(tiny_network, tiny_tensors, pictures, responses, objective, expected):
    found = answers.to_pictures(tiny_network, tiny_tensors, LAYER, pictures, objective=objective, batch=2)

    assert found.dtype == np.float32
    assert found == pytest.approx(expected(responses), rel=1e-5)
    assert (found > 0).any()


def test_any_unit_is_held_against_noise_where_the_central_one_is_measured(
    tiny_network, tiny_tensors, pictures, responses
):
    found = answers.to_noise(tiny_network, tiny_tensors, LAYER, pictures, objective="neuron")

    assert found == pytest.approx(np.maximum(0, responses).mean((1, 2)), rel=1e-5)


def test_the_mean_activation_is_the_answer_where_nothing_else_is_asked_for(tiny_network, tiny_tensors, pictures):
    truncated = forward.TruncatedNetwork(tiny_network, tiny_tensors, LAYER, "float32")

    found = answers.to_pictures(tiny_network, tiny_tensors, LAYER, pictures)

    assert np.array_equal(found, truncated.mean_activations(pictures))
