import numpy as np
import pytest

from pipeline.network import windows
from pipeline.network.graph import Graph
from pipeline.network.probing import probe

PLACE = (1, 2)


def last_call(keras, build, shape=(None, None, 3)):
    image = keras.Input(shape)
    return Graph(keras.Model(image, build(image))).calls[-1]


@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Conv2D(2, 3, padding="same"),
        lambda layers: layers.Conv2D(2, (5, 4), strides=2),
        lambda layers: layers.AveragePooling2D(2),
        lambda layers: layers.UpSampling2D(2),
        lambda layers: layers.ZeroPadding2D(((2, 1), (0, 3))),
        lambda layers: layers.Cropping2D(((2, 1), (0, 3))),
        lambda layers: layers.ReLU(),
    ],
    ids=["convolution", "strided", "pooling", "upsampling", "padding", "cropping", "relu"],
)
def test_measuring_finds_what_the_rule_says(keras, make):
    call = last_call(keras, lambda image: make(keras.layers)(image))

    found = probe(call, [PLACE])

    assert (found.place, found.size) == (PLACE, None)
    for axis, rows in ((0, 40), (1, 56)):
        rule, measured = windows.window(call, PLACE, axis), found.windows[axis]
        middle = rule.length(rows) // 2
        assert measured.length(rows) == rule.length(rows)
        assert measured.reads(middle, middle + 2, rows) == rule.reads(middle, middle + 2, rows)


def test_rows_are_followed_through_changes_of_shape(keras):
    ops = keras.ops

    turned = probe(last_call(keras, lambda image: ops.transpose(image, (0, 3, 1, 2))), [PLACE])
    split = probe(last_call(keras, lambda image: ops.reshape(image, (-1, 8, 9, 1, 3)), (8, 9, 3)), [PLACE])

    assert (turned.place, turned.size) == ((2, 3), None)
    assert (split.place, split.size) == ((1, 2), (8, 9))


def test_what_looks_at_all_places_has_none_itself(keras):
    ops = keras.ops

    pooled = probe(last_call(keras, lambda image: ops.mean(image, axis=(1, 2), keepdims=True)), [PLACE])
    mixed = probe(last_call(keras, lambda image: image - ops.max(image, axis=1, keepdims=True)), [PLACE, None])
    flat = probe(last_call(keras, keras.layers.Flatten(), (8, 9, 3)), [PLACE])

    assert (pooled.place, pooled.size) == (None, None)
    assert mixed.place == PLACE
    # How many numbers a vector has depends on the size of the map.
    assert (flat.place, flat.size) == (None, (8, 9))


def test_rows_in_reverse_have_no_place(keras):
    assert probe(last_call(keras, lambda image: keras.ops.flip(image, 1)), [PLACE]).place is None


def test_a_map_of_numbers_that_is_added_binds_to_its_size(keras):
    positions = np.random.default_rng(0).standard_normal((1, 8, 9, 3)).astype(np.float32)

    found = probe(last_call(keras, lambda image: image + positions, (8, 9, 3)), [PLACE])

    assert (found.place, found.size) == (PLACE, (8, 9))


def test_what_makes_maps_of_one_size_of_all_maps_binds_to_its_size(keras):
    call = last_call(keras, keras.layers.AdaptiveAveragePooling2D((6, 6)), (24, 24, 3))

    assert probe(call, [PLACE]).size == (24, 24)


def test_a_layer_of_somebodys_own_is_measured(keras):
    class Blur(keras.layers.Layer):
        def call(self, x):
            return keras.ops.average_pool(x, 3, 1, "same") + keras.ops.relu(x)

    found = probe(last_call(keras, Blur()), [PLACE])

    assert found.place == PLACE
    assert found.windows[0].reads(20, 20, 40) == (19, 21)
