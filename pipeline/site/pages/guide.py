"""The pages that explain the atlas: how to read it, its data, and the one for addresses that lead nowhere."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import formatting
from pipeline.network.catalogue import ConvLayer
from pipeline.network.known import display_name
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.site import addresses, drawings, illustrations
from pipeline.site import tables as downloads
from pipeline.site.pages import home, parts
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import Tile
from pipeline.site.tables import Table
from pipeline.wording import Words

# The example whose emergence is shown lies this deep in the atlas: simple enough to read, too complex to guess.
EXAMPLE_DEPTH = 0.6


@dataclass(frozen=True)
class Example:
    """A kernel, and what it finds on the test card."""

    number: int
    uri: str
    response: str
    side_px: int


@dataclass(frozen=True)
class ArchitectureRow:
    """A convolutional layer in the table of the whole network; `href` is empty when it is not in the atlas."""

    name: str
    href: str
    filters: int
    kernel: str
    weights: str
    stride_px: int
    receptive_field_px: int


@dataclass(frozen=True)
class Emergence:
    """The filter whose picture is shown emerging."""

    label: str
    href: str
    image: str
    steps: tuple[int, ...]
    snapshot_px: int
    description: str


@dataclass(frozen=True)
class HowView:
    """The page on how to read the atlas."""

    first_layer: str
    first_layer_href: str
    kernels: int
    kernel_size: tuple[int, int]
    words: Words
    sheet_px: tuple[int, int]
    card_px: int
    examples: tuple[Example, ...]
    emergence: Emergence
    depth: tuple[Tile, ...]
    architecture: tuple[ArchitectureRow, ...]
    weights: str
    method: tuple[str, ...]
    recipe: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LayerData:
    """The data files of one layer."""

    name: str
    summary: str
    responses: str
    shape: str
    mosaic: str


@dataclass(frozen=True)
class DataView:
    """The page that offers the data."""

    tables: tuple[Table, ...]
    words: Words
    layers: tuple[LayerData, ...]
    example: str


def summary(atlas: Atlas) -> str:
    """Say in a sentence what the atlas holds."""
    count = sum(len(layer.filters) for layer in atlas.layers)
    return (
        f"What {count:,} {'filter' if count == 1 else 'filters'} of {display_name(atlas.network.model)} "
        f"{atlas.words.looks_for if count == 1 else atlas.words.look_for}: one picture{'' if count == 1 else ' each'}, "
        "made by gradient ascent."
    )


def extra_pages(atlas: Atlas) -> Iterator[Page]:
    """Yield the pages that explain."""
    yield Page(
        "how-to-read.html",
        "how.html",
        "How to read the pictures",
        "What a filter, a convolution and gradient ascent are, and what the pictures do not show.",
        "assets/card.png",
        how_view(atlas),
    )
    yield Page(
        "data/index.html",
        "data.html",
        "Data",
        "Every measure of every filter as CSV and JSON, with field descriptions.",
        "assets/card.png",
        data_view(atlas),
    )
    yield Page("404.html", "404.html", "Page not found", "There is no page at this address.", "assets/card.png", None)


def how_view(atlas: Atlas) -> HowView:
    """Return the view of the page on how to read the atlas."""
    first = atlas.network.layers[0]
    count, rows, columns, _ = atlas.first_kernels.shape
    height, width, _ = illustrations.kernel_sheet(atlas.first_kernels).shape
    example = example_layer(atlas)
    chosen = parts.most_selective(example)
    made = atlas.records[example.name][chosen.filter]
    shown = atlas.by_name.get(first.name)
    return HowView(
        first_layer=first.name,
        first_layer_href=f"{addresses.folder(shown)}/index.html" if shown else "",
        kernels=count,
        kernel_size=(rows, columns),
        words=atlas.words,
        sheet_px=(width, height),
        card_px=illustrations.CARD_PX,
        examples=tuple(
            Example(
                number,
                drawings.kernel_uri(atlas.first_kernels[number]),
                f"assets/response-{number}{layout.PICTURE}",
                illustrations.CARD_PX - max(rows, columns) + 1,
            )
            for number in illustrations.telling_kernels(atlas.first_kernels)
        ),
        emergence=Emergence(
            f"{example.name}/{chosen.filter}",
            addresses.filter_path(example, chosen.filter),
            addresses.filter_path(example, chosen.filter, layout.STEPS),
            made.snapshot_steps,
            min(made.canvas_px, layout.SNAPSHOT_PX),
            chosen.description,
        ),
        depth=tuple(
            parts.tile(group[-1], parts.most_selective(group[-1]).filter, label=group[-1].name)
            for _, _, group in home.blocks(atlas)
        ),
        architecture=tuple(architecture(atlas)),
        # A layer that is called several times has its weights once.
        weights=f"{sum({layer.weights: _weights(atlas, layer) for layer in atlas.network.layers}.values()):,}",
        method=tuple(method(made.recipe)),
        recipe=tuple((key.replace("_", " "), parts.recipe_words(value)) for key, value in made.recipe.items()),
    )


def method(recipe: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a reader should know of a recipe, one sentence at a time."""
    if recipe.get("parameterisation") == "fourier":
        yield (
            "The picture is described by its Fourier coefficients, in decorrelated colours, "
            "so that large forms and small ones are equally easy to change."
        )
    elif recipe.get("parameterisation") == "pixels":
        yield "The picture is changed pixel by pixel."
    if recipe.get("jitter_px"):
        yield "It is shifted at random before each step, so that no single pixel matters."
    if recipe.get("leak"):
        against = recipe.get("objective") == "negative_channel"
        yield (
            f"A filter that is {'active everywhere' if against else 'silent'} on noise would never get started, "
            f"so responses {'above' if against else 'below'} zero still count, "
            f"{formatting.number(recipe['leak'], 1)} times as much."
        )


def example_layer(atlas: Atlas) -> Layer:
    """Return the layer that the example is taken from."""
    return atlas.layers[min(len(atlas.layers) - 1, int(EXAMPLE_DEPTH * len(atlas.layers)))]


def architecture(atlas: Atlas) -> Iterator[ArchitectureRow]:
    """Yield the convolutional layers of the whole network."""
    for layer in atlas.network.layers:
        shown = atlas.by_name.get(layer.name)
        height, width = layer.kernel_size
        yield ArchitectureRow(
            name=layer.name,
            href=f"{addresses.folder(shown)}/index.html" if shown else "",
            filters=layer.filters,
            kernel=f"{height} × {width} × {layer.input_channels}",
            weights=f"{_weights(atlas, layer):,}",
            stride_px=layer.stride_px,
            receptive_field_px=layer.receptive_field_px,
        )


def _weights(atlas: Atlas, layer: ConvLayer) -> int:
    """Return how many weights the kernels of a layer have: a separable convolution has two."""
    within = f"{layer.weights}/"
    return sum(
        math.prod(shape)
        for name, shape in atlas.network.parameters.items()
        if name.startswith(within) and name.endswith("kernel")
    )


def data_view(atlas: Atlas) -> DataView:
    """Return the view of the data page."""
    first = atlas.layers[0]
    return DataView(
        tables=downloads.tables(atlas.words),
        words=atlas.words,
        layers=tuple(
            LayerData(
                name=layer.name,
                summary=f"data/layers/{layer.slug}.json",
                responses=f"data/layers/{layer.slug}.response.npy",
                shape=f"{len(layer.filters)} × {layer.filters_total}",
                mosaic=f"{addresses.folder(layer)}/{layout.MOSAIC}",
            )
            for layer in atlas.layers
        ),
        example=addresses.filter_path(first, first.filters[0].filter, ""),
    )
