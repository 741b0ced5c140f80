"""What planning and pages need of a network: its inputs, its layers of filters, its weights. No TensorFlow is imported.

A network's catalogue is made by Keras, once (`network.survey`), and is a document from then on. That of a network known
by name is part of the project, in `catalogues/`; that of a file is kept by the file's digest (`network.cache`).
"""

import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pipeline.errors import UserError, did_you_mean
from pipeline.network import cache, document
from pipeline.network.document import Bounds
from pipeline.network.known import KNOWN, NAMES

CATALOGUES = Path(__file__).parent / "catalogues"

# How an input may be prepared: the modes of Keras's `preprocess_input`, [0, 1] as it is, and 0..255.
PREPROCESSING_MODES = ("caffe", "tf", "torch", "unit", "raw")
# Of these, what knows red, green and blue.
_OF_COLOURS = ("caffe", "torch")

# What a file of a whole model may be called.
ENDINGS = (".keras", ".h5", ".hdf5")

# No network in use comes near this; a hostile document must not make planning endless.
LARGEST_CANVAS_PX = 4096

# Channels of images that are shown in their own colours: grey, and RGB.
_OWN_COLOURS = (1, 3)

Count = Annotated[int, Bounds(0, 2**53)]
FromOne = Annotated[int, Bounds(1, 2**53)]
Side = Annotated[int, Bounds(1, LARGEST_CANVAS_PX)]
Name = Annotated[str, Bounds(1, 4096)]
Layout = Literal["channels_last", "channels_first", "no_channels"]


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of a network.

    Attributes:
        name: Keras's name for it.
        channels: of an image; 0 where it is none.
        layout: where an image has its channels.
        height_px, width_px: of an image, None where they are free.
        scaled: whether the network itself scales values of 0..255 first.
    """

    name: Name
    channels: Count
    layout: Layout
    height_px: Side | None
    width_px: Side | None
    scaled: bool

    @property
    def is_false_colour(self) -> bool:
        """Whether its pictures are shown in colours that are not theirs."""
        return self.channels not in _OWN_COLOURS


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What has no filters of the atlas, and yet must be told of: a pooling, or a dense layer behind them all.

    Attributes:
        kind: Keras's class name.
        side: of what a pooling makes one value of, in units; of one that makes it of the whole map, 0.
        stride: of a pooling, in units; else 1.
        units: of a dense layer; of a pooling 0.
    """

    kind: Name
    side: Count
    stride: FromOne
    units: Count


@dataclass(frozen=True, kw_only=True)
class ConvLayer:
    """A layer of filters as the atlas lists it: a convolution, or a dense layer used as one.

    Attributes:
        name: path of the layer's call: "encoder/block1_conv1", "shared@2".
        index: its place among the layers, from 0.
        depth: how many layers lie on the longest way from the image to it, itself among them.
        kind: Keras's class name.
        filters: how many filters (output channels) it has.
        input_channels: channels of its input.
        groups: into how many groups these fall, of which a filter reads one; as many as channels in a depthwise layer.
        kernel_size: height and width of its kernels.
        weights: path of its weights: what their names begin with.
        input: name of the input that is the image.
        reads_image: whether its input channels are the image's.
        sources: the layers whose filters are its input channels, in channel order; empty where it reads the image, and
            wherever the channels are a sum or a mixture.
        pools: what pools, with a stride, between the layers before it, or the image, and it.
        chain: what its response is taken after, in words: Keras's class names; nothing for the convolution alone.
        readers: what reads the response: names of functions or of Keras's classes.
        bends: whether a nonlinearity follows, so that the sign of a filter means something.
        receptive_field_px: side of the square of input pixels that one of its units sees directly.
        effective_field_px: side of the square within it that 95 % of the squared gradient falls into, None where that
            was not measured.
        gradient_grain: share of the squared gradient, with respect to the image, past a quarter of the sampling rate,
            None where that was not measured.
        sees_all: whether a unit sees the whole image besides.
        stride_px: distance in input pixels between neighbouring units.
        smallest_canvas_px: side of the smallest image on which it has a map worth the name.
        canvas_multiple_px: what an image's side must be a multiple of.
        only_canvas_px: the one side that there is; None where there are many.
        flops_per_pixel: floating-point operations for each pixel of the image (multiply and add count as two) of the
            convolutions in one forward pass up to one filter, as the ascent computes it.
    """

    name: Name
    index: Count
    depth: FromOne
    kind: Name
    filters: FromOne
    input_channels: FromOne
    groups: FromOne
    kernel_size: tuple[FromOne, FromOne]
    weights: Name
    input: Name
    reads_image: bool
    sources: tuple[Name, ...]
    chain: tuple[Name, ...]
    readers: tuple[Name, ...]
    bends: bool
    receptive_field_px: FromOne
    effective_field_px: FromOne | None
    gradient_grain: Annotated[float, Bounds(0, 1)] | None
    sees_all: bool
    stride_px: FromOne
    smallest_canvas_px: Side
    canvas_multiple_px: Side
    only_canvas_px: Side | None
    flops_per_pixel: Annotated[float, Bounds(0, 1e18)]
    pools: tuple[Stage, ...] = ()

    @property
    def used_field_px(self) -> int:
        """Side of the square that canvas and recipe go by: twice the effective field, which is the whole receptive
        field in plain networks such as VGG16, and a third of it in deep residual ones."""
        if self.effective_field_px is None:
            return self.receptive_field_px
        return min(self.receptive_field_px, 2 * self.effective_field_px)

    @property
    def is_depthwise(self) -> bool:
        """Whether each filter reads one channel alone."""
        return self.groups == self.input_channels > 1


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What is known of a network without running it.

    Attributes:
        schema: of the document.
        inputs: all inputs, in Keras's order.
        layers: all layers of filters, in the order of computation.
        after: what pools, or is dense, behind all of the layers, in the order of computation.
        parameters: name ("block1_conv1/kernel") and shape of every weight that these layers depend on, in order.
    """

    schema: Literal["atlas/network/1"] = "atlas/network/1"
    inputs: tuple[Input, ...]
    layers: Annotated[tuple[ConvLayer, ...], Bounds(1, 2**53)]
    parameters: dict[Name, tuple[Count, ...]]
    after: tuple[Stage, ...] = ()


@dataclass(frozen=True, eq=False)
class Network:
    """A convolutional network, as far as planning and pages know it.

    Attributes:
        name: what the atlas calls it.
        model: what Keras makes it from: a name that is known, or the path of a file.
        preprocessing: mode of Keras's `preprocess_input` ("caffe", "tf", "torch"), "unit" ([0, 1]) or "raw" (0..255).
        catalogue: what Keras found in it.
    """

    name: str
    model: str
    preprocessing: str
    catalogue: Catalogue

    @property
    def layers(self) -> tuple[ConvLayer, ...]:
        """The layers of filters, in the order of computation."""
        return self.catalogue.layers

    @property
    def parameters(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every weight that the layers depend on, in order."""
        return self.catalogue.parameters

    @functools.cached_property
    def _by_name(self) -> Mapping[str, ConvLayer]:
        return {layer.name: layer for layer in self.layers}

    def layer(self, name: str) -> ConvLayer:
        """Return the layer called `name`; raise `UserError`, naming the nearest, if there is none."""
        if name in self._by_name:
            return self._by_name[name]
        names = list(self._by_name)
        raise UserError(
            f"{self.name} has no convolutional layer '{name}'{did_you_mean(name, names)} "
            f"(it has {names[0]} to {names[-1]}, {len(names)} in all)"
        )

    def check_filter(self, layer: str, filter: int) -> None:
        """Raise `UserError` when `layer` has no filter number `filter`."""
        filters = self.layer(layer).filters
        if not 0 <= filter < filters:
            raise UserError(f"{layer} has no filter {filter}: its filters are 0 to {filters - 1}")

    def image_of(self, layer: str) -> Input:
        """Return the input that is the image for a layer."""
        name = self.layer(layer).input
        return next(each for each in self.catalogue.inputs if each.name == name)

    def smallest_canvas(self, layer: str) -> int:
        """Return the side in pixels of the smallest image on which `layer` has a response map worth the name."""
        return self.layer(layer).smallest_canvas_px

    def convolution_flops(self, layer: str, canvas_px: int) -> int:
        """Return the floating-point operations (multiply and add count as two) of the convolutions in one forward
        pass up to one filter of `layer`, as the ascent computes it: of the last convolution, only that filter."""
        return round(self.layer(layer).flops_per_pixel * canvas_px**2)

    @property
    def is_depthwise(self) -> bool:
        """Whether convolutions in it read one channel each: they are not faster in bfloat16."""
        return any(layer.is_depthwise for layer in self.layers)


@functools.cache
def load(model: str, preprocessing: str = "auto") -> Network:
    """Return the network that `model` names: a known name, or the path of a file that Keras saved.

    The first time, the catalogue of a file is made, which takes TensorFlow, a process of its own, and a while.

    Raises `UserError` for an unknown name, an unreadable file, a network that cannot be run or has no convolutions,
    and a preprocessing that is unknown or does not suit its input.
    """
    if preprocessing not in ("auto", *PREPROCESSING_MODES):
        raise UserError(
            f"preprocessing: unknown '{preprocessing}'{did_you_mean(preprocessing, PREPROCESSING_MODES)} "
            f"(known: auto, {', '.join(PREPROCESSING_MODES)})"
        )
    if model in KNOWN:
        catalogue = _of_known(model)
        return Network(
            model, model, KNOWN[model].preprocessing if preprocessing == "auto" else preprocessing, catalogue
        )
    if not model.endswith(ENDINGS):
        raise UserError(
            f"model: unknown model '{model}'{did_you_mean(model, KNOWN)} (known: {NAMES}, or the path of a .keras file)"
        )
    catalogue = cache.of_file(Path(model), parse)
    return Network(Path(model).stem, model, settle_preprocessing(model, preprocessing, catalogue), catalogue)


def settle_preprocessing(model: str, preprocessing: str, catalogue: Catalogue) -> str:
    """Return the mode in which images are handed to a network of somebody's own.

    Raises `UserError` where it has to be said, or is said and does not suit the network's images.
    """
    images = [each for each in catalogue.inputs if each.name in {layer.input for layer in catalogue.layers}]
    if preprocessing == "auto":
        if all(each.scaled for each in images):
            return "raw"
        raise UserError(f"preprocessing: say how {model} wants its input: {', '.join(PREPROCESSING_MODES)}")
    for each in images:
        if preprocessing in _OF_COLOURS and each.channels != 3:
            raise UserError(
                f"preprocessing: {preprocessing} is for red, green and blue; channels of {each.name} of {model}: "
                f"{each.channels}; say tf, unit or raw"
            )
    return preprocessing


def parse(data: bytes) -> Catalogue:
    """Return the catalogue in the bytes of a document; raise `ValueError` for what is none."""
    found = document.parse(data, Catalogue)
    names = {layer.name for layer in found.layers}
    inputs = {each.name for each in found.inputs}
    for layer in found.layers:
        if not {*layer.sources} <= names or layer.input not in inputs or layer.filters % layer.groups:
            raise ValueError(f"layer {layer.name} is not consistent with the rest")
    return found


def _of_known(name: str) -> Catalogue:
    shipped = CATALOGUES / f"{name}.json"
    if shipped.exists():
        return _our_own(json.loads(shipped.read_bytes()))
    return cache.of_known(name, parse)


def _our_own(values: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue in a document that is part of the project, for which that is trusted."""
    return Catalogue(
        inputs=tuple(Input(**each) for each in values["inputs"]),
        layers=tuple(
            ConvLayer(**_with_tuples(each) | {"pools": _stages(each.get("pools", ()))}) for each in values["layers"]
        ),
        parameters=_with_tuples(values["parameters"]),
        after=_stages(values.get("after", ())),
    )


def _stages(listed: Iterable[Mapping[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage(**each) for each in listed)


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
