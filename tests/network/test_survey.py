"""What the catalogue says of a network, held against networks made for it."""

import keras
import pytest
from keras import layers

from pipeline.errors import UserError
from pipeline.network.catalogue import Catalogue, ConvLayer
from pipeline.network.graph import Graph
from pipeline.network.survey import survey


def surveyed(images: keras.KerasTensor, outputs: keras.KerasTensor) -> Catalogue:
    return survey(Graph(keras.Model(images, outputs)), "m", with_effective_fields=False)


def image(*shape: int | None, **settings) -> keras.KerasTensor:
    keras.utils.clear_session(free_memory=False)
    return keras.Input(shape or (None, None, 3), name="image", **settings)


def by_name(catalogue: Catalogue) -> dict[str, ConvLayer]:
    return {layer.name: layer for layer in catalogue.layers}


def test_channels_are_followed_back_to_the_filters_that_they_are():
    images = image()
    a, b = layers.Conv2D(4, 3, padding="same", name="a")(images), layers.Conv2D(6, 3, padding="same", name="b")(images)
    both = layers.MaxPooling2D()(layers.ReLU()(layers.Concatenate()([a, b])))
    c = layers.Conv2D(6, 1, name="c")(both)
    total = layers.Add()([c, layers.Conv2D(6, 1, name="d")(both)])

    found = by_name(surveyed(images, layers.Conv2D(2, 1, name="e")(total)))

    assert {name: layer.sources for name, layer in found.items()} == {
        "a": (), "b": (), "c": ("a", "b"), "d": ("a", "b"), "e": (),
    }  # fmt: skip
    assert [name for name, layer in found.items() if layer.reads_image] == ["a", "b"]
    assert [layer.input_channels for layer in found.values()] == [3, 3, 10, 10, 6]


def test_what_only_scales_the_image_leaves_its_channels_the_images():
    images = image()

    catalogue = surveyed(images, layers.Conv2D(4, 3, name="a")(layers.Rescaling(1 / 255)(images)))

    assert by_name(catalogue)["a"].reads_image
    assert catalogue.inputs[0].scaled


def test_a_mixture_of_the_images_channels_is_none_of_them():
    images = image()

    found = by_name(surveyed(images, layers.Conv2D(4, 3, name="a")(layers.Permute((1, 3, 2))(images[:, :3, :3]))))

    assert not found["a"].reads_image


@pytest.mark.parametrize(
    ("layer", "kind", "filters", "groups", "flops"),
    [
        (lambda: layers.Conv2D(6, 3, padding="same", name="last"), "Conv2D", 6, 1, 2 * 9 * 4),
        (lambda: layers.Conv2D(6, 3, padding="same", groups=2, name="last"), "Conv2D", 6, 2, 2 * 9 * 2),
        (lambda: layers.DepthwiseConv2D(3, padding="same", name="last"), "DepthwiseConv2D", 4, 4, 2 * 9),
        (lambda: layers.SeparableConv2D(6, 3, padding="same", name="last"), "SeparableConv2D", 6, 1,
         2 * 9 * 4 + 2 * 4),
        (lambda: layers.Dense(5, name="last"), "Dense", 5, 1, 2 * 4),
    ],
    ids=["plain", "grouped", "depthwise", "separable", "dense"],
)  # fmt: skip
def test_the_last_layer_costs_one_filter_and_those_before_it_all(layer, kind, filters, groups, flops):
    images = image()

    found = by_name(surveyed(images, layer()(layers.Conv2D(4, 1, name="first")(images))))["last"]

    assert (found.kind, found.filters, found.groups) == (kind, filters, groups)
    assert found.flops_per_pixel == 2 * 3 * 4 + flops


def test_the_cost_goes_with_the_size_of_the_maps():
    images = image()
    half = layers.Conv2D(4, 1, name="half")(layers.MaxPooling2D()(images))

    assert by_name(surveyed(images, half))["half"].flops_per_pixel == 2 * 3 / 4


def test_only_weights_that_the_layers_depend_on_are_wanted():
    images = image(8, 8, 3)
    features = layers.BatchNormalization(name="n")(layers.Conv2D(4, 3, use_bias=False, name="a")(images))

    catalogue = surveyed(images, layers.Dense(2, name="top")(layers.Flatten()(features)))

    assert list(catalogue.parameters) == ["a/kernel", "n/gamma", "n/beta", "n/moving_mean", "n/moving_variance"]


def test_a_layer_that_is_called_twice_is_listed_twice_with_the_same_weights():
    images, shared = image(), layers.Conv2D(3, 3, padding="same", name="shared")

    found = by_name(surveyed(images, shared(shared(images))))

    assert {name: layer.weights for name, layer in found.items()} == {"shared": "shared", "shared@2": "shared"}
    assert found["shared@2"].sources == ("shared",)


def test_images_are_told_by_their_shape_and_type():
    images = image(None, None, 1)
    code = keras.Input((7,), name="code")
    features = layers.Conv2D(4, 3, name="a")(images)
    gated = features * layers.Reshape((1, 1, 4))(layers.Dense(4)(code))

    inputs = {each.name: each for each in surveyed([images, code], gated).inputs}

    assert (inputs["image"].channels, inputs["code"].channels) == (1, 0)
    assert (inputs["image"].height_px, inputs["image"].width_px) == (None, None)


def test_the_layout_is_the_one_that_the_first_layer_takes():
    images = image(3, 16, 16)

    catalogue = surveyed(images, layers.Conv2D(4, 3, data_format="channels_first", name="a")(images))

    (found,) = catalogue.inputs
    assert (found.layout, found.channels, found.height_px, found.width_px) == ("channels_first", 3, 16, 16)
    assert by_name(catalogue)["a"].filters == 4


def test_a_network_without_an_image_says_what_its_inputs_are():
    code = keras.Input((7,), name="code")

    with pytest.raises(UserError, match=r"^model m: none of its inputs is an image.*: code \(None, 7\)"):
        surveyed(code, layers.Dense(2)(code))


def test_a_network_without_convolutions_says_what_it_has():
    images = image(8, 8, 3)

    with pytest.raises(UserError, match=r"^model m: it has no convolutional layer .*it has Flatten, Dense$"):
        surveyed(images, layers.Dense(2)(layers.Flatten()(images)))
