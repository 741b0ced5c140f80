"""Where responses are taken. That they are what Keras's nonlinearity sees is held in test_odd_networks.py."""

import pytest

from pipeline.network import responses
from pipeline.network.graph import Graph
from pipeline.network.responses import Response


def only(keras, build, name: str = "c") -> Response:
    image = keras.Input((16, 16, 3))
    found = responses.find(Graph(keras.Model(image, build(keras.layers, keras.ops, image))))
    return next(each for each in found if each.name == name)


def conv(layers, **settings):
    return layers.Conv2D(4, 3, padding="same", name="c", **settings)


@pytest.mark.parametrize(
    ("build", "chain", "readers", "bends"),
    [
        (lambda la, o, x: conv(la, activation="relu")(x), [], ("relu",), True),
        (lambda la, o, x: la.Activation("tanh")(conv(la)(x)), [], ("tanh",), True),
        (lambda la, o, x: la.ReLU(6)(la.BatchNormalization()(conv(la)(x))), ["BatchNormalization"], ("relu6",), True),
        (lambda la, o, x: la.LeakyReLU()(la.MaxPooling2D()(conv(la)(x))), [], ("MaxPooling2D",), True),
        (lambda la, o, x: o.relu(la.BatchNormalization()(la.MaxPooling2D()(conv(la)(x)))),
         ["MaxPooling2D", "BatchNormalization"], ("Relu",), True),
        (lambda la, o, x: la.Add()([la.BatchNormalization()(conv(la)(x)), x[..., :1]]),
         ["BatchNormalization"], ("Add",), False),
        (lambda la, o, x: la.Concatenate()([la.Dropout(0.5)(conv(la)(x)), x]), [], ("Concatenate",), False),
        (lambda la, o, x: la.BatchNormalization()(conv(la)(x)), ["BatchNormalization"], (), False),
        (lambda la, o, x: la.Dense(2)(la.Flatten()(conv(la)(x))), [], ("Flatten",), False),
        (lambda la, o, x: la.Conv2D(2, 1)(conv(la)(x)), [], ("Conv2D",), False),
        (lambda la, o, x: la.ReLU()(la.LayerNormalization()(conv(la)(x))), ["LayerNormalization"], ("relu",), True),
    ],
)  # fmt: skip
def test_the_chain_ends_before_the_first_bend_sum_or_mixture(keras, build, chain, readers, bends):
    found = only(keras, build)

    assert [type(call.operation).__name__ for call in found.chain] == chain
    assert (found.readers, found.bends) == (readers, bends)
    assert found.value == (found.chain[-1] if chain else found.call).output


def test_with_several_readers_the_response_is_what_all_of_them_read(keras):
    def build(layers, ops, x):
        y = layers.BatchNormalization(name="bn")(conv(layers)(x))
        return y * ops.sigmoid(y)

    found = only(keras, build)

    assert found.value.name == "bn"
    assert set(found.readers) == {"Sigmoid", "Multiply"}
    assert found.bends


def test_what_has_filters_is_a_convolution_in_two_dimensions_or_a_dense_layer_on_maps(keras):
    layers = keras.layers
    image = keras.Input((16, 16, 4))
    row = layers.Reshape((16, 64))(image)
    outputs = [
        layers.Conv2D(2, 1, name="plain")(image), layers.DepthwiseConv2D(3, name="deep")(image),
        layers.SeparableConv2D(2, 3, name="separable")(image), layers.Conv2DTranspose(2, 3, name="up")(image),
        layers.Dense(2, name="dense")(image), layers.SpectralNormalization(layers.Conv2D(2, 3), name="wrapped")(image),
        layers.Conv1D(2, 3, name="one")(row), layers.Dense(2, name="tokens")(row),
        layers.Dense(2, name="vector")(layers.Flatten()(image)),
        layers.EinsumDense("abcd,de->abce", (16, 16, 2))(image),
        layers.TimeDistributed(layers.Conv1D(2, 3), name="each row")(image),
    ]  # fmt: skip

    found = responses.find(Graph(keras.Model(image, outputs)))

    assert {each.name for each in found} == {"plain", "deep", "separable", "up", "dense", "wrapped"}
    assert {each.name: each.filters for each in found}["deep"] == 4


def test_a_class_of_somebodys_own_keeps_what_it_does_to_itself(keras):
    class Standardised(keras.layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel - keras.ops.mean(kernel))

    class Doubled(keras.layers.Conv2D):
        def call(self, inputs):
            return 2 * super().call(inputs)

    # Keras's own `call` applies the activation last, whatever is convolved, and it can be left out.
    assert responses.own_activation(Standardised(2, 3, activation="relu")) == "relu"
    assert responses.own_activation(Doubled(2, 3, activation="relu")) is None
    assert responses.own_activation(keras.layers.Conv2D(2, 3)) is None
    assert responses.own_activation(keras.layers.Dense(2, activation=keras.layers.PReLU())) == "PReLU"
