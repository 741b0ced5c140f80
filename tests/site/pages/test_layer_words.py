import ast
import dataclasses
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.network import catalogue
from pipeline.site.pages import layer_words
from tests.support.documents import a_layer


@pytest.mark.parametrize(
    ("chain", "readers", "bends", "words"),
    [
        ((), ("relu",), True, "the convolution’s own output, before ReLU"),
        (("BatchNormalization",), ("relu6",), True, "the value after BatchNormalization, before ReLU6"),
        (("BatchNormalization",), ("swish",), True, "the value after BatchNormalization, before SiLU"),
        ((), ("LeakyReLU",), True, "the convolution’s own output, before leaky ReLU"),
        ((), ("MaxPooling2D",), True, "the convolution’s own output, before MaxPooling2D"),
        ((), ("Add",), False, "the convolution’s own output, which Add reads"),
        ((), ("Add", "Conv2D", "relu"), False, "the convolution’s own output, which Add, Conv2D and ReLU read"),
        (
            ("ZeroPadding2D", "Rescaling"),
            (),
            False,
            "the value after ZeroPadding2D and Rescaling, with which the network ends",
        ),
    ],
)
def test_where_a_response_is_taken_is_told_in_words(chain, readers, bends, words):
    layer = a_layer(response_after=chain, read_by=readers, nonlinearity_follows=bends)

    assert layer_words.response_words(layer) == f"The response is {words}."


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("relu", "Relu", "ReLU"), "ReLU"),
        (("relu6", "Relu6"), "ReLU6"),
        (("relu0.5",), "ReLU0.5"),
        (("silu", "swish", "Silu"), "SiLU"),
        (("gelu", "Gelu"), "GELU"),
        (("hard_silu", "hard_swish", "HardSilu"), "hard SiLU"),
        (("leaky_relu", "LeakyReLU", "LeakyRelu"), "leaky ReLU"),
        (("sigmoid", "Sigmoid"), "sigmoid"),
    ],
)
def test_a_nonlinearity_is_written_alike_whatever_keras_class_it_is_of(names, written):
    for name in names:
        assert layer_words.response((), (name,), bends=True).endswith(f", before {written}")


def nonlinearities() -> set[str]:
    """Return what Keras calls its activation functions, read from its source: importing it would take seconds."""
    source = Path(find_spec("keras").origin).with_name("src") / "activations" / "__init__.py"
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and node.targets[0].id == "ALL_OBJECTS":
            return {each.id for each in node.value.elts} - {"linear"}
    raise LookupError("keras.activations lists its functions elsewhere")


@pytest.mark.parametrize("name", sorted(nonlinearities()))
def test_no_nonlinearity_of_keras_is_written_as_code(name):
    operation = "".join(word.capitalize() for word in name.split("_"))
    as_function, as_operation = (layer_words.response((), (each,), bends=True) for each in (name, operation))

    assert as_function == as_operation
    assert "_" not in as_function


def test_of_a_layer_before_a_nonlinearity_nothing_is_said_of_signs():
    assert layer_words.sign_words(a_layer()) == ""


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("channel", "Pictures show the positive end; the objective negative_channel shows the negative one."),
        ("neuron", "Pictures show the positive end; the objective negative_channel shows the negative one."),
        ("negative_channel", "Pictures show the negative end; the objective channel shows the positive one."),
    ],
)
def test_without_a_nonlinearity_the_sign_is_a_convention(objective, words):
    said = layer_words.sign_words(a_layer(nonlinearity_follows=False, objective=objective))

    assert "the sign of a filter is a convention" in said
    assert said.endswith(words)


def test_the_effective_field_is_named_where_it_is_known_and_smaller():
    assert layer_words.field_words(a_layer(receptive_field_px=851, effective_field_px=281)) == (
        "Nearly all of what moves it lies within 281 px."
    )
    assert layer_words.field_words(a_layer(receptive_field_px=3, effective_field_px=3)) == ""
    assert layer_words.field_words(a_layer(receptive_field_px=3)) == ""


def test_a_unit_that_sees_the_whole_image_is_said_to():
    layer = a_layer(receptive_field_px=35, sees_whole_image=True)

    assert layer_words.sees(layer) == "35 px and the whole image"
    assert "sees the whole image, by way of a gate" in layer_words.field_words(layer)
    assert layer_words.sees(a_layer(receptive_field_px=35)) == "35 px"


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        (3, ""),
        (1, "The network’s images have one channel: pictures are grey."),
        (2, "of which channel 0 is shown as red, channel 1 as green and blue."),
        (4, "of which channel 0 is shown as red, channel 1 as green, channel 2 as blue."),
    ],
)
def test_false_colours_are_called_so(channels, words):
    said = layer_words.colour_words(a_layer(image_channels=channels))

    assert said.endswith(words)
    assert said.startswith("False colours: ") == (channels in (2, 4))


def with_inputs(**channels: int) -> catalogue.Network:
    """Return a network with more inputs than VGG16 has: the channels of each by its name, 0 where it is no image."""
    network = catalogue.load("vgg16")
    (own,) = network.catalogue.inputs
    more = [dataclasses.replace(own, name=name, channels=number) for name, number in channels.items()]
    changed = dataclasses.replace(network.catalogue, inputs=(own, *more))
    return dataclasses.replace(network, catalogue=changed)


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ({"right": 3}, "The network has 2 inputs: pictures of this layer are of input, with right held at mid grey."),
        ({"age": 0}, "The network has 2 inputs: pictures of this layer are of input, with age held at zero."),
        (
            {"right": 3, "age": 0, "depth": 1},
            "The network has 4 inputs: pictures of this layer are of input, "
            "with right and depth held at mid grey and age held at zero.",
        ),
        ({}, ""),
    ],
)
def test_of_several_inputs_it_is_said_which_one_is_pictured_and_what_the_others_are_held_at(channels, words):
    network = with_inputs(**channels)
    own = network.catalogue.inputs[0].name

    assert layer_words.input_words(network, "block1_conv1") == words.replace("of input,", f"of {own},")
