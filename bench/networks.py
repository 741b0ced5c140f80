"""Every family of `keras.applications` and every odd network, held against Keras: `python -m bench.networks`.

Weights are random, with a third of the scales of normalisations negative, so that a mistake shows. Of some layers the
responses are computed as the ascent does it, and compared with the tensor of Keras's own graph in which they are to be
seen; of one layer a picture is rendered, and Keras alone says whether it excites its filter more than noise does. The
tables of docs/networks.md are written from it: they stand behind comments, the text around them is not written here.
"""

import gc
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from bench import odd_networks
from bench.odd_networks import ODD, Odd, Place
from bench.quality import sample
from pipeline import errors, files
from pipeline.ascent import recipe
from pipeline.ascent.optimise import Ascent
from pipeline.files import PROJECT
from pipeline.measure.by_keras import KerasResponses
from pipeline.measure.noise import colour_noise
from pipeline.network import named, preparation
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.network.graph import Graph, opened
from pipeline.network.keras_model import graph_with
from pipeline.network.known import KNOWN
from pipeline.network.survey import survey
from pipeline.network.truncated import TruncatedNetwork, mean_activation
from pipeline.render.renderer import to_8_bit

PAGE = PROJECT / "docs" / "networks.md"

# One network of each family, the quickest to compute, and the one that is made by a plan of the project's own.
FAMILIES = (
    "vgg16", "vgg19", "resnet50", "resnet50v2", "inceptionv3", "inceptionresnetv2", "xception", "mobilenet",
    "mobilenetv2", "mobilenetv3small", "densenet121", "nasnetmobile", "efficientnetb0", "efficientnetv2b0",
    "convnexttiny", "efficientnet-lite0",
)  # fmt: skip

# Largest difference from Keras, ÷ the largest response of the layer, that counts as the same.
CLOSE = 1e-5
# Layers of a family that are compared; of an odd network all of which it says where Keras has their response.
COMPARED = 8
SIDE_PX = 96
IMAGES = 2
STEPS = 32

# What belongs to a response by what docs/networks.md says of it: here by name, not by the code that is tested.
_NORMALISING = {"BatchNormalization", "LayerNormalization", "LayerScale"}
# What belongs to it where a normalisation comes after.
_MOVING = {"ZeroPadding2D", "MaxPooling2D", "AveragePooling2D"}


@dataclass(frozen=True)
class Found:
    """What was found of a network.

    Attributes:
        name: of the network.
        layers: how many layers of filters are listed.
        field_px: side of the largest receptive field.
        compared: how many layers were compared with Keras.
        off: the worst difference among them, ÷ the largest response of its layer.
        rises: whether a rendered picture excites its filter more than noise does, as Keras has it.
    """

    name: str
    layers: int
    field_px: int
    compared: int
    off: float
    rises: bool


class Subject:
    """A network, and where Keras has the responses of its layers.

    Args:
        name: of the network.
        odd: the network, as Keras made it.
    """

    def __init__(self, name: str, odd: Odd) -> None:
        self.name = name
        self.odd = odd
        self.graph: Graph = graph_with(odd.model, None, "float32")
        found = survey(self.graph, name, with_effective_fields=False)
        self.network = Network(name, name, odd.preprocessing, found)

    def off(self, layer: ConvLayer) -> float:
        """Return how far the responses of a layer are from what Keras computes, ÷ the largest that it computes."""
        images = self.images(layer)
        found = TruncatedNetwork(self.network, self.graph, layer.name).responses(images)
        tensor, after = self.odd.responses[layer.name]
        seen = found.numpy() if after is None else np.asarray(after(found))
        right = self._by_keras(layer, tensor, images)
        if seen.shape != right.shape:
            return float("inf")
        return float(np.abs(seen - right).max() / np.abs(right).max())

    def rises(self, layer: ConvLayer) -> bool:
        """Return whether a picture of one filter excites it more than noise, by Keras alone."""
        channels = self.network.image_of(layer.name).channels
        side = _side(layer)
        responses = KerasResponses(self.network, self.graph, layer.name, side)
        to_noise = responses(tf.constant(colour_noise(side, channels=channels) / 255))
        noise = mean_activation(to_noise).numpy().mean(0)
        settings = recipe.resolve({"steps": STEPS}, field_px=layer.receptive_field_px, canvas_px=side)
        truncated = TruncatedNetwork(self.network, self.graph, layer.name)
        ascent = Ascent(truncated.channel_responses, side, settings, channels=channels)
        # In a network that was never trained many filters are silent, or hardly depend on the image: the one that is
        # both active and moved.
        filter = int((noise * to_noise.numpy().std((0, 1, 2))).argmax())
        for state in ascent.run(filter, np.random.default_rng(0), [STEPS]):
            picture = to_8_bit(state.image, stretch=False)
        excited = mean_activation(responses(tf.constant(picture[None] / 255, tf.float32))).numpy()[0]
        return bool(excited[filter] > noise[filter])

    def images(self, layer: ConvLayer) -> tf.Tensor:
        """Return images of 8 bits on which a layer has a map, in [0, 1], float32 (count, side, side, channels)."""
        image, side = self.network.image_of(layer.name), image_side(self.network, layer)
        pixels = np.random.default_rng(5).integers(0, 256, (IMAGES, side, side, image.channels))
        return tf.constant(pixels.astype(np.float32) / 255)

    def _by_keras(self, layer: ConvLayer, tensor: keras.KerasTensor, images: tf.Tensor) -> np.ndarray:
        values, inputs = self.graph.inputs, self.network.catalogue.inputs
        given = preparation.feed(images, layer.input, inputs, values, self.network.preprocessing)
        # An input of whole numbers is given whole numbers.
        taken = [given[each.name] if "float" in each.dtype else tf.round(given[each.name]) for each in values]
        functional = opened(self.odd.model)
        assert functional is not None, "the graph has been made of it"
        cut = keras.Model(functional.inputs, tensor)
        is_first = self.network.image_of(layer.name).layout == "channels_first"
        # TensorFlow has no convolution with the channels first on a processor, but XLA has.
        run = (
            tf.function(lambda each: cut(each, training=False), autograph=False, jit_compile=True) if is_first else cut
        )
        found: np.ndarray = (run(taken) if is_first else cut(taken, training=False)).numpy()
        return found.transpose(0, 2, 3, 1) if is_first else found


def of_family(name: str) -> Subject:
    """Return a network by its name, with random weights, and where Keras has the responses of its layers."""
    model = named.make(name)
    odd_networks.randomise(model)
    places = {layer.name: place(layer) for layer in model.layers if hasattr(layer, "kernel") or _is_separable(layer)}
    return Subject(name, Odd(model, places, preprocessing=KNOWN[name].preprocessing))


def of_odd(name: str) -> Subject:
    """Return an odd network by its name."""
    return Subject(name, odd_networks.make(name))


def place(layer: keras.Layer) -> Place:
    """Return where a response is to be seen by Keras's graph alone: behind normalisation and activation, if any."""
    if getattr(layer, "activation", None) not in (None, keras.activations.linear):
        return layer.output, layer.activation
    reader = layer
    while (after := _only_reader(reader)) is not None and type(after).__name__ in _NORMALISING | _MOVING:
        reader = after
        layer = after if type(after).__name__ in _NORMALISING else layer
    after = _only_reader(layer)
    bends = isinstance(after, layers.Activation | layers.ReLU)
    return (after.output, after) if after is not None and bends else (layer.output, None)


def image_side(network: Network, layer: ConvLayer) -> int:
    """Return the side of the images that a layer is compared on: the network's own where it has one."""
    return _side(layer, network.image_of(layer.name).height_px or SIDE_PX)


def compared(subject: Subject, most: int = COMPARED) -> Sequence[ConvLayer]:
    """Return layers of a network of which it is known where Keras has their responses, evenly spread."""
    known = [layer for layer in subject.network.layers if layer.name in subject.odd.responses]
    return [known[number] for number in sample(len(known), most)]


def measure(make: Callable[[str], Subject], name: str) -> Found:
    """Return what is found of a network."""
    print(f"{name} …", file=sys.stderr, flush=True)
    subject = make(name)
    listed = subject.network.layers
    chosen = compared(subject)
    found = Found(
        name=name,
        layers=len(listed),
        field_px=max(layer.receptive_field_px for layer in listed),
        compared=len(chosen),
        off=max(map(subject.off, chosen)),
        rises=subject.rises(chosen[len(chosen) // 2]),
    )
    print(f"{name}: {found}", file=sys.stderr, flush=True)
    del subject
    keras.utils.clear_session(free_memory=False)
    gc.collect()
    return found


def bound(off: float) -> str:
    """Return the power of ten that a difference does not exceed; no finer, for rounding differs between machines."""
    return next((f"≤ 1e-{power}" for power in (5, 4, 3, 2, 1) if off <= 10.0**-power), f"{off:.1g}")


def fill(text: str, tables: Mapping[str, str]) -> str:
    """Return the text of the page with its tables, each behind the comment of its name, written anew."""
    for name, table in tables.items():
        before, _, after = text.partition(f"<!-- {name} -->\n")
        lines = after.splitlines(keepends=True)
        rest = itertools.dropwhile(lambda line: line.startswith("|"), lines)
        text = f"{before}<!-- {name} -->\n{table}{''.join(rest)}"
    return text


def families_table(found: Sequence[Found]) -> str:
    """Return what was found of families as a table in Markdown."""
    return _table("`model`", found, lambda each: f"`{each.name}`")


def odd_table(found: Sequence[Found]) -> str:
    """Return what was found of odd networks as a table in Markdown, each in a sentence."""
    return _table("network", found, lambda each: sentence(each.name))


def sentence(name: str) -> str:
    """Return what an odd network is, in a sentence."""
    return (ODD[name].__doc__ or "").strip().rstrip(".")


def _table(first: str, found: Sequence[Found], title: Callable[[Found], str]) -> str:
    rows = [f"| {first} | layers of filters | largest field | compared | off | rises |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {title(each)} | {each.layers} | {each.field_px:,} px | {each.compared} | {bound(each.off)} | "
        f"{'yes' if each.rises else 'no'} |"
        for each in found
    ]
    return "\n".join(rows) + "\n"


def _side(layer: ConvLayer, wanted: int = SIDE_PX) -> int:
    multiple = layer.canvas_multiple_px
    return layer.only_canvas_px or -(-max(wanted, layer.smallest_canvas_px) // multiple) * multiple


def _only_reader(layer: keras.Layer) -> keras.Layer | None:
    nodes = layer._outbound_nodes
    return nodes[0].operation if len(nodes) == 1 else None


def _is_separable(layer: keras.Layer) -> bool:
    return isinstance(layer, layers.SeparableConv2D)


def main() -> None:
    """Measure all, and write the tables of the page anew."""
    tables = {
        "families": families_table([measure(of_family, name) for name in FAMILIES]),
        "odd": odd_table([measure(of_odd, name) for name in ODD]),
    }
    files.write_bytes(PAGE, fill(PAGE.read_text(encoding="utf-8"), tables).encode())


if __name__ == "__main__":
    errors.run(main)
