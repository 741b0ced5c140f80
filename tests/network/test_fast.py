import numpy as np
import pytest
import tensorflow as tf

from pipeline.network.fast import step_of
from pipeline.network.graph import Graph
from tests.support.networks import randomise

LAYERS = {
    "plain": lambda layers: layers.Conv2D(6, 3, padding="same"),
    "strided, without bias": lambda layers: layers.Conv2D(6, (3, 2), strides=2, use_bias=False),
    "rectified": lambda layers: layers.Conv2D(6, 3, activation="relu"),
    "swish": lambda layers: layers.Conv2D(6, 3, activation="swish"),
    "dilated": lambda layers: layers.Conv2D(6, 3, dilation_rate=2),
    "grouped": lambda layers: layers.Conv2D(6, 3, groups=2, activation="relu"),
    "grouped, strided unequally": lambda layers: layers.Conv2D(8, 3, groups=4, strides=(1, 2)),
    "one group a channel": lambda layers: layers.Conv2D(8, 3, groups=4, strides=2, padding="same"),
    "pooling by two": lambda layers: layers.MaxPooling2D(),
    "pooling by three": lambda layers: layers.MaxPooling2D(3, 2, padding="same"),
}
BY_NAME = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def made(keras, make, shape=(16, 16, 4)):
    keras.utils.clear_session(free_memory=False)
    image = keras.Input(shape)
    model = randomise(keras.Model(image, make(keras.layers)(image)))
    return model, Graph(model).calls[0]


@BY_NAME
def test_a_step_gives_what_keras_gives(keras, make):
    model, call = made(keras, make)
    features = tf.random.stateless_normal((2, 16, 16, 4), (1, 2))

    (found,) = step_of(call, tf.float32).run([features])

    np.testing.assert_allclose(found, model(features), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("precision", [tf.float32, tf.bfloat16])
@BY_NAME
def test_a_step_has_a_gradient_in_a_compiled_loop(keras, make, precision):
    _, call = made(keras, make)
    step = step_of(call, precision)

    @tf.function
    def climbed(features):
        for _ in tf.range(2):
            with tf.GradientTape() as tape:
                tape.watch(features)
                value = tf.reduce_sum(step.run([features])[0])
            features += tape.gradient(value, features)
        return features

    start = tf.cast(tf.random.stateless_normal((1, 16, 16, 4), (1, 2)), precision)

    assert np.any(climbed(start) != start)


@pytest.mark.parametrize(
    "make",
    [
        lambda layers: layers.Conv2D(6, 3, activation="relu"),
        lambda layers: layers.DepthwiseConv2D(3),
        lambda layers: layers.SeparableConv2D(6, 3),
        lambda layers: layers.Conv2DTranspose(6, 3, 2),
        lambda layers: layers.MaxPooling2D(),
        lambda layers: layers.AveragePooling2D(2),
        lambda layers: layers.UpSampling2D(),
        lambda layers: layers.ZeroPadding2D(1),
        lambda layers: layers.Cropping2D(1),
        lambda layers: layers.GlobalAveragePooling2D(),
        lambda layers: layers.GlobalMaxPooling2D(keepdims=True),
    ],
)
def test_with_the_channels_first_a_layer_gives_what_it_gives_with_them_last(keras, make):
    last, _ = made(keras, make)
    keras.config.set_image_data_format("channels_first")
    try:
        _, call = made(keras, make, (4, 16, 16))
    finally:
        keras.config.set_image_data_format("channels_last")
    call.operation.set_weights(last.get_weights())
    features = tf.random.stateless_normal((2, 16, 16, 4), (1, 2))

    (found,) = step_of(call, tf.float32).run([tf.transpose(features, (0, 3, 1, 2))])

    expected = last(features).numpy()
    expected = np.moveaxis(expected, 3, 1) if expected.ndim == 4 else expected
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_class_of_somebodys_own_is_run_as_it_is(keras):
    class Doubled(keras.layers.Conv2D):
        def call(self, inputs):
            return 2 * super().call(inputs)

    model, call = made(keras, lambda layers: Doubled(6, 3, activation="relu"))
    features = tf.random.stateless_normal((1, 16, 16, 4), (1, 2))

    np.testing.assert_array_equal(step_of(call, tf.float32).run([features])[0], model(features))
