import keras
import numpy as np
import pytest

from pipeline.network import effective
from pipeline.network.graph import Graph
from pipeline.network.survey import survey


def gradient(side: int, *pixels: tuple[int, int]) -> np.ndarray:
    found = np.zeros((1, side, side, 3), np.float32)
    for row, column in pixels:
        found[0, row, column] = 1
    return found


def test_a_gradient_on_one_pixel_has_a_field_of_one():
    assert effective.field_px(gradient(9, (3, 5))) == 1


def test_an_even_square_has_a_field_of_its_side():
    inside = [(row, column) for row in range(4, 9) for column in range(6, 11)]

    assert effective.field_px(gradient(20, *inside)) == 5


def test_a_gradient_of_nothing_has_a_field_of_one():
    assert effective.field_px(gradient(9)) == 1
    assert effective.field_px(np.full((1, 4, 4, 3), np.nan, np.float32)) == 1


def test_little_energy_far_away_does_not_count_and_much_does():
    found = gradient(41, (20, 20))
    found[0, 20, 0], found[0, 20, 40] = 0.1, 0.1
    little = effective.field_px(found)
    found[0, 20, 0], found[0, 20, 40] = 0.5, 0.5

    assert (little, effective.field_px(found)) == (1, 41)


def fields_of(kernel: np.ndarray) -> tuple[int, int | None]:
    """Return the field, and the effective one, of a convolution with a kernel on grey images."""
    keras.utils.clear_session(free_memory=False)
    side = len(kernel)
    model = keras.Sequential([keras.Input((None, None, 1), name="input"), keras.layers.Conv2D(1, side, name="last")])
    model.layers[-1].set_weights([kernel[:, :, None, None], np.zeros(1)])
    (layer,) = survey(Graph(model), "m").layers
    return layer.receptive_field_px, layer.effective_field_px


@pytest.mark.parametrize("used", [1, 3, 7])
def test_a_layer_makes_use_of_the_part_of_its_field_where_its_kernel_is_not_zero(used):
    kernel = np.zeros((7, 7), np.float32)
    edge = (7 - used) // 2
    kernel[edge : 7 - edge, edge : 7 - edge] = 1

    assert fields_of(kernel) == (7, used)
