"""The page on how to read the atlas, and the list of all pages that explain or find."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import formatting, images
from pipeline.config import schema
from pipeline.measure import colours, words
from pipeline.network.known import display_name
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.site import addresses, drawings, illustrations, search
from pipeline.site.pages import compare, data, glossary, home, layer_words, parts, tuning
from pipeline.site.pages import network as network_page
from pipeline.site.pages.glossary import Entry
from pipeline.site.pages.network import ArchitectureRow
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import Chart, Fact, Tile
from pipeline.site.pages.trust import TrustView, trust_view
from pipeline.wording import Words

# The example whose emergence is shown lies this deep in the atlas: simple enough to read, too complex to guess.
EXAMPLE_DEPTH = 0.6


@dataclass(frozen=True)
class Example:
    """A kernel, and what it finds on the test card."""

    number: int
    looks: str
    uri: str
    response: str
    side_px: int


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
    for_each_colour: bool
    step: str
    ends_at_zero: bool
    is_depthwise: bool
    is_false_colour: bool
    has_hues: bool
    inputs: int
    made_smaller: str
    any_sees_all: bool
    any_effective: bool
    any_unbent: bool
    responses: tuple[tuple[str, str], ...]
    kernel_size: tuple[int, int]
    words: Words
    sheet_px: tuple[int, int]
    card_px: int
    examples: tuple[Example, ...]
    emergence: Emergence
    depth: tuple[Tile, ...]
    tuning: tuple[Chart, ...]
    architecture: tuple[ArchitectureRow, ...]
    vocabulary: tuple[Fact, ...]
    trust: TrustView | None
    weights: str
    origin: tuple[str, ...]
    head: str
    glossary: tuple[Entry, ...]
    method: tuple[str, ...]
    recipe: tuple[Fact, ...]


def summary(atlas: Atlas) -> str:
    """Say in a sentence what the atlas holds."""
    count = sum(len(layer.filters) for layer in atlas.layers)
    total = sum(layer.filters for layer in atlas.network.layers)
    which = "1 filter" if count == 1 else f"{'each of the ' if count == total else ''}{count:,} filters"
    return (
        f"Pictures of what {which} of {display_name(atlas.network.model)} "
        f"{atlas.words.looks_for if count == 1 or count == total else atlas.words.look_for}, made by gradient ascent."
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
        data.data_view(atlas),
    )
    yield Page(
        "search.html",
        "search.html",
        "Words",
        f"The words that describe the pictures of {display_name(atlas.network.model)}’s filters, and filters by them.",
        "assets/card.png",
        search.search_view(atlas),
    )
    yield Page(
        "compare.html",
        "compare.html",
        "Compare filters",
        f"Two to four filters of {display_name(atlas.network.model)} side by side.",
        "assets/card.png",
        compare.compare_view(atlas),
    )
    yield Page(
        addresses.LOST, "404.html", "Page not found", "There is no page at this address.", "assets/card.png", None
    )


def how_view(atlas: Atlas) -> HowView:
    """Return the view of the page on how to read the atlas."""
    first = atlas.network.layers[0]
    layers = atlas.network.layers
    kernels = parts.first_kernels(atlas)
    count, rows, columns, _ = kernels.shape
    height, width = illustrations.kernel_sheet(kernels).shape[:2] if count else (0, 0)
    example = example_layer(atlas)
    chosen = parts.telling(example)[0]
    made = atlas.records[example.name][chosen.filter]
    shown = atlas.by_name.get(first.name)
    return HowView(
        first_layer=first.name,
        first_layer_href=f"{addresses.folder(shown)}/index.html" if shown else "",
        kernels=count,
        for_each_colour=atlas.first_kernels.shape[3] == 3,
        step=" by a pixel" if first.stride_px == 1 else f" by {first.stride_px} pixels",
        ends_at_zero=not first.chain and first.readers == ("relu",),
        is_depthwise=atlas.network.is_depthwise,
        is_false_colour=any(images.is_false_colour(layer.image_channels) for layer in atlas.layers),
        has_hues=any(layer.image_channels == 3 for layer in atlas.layers),
        inputs=len(atlas.network.catalogue.inputs),
        made_smaller=network_page.made_smaller(atlas),
        any_sees_all=any(layer.sees_all for layer in layers),
        any_effective=any(layer.effective_field_px is not None for layer in layers),
        any_unbent=not all(layer.bends for layer in layers),
        responses=tuple(responses(atlas)),
        kernel_size=(rows, columns),
        words=atlas.words,
        sheet_px=(width, height),
        card_px=illustrations.CARD_PX,
        examples=tuple(
            Example(
                number,
                illustrations.kernel_words(kernels[number]),
                drawings.kernel_uri(kernels[number]),
                f"assets/response-{number}{layout.PICTURE}",
                illustrations.CARD_PX - max(rows, columns) + 1,
            )
            for number in illustrations.telling_kernels(kernels)
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
            parts.tile(group[-1], parts.telling(group[-1])[0].filter, label=group[-1].name)
            for _, _, group in home.blocks(atlas)
        ),
        tuning=tuning.trends(atlas),
        architecture=tuple(network_page.architecture(atlas)),
        trust=trust_view(atlas),
        vocabulary=tuple(vocabulary({layer.image_channels for layer in atlas.layers})),
        weights=f"{sum(network_page.weights(atlas, path) for path in {layer.weights for layer in layers}):,}",
        method=tuple(method(made.recipe, example.image_channels)),
        recipe=tuple(recipe_facts(made.recipe)),
        origin=tuple(network_page.origin(atlas)),
        head=network_page.head(atlas),
        glossary=tuple(glossary.entries(atlas)),
    )


def responses(atlas: Atlas) -> Iterator[tuple[str, str]]:
    """Yield where responses are taken in the network, and in how many of its layers, the most frequent first."""
    counted = Counter(layer_words.response_of(layer) for layer in atlas.network.layers)
    for where, count in counted.most_common():
        yield where, "in every layer" if len(counted) == 1 else f"in {count} layer{'s' if count > 1 else ''}"


def recipe_facts(recipe: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield every setting of a recipe, and what it means: as the configuration's own description has it."""
    described = schema.load()["$defs"]["recipe"]["properties"]
    for key, value in recipe.items():
        meaning = described.get(key, {}).get("description", "").replace("`", "").replace("'", "’")
        yield Fact(key.replace("_", " "), parts.recipe_words(value), meaning)


def method(recipe: Mapping[str, Any], image_channels: int = 3) -> Iterator[str]:
    """Yield what a reader should know of a recipe, one sentence at a time."""
    colours = ", in decorrelated colours" if image_channels == 3 else ""
    if recipe.get("parameterisation") == "fourier":
        yield (
            f"The picture is described by its Fourier coefficients{colours}, "
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
            f"so responses {'above' if against else 'below'} zero also count, at "
            f"{formatting.number(recipe['leak'], 1)} times their size."
        )


def vocabulary(image_channels: Collection[int]) -> Iterator[Fact]:
    """Yield the kinds of words that describe pictures of images with so many channels: all words of each, and what
    they mean."""
    yield Fact("scale", _words(words.SCALES), "how far it is from one form to the next, at the picture’s own size")
    yield Fact(
        "direction",
        ", ".join(words.DIRECTIONS),
        "of stripes and streaks; rising: up to the right",
    )
    yield Fact(
        "pattern",
        ", ".join(words.PATTERNS),
        "stripes keep one direction, streaks mostly do, a grid has two; curves and swirls turn; blotches are even "
        "areas, cells small forms without direction, and a tangle is none of these",
    )
    if all(map(images.is_false_colour, image_channels)):
        return
    yield Fact("relief", _words(words.RELIEFS), "little of the picture is as dark, or as light, and so it stands out")
    if 3 in image_channels:
        names = ", ".join((*colours.NAMES, "many-coloured"))
        yield Fact("colour", names, "up to three of which a picture has more than most, the most distinctive first")
        yield Fact("vividness", _words(words.VIVIDNESS), "from the greyest to the most colourful")
    else:
        yield Fact("colour", ", ".join(words.GREYS), "those that fill a quarter of the picture or more")
    yield Fact("lightness", _words(words.LIGHTNESS), "from the darkest to the lightest")


def _words(levels: words.Levels) -> str:
    return ", ".join(word for _, word in levels if word)


def example_layer(atlas: Atlas) -> Layer:
    """Return the layer that the example is taken from."""
    return atlas.layers[min(len(atlas.layers) - 1, int(EXAMPLE_DEPTH * len(atlas.layers)))]
