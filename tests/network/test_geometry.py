import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network import responses
from pipeline.network.geometry import Geometry, Sizes
from pipeline.network.graph import Graph

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

    from pipeline.network.truncated import truncate

    last = network.layers[-1]
    side = 3 * last.receptive_field_px + 4 * last.stride_px
    positive = {name: np.abs(value) + 0.01 for name, value in tensors.items()}
    responses = truncate(network, positive, last.name, "float32").responses
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


def geometry_of(model, place=(1, 2)) -> tuple[Graph, Geometry]:
    graph = Graph(model)
    return graph, Geometry(graph, graph.inputs[0], place)


def value_of(graph: Graph, name: str):
    return next(call.output for call in graph.calls if call.name == name)


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
    model, _ = functional(
        lambda x, layers: layers.Conv2DTranspose(3, 4, strides=3, name="f", output_padding=1)(
            layers.Conv2D(3, 4, strides=3, name="e")(
                layers.MaxPooling2D(3, strides=2)(
                    layers.Conv2D(3, 3, dilation_rate=2, name="d")(
                        layers.Conv2D(2, 5, strides=2, padding="same", name="c")(
                            layers.UpSampling2D(3)(
                                layers.AveragePooling2D(2, padding="same")(
                                    layers.Conv2D(2, 3, name="b")(
                                        layers.Cropping2D(1)(layers.ZeroPadding2D(((1, 2), (1, 2)))(x))
                                    )
                                )
                            )
                        )
                    )
                )
            )
        )
    )
    graph, geometry = geometry_of(model)

    for name in ("b", "c", "d", "e", "f"):
        part = keras.Model(model.input, model.get_layer(name).output)
        for side in (97, 100, 113, 128, 131, 224):
            shape = part.compute_output_shape((1, side, side, 3))
            assert (name, side, geometry.map_size(value_of(graph, name), side)) == (name, side, tuple(shape[1:3]))


def test_published_fields_are_found(keras):
    published = {
        "ResNet50": ("conv5_block3_3_conv", 483, 32), "MobileNet": ("conv_pw_13", 315, 32),
        "MobileNetV2": ("Conv_1", 491, 32),
    }  # fmt: skip

    for network, (layer, field_px, stride_px) in published.items():
        keras.utils.clear_session()
        graph, geometry = geometry_of(getattr(keras.applications, network)(weights=None, include_top=False))
        field = geometry.field(value_of(graph, layer))
        assert (network, field.side_px, field.stride_px, field.whole) == (network, field_px, stride_px, False)


def test_upsampling_brings_units_closer_and_the_largest_field_counts(functional):
    def build(x, layers):
        low = layers.Conv2D(2, 3, padding="same")(layers.MaxPooling2D(4)(x))
        return layers.Conv2D(2, 1, name="end")(layers.UpSampling2D(8)(low))

    graph, geometry = geometry_of(functional(build)[0])

    field = geometry.field(value_of(graph, "end"))

    assert (field.side_px, field.stride_px) == (12, 1)


def test_a_sum_of_branches_sees_what_the_widest_sees(functional):
    def build(x, layers):
        wide = layers.Conv2D(2, 5, padding="same")(x)
        shifted = layers.Cropping2D(((0, 2), (0, 2)))(layers.ZeroPadding2D(((2, 0), (2, 0)))(x))
        return layers.Conv2D(2, 1, name="end")(
            layers.Concatenate()([wide, layers.Conv2D(2, 3, padding="same")(shifted)])
        )

    graph, geometry = geometry_of(functional(build)[0])

    # From 2 before to 2 after, and from 3 before to 1 before.
    assert geometry.field(value_of(graph, "end")).side_px == 6


def test_a_gate_lets_a_unit_see_the_whole_image_and_has_itself_no_place_in_it(functional):
    def build(x, layers):
        gate = layers.Conv2D(3, 1, name="gate")(layers.GlobalAveragePooling2D(keepdims=True)(x))
        return layers.Conv2D(2, 3, name="end")(layers.Multiply()([x, gate]))

    graph, geometry = geometry_of(functional(build)[0])

    field = geometry.field(value_of(graph, "end"))
    assert (field.side_px, field.whole) == (3, True)
    assert geometry.place(value_of(graph, "gate")) is None
    assert geometry.sees(value_of(graph, "gate"))


def test_a_normalisation_over_places_lets_a_unit_see_the_whole_image(functional):
    build = lambda kind: lambda x, layers: layers.Conv2D(2, 3, name="end")(kind(layers)(x))  # noqa: E731

    for kind, whole in (
        (lambda layers: layers.GroupNormalization(1), True),
        (lambda layers: layers.LayerNormalization(), False),
        (lambda layers: layers.LayerNormalization(axis=[1, 2, 3]), True),
        (lambda layers: layers.BatchNormalization(), False),
    ):
        graph, geometry = geometry_of(functional(build(kind), size=20)[0])
        assert geometry.field(value_of(graph, "end")).whole == whole


def test_the_smallest_image_is_the_first_with_a_map_of_two(sequential):
    network = sequential(("Conv2D", CONV), ("MaxPooling2D", POOL), ("Conv2D", CONV))

    # 10 px make 8, then 4, then 2.
    assert network.smallest_canvas("l2") == 10


def test_an_image_has_to_be_a_multiple_where_maps_are_joined_after_going_up_again(functional):
    def build(x, layers):
        low = layers.MaxPooling2D()(layers.MaxPooling2D()(x))
        return layers.Conv2D(2, 3, padding="same", name="end")(layers.Concatenate()([x, layers.UpSampling2D(4)(low)]))

    graph, geometry = geometry_of(functional(build)[0])

    assert geometry.sizes(value_of(graph, "end")) == Sizes(smallest_px=4, multiple_px=4, only_px=None)


def test_numbers_of_its_own_for_each_place_bind_a_network_to_its_size(functional, keras):
    graph, geometry = geometry_of(
        functional(
            lambda x, layers: layers.Conv2D(2, 3, name="b")(layers.PReLU()(layers.Conv2D(2, 3, name="a")(x))), size=21
        )[0]
    )

    assert geometry.sizes(value_of(graph, "a")).only_px is None
    assert geometry.sizes(value_of(graph, "b")).only_px == 21


def test_a_layer_without_a_map_on_square_images_says_so(keras):
    image = keras.Input((16, 48, 3))
    x = keras.layers.Conv2D(2, 3, name="end")(keras.layers.PReLU()(image))
    graph, geometry = geometry_of(keras.Model(image, x))

    with pytest.raises(UserError, match=r"end has no response map on square images"):
        geometry.sizes(value_of(graph, "end"))


def is_maximum(call, keras) -> bool:
    return isinstance(call.operation, keras.layers.MaxPooling2D)


def mean_pooled(layer, features):
    import tensorflow as tf

    return tf.nn.avg_pool2d(features, layer.pool_size, layer.strides, layer.padding.upper())


@pytest.mark.parametrize("family", ["ResNet50V2", "Xception"])
def test_a_unit_of_a_real_network_depends_on_the_pixels_that_the_rules_say(keras, family):
    """Measured by the gradient of one unit, all weights positive, each maximum a mean, on a large image."""
    import tensorflow as tf

    keras.utils.clear_session()
    model = getattr(keras.applications, family)(weights=None, include_top=False)
    for weight in model.weights:
        weight.assign(np.abs(np.asarray(weight.value)) + 1e-3)
    graph, geometry = geometry_of(model)
    listed = [each for each in responses.find(graph) if geometry.place(each.call.output) is not None]
    # Deep ones would need images larger than the memory.
    shallow = [each for each in listed if geometry.field(each.call.output).side_px < 100]
    chosen = shallow[:: max(1, len(shallow) // 4)]

    for each in chosen:
        value = each.call.output
        field, multiple = geometry.field(value), geometry.sizes(value).multiple_px
        side = -(-2 * (field.side_px + 2 * field.stride_px) // multiple) * multiple
        pixels = tf.ones((1, side, side, 3))
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            values = {graph.inputs[0].name: pixels}
            for call in graph.needed_for(value):
                read = [values[each.name] for each in call.inputs]
                made = [mean_pooled(call.operation, *read)] if is_maximum(call, keras) else call.run(read)
                values.update({one.name: tensor for one, tensor in zip(call.outputs, made, strict=True)})
            of_map = values[value.name]
            unit = tf.reduce_sum(of_map[0, of_map.shape[1] // 2, of_map.shape[2] // 2])
        seen = np.flatnonzero(np.abs(tape.gradient(unit, pixels)).sum((0, 2, 3)))
        assert (each.name, seen[-1] - seen[0] + 1) == (each.name, field.side_px)
