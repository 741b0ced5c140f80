import numpy as np
import pytest

from pipeline.measure import answers
from pipeline.measure.by_keras import graph_of
from pipeline.network.truncated import truncate

LAYER = "l2"


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 18, 18, 3), np.uint8)


@pytest.fixture
def responses(tiny_network, tiny_tensors, pictures) -> np.ndarray:
    """Return the responses to the pictures, (pictures, rows, columns, channels)."""
    truncated = truncate(tiny_network, tiny_tensors, LAYER, "float32")
    return truncated.responses(pictures.astype(np.float32) / 255).numpy()


@pytest.fixture
def judge(tiny_network, tiny_tensors) -> answers.Judge:
    return answers.Judge(tiny_network, graph_of(tiny_network, tiny_tensors), LAYER, 18)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("channel", lambda responses: np.maximum(0, responses).mean((1, 2))),
        ("neuron", lambda responses: np.maximum(0, responses[:, 4, 4])),
        ("negative_channel", lambda responses: np.maximum(0, -responses).mean((1, 2))),
    ],
)
def test_an_answer_is_what_the_objective_raises(judge, pictures, responses, objective, expected):
    found = judge.to_pictures(pictures, objective=objective, batch=2)

    assert found.dtype == np.float32
    assert found == pytest.approx(expected(responses), rel=1e-5)
    assert (found > 0).any()


def test_any_unit_is_held_against_noise_where_the_central_one_is_measured(judge, pictures, responses):
    found = judge.to_noise(pictures, objective="neuron")

    assert found == pytest.approx(np.maximum(0, responses).mean((1, 2)), rel=1e-5)


def test_the_mean_activation_is_the_answer_where_nothing_else_is_asked_for(judge, tiny_network, tiny_tensors, pictures):
    truncated = truncate(tiny_network, tiny_tensors, LAYER, "float32")

    found = judge.to_pictures(pictures)

    assert found == pytest.approx(truncated.mean_activations(pictures), rel=1e-5)
