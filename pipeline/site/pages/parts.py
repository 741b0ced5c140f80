"""What several kinds of page are made of: tiles and plates of filters, facts, and the words that go with them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from pipeline.formatting import part_of
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer
from pipeline.site.addresses import filter_path

# The size of forms, in pixels, that is seen at a glance in a picture shown 200 px wide.
_MIDDLING_PX = 28.0

# What makes a picture worth to be shown to a stranger, each larger the more.
_TELLING: tuple[Callable[[Filter], float], ...] = (
    lambda each: each.selectivity,
    lambda each: each.chroma,
    lambda each: each.contrast,
    lambda each: -abs(math.log((each.period_px or 1) / _MIDDLING_PX)),
    lambda each: -each.evenness,
    # Stripes in one direction are soon seen.
    lambda each: -each.orientation_strength,
)


@dataclass(frozen=True)
class Tile:
    """A small picture of a filter.

    `href` and `image` are empty when the filter is not in the atlas; `failing` is what to add to the label of a filter
    whose picture does not do what it should, else empty.
    """

    number: int
    label: str
    href: str
    image: str
    alt: str
    failing: str


@dataclass(frozen=True)
class Plate:
    """A large picture of a filter, of so many pixels a side, and what it looks like."""

    label: str
    words: str
    href: str
    image: str
    alt: str
    canvas_px: int


@dataclass(frozen=True)
class Fact:
    """A term, its value and what that means; `about` is where the glossary explains the term, if it does."""

    term: str
    value: str
    note: str
    about: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawing and its caption."""

    title: str
    drawing: Markup
    caption: str


def tile(layer: Layer, filter: int, alt: str = "", label: str = "") -> Tile:
    """Return the tile of a filter, an empty one when it is not in the atlas."""
    found = layer.by_number.get(filter)
    label = label or str(filter)
    if found is None:
        return Tile(filter, label, "", "", "", "")
    return Tile(
        number=filter,
        label=label,
        href=filter_path(layer, filter),
        image=filter_path(layer, filter, layout.THUMBNAIL),
        alt=alt or found.description,
        failing="" if found.alive else f" · not {layer.words.alive}",
    )


def plate(layer: Layer, filter: int) -> Plate:
    """Return the large picture of a filter."""
    return Plate(
        label=f"{layer.name}/{filter}",
        words=layer.by_number[filter].description,
        href=filter_path(layer, filter),
        image=filter_path(layer, filter, layout.PICTURE),
        alt=f"Filter {filter} of {layer.name}: {layer.by_number[filter].description}",
        canvas_px=layer.canvas_px,
    )


def telling(layer: Layer) -> list[Filter]:
    """Return the filters of a layer, those first whose pictures show most to a stranger: alive, their own picture their
    best, and then selective, colourful, of much contrast, with forms of a middling size, in more than one
    direction, and little of it plain.

    Selectivity alone finds the dull: a blot in one colour that no other filter answers to.
    """
    shares = {each.filter: 1.0 for each in layer.filters}
    for measure in _TELLING:
        for place, each in enumerate(sorted(layer.filters, key=measure), 1):
            shares[each.filter] *= place / len(layer.filters)
    return sorted(
        layer.filters,
        key=lambda each: (not each.alive, not each.is_in_best(1), -shares[each.filter], each.filter),
    )


def first_kernels(atlas: Atlas) -> np.ndarray:
    """Return the kernels of the network's first layer where they can be shown as colours or greys.

    Returns:
        float32 (filters, height, width, [red, green, blue]), equal three for images that are grey; no filters where
        the layer does not read the image itself, or the image has other channels.
    """
    layer, kernels = atlas.network.layers[0], atlas.first_kernels
    channels = atlas.network.image_of(layer.name).channels
    if not layer.reads_image or channels not in (1, 3) or kernels.shape[3] != channels:
        return np.zeros((0, 1, 1, 3), np.float32)
    return np.repeat(kernels, 3, axis=3) if channels == 1 else kernels


def channel_names(channels: int) -> Sequence[str]:
    """Return what the channels of an image are called."""
    if channels == 1:
        return ("grey",)
    return ("red", "green", "blue") if channels == 3 else [f"channel {number}" for number in range(channels)]


def rendered_words(layer: Layer) -> str:
    """Say how many of a layer's filters are in the atlas."""
    if len(layer.filters) == layer.filters_total:
        return f"{layer.filters_total:,} filters" if layer.filters_total != 1 else "1 filter"
    return f"{part_of(len(layer.filters), layer.filters_total)} filters"


def stride_words(stride_px: int) -> str:
    """Say how far apart the units of a layer are."""
    return "one unit at every pixel" if stride_px == 1 else f"one unit every {stride_px} pixels"


def recipe_settings(atlas: Atlas, layer: Layer) -> Sequence[tuple[str, str]]:
    """Return the settings of the recipe that a layer was rendered with, each with its value, as texts: those of the
    first filter, which all of a layer have in common unless somebody mixed them."""
    return settings_words(atlas.records[layer.name][layer.numbers[0]].recipe, layer)


def settings_words(recipe: Mapping[str, object], layer: Layer) -> Sequence[tuple[str, str]]:
    """Return a recipe's settings, each with its value, as texts."""
    return [
        (key.replace("_", " "), attempts_words(value, layer) if key == "attempts" else recipe_words(value))
        for key, value in recipe.items()
    ]


def attempts_words(attempts: object, layer: Layer) -> str:
    """Return the recipe's `attempts` as text: only the objective `channel` has more than one."""
    if layer.objective == "channel":
        return f"{attempts} random starts at most, until the ascent succeeds"
    return f"{attempts}, but with the objective {layer.objective} there is one random start"


def recipe_words(value: object) -> str:
    """Return a setting of the recipe as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
