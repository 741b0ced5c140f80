import numpy as np
import pytest
import tensorflow as tf

from pipeline.network import catalogue, keras_model, preparation
from pipeline.network.truncated import truncate, with_copy
from tests.support.networks import tensors_of

SIDE = 19
TOLERANCE = 1e-4
ACTIVATIONS = ("elu", "gelu", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "silu", "swish", "tanh")

# What stands before the last convolution, one kind of layer each.
BODIES = {
    "nothing": lambda x, layers: x,
    "a convolution with same padding": lambda x, layers: layers.Conv2D(5, 3, padding="same")(x),
    "a convolution with valid padding": lambda x, layers: layers.Conv2D(5, 4)(x),
    "a strided convolution": lambda x, layers: layers.Conv2D(5, 3, strides=2, padding="same")(x),
    "a dilated convolution": lambda x, layers: layers.Conv2D(5, 3, dilation_rate=2, padding="same")(x),
    "a grouped convolution": lambda x, layers: layers.Conv2D(6, 3, groups=3)(x),
    "a convolution without bias": lambda x, layers: layers.Conv2D(5, 3, use_bias=False)(x),
    "a wide kernel": lambda x, layers: layers.Conv2D(5, (1, 5), padding="same")(x),
    "maximum pooling": lambda x, layers: layers.MaxPooling2D()(x),
    "overlapping maximum pooling": lambda x, layers: layers.MaxPooling2D(3, strides=2, padding="same")(x),
    "average pooling": lambda x, layers: layers.AveragePooling2D(2)(x),
    "average pooling with same padding": lambda x, layers: layers.AveragePooling2D(3, strides=2, padding="same")(x),
    "zero padding": lambda x, layers: layers.ZeroPadding2D(((1, 2), (3, 0)))(x),
    "batch normalisation": lambda x, layers: layers.BatchNormalization()(x),
    "batch normalisation without scale": lambda x, layers: layers.BatchNormalization(scale=False, epsilon=0.1)(x),
    "batch normalisation without centre": lambda x, layers: layers.BatchNormalization(center=False)(x),
    "a capped leaky ReLU": lambda x, layers: layers.ReLU(max_value=0.4, negative_slope=0.3)(layers.Conv2D(5, 3)(x)),
    "a ReLU": lambda x, layers: layers.ReLU()(layers.Conv2D(5, 3)(x)),
    "a sum": lambda x, layers: layers.Add()([layers.Conv2D(5, 1)(x), layers.Conv2D(5, 1)(x), layers.Conv2D(5, 1)(x)]),
    "a concatenation": lambda x, layers: layers.Concatenate()([layers.Conv2D(5, 1)(x), x]),
    "what only training needs": lambda x, layers: layers.GaussianNoise(1.0)(layers.Dropout(0.5)(x)),
} | {
    f"activation {name}": lambda x, layers, name=name: layers.Activation(name)(
        layers.Conv2D(5, 3, activation=name)(x)
    )
    for name in ACTIVATIONS
}  # fmt: skip

# The last convolution itself.
ENDS = {
    "plain": {"kernel_size": 3, "padding": "same"},
    "strided and valid": {"kernel_size": 3, "strides": 2},
    "dilated": {"kernel_size": 3, "dilation_rate": 2},
    "grouped": {"kernel_size": 3, "groups": 3},
    "without bias": {"kernel_size": 3, "use_bias": False},
}


def images(count: int = 2, side: int = SIDE) -> tf.Tensor:
    return tf.constant(np.random.default_rng(5).random((count, side, side, 3), np.float32))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_kind_of_layer_does_what_keras_does(functional, body):
    model, network = functional(lambda x, layers: layers.Conv2D(4, 3, name="last")(body(x, layers)))

    responses = truncate(network, tensors_of(model), "last", "float32").responses(images())

    np.testing.assert_allclose(responses, model(images(), training=False), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_last_convolution_does_what_keras_does_but_for_its_activation(functional, end, keras):
    model, network = functional(
        lambda x, layers: layers.Conv2D(6, name="last", activation="relu", **end)(layers.Conv2D(6, 3)(x))
    )

    responses = truncate(network, tensors_of(model), "last", "float32").responses(images())

    assert float(tf.reduce_min(responses)) < 0
    expected = keras.ops.convert_to_numpy(model(images()))
    np.testing.assert_allclose(tf.nn.relu(responses), expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_one_channel_alone_responds_as_it_does_among_all(functional, end, precision):
    model, network = functional(lambda x, layers: layers.Conv2D(6, name="last", **end)(layers.Conv2D(6, 3)(x)))
    truncated = truncate(network, tensors_of(model), "last", precision)
    # Libraries may sum in another order where there is one channel: rounding, and nothing else, may differ.
    tolerance = 1e-5 if precision == "float32" else 2e-2

    together = truncated.responses(images())

    for channel in range(6):
        alone = truncated.channel_responses(images(), tf.constant(channel))
        np.testing.assert_allclose(alone[..., 0], together[..., channel], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("groups", [1, 3])
def test_each_image_of_a_batch_may_have_a_channel_of_its_own(functional, groups):
    model, network = functional(lambda x, layers: layers.Conv2D(6, 3, groups=groups, name="last")(x))
    truncated = truncate(network, tensors_of(model), "last", "float32")
    pictures = images(3)

    own = truncated.channel_responses(pictures, tf.constant([4, 0, 2]))

    for picture, response, channel in zip(pictures, own, (4, 0, 2), strict=True):
        np.testing.assert_array_equal(response, truncated.channel_responses(picture[None], tf.constant(channel))[0])


def test_the_number_of_the_channel_may_be_a_tensor_inside_a_compiled_function(tiny_network, tiny_tensors):
    truncated = truncate(tiny_network, tiny_tensors, "l2", "float32")
    compiled = tf.function(truncated.channel_responses, autograph=False)
    together = truncated.responses(images())

    for channel in (0, 5):
        alone = compiled(images(), tf.constant(channel))
        np.testing.assert_allclose(alone[..., 0], together[..., channel], rtol=1e-5, atol=1e-5)
    assert compiled.experimental_get_tracing_count() == 1


def test_a_layer_may_have_a_name_that_is_none_of_tensorflows(functional):
    model, network = functional(lambda x, layers: layers.Conv2D(4, 3, name="a löwe")(x))
    truncated = truncate(network, tensors_of(model), "a löwe", "float32")

    compiled = tf.function(truncated.channel_responses, autograph=False)(images(1), tf.constant(0))

    np.testing.assert_allclose(compiled, truncated.responses(images(1))[..., :1], rtol=1e-5, atol=1e-5)


def test_a_grouped_channel_can_be_climbed(functional):
    model, network = functional(lambda x, layers: layers.Conv2D(6, 3, groups=3, name="last")(x))
    truncated = truncate(network, tensors_of(model), "last", "float32")
    image = images(1)

    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_sum(truncated.channel_responses(image, tf.constant(4)))
    gradient = np.abs(tape.gradient(value, image)).sum((0, 1, 2))

    # Channel 4 of 6 in 3 groups reads the third of the input's channels.
    assert gradient[2] > 0
    assert (gradient[:2] == 0).all()


def test_bfloat16_differs_from_float32_by_its_rounding(tiny_network, tiny_tensors):
    exact, rounded = (
        truncate(tiny_network, tiny_tensors, "l2", precision).responses(images(2, 32)).numpy()
        for precision in ("float32", "bfloat16")
    )

    # bfloat16 has 8 significant bits: each value is rounded by up to 1 / 256, and hundreds of them are averaged.
    error = np.abs(rounded - exact)
    assert rounded.dtype == np.float32
    assert 0 < error.max() < 0.03 * np.abs(exact).max()
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.999


def test_a_layer_is_computed_without_the_weights_of_later_ones(tiny_network, tiny_tensors):
    first_only = {name: value for name, value in tiny_tensors.items() if name.startswith("l0/")}
    truncated = truncate(tiny_network, first_only, "l0", "float32")

    assert truncated.calls == ("l0",)
    expected = truncate(tiny_network, tiny_tensors, "l0", "float32").responses(images())
    np.testing.assert_array_equal(truncated.responses(images()), expected)


def test_the_networks_preprocessing_is_applied(sequential, random_tensors):
    layers = ("Conv2D", {"filters": 3, "kernel_size": [3, 3]})
    plain, caffe = sequential(layers), sequential(layers, preprocessing="caffe")
    tensors = random_tensors(plain)

    expected = truncate(plain, tensors, "l0", "float32").responses(preparation.preprocess(images(), "caffe"))

    np.testing.assert_array_equal(truncate(caffe, tensors, "l0", "float32").responses(images()), expected)


def test_mean_activations_are_means_of_what_is_above_zero_on_8_bit_pictures(tiny_network, tiny_tensors):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    truncated = truncate(tiny_network, tiny_tensors, "l2", "float32")
    expected = np.maximum(truncated.responses(tf.constant(pixels / np.float32(255))), 0).mean((1, 2))

    means = truncated.mean_activations(pixels, batch=2)

    assert means.dtype == np.float32
    np.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-6)


def test_vgg16_responds_as_kerass_own_model(random_tensors, keras):
    network = catalogue.load("vgg16")
    tensors = random_tensors(network)
    image = images(1, 48)
    model = keras.applications.VGG16(weights=None, include_top=False)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([tensors[f"{layer.name}/{weight.name}"] for weight in layer.weights])
    theirs = keras.Model(model.input, model.get_layer("block4_conv2").output)

    ours = truncate(network, tensors, "block4_conv2", "float32").responses(image)

    expected = theirs(keras.applications.vgg16.preprocess_input(image.numpy() * 255.0))
    np.testing.assert_allclose(tf.nn.relu(ours), expected, rtol=1e-3, atol=1e-3 * float(tf.reduce_max(expected)))


def wide(sequential, **settings):
    """Return a network of three convolutions, of which the second reads 16 channels."""
    return sequential(
        ("Conv2D", {"filters": 16, "kernel_size": [3, 3], "activation": "relu"}),
        ("Conv2D", {"filters": 24, "kernel_size": [3, 3], "activation": "relu", **settings}),
        ("Conv2D", {"filters": 5, "kernel_size": [3, 3]}),
    )


@pytest.mark.parametrize("strides", [1, 2])
def test_the_copy_of_kernels_that_are_of_low_rank_answers_as_the_network(sequential, random_tensors, strides):
    network = wide(sequential, strides=strides)
    down, across = np.random.default_rng(0).standard_normal((2, 3, 16, 24)) / 12
    # Each place of the kernel is a row's share times a column's: rank 16 of 48.
    tensors = random_tensors(network) | {"l1/kernel": np.einsum("hik,wkn->hwin", down[..., :16], across).astype("f4")}
    graph = keras_model.graph_with(keras_model.load(network.model), tensors, "float32")
    image, channel = tf.random.stateless_uniform((2, SIDE, SIDE, 3), (1, 2)), tf.constant([4, 0])

    exact, copy_responses = with_copy(network, graph, "l2", 1.0)

    expected = exact.channel_responses(image, channel)
    np.testing.assert_allclose(copy_responses(image, channel), expected, atol=TOLERANCE)
    # Of half the channels it is another network, with the same map.
    _, poorer = with_copy(network, graph, "l2", 0.1)
    assert poorer(image, channel).shape == expected.shape


@pytest.mark.parametrize(
    ("settings", "layer", "rank"),
    [({}, "l2", 0.0), ({}, "l1", 0.5), ({"groups": 2}, "l2", 0.5), ({"kernel_size": 1}, "l2", 0.5)],
    ids=["not asked for", "the last layer itself", "grouped", "of one place"],
)
def test_there_is_no_copy_where_it_would_be_the_network_itself(sequential, random_tensors, settings, layer, rank):
    network = wide(sequential, **settings)
    graph = keras_model.graph_with(keras_model.load(network.model), random_tensors(network), "float32")

    assert with_copy(network, graph, layer, rank)[1] is None
