"""Who made the networks that the atlas knows by name, and under which licence their weights may be shown."""

from dataclasses import dataclass


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


CREDITS = {
    "vgg16": Credit(
        network="VGG16",
        authors="K. Simonyan and A. Zisserman",
        title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
        reference="arXiv 1409.1556",
        url="https://arxiv.org/abs/1409.1556",
        institution="Visual Geometry Group, University of Oxford",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
    ),
}


def display_name(model: str) -> str:
    """Return what a network is called in a sentence: as its authors do, else by its own name."""
    return CREDITS[model].network if model in CREDITS else model


@dataclass(frozen=True)
class Known:
    """What is known of a network."""

    preprocessing: str


KNOWN = {"vgg16": Known("caffe")}

MODEL_HELP = "a name that is known, or the path of a file"
