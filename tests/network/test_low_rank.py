import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import low_rank

SHAPES = [(3, 3, 16, 24), (3, 3, 32, 16), (5, 3, 16, 16), (2, 7, 20, 40)]


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).standard_normal(shape).astype(np.float32)


def joined(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    return np.einsum("hick,jwkn->hwcn", down, across)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_full_rank_loses_nothing(shape):
    kernel = draw(*shape)
    rank = min(shape[0] * shape[2], shape[1] * shape[3])

    down, across = low_rank.split(kernel, rank)

    assert (down.shape, across.shape) == ((shape[0], 1, shape[2], rank), (1, shape[1], rank, shape[3]))
    np.testing.assert_allclose(joined(down, across), kernel, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_lower_rank_comes_as_near_as_any_of_that_rank_can(shape):
    kernel, rank = draw(*shape), 8

    found = joined(*low_rank.split(kernel, rank))

    matrix = kernel.transpose(0, 2, 1, 3).reshape(shape[0] * shape[2], -1)
    left_out = np.linalg.svd(matrix, compute_uv=False)[rank:]
    assert ((found - kernel) ** 2).sum() == pytest.approx((left_out**2).sum(), rel=1e-4)


def test_a_kernel_is_split_once_however_often_it_is_asked_for():
    kernel, other = draw(3, 3, 16, 24), draw(3, 3, 16, 24) + 1

    found = low_rank.split(kernel, 8)

    assert low_rank.split(kernel.copy(), 8)[0] is found[0]
    assert low_rank.split(kernel, 4)[0].shape[-1] == 4
    assert not np.array_equal(low_rank.split(other, 8)[0], found[0])


def test_a_kernel_without_content_is_split_into_numbers():
    assert all(np.isfinite(each).all() for each in low_rank.split(np.zeros((3, 3, 16, 16), np.float32), 8))


@pytest.mark.parametrize(
    ("settings", "inputs", "expected"),
    [
        ({"filters": 128, "kernel_size": 3}, 64, 32),
        ({"filters": 32, "kernel_size": (3, 5)}, 64, 16),
        ({"filters": 64, "kernel_size": 3, "strides": 2}, 64, 32),
        ({"filters": 64, "kernel_size": 1}, 64, None),
        ({"filters": 64, "kernel_size": (1, 7)}, 64, None),
        ({"filters": 64, "kernel_size": 7}, 3, None),
        ({"filters": 64, "kernel_size": 3, "groups": 2}, 64, None),
        ({"filters": 64, "kernel_size": 3, "dilation_rate": 2}, 64, None),
        ({"filters": 16, "kernel_size": 3}, 16, 16),
        ({"filters": 16, "kernel_size": 2}, 16, None),
    ],
)
def test_a_convolution_gets_a_copy_where_that_saves_work(keras, settings, inputs, expected):
    layer = keras.layers.Conv2D(**settings)
    layer.build((None, 8, 8, inputs))

    assert low_rank.rank_of(layer, 0.5) == expected
    assert low_rank.rank_of(layer, 0.0) is None


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, (1, 3)])
def test_the_copy_has_the_map_and_at_full_rank_the_answers_of_its_convolution(keras, padding, strides):
    from pipeline.network import fast

    layer = keras.layers.Conv2D(20, (3, 5), strides, padding)
    layer.build((None, 13, 12, 16))
    features = tf.constant(draw(2, 13, 12, 16))

    found = fast._copied(layer, 48, tf.float32)(features)

    np.testing.assert_allclose(found + layer.bias, layer(features), atol=1e-4)
