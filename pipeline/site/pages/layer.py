"""The page of a layer: all its filters, how they are distributed, and what they can be sorted by."""

import operator
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.formatting import part_of
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.site import downloads, drawings
from pipeline.site.addresses import filter_path, folder
from pipeline.site.pages import layer_words, natural, tuning
from pipeline.site.pages.parts import Chart, Fact, Tile, first_kernels, rendered_words, stride_words, tile
from pipeline.wording import Words

# Filters of a layer between two headings, so that a reader can aim at one of 512.
SECTION_FILTERS = 128

# A distribution of fewer filters than these says nothing that their tiles do not.
CHARTED_FILTERS = 5

# The least sure filters that a layer page singles out: so many at most, and at most one in so many.
LEAST_SURE = 8

# A measure counts as this much at most: JSON has no word for infinite, which a ratio to silence is.
LARGEST_SORTED = 1e9

# What a layer page can be sorted by: name, words, the measure of a filter, and whether the largest come first.
ORDERS = (
    ("ratio", "{measure} ÷ noise", operator.attrgetter("ratio"), True),
    ("hue", "hue", operator.attrgetter("hue"), False),
    ("period_px", "scale", operator.attrgetter("period_px"), False),
    ("orientation", "orientation", operator.attrgetter("orientation"), False),
    ("selectivity", "selectivity", operator.attrgetter("selectivity"), True),
)


@dataclass(frozen=True)
class Section:
    """A run of filters on a layer page."""

    title: str
    anchor: str
    first: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Kernel:
    """A kernel of the first layer as a picture."""

    number: int
    uri: str
    href: str


@dataclass(frozen=True)
class LayerView:
    """The page of a layer."""

    name: str
    slug: str
    data: str
    is_tuned: bool
    block: str
    lead: str
    note: str
    facts: tuple[Fact, ...]
    charts: tuple[Chart, ...]
    worst: tuple[Tile, ...]
    families: tuple[natural.FamilyView, ...]
    family_note: str
    words: Words
    sections: tuple[Section, ...]
    orders: tuple[tuple[str, str], ...]
    kernels: tuple[Kernel, ...]
    kernel_size: tuple[int, int]
    image_channels: int
    digests: str
    downloads: str
    previous: tuple[str, str] | None
    next: tuple[str, str] | None
    rendered: int
    total: int


def layer_view(
    atlas: Atlas, layer: Layer, block: str, before: Layer | None, after: Layer | None, *, with_originals: bool = True
) -> LayerView:
    """Return the view of a layer's page, `with_originals` to be downloaded or without."""
    height, width = layer.kernel_size
    made = layer.figures
    words = layer.words
    return LayerView(
        name=layer.name,
        slug=folder(layer),
        data=layer.slug,
        is_tuned=layer.name in atlas.tuning,
        block=block,
        lead=f"{rendered_words(layer)} of {height} × {width} × {layer.input_channels} weights; "
        f"each sees {layer.receptive_field_px} × {layer.receptive_field_px} pixels, {stride_words(layer.stride_px)}."
        f"{words.layer_note}",
        note=layer_words.sentences(
            layer_words.response_words(layer),
            layer_words.sign_words(layer),
            layer_words.depthwise_words(layer),
            layer_words.field_words(layer),
            layer_words.colour_words(layer),
            layer_words.input_words(atlas.network, layer.name),
        ),
        facts=(
            Fact(
                words.alive,
                part_of(made.alive, made.rendered),
                f"{words.excited} by their picture ≥ {ALIVE_RATIO:g} × as much as by noise",
            ),
            *own_facts(layer),
            *(natural.layer_facts(atlas.natural.layers[layer.name], layer) if atlas.natural else ()),
            *tuning.layer_facts(atlas, layer),
            Fact("place", f"{layer.index + 1} of {len(atlas.network.layers)}", "among the convolutional layers"),
        ),
        charts=tuple(charts(layer)) if len(layer.filters) >= CHARTED_FILTERS else (),
        worst=tuple(tile(layer, each) for each in made.worst[: min(LEAST_SURE, len(layer.filters) // LEAST_SURE)]),
        families=tuple(natural.families(atlas, layer)),
        family_note=natural.family_note(atlas, layer),
        sections=tuple(sections(layer)),
        words=words,
        orders=tuple(
            (name, order.format(measure=words.measure))
            for name, order, _, _ in ORDERS
            if name != "hue" or layer.image_channels == 3
        ),
        kernels=tuple(kernels(atlas, layer)),
        kernel_size=layer.kernel_size,
        image_channels=layer.image_channels,
        digests=downloads.digests_path(layer) if with_originals else "",
        downloads=downloads.prefix(atlas.network.name, layer),
        previous=(before.name, f"{folder(before)}/index.html") if before else None,
        next=(after.name, f"{folder(after)}/index.html") if after else None,
        rendered=len(layer.filters),
        total=layer.filters_total,
    )


def own_facts(layer: Layer) -> Iterator[Fact]:
    """Yield how many pictures are their filters' best; nothing where there is no other to compare with."""
    made, words = layer.figures, layer.words
    if made.rendered > 1:
        yield Fact(
            "own best",
            part_of(made.own_best, made.rendered),
            f"no other picture of the layer {words.excites} them more",
        )
        yield Fact(
            "own in best five",
            part_of(made.own_best_top5, made.rendered),
            f"at most four others {words.excite} them more",
        )


def charts(layer: Layer) -> Iterator[Chart]:
    """Yield how a layer's filters are distributed."""
    yield Chart(
        layer.words.measure.capitalize(),
        drawings.ratio_histogram([each.ratio for each in layer.filters], ALIVE_RATIO, layer.words.measure),
        f"on the own picture, times that on noise; line at ×{ALIVE_RATIO:g}",
    )
    if layer.image_channels == 3:
        yield Chart("Hue", drawings.hue_histogram([each.hue for each in layer.filters]), "dominant hue of the pictures")
    yield Chart(
        "Orientation",
        drawings.orientation_rose([(each.orientation, each.orientation_strength) for each in layer.filters]),
        "direction of the stripes, where there is one",
    )


def sections(layer: Layer) -> Iterator[Section]:
    """Yield a layer's filters in runs of `SECTION_FILTERS`."""
    for start in range(0, len(layer.filters), SECTION_FILTERS):
        members = layer.filters[start : start + SECTION_FILTERS]
        first, last = members[0].filter, members[-1].filter
        title = f"Filters {first} to {last}" if last > first else f"Filter {first}"
        if last - first >= len(members):
            title = f"{len(members)} filters from {first} to {last}"
        tiles = (tile(layer, each.filter, alt=f"Filter {each.filter}: {each.description}") for each in members)
        yield Section(title, f"from-{first}", str(first), tuple(tiles))


def kernels(atlas: Atlas, layer: Layer) -> Iterator[Kernel]:
    """Yield the kernels of the network's first layer, those of filters that were not rendered too."""
    rendered = set(layer.numbers)
    for place, kernel in enumerate(first_kernels(atlas) if layer.name == atlas.network.layers[0].name else ()):
        href = filter_path(layer, place) if place in rendered else ""
        yield Kernel(place, drawings.kernel_uri(kernel), href)


def sort_values(layer: Layer) -> dict[str, list[float | int | None]]:
    """Return what the filters of a layer can be sorted by, in the order of `filter`; largest first is negative."""
    values: dict[str, list[float | int | None]] = {"filter": list(layer.numbers)}
    for name, _, measure, largest_first in ORDERS:
        sign = -1 if largest_first else 1
        values[name] = [
            None if value is None else round(sign * min(value, LARGEST_SORTED), 4)
            for value in map(measure, layer.filters)
        ]
    return values
