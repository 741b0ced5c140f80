import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network.architecture import load_network

CONV = {"filters": 2, "kernel_size": [3, 3]}
POOL = {"pool_size": [2, 2], "strides": [2, 2]}

# A name, the layers, the field and stride of the last, worked out by hand.
GEOMETRIES = [
    ("one convolution", [("Conv2D", CONV)], 3, 1),
    ("an even kernel", [("Conv2D", CONV | {"kernel_size": [4, 4]})], 4, 1),
    ("a stride", [("Conv2D", CONV | {"strides": [3, 3]}), ("Conv2D", CONV)], 9, 3),
    ("a dilation", [("Conv2D", CONV | {"dilation_rate": [3, 3]})], 7, 1),
    ("a dilation after a stride", [("MaxPooling2D", POOL), ("Conv2D", CONV | {"dilation_rate": [2, 2]})], 10, 2),
    ("pooling whose stride is not its window",
     [("Conv2D", CONV), ("AveragePooling2D", POOL | {"pool_size": [3, 3]}), ("Conv2D", CONV)], 9, 2),
    ("pooling with its default stride", [("MaxPooling2D", POOL | {"strides": None}), ("Conv2D", CONV)], 6, 2),
    ("same padding throughout",
     [("Conv2D", CONV | {"padding": "same"}), ("MaxPooling2D", POOL | {"padding": "same"}),
      ("Conv2D", CONV | {"padding": "same"})], 8, 2),
    ("zero padding", [("ZeroPadding2D", {"padding": [[2, 2], [2, 2]]}), ("Conv2D", CONV)], 3, 1),
    ("a tall kernel and a wide one",
     [("Conv2D", CONV | {"kernel_size": [1, 7]}), ("Conv2D", CONV | {"kernel_size": [7, 1]})], 7, 1),
    ("a tall kernel", [("Conv2D", CONV), ("Conv2D", CONV | {"kernel_size": [5, 1]})], 7, 1),
]  # fmt: skip
by_name = pytest.mark.parametrize(
    ("layers", "field_px", "stride_px"), [each[1:] for each in GEOMETRIES], ids=[each[0] for each in GEOMETRIES]
)


def seen_by_central_units(network, tensors) -> list[tuple[int, int]]:
    """Return first and last row and column of pixels that change the central unit, then those of its neighbours.

    With positive weights a brighter pixel can only raise what sees it, so nothing cancels.
    """
    import tensorflow as tf

    from pipeline.network.forward import TruncatedNetwork

    last = network.layers[-1]
    side = 3 * last.receptive_field_px + 4 * last.stride_px
    positive = {name: np.abs(value) + 0.01 for name, value in tensors.items()}
    responses = TruncatedNetwork(network, positive, last.name, "float32").responses
    dark = np.zeros((1, side, side, 3), np.float32)
    rows = np.zeros((side, side, side, 3), np.float32)
    rows[np.arange(side), np.arange(side)] = 1
    spans = []
    for images, axis in ((rows, 0), (rows.transpose(0, 2, 1, 3), 1)):
        changed = np.abs(responses(tf.constant(images)) - responses(tf.constant(dark))).max(-1) > 0
        centre = changed.shape[1] // 2
        for offset in (0, 1):
            at = [centre, centre]
            at[axis] += offset
            pixels = np.flatnonzero(changed[:, at[0], at[1]])
            spans.append((int(pixels[0]), int(pixels[-1])))
    return spans


def test_the_catalogue_of_vgg16_is_the_published_one():
    network = load_network("vgg16")
    layers = network.layers

    assert network.preprocessing == "caffe"
    assert [layer.name for layer in layers] == [
        f"block{block}_conv{number}" for block in range(1, 6) for number in range(1, 4 if block > 2 else 3)
    ]
    assert [layer.index for layer in layers] == list(range(13))
    assert [layer.filters for layer in layers] == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert sum(layer.filters for layer in layers) == 4224
    assert [layer.input_channels for layer in layers] == [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512]
    assert [layer.receptive_field_px for layer in layers] == [3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196]
    assert [layer.stride_px for layer in layers] == [1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 16]
    assert {layer.kernel_size for layer in layers} == {(3, 3)}
    assert [layer.sources for layer in layers] == [(), *((layer.name,) for layer in layers[:-1])]


def test_vgg16_has_the_published_number_of_weights():
    shapes = load_network("vgg16").parameters

    assert shapes["block2_conv1/kernel"] == (3, 3, 64, 128)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 14_714_688


def test_what_a_forward_pass_costs_is_counted_up_to_one_filter(tiny_network):
    assert tiny_network.convolution_flops("l0", 8) == 2 * 8 * 8 * 9 * 3
    assert tiny_network.convolution_flops("l2", 8) == 2 * 8 * 8 * 9 * 3 * 4 + 2 * 4 * 4 * 9 * 4


@by_name
def test_field_and_stride_are_those_worked_out_by_hand(sequential, layers, field_px, stride_px):
    last = sequential(*layers).layers[-1]

    assert (last.receptive_field_px, last.stride_px) == (field_px, stride_px)


@pytest.mark.usefixtures("tensorflow")
@by_name
def test_a_unit_sees_as_many_pixels_as_its_field_says(sequential, random_tensors, layers, field_px, stride_px):
    network = sequential(*layers)

    down, below, across, beside = seen_by_central_units(network, random_tensors(network))

    assert max(down[1] - down[0], across[1] - across[0]) + 1 == field_px
    assert below[0] - down[0] == beside[0] - across[0] == stride_px


@pytest.mark.usefixtures("tensorflow")
@pytest.mark.parametrize("seed", range(8))
def test_a_unit_of_any_network_sees_as_many_pixels_as_its_field_says(sequential, random_tensors, seed):
    random = np.random.default_rng(seed)
    layers = []
    for _ in range(4):
        padding = str(random.choice(["same", "valid"]))
        window, step = int(random.integers(1, 5)), int(random.integers(1, 3))
        kind = str(random.choice(["Conv2D", "Conv2D", "MaxPooling2D", "AveragePooling2D"]))
        if kind == "Conv2D":
            dilation = int(random.integers(1, 4)) if step == 1 else 1
            settings = CONV | {"kernel_size": [window] * 2, "strides": [step] * 2, "dilation_rate": [dilation] * 2}
        else:
            # A window smaller than its stride skips pixels: then the field has gaps, and no end to be found.
            settings = {"pool_size": [max(window, step)] * 2, "strides": [step] * 2}
        layers.append((kind, settings | {"padding": padding}))
    network = sequential(*layers, ("Conv2D", CONV))
    last = network.layers[-1]

    down, below, across, _ = seen_by_central_units(network, random_tensors(network))

    assert down[1] - down[0] + 1 == across[1] - across[0] + 1 == last.receptive_field_px
    assert below[0] - down[0] == last.stride_px


def test_the_map_is_as_large_as_keras_makes_it(functional, keras):
    model, network = functional(
        lambda x, layers: layers.Conv2D(3, 4, strides=3, name="e")(
            layers.MaxPooling2D(3, strides=2)(
                layers.Conv2D(3, 3, dilation_rate=2, name="d")(
                    layers.Conv2D(2, 5, strides=2, padding="same", name="c")(
                        layers.AveragePooling2D(2, padding="same")(
                            layers.Conv2D(2, 3, name="b")(layers.ZeroPadding2D(((1, 2), (1, 2)))(x))
                        )
                    )
                )
            )
        )
    )
    for name in ("b", "c", "d", "e"):
        part = keras.Model(model.input, model.get_layer(name).output)
        for side in (97, 100, 113, 128, 131, 224):
            shape = part.compute_output_shape((1, side, side, 3))
            assert (name, side, network.map_size(name, side)) == (name, side, shape[1])


def test_vgg16s_maps_are_whole_on_the_canvases_it_gets():
    network = load_network("vgg16")

    assert [network.map_size("block5_conv3", side) for side in (16, 31, 32, 224)] == [1, 1, 2, 14]
    assert network.smallest_canvas("block5_conv3") == 32
    assert network.smallest_canvas("block1_conv1") == 2


def test_the_smallest_canvas_is_the_first_with_a_map_of_two(sequential):
    network = sequential(("Conv2D", CONV), ("MaxPooling2D", POOL), ("Conv2D", CONV))

    smallest = network.smallest_canvas("l2")

    assert [network.map_size("l2", side) for side in (smallest - 1, smallest)] == [1, 2]


def test_sources_pass_through_pooling_and_concatenation_in_channel_order_and_not_through_sums(functional):
    def build(x, layers):
        one = layers.Conv2D(2, 3, padding="same", name="one")(x)
        two = layers.Conv2D(3, 3, padding="same", name="two")(layers.MaxPooling2D()(layers.ReLU()(one)))
        three = layers.Conv2D(3, 3, padding="same", name="three")(layers.MaxPooling2D()(one))
        both = layers.Conv2D(4, 1, name="both")(layers.Concatenate()([three, two]))
        total = layers.Conv2D(2, 1, name="total")(layers.Add()([two, three]))
        mixed = layers.Concatenate()([layers.Add()([two, three]), both])
        return layers.Conv2D(2, 1, name="end")(layers.Concatenate()([layers.Conv2D(2, 1, name="mixed")(mixed), total]))

    _, network = functional(build)
    sources = {layer.name: layer.sources for layer in network.layers}

    assert sources["one"] == sources["total"] == sources["mixed"] == ()
    assert sources["two"] == sources["three"] == ("one",)
    assert sources["both"] == ("three", "two")
    assert sources["end"] == ("mixed", "total")
    assert network.layer("both").input_channels == 6


def test_a_layer_needs_what_feeds_it_and_nothing_else(functional):
    def build(x, layers):
        left = layers.Conv2D(2, 3, padding="same", name="left")(x)
        right = layers.Conv2D(2, 5, padding="same", name="right")(x)
        return layers.Conv2D(2, 1, name="end")(layers.Add(name="sum")([left, right]))

    _, network = functional(build)

    assert [node.name for node in network.needed_for("right")][1:] == ["right"]
    assert {node.name for node in network.needed_for("end")} >= {"left", "right", "sum", "end"}
    assert network.layer("end").receptive_field_px == 5


def test_an_unknown_layer_suggests_the_nearest():
    with pytest.raises(UserError, match=r"'blok3_conv1'; did you mean block3_conv1\?.*13 in all"):
        load_network("vgg16").layer("blok3_conv1")


@pytest.mark.parametrize("number", [-1, 64, 10**30])
def test_a_filter_out_of_range_says_the_range(number):
    network = load_network("vgg16")

    with pytest.raises(UserError, match=rf"block1_conv1 has no filter {number}: its filters are 0 to 63"):
        network.check_filter("block1_conv1", number)
