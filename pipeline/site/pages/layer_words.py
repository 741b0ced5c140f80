"""What the pages say of a layer in words: where its response is taken, what its sign means, what a unit sees."""

import re
from collections.abc import Sequence

from pipeline import images
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.results.layer_summary import Layer

# How nonlinearities are written, whichever of Keras's functions (hard_silu), layers (LeakyReLU) and operations
# (HardSilu) they are: by their names in lower case, without underscores. What is not listed keeps Keras's name.
_WRITTEN = {
    "celu": "CELU",
    "elu": "ELU",
    "exponential": "exponential",
    "gelu": "GELU",
    "glu": "GLU",
    "hardshrink": "hard shrink",
    "hardsigmoid": "hard sigmoid",
    "hardsilu": "hard SiLU",
    "hardswish": "hard SiLU",
    "hardtanh": "hard tanh",
    "leakyrelu": "leaky ReLU",
    "logsigmoid": "log-sigmoid",
    "logsoftmax": "log-softmax",
    "mish": "Mish",
    "prelu": "PReLU",
    "selu": "SELU",
    "sigmoid": "sigmoid",
    "silu": "SiLU",
    "softmax": "softmax",
    "softplus": "softplus",
    "softshrink": "soft shrink",
    "softsign": "softsign",
    "sparsemax": "sparsemax",
    "sparseplus": "sparse plus",
    "sparsesigmoid": "sparse sigmoid",
    "squareplus": "squareplus",
    "swish": "SiLU",
    "tanh": "tanh",
    "tanhshrink": "tanh shrink",
    "threshold": "threshold",
}
# With a number behind it where it ends there: relu6.
_RELU = re.compile(r"relu(?=$|\d)")


def response(chain: Sequence[str], readers: Sequence[str], *, bends: bool) -> str:
    """Say where a response is taken, to follow "the response is".

    Args:
        chain: what it is taken after.
        readers: what reads it.
        bends: whether a nonlinearity follows.
    """
    names = [_name(each) for each in readers]
    value = f"the value after {joined([_name(each) for each in chain])}" if chain else "the convolution’s own output"
    if not names:
        return f"{value}, with which the network ends"
    return f"{value}, before {joined(names)}" if bends else f"{value}, which {joined(names)} {_read(names)}"


def response_of(layer: ConvLayer) -> str:
    """Say where the response of a layer of a network is taken, to follow "the response is"."""
    return response(layer.chain, layer.readers, bends=layer.bends)


def response_words(layer: Layer) -> str:
    """Say in a sentence where the response of a layer is taken."""
    return f"The response is {response(layer.response_after, layer.read_by, bends=layer.nonlinearity_follows)}."


def sign_words(layer: Layer) -> str:
    """Say in sentences that a filter's sign is a convention; nothing where a nonlinearity follows."""
    if layer.nonlinearity_follows:
        return ""
    shown, other, objective = (
        ("negative", "positive", "channel")
        if layer.objective == "negative_channel"
        else ("positive", "negative", "negative_channel")
    )
    return (
        "No nonlinearity follows, so the sign of a filter is a convention: the network can use both ends of it. "
        f"Pictures show the {shown} end; the objective {objective} shows the {other} one."
    )


def depthwise_words(layer: Layer) -> str:
    """Say that a filter reads one channel alone; nothing where it reads more."""
    return "The layer is depthwise: each filter reads one channel alone." if layer.depthwise else ""


def sees(layer: Layer) -> str:
    """Say in a few words what a unit of a layer sees, to follow "sees"."""
    more = " and the whole image" if layer.sees_whole_image else ""
    return f"{layer.receptive_field_px} px{more}"


def field_words(layer: Layer) -> str:
    """Say what a unit sees beyond the square of its receptive field, and how much of that matters, in sentences."""
    said = []
    if layer.effective_field_px is not None and layer.effective_field_px < layer.receptive_field_px:
        said.append(f"Nearly all of what moves it lies within {layer.effective_field_px} px.")
    if layer.sees_whole_image:
        said.append(
            "Besides, it sees the whole image, by way of a gate, a normalisation over the whole map, or the like."
        )
    return sentences(*said)


def colour_words(layer: Layer) -> str:
    """Say that pictures are in false colours, and in which; or that they are grey; nothing where they are RGB."""
    channels = layer.image_channels
    if not images.is_false_colour(channels):
        return "" if channels == 3 else "The network’s images have one channel: pictures are grey."
    red, green, blue = images.shown_channels(channels)
    seen = (
        f"channel {red} is shown as red, channel {green} as green and blue"
        if green == blue
        else f"channel {red} is shown as red, channel {green} as green, channel {blue} as blue"
    )
    return f"False colours: the network’s images have {channels} channels, of which {seen}."


def input_words(network: Network, layer: str) -> str:
    """Say which of a network's inputs the pictures of a layer are of, and what the others are held at; nothing where
    there is one input."""
    seen = network.image_of(layer).name
    others = [each for each in network.catalogue.inputs if each.name != seen]
    if not others:
        return ""
    held = {
        "mid grey": [each.name for each in others if each.channels],
        "zero": [each.name for each in others if not each.channels],
    }
    said = joined([f"{joined(names)} held at {value}" for value, names in held.items() if names])
    return f"The network has {len(others) + 1} inputs: pictures of this layer are of {seen}, with {said}."


def sentences(*said: str) -> str:
    """Return what there is to say, of which some may be nothing, in a row."""
    return " ".join(filter(None, said))


def joined(names: Sequence[str]) -> str:
    """Return names as a list in a sentence."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _name(keras: str) -> str:
    key = keras.lower().replace("_", "")
    return _RELU.sub("ReLU", key) if _RELU.match(key) else _WRITTEN.get(key, keras)


def _read(names: Sequence[str]) -> str:
    return "reads" if len(names) == 1 else "read"
