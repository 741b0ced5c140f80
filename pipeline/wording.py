"""What the atlas says of pictures made for each objective: what was measured, and what it is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Objective = Literal["channel", "neuron", "negative_channel"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)


@dataclass(frozen=True)
class Words:
    """How to speak of an objective.

    Attributes:
        measure: name of a filter's answer, as `pipeline.measure.answers` has it.
        meaning: what that is, of one filter on one picture.
        alive: what a filter is called whose ascent succeeded: its picture does what it should.
        excite, excites, excited: what a picture does to a filter.
        looks_for, look_for: what a picture shows of one filter, and of several.
        aim: what the ascent did, to end "Each picture began as noise and was changed, step by step, until".
        shown: what the pictures of any network show, a sentence or nothing.
        step: where each step moved the picture, to end "each step moves it the way that".
        layer_note: what must be said of all pictures of a layer, a sentence or nothing.
        filter_note: what must be said of a filter's picture, to end in its description.
        curve_note: how the curve of mean activations relates to the objective, in brackets or nothing.
    """

    measure: str
    meaning: str
    alive: str
    excite: str
    excites: str
    excited: str
    looks_for: str
    look_for: str
    aim: str
    shown: str
    step: str
    layer_note: str
    filter_note: str
    curve_note: str


# What summaries that name no objective are of.
DEFAULT: Objective = "channel"

WORDS: Mapping[str, Words] = {
    "channel": Words(
        measure="activation",
        meaning="mean activation of the filter",
        alive="found",
        excite="excite",
        excites="excites",
        excited="excited",
        looks_for="looks for",
        look_for="look for",
        aim="one filter of the network responded to it strongly.",
        shown="",
        step="raises the filter’s mean activation over the whole picture",
        layer_note="",
        filter_note="",
        curve_note="",
    ),
    "neuron": Words(
        measure="central activation",
        meaning="activation of the filter’s central unit",
        alive="found",
        excite="excite",
        excites="excites",
        excited="excited",
        looks_for="looks for at one place",
        look_for="look for at one place",
        aim="one unit of a filter, that at the centre of its map, responded to it strongly.",
        shown="",
        step="raises the activation of the filter’s central unit, and of no other",
        layer_note=" The pictures excite one unit, at the centre of the map, and only that unit was measured.",
        filter_note="",
        curve_note=" of all units (the ascent raised that of the central one)",
    ),
    "negative_channel": Words(
        measure="opposition",
        meaning="mean of the filter’s responses below zero, without their sign",
        alive="opposed",
        excite="oppose",
        excites="opposes",
        excited="opposed",
        looks_for="is against",
        look_for="are against",
        aim="it held one filter of the network far below zero.",
        shown="So these pictures show what the filters are against, not what they look for.",
        step="lowers the filter’s response, before its activation function, over the whole picture",
        layer_note=" The pictures show what the filters are against: what holds their responses below zero.",
        filter_note="What this filter is against: ",
        curve_note=" (not what the ascent went for: stripes that oppose a filter excite it half a period on)",
    ),
}


def title(network: str, words: Words) -> str:
    """Return what an atlas is called that has no name of its own: what the filters of `network` look for."""
    return f"What the filters of {network} {words.look_for}"
