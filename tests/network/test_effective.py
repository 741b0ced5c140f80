import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network import effective
from pipeline.network.graph import Graph
from pipeline.network.survey import survey
from tests.support.networks import randomise


def gradient(side: int, energy) -> np.ndarray:
    """Return a gradient (1, side, side, 1) whose square is given for each place."""
    rows, columns = np.indices((side, side))
    return np.sqrt(energy(rows, columns))[None, ..., None]


def test_a_flat_square_is_its_own_effective_field():
    for side in (1, 2, 5, 8):
        flat = gradient(32, lambda rows, columns, side=side: ((rows < side) & (columns < side)).astype(float))
        assert effective.field_px(flat) == side


def test_a_bell_is_as_wide_as_95_per_cent_of_it():
    bell = gradient(128, lambda rows, columns: np.exp(-((rows - 60) ** 2 + (columns - 70) ** 2) / (2 * 8**2)))

    # A square of ± 2.236 deviations has 95 % of a normal distribution in two dimensions.
    assert effective.field_px(bell) == pytest.approx(2 * 2.236 * 8, abs=1.5)


def test_no_gradient_is_no_field():
    assert effective.field_px(np.zeros((1, 4, 4, 3))) == 1


def test_grain_is_what_is_finer_than_a_quarter_of_the_sampling_rate():
    columns = np.arange(64)
    for cycles, share in ((0.125, 0.0), (0.25, 0.0), (0.3125, 1.0), (0.5, 1.0)):
        stripes = np.tile(np.cos(2 * np.pi * cycles * columns), (64, 1))[None, ..., None]
        assert effective.grain(stripes) == share
    white = np.random.default_rng(0).standard_normal((1, 64, 64, 3))
    # Of the unit square of all frequencies, a circle of radius 1/4 has π ÷ 16.
    assert effective.grain(white) == pytest.approx(1 - np.pi / 16, abs=0.02)
    assert effective.grain(np.zeros((1, 4, 4, 3))) == 0


def test_deep_chains_use_a_part_of_their_field(keras):
    keras.utils.clear_session(free_memory=False)
    image = keras.Input((None, None, 3))
    x = image
    for number in range(16):
        x = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name=f"c{number}")(x)

    (*_, last) = survey(Graph(randomise(keras.Model(image, x))), "m").layers

    assert last.receptive_field_px == 33
    assert 8 <= last.effective_field_px <= 24


def test_networks_of_one_size_and_with_the_channels_first_are_measured(keras):
    image = keras.Input((2, 24, 24))
    x = keras.layers.PReLU()(keras.layers.Conv2D(3, 3, data_format="channels_first", name="a")(image))
    model = keras.Model(image, keras.layers.Conv2D(3, 3, data_format="channels_first", name="b")(x))

    found = survey(Graph(randomise(model)), "m").layers

    assert [layer.only_canvas_px for layer in found] == [None, 24]
    assert [layer.effective_field_px for layer in found] == [3, 5]


def test_a_model_that_asks_for_a_certain_number_of_images_is_refused_in_one_line(keras):
    image = keras.Input(batch_shape=(8, 32, 32, 3))
    half = keras.ops.reshape(keras.layers.Conv2D(4, 3, padding="same")(image), (8, 16, 16, 16))
    model = keras.Model(image, keras.layers.Conv2D(4, 3)(half))

    with pytest.raises(UserError, match="cannot be run on one image of 32 × 32 pixels") as caught:
        survey(Graph(model), "m")

    assert "\n" not in str(caught.value)
