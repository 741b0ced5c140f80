"""The terms of the pages and what they mean, each with an anchor on the page on how to read the atlas."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.formatting import times
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.results.atlas import Atlas


@dataclass(frozen=True)
class Entry:
    """A term, its anchor, and what it means in a sentence or two."""

    anchor: str
    term: str
    meaning: str


def entries(atlas: Atlas) -> list[Entry]:
    """Return the terms that an atlas uses, in alphabetical order."""
    return sorted((Entry(*each) for each in _entries(atlas)), key=lambda each: each.term.lower())


def _entries(atlas: Atlas) -> Iterator[tuple[str, str, str]]:
    words = atlas.words
    yield (
        "activation",
        words.measure,
        f"How strongly a filter responds to an image, in one number: the {words.meaning}. It has no unit, and can be "
        "compared within a layer only.",
    )
    yield (
        "bias",
        "bias",
        "A number that is added to every sum of a filter. A negative bias is a threshold: the sum has to exceed it "
        "before anything comes through.",
    )
    yield (
        "channel",
        "channel",
        "One of the maps that a layer reads: a colour of the image, or the feature map of a filter in the layer "
        "before.",
    )
    yield "contrast", "contrast", "Standard deviation of the luminance of a picture, 0 to 1."
    yield (
        "effective-field",
        "effective field",
        "The part of the receptive field that matters: the square that holds 95 % of the squared gradient on noise. "
        "What lies near the middle moves a unit most, and influence falls off outwards about as a bell curve does.",
    )
    yield (
        "family",
        "family",
        "Filters of a layer that respond alike, as Ward’s method groups them.",
    )
    yield "feature-map", "feature map", "What a filter makes of an image: its response at every place, itself an image."
    yield (
        "filter",
        "filter",
        "A kernel with its bias, and the map that it makes. Others call it a feature, a neuron or an output channel.",
    )
    yield (
        "found",
        words.alive,
        f"A filter is {words.alive} if it responds to its own picture at least {times(ALIVE_RATIO)} as strongly as to "
        "noise with the spectrum of photographs: the ascent has found something.",
    )
    yield "kernel", "kernel", "The small block of weights by which a filter multiplies its input, at every place."
    yield "layer", "layer", "Filters that read the same maps and whose maps are read together."
    yield (
        "orientation",
        "direction",
        "That of the stripes in a picture, from 0° (horizontal) anticlockwise to 180°. Its strength is 0 where there "
        "is none and 1 for a grating.",
    )
    yield (
        "own-best",
        "own best, rank",
        f"A filter’s own picture is ranked among all pictures of its layer in this atlas by how much each "
        f"{words.excites} the filter. Rank 1 is its own best: no other picture does more.",
    )
    yield (
        "period",
        "scale",
        "How far it is from one form to the next in a picture: twice the mean distance between light and dark, in "
        "pixels.",
    )
    yield (
        "receptive-field",
        "receptive field",
        "The square of the input image that can influence one unit at all.",
    )
    yield (
        "response-matrix",
        "response matrix",
        f"The {words.measure} of every filter of a layer (columns) on every picture of the layer (rows).",
    )
    yield (
        "robustness",
        "robustness",
        f"Share of the {words.measure} that is kept when the picture is slightly rotated, scaled and shifted.",
    )
    yield (
        "selectivity",
        "selectivity",
        f"(own − others) ÷ (own + others), where own is the filter’s {words.measure} on its own picture, and others "
        "the mean of that on the layer’s other pictures in this atlas: 1 if only its own picture has an effect, 0 if "
        "all have the same.",
    )
    yield (
        "similar",
        "similar filters",
        "Filters of a layer whose pictures have the same effect on the whole layer: the cosine between their rows of "
        "the response matrix, after a square root and after each column is centred and scaled.",
    )
    yield (
        "stride",
        "stride",
        "Distance between neighbouring units of a layer, in pixels of the input image.",
    )
    yield "unit", "unit", "One position of a feature map: a filter at one place of the image."
    stages = [stage for layer in atlas.network.layers for stage in layer.pools] + [*atlas.network.catalogue.after]
    if any("Max" in stage.kind for stage in stages):
        yield (
            "max-pooling",
            "max-pooling",
            "A step between layers that keeps the largest of neighbouring values, usually of 2 × 2, and so halves a "
            "map in height and width.",
        )
    if atlas.natural:
        yield (
            "natural-synthetic",
            "natural ÷ synthetic",
            "The strongest unit of a filter in any of the photographs ÷ the strongest in its picture. Near 1, the "
            "picture is no stronger than nature. Far below 1, it is a caricature. The quotient can exceed 1, for the "
            "ascent raises the mean of all units under a limit on contrast, not a single one.",
        )
    if atlas.trust:
        yield (
            "specific",
            "specific",
            "High where a layer responds to a picture as to the photographs that excite the same filter, low where the "
            "picture might be any filter’s.",
        )
        yield (
            "unnatural",
            "unnatural",
            "Low where the responses to a picture are about as unusual as those to photographs, high where they are at "
            "least three times as far from the usual.",
        )
    if atlas.tuning:
        yield (
            "simple-complex",
            "simple, complex",
            "A filter that responds to gratings is simple if it matters where exactly the stripes lie (F1/F0 above 1: "
            "its response swings by more than its mean as they move), and complex otherwise.",
        )
    if atlas.network.is_depthwise:
        yield "depthwise", "depthwise", "A layer is depthwise if each of its filters reads one channel alone."
