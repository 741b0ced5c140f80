"""Who made a network, when, what is known of it, and under which licence its weights may be shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Credit:
    """What must be said where pictures made with a network's weights are shown; None is what nobody says.

    Attributes:
        network: how the authors call it.
        authors: of the network and its weights.
        title: of their paper.
        reference: where the paper is, in words.
        url: where the paper is.
        institution: where they made it.
        year: in which the paper first appeared.
        licence: of the weights.
        licence_url: its text.
    """

    network: str
    authors: str
    title: str
    reference: str
    url: str
    institution: str
    year: int
    licence: str | None = None
    licence_url: str | None = None


@dataclass(frozen=True)
class Background:
    """What is known of a network that its catalogue does not say, in words for readers who do not know it.

    Attributes:
        plan: what it is built of, to follow "It is built of".
        smaller: what makes its maps smaller, to follow "made smaller by".
        head: what follows its last convolutional layer, as published, to follow "After the last of these layers".
        training: what its published weights were learnt from, to follow "learnt from".
    """

    plan: str
    smaller: str
    head: str
    training: str


# 1,281,167 photographs; of the classes, 118 are breeds of dogs.
IMAGENET = (
    "the 1.28 million training photographs of ImageNet (ILSVRC 2012), each labelled with one of 1,000 classes; more "
    "than a hundred of these are breeds of dogs"
)
