"""Who made a network, and under which licence its weights may be shown."""

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
        licence: of the weights.
        licence_url: its text.
    """

    network: str
    authors: str
    title: str
    reference: str
    url: str
    institution: str
    licence: str | None = None
    licence_url: str | None = None
