import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network.graph import Graph
from pipeline.network.survey import survey


def look(model):
    return survey(Graph(model), "m", with_effective_fields=False)


def test_sources_pass_through_pooling_and_concatenation_in_channel_order_and_not_through_sums(functional):
    def build(x, layers):
        one = layers.Conv2D(2, 3, padding="same", name="one")(x)
        two = layers.Conv2D(3, 3, padding="same", name="two")(layers.MaxPooling2D()(layers.ReLU()(one)))
        three = layers.Conv2D(3, 3, padding="same", name="three")(layers.MaxPooling2D()(one))
        both = layers.Conv2D(4, 1, name="both")(layers.Concatenate()([three, two]))
        total = layers.Conv2D(2, 1, name="total")(layers.Add()([two, three]))
        mixed = layers.Concatenate()([layers.Add()([two, three]), both])
        return layers.Conv2D(2, 1, name="end")(layers.Concatenate()([layers.Conv2D(2, 1, name="mixed")(mixed), total]))

    network = functional(build)[1]
    sources = {layer.name: layer.sources for layer in network.layers}

    assert sources["one"] == sources["total"] == sources["mixed"] == ()
    assert sources["two"] == sources["three"] == ("one",)
    assert sources["both"] == ("three", "two")
    assert sources["end"] == ("mixed", "total")
    assert network.layer("both").input_channels == 6


def test_pooling_with_a_stride_is_told_of_the_layer_behind_it_and_what_is_behind_all_of_all(functional):
    def build(x, layers):
        one = layers.Conv2D(4, 3, padding="same", name="one")(layers.MaxPooling2D()(x))
        wide = layers.AveragePooling2D(3, 2)(layers.ReLU()(one))
        same = layers.MaxPooling2D(3, 1, padding="same")(one)
        two = layers.Conv2D(4, 3, name="two")(same)
        three = layers.Conv2D(4, 3, name="three")(layers.Dropout(0.1)(wide))
        ends = [layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(each)) for each in (two, three)]
        return layers.Dense(7)(layers.Dense(5)(layers.Concatenate()(ends)))

    found = functional(build)[1].catalogue
    pools = {layer.name: [(each.kind, each.side, each.stride) for each in layer.pools] for layer in found.layers}

    assert pools == {"one": [("MaxPooling2D", 2, 2)], "two": [], "three": [("AveragePooling2D", 3, 2)]}
    assert sorted((each.kind, each.side, each.units) for each in found.after) == [
        ("Dense", 0, 5), ("Dense", 0, 7), *[("GlobalAveragePooling2D", 0, 0)] * 2, *[("MaxPooling2D", 2, 0)] * 2
    ]  # fmt: skip


def test_sources_pass_through_what_keeps_channels_apart_and_not_through_what_changes_them(functional, keras):
    def build(x, layers):
        one = layers.Conv2D(4, 3, padding="same", name="one")(x)
        bent = keras.ops.gelu(layers.BatchNormalization()(one)) * 2.0
        two = layers.Conv2D(4, 3, padding="same", name="two")(layers.UpSampling2D()(bent))
        turned = layers.Conv2D(4, 1, name="turned")(two[..., ::-1])
        gated = two * keras.ops.sigmoid(turned)
        return layers.Conv2D(2, 1, name="end")(gated)

    sources = {layer.name: layer.sources for layer in functional(build)[1].layers}

    assert sources == {"one": (), "two": ("one",), "turned": (), "end": ()}


def test_a_layer_reads_the_image_through_what_keeps_its_channels(functional):
    def build(x, layers):
        one = layers.Conv2D(4, 3, name="one")(layers.ZeroPadding2D()(layers.Rescaling(2.0)(layers.RandomFlip()(x))))
        return layers.Concatenate()([one, layers.Conv2D(4, 3, name="two")(layers.ZeroPadding2D()(x[..., ::-1]))])

    reads = {layer.name: layer.reads_image for layer in functional(build, size=16)[1].layers}

    assert reads == {"one": True, "two": False}


@pytest.mark.parametrize(
    ("first", "scaled"),
    [
        (lambda layers: layers.Rescaling(1 / 255), True),
        (lambda layers: layers.Rescaling(1 / 127.5, -1), True),
        (lambda layers: layers.Rescaling(2.0, -1), False),
        (lambda layers: layers.RandomFlip(), False),
    ],
)
def test_a_network_that_scales_bytes_itself_is_told_from_one_that_does_not(functional, first, scaled):
    network = functional(lambda x, layers: layers.Conv2D(2, 3)(first(layers)(x)), size=16)[1]

    assert [each.scaled for each in network.catalogue.inputs] == [scaled]


def test_inputs_are_described_each_as_it_is(keras):
    image, first = keras.Input((10, 20, 5), name="image"), keras.Input((2, 10, 20), name="first")
    flat, vector = keras.Input((10, 20), name="flat"), keras.Input((7,), name="vector")
    layers = keras.layers
    outputs = [
        layers.Conv2D(2, 3)(image), layers.Conv2D(2, 3, data_format="channels_first")(first),
        layers.Conv2D(2, 3)(layers.Reshape((10, 20, 1))(flat)), layers.Dense(2)(vector),
    ]  # fmt: skip

    found = look(keras.Model([image, first, flat, vector], outputs)).inputs

    assert [(each.name, each.channels, each.layout, each.height_px, each.width_px) for each in found] == [
        ("image", 5, "channels_last", 10, 20), ("first", 2, "channels_first", 10, 20),
        ("flat", 1, "no_channels", 10, 20), ("vector", 0, "channels_last", None, None),
    ]  # fmt: skip


def test_weights_that_no_layer_of_filters_depends_on_are_left_out(functional):
    def build(x, layers):
        y = layers.BatchNormalization(name="bn")(layers.Conv2D(2, 3, name="conv")(x))
        return layers.Dense(3, name="head")(layers.GlobalAveragePooling2D()(layers.ReLU()(y)))

    parameters = functional(build, size=16)[1].parameters

    assert {name.partition("/")[0] for name in parameters} == {"conv", "bn"}
    assert parameters["bn/gamma"] == (2,)


def test_costs_of_every_kind_of_layer_are_counted(functional):
    def build(x, layers):
        x = layers.Conv2D(4, 3, padding="same", name="plain")(x)
        x = layers.DepthwiseConv2D(3, padding="same", name="deep")(x)
        x = layers.SeparableConv2D(6, 3, padding="same", name="separable")(x)
        x = layers.Dense(2, name="dense")(x)
        x = layers.Conv2DTranspose(2, 2, 2, padding="same", name="up")(x)
        return layers.Conv2D(2, 1, name="end")(x)

    network = functional(build)[1]
    costs = {layer.name: round(layer.flops_per_pixel) for layer in network.layers}

    plain, deep, separable, dense = 2 * 9 * 3 * 4, 2 * 9 * 4, 2 * 9 * 4 + 2 * 4 * 6, 2 * 6 * 2
    assert costs["plain"] == 2 * 9 * 3
    assert costs["deep"] == plain + 2 * 9
    assert costs["separable"] == plain + deep + 2 * 9 * 4 + 2 * 4
    assert costs["dense"] == plain + deep + separable + 2 * 6
    # Two by two taps, of which each new unit gets one.
    up = 4 * (2 * 2 * 2)
    assert costs["up"] == plain + deep + separable + dense + up // 2
    assert costs["end"] == plain + deep + separable + dense + up + 4 * (2 * 2)


def test_a_network_without_convolutions_says_what_there_is(keras):
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(image)))

    with pytest.raises(UserError, match=r"model m: it has no convolutional layer .*; it has Flatten, Dense"):
        look(model)


def test_a_network_without_images_says_what_its_inputs_are(keras):
    vector = keras.Input((784,), name="pixels")
    x = keras.layers.Conv2D(2, 3)(keras.layers.Reshape((28, 28, 1))(vector))

    with pytest.raises(UserError, match=r"none of its inputs is an image.*: pixels \(None, 784\)"):
        look(keras.Model(vector, x))


def test_effective_fields_are_measured_where_they_are_asked_for(functional):
    model, _ = functional(lambda x, layers: layers.Conv2D(4, 7, name="b")(layers.Conv2D(4, 3, name="a")(x)))

    found = survey(Graph(model), "m")

    assert [layer.receptive_field_px for layer in found.layers] == [3, 9]
    assert found.layers[0].effective_field_px == 3
    assert 5 <= found.layers[1].effective_field_px <= 9


def test_a_grid_of_units_in_the_image_is_what_a_layer_of_filters_has(keras):
    """A vector from somewhere else, spread out, is no map of the image."""
    image, style = keras.Input((16, 16, 3), name="image"), keras.Input((4,), name="style")
    spread = keras.layers.Conv2D(2, 1, name="spread")(keras.layers.Reshape((2, 2, 1))(style))
    seen = keras.layers.Conv2D(2, 3, name="seen")(image)

    assert [layer.name for layer in look(keras.Model([image, style], [seen, spread])).layers] == ["seen"]
    assert np.isfinite(look(keras.Model(image, seen)).layers[0].flops_per_pixel)
