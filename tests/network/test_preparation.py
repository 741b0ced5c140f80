import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import preparation
from pipeline.network.graph import Graph
from pipeline.network.photographs import MID_GREY
from pipeline.network.survey import survey

SIDE = 19


def images(count: int = 2, channels: int = 3) -> tf.Tensor:
    return tf.constant(np.random.default_rng(5).random((count, SIDE, SIDE, channels), np.float32))


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocessing_is_that_of_keras(mode):
    from keras.applications.imagenet_utils import preprocess_input

    expected = preprocess_input(images().numpy() * 255.0, data_format="channels_last", mode=mode)

    np.testing.assert_allclose(preparation.preprocess(images(), mode), expected, rtol=1e-5, atol=1e-4)


def test_red_reaches_vgg16_as_its_last_channel_with_the_mean_subtracted():
    red = tf.constant([[[[1.0, 0.0, 0.0]]]])

    np.testing.assert_allclose(preparation.preprocess(red, "caffe")[0, 0, 0], [-103.939, -116.779, 131.32], atol=1e-3)


def test_unit_and_raw_are_as_their_names_say():
    np.testing.assert_array_equal(preparation.preprocess(images(), "unit"), images())
    np.testing.assert_allclose(preparation.preprocess(images(), "raw"), images() * 255)


def given(model, wanted: str, image: tf.Tensor, mode: str = "tf"):
    graph = Graph(model)
    inputs = survey(graph, "m", with_effective_fields=False).inputs
    return preparation.feed(image, wanted, inputs, graph.inputs, mode)


def test_other_images_are_held_at_mid_grey_and_other_inputs_at_zero(keras):
    left, right = keras.Input((None, None, 3), name="left"), keras.Input((None, None, 1), name="right")
    numbers = keras.Input((4,), name="numbers")
    conv = keras.layers.Conv2D(2, 3, padding="same")
    x = keras.layers.Concatenate()([conv(left), keras.layers.Conv2D(2, 3, padding="same")(right)])
    x = x + keras.layers.Reshape((1, 1, 4))(keras.layers.Dense(4)(numbers))
    model = keras.Model([left, right, numbers], keras.layers.Conv2D(2, 1)(x))

    fed = given(model, "left", images())

    np.testing.assert_allclose(fed["left"], images() * 2 - 1)
    assert fed["right"].shape == (2, SIDE, SIDE, 1)
    # Mid grey, by this preprocessing.
    assert np.unique(fed["right"]).tolist() == [0.0]
    assert np.array_equal(fed["numbers"], np.zeros((2, 4)))


def test_an_image_of_another_fixed_size_keeps_its_own(keras):
    large, small = keras.Input((32, 32, 3), name="large"), keras.Input((8, 16, 3), name="small")
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True)(keras.layers.Conv2D(2, 3)(small))
    model = keras.Model([large, small], keras.layers.Conv2D(2, 1)(large) + pooled)

    fed = given(model, "large", images(), "unit")

    assert fed["large"].shape == (2, SIDE, SIDE, 3)
    assert fed["small"].shape == (2, 8, 16, 3)
    assert np.unique(fed["small"]).tolist() == [MID_GREY]


def test_an_image_of_the_same_fixed_size_goes_with_the_one_that_is_looked_at(keras):
    left, right = keras.Input((32, 32, 3), name="left"), keras.Input((32, 32, 3), name="right")
    model = keras.Model([left, right], keras.layers.Conv2D(2, 1)(left + right))

    assert given(model, "left", images())["right"].shape == (2, SIDE, SIDE, 3)


def test_an_image_is_laid_out_as_the_network_takes_it(keras):
    first = keras.Input((2, None, None), name="image")
    model = keras.Model(first, keras.layers.Conv2D(2, 3, data_format="channels_first")(first))
    flat = keras.Input((SIDE, SIDE), name="image")
    grey = keras.Model(flat, keras.layers.Conv2D(2, 3)(keras.layers.Reshape((SIDE, SIDE, 1))(flat)))

    np.testing.assert_array_equal(
        given(model, "image", images(channels=2), "unit")["image"], np.moveaxis(images(channels=2).numpy(), 3, 1)
    )
    np.testing.assert_array_equal(given(grey, "image", images(channels=1), "unit")["image"], images(channels=1)[..., 0])
