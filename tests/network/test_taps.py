import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import keras_model, taps
from pipeline.network.truncated import truncate
from tests.support.networks import tensors_of

# Networks of several layers, each of which ends in another way: names of the layers are a, b, c.
BODIES = {
    "activations of their own": lambda x, layers: layers.Conv2D(5, 3, activation="relu", name="c")(
        layers.MaxPooling2D()(
            layers.Conv2D(4, 3, padding="same", activation="relu", name="b")(
                layers.Conv2D(3, 3, padding="same", activation="relu", name="a")(x)
            )
        )
    ),
    "other activations": lambda x, layers: layers.Conv2D(5, 3, name="c")(
        layers.Conv2D(4, 3, strides=2, activation="tanh", name="b")(layers.Conv2D(3, 3, activation="elu", name="a")(x))
    ),
    "normalisations": lambda x, layers: layers.Conv2D(5, 3, name="c")(
        layers.ReLU()(
            layers.BatchNormalization()(
                layers.DepthwiseConv2D(3, name="b")(
                    layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3, strides=2, name="a")(x)))
                )
            )
        )
    ),
    "a sum": lambda x, layers: layers.Conv2D(5, 3, name="c")(
        layers.Add()(
            [layers.Conv2D(4, 1, activation="relu", name="a")(x), layers.SeparableConv2D(4, 1, name="b")(x)]
        )
    ),
}  # fmt: skip


def photographs(count: int = 2, height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, height, width, 3), np.uint8)


def by_hand(responses: np.ndarray, margin: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Strongest unit, row and column of each image and filter, looked for unit by unit."""
    images, height, width, filters = responses.shape
    top, left = min(margin, (height - 1) // 2), min(margin, (width - 1) // 2)
    value, row, column = np.zeros((images, filters)), np.zeros((images, filters), int), np.zeros((images, filters), int)
    for image in range(images):
        for filter in range(filters):
            best = -np.inf
            for y in range(top, height - top):
                for x in range(left, width - left):
                    if responses[image, y, x, filter] > best:
                        best = responses[image, y, x, filter]
                        row[image, filter], column[image, filter] = y, x
            value[image, filter] = max(0, best)
    return value, row, column


@pytest.mark.parametrize("objective", ["channel", "negative_channel"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_one_pass_finds_the_strongest_unit_of_every_layer(functional, body, objective):
    model, network = functional(body)
    names = [layer.name for layer in network.layers]
    loaded = taps.load(network, tensors_of(model), names, "float32", objective)

    found = loaded.reduced(loaded.strongest)(photographs())

    sign = -1 if objective == "negative_channel" else 1
    start = 0
    for layer in network.layers:
        responses = truncate(network, tensors_of(model), layer.name, "float32").responses(
            tf.constant(photographs(), tf.float32) / 255.0
        )
        value, row, column = by_hand(sign * responses.numpy(), taps.margin(layer))
        own = slice(start, start + layer.filters)
        start += layer.filters
        np.testing.assert_allclose(found.value[:, own], value, rtol=1e-5, atol=1e-5)
        seen = value > 0
        np.testing.assert_array_equal(found.row[:, own].numpy()[seen], row[seen])
        np.testing.assert_array_equal(found.column[:, own].numpy()[seen], column[seen])
    assert start == found.value.shape[1]


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_of_units_that_are_as_strong_the_first_counts(dtype):
    map = np.zeros((2, 4, 5, 2), np.float32)
    map[0, 1, 3, 0] = map[0, 1, 4, 0] = map[0, 2, 0, 0] = 7
    map[1] = -3
    map[1, 2, 1, 1] = 0.5

    found = taps.strongest(tf.cast(map, dtype))

    assert found.value.numpy().tolist() == [[7, 0], [0, 0.5]]
    assert (found.row[0, 0], found.column[0, 0]) == (1, 3)
    assert (found.row[1, 1], found.column[1, 1]) == (2, 1)


def test_units_at_the_border_are_left_out_and_places_are_on_the_whole_map():
    map = np.arange(2 * 6 * 7, dtype=np.float32).reshape(1, 6, 7, 2)

    found = taps.strongest(tf.constant(map), 2)

    assert found.row.numpy().tolist() == [[3, 3]]
    assert found.column.numpy().tolist() == [[4, 4]]
    assert found.value.numpy().tolist() == map[:, 3, 4].tolist()


@pytest.mark.parametrize(("side", "margin", "kept"), [(9, 2, 5), (5, 2, 1), (4, 2, 2), (1, 3, 1), (2, 1, 2)])
def test_at_least_one_unit_is_left_of_a_map(side, margin, kept):
    assert taps.interior(tf.zeros((1, side, 8, 1)), margin).shape[1] == kept


def test_the_border_is_a_quarter_of_the_field_wide():
    from pipeline.network import catalogue

    vgg16 = catalogue.load("vgg16")

    assert [taps.margin(vgg16.layer(name)) for name in ("block1_conv1", "block3_conv3", "block5_conv3")] == [1, 3, 4]


def test_in_bfloat16_the_same_units_are_found(functional):
    model, network = functional(BODIES["activations of their own"])
    names = [layer.name for layer in network.layers]
    exact, fast = (taps.load(network, tensors_of(model), names, each) for each in ("float32", "bfloat16"))

    found, expected = fast.reduced(fast.strongest)(photographs()), exact.reduced(exact.strongest)(photographs())

    np.testing.assert_allclose(found.value, expected.value, rtol=0.05, atol=0.02)


def test_units_lie_where_what_they_see_lies(functional):
    model, network = functional(
        lambda x, layers: layers.Conv2D(2, 3, name="c")(
            layers.MaxPooling2D()(
                layers.Conv2D(2, 3, padding="same", name="b")(layers.Conv2D(2, 5, strides=2, name="a")(x))
            )
        )
    )

    found = taps.load(network, tensors_of(model), ["a", "b", "c"], "float32").origins()

    # a: 5 pixels from 0; b: as many on either side; c: two more units of b on either side, a unit of b later.
    assert found == (2.5, 2.5, 7.5)


def test_a_pixel_of_the_image_moves_the_unit_that_is_said_to_see_it(functional):
    model, network = functional(BODIES["activations of their own"])
    loaded = taps.load(network, tensors_of(model), ["a", "b", "c"], "float32")
    image = np.zeros((1, 32, 32, 3), np.float32)
    image[0, 16, 16] = 1

    for layer, map, empty, origin in zip(
        loaded.layers, loaded.maps(image), loaded.maps(np.zeros_like(image)), loaded.origins(), strict=True
    ):
        rows = np.flatnonzero(np.abs(np.asarray(map - empty)).max((0, 2, 3)))
        middles = origin + rows * layer.stride_px
        assert np.abs(middles - 16.5).max() <= layer.receptive_field_px / 2
        assert len(rows) >= layer.receptive_field_px // layer.stride_px - 1


def test_means_are_over_all_of_a_map_or_over_what_a_field_in_its_middle_holds(functional):
    model, network = functional(BODIES["activations of their own"])
    loaded = taps.load(network, tensors_of(model), ["a", "b"], "float32")
    images = photographs()

    everywhere = np.asarray(loaded.reduced(loaded.means)(images))
    field = np.asarray(loaded.reduced(lambda image: loaded.means(image, 6))(images))

    maps = [np.maximum(0, each) for each in loaded.reduced(loaded.maps)(images)]
    assert [each.shape[1:3] for each in maps] == [(24, 32), (24, 32)]
    np.testing.assert_allclose(everywhere, np.concatenate([each.mean((1, 2)) for each in maps], 1), rtol=1e-5)
    middle = [each[:, 9:15, 13:19].mean((1, 2)) for each in maps]
    np.testing.assert_allclose(field, np.concatenate(middle, 1), rtol=1e-5, atol=1e-7)


def test_the_way_to_a_layer_is_what_its_answers_depend_on(functional):
    chain, known = functional(BODIES["activations of their own"])
    forked, both = functional(BODIES["a sum"])

    assert taps.way_to(known, keras_model.graph_with(chain, tensors_of(chain), "float32"), "b") == ("a", "b")
    graph = keras_model.graph_with(forked, tensors_of(forked), "float32")
    assert taps.way_to(both, graph, "a") == ("a",)
    assert taps.way_to(both, graph, "c")[-1] == "c"
    assert set(taps.way_to(both, graph, "c")) == {"a", "b", "c"}
