"""The page of a layer: all its filters, how they are distributed, and what they can be sorted by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.formatting import part_of, times
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.results import layout, sheet
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.site import downloads, drawings
from pipeline.site.addresses import filter_path, folder
from pipeline.site.pages import layer_words, natural, tuning
from pipeline.site.pages.parts import (
    Chart,
    Fact,
    Tile,
    first_kernels,
    recipe_settings,
    rendered_words,
    stride_words,
    tile,
)
from pipeline.wording import Words

# Filters of a layer between two headings, so that a reader can aim at one of 512.
SECTION_FILTERS = 128

# A distribution of fewer filters than these says nothing that their tiles do not.
CHARTED_FILTERS = 5

# A layer is sorted by direction where any of its pictures has one as clear as this (0..1): in VGG16 up to block 4.
STRONG_ORIENTATION = 0.3

# The least reliable pictures that a layer page singles out: so many at most, and at most one in so many.
LEAST_SURE = 8


# Families that a layer page does not fold: so many are seen at a glance.
OPEN_FAMILIES = 4


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
class Mosaic:
    """The sheet of a layer's pictures as a page shows it, and the grid of links on it.

    Attributes:
        image: address of the sheet.
        width_px, height_px: of the sheet.
        grid: place and tracks of the grid, as CSS declarations.
    """

    image: str
    width_px: int
    height_px: int
    grid: str


@dataclass(frozen=True)
class Order:
    """What a layer can be sorted by: its name in an address, its words, and the filters' numbers in that order."""

    name: str
    words: str
    filters: tuple[int, ...]


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
    open_families: int
    words: Words
    sections: tuple[Section, ...]
    mosaic: Mosaic
    orders: tuple[Order, ...]
    kernels: tuple[Kernel, ...]
    kernel_size: tuple[int, int]
    recipe: Sequence[tuple[str, str]]
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
        lead=f"{rendered_words(layer)}; each sees {layer.receptive_field_px} × {layer.receptive_field_px} px.",
        note=layer_words.sentences(
            words.layer_note.strip(),
            layer_words.response_words(layer),
            layer_words.sign_words(layer),
            layer_words.depthwise_words(layer),
            layer_words.field_words(layer),
            layer_words.colour_words(layer),
            layer_words.input_words(atlas.network, layer.name),
        ),
        facts=(
            Fact("Layer", f"{layer.index + 1} of {len(atlas.network.layers)}", "convolutional layers, by depth"),
            Fact("Kernel", f"{height} × {width} × {layer.input_channels}", "weights of each filter"),
            Fact("Stride", f"{layer.stride_px} px", stride_words(layer.stride_px), "unit"),
            Fact(
                words.alive.capitalize(),
                part_of(made.alive, made.rendered),
                f"{words.excited} at least {times(ALIVE_RATIO)} as strongly by their picture as by noise",
                "found",
            ),
            *own_facts(layer),
            *(natural.layer_facts(atlas.natural.layers[layer.name], layer) if atlas.natural else ()),
            *tuning.layer_facts(atlas, layer),
        ),
        charts=tuple(charts(layer)) if len(layer.filters) >= CHARTED_FILTERS else (),
        worst=tuple(tile(layer, each) for each in doubtful(layer)),
        families=tuple(natural.families(atlas, layer)),
        family_note=natural.family_note(atlas, layer),
        open_families=OPEN_FAMILIES,
        sections=tuple(sections(layer)),
        mosaic=mosaic(layer),
        words=words,
        orders=tuple(orders(atlas, layer)),
        kernels=tuple(kernels(atlas, layer)),
        kernel_size=layer.kernel_size,
        recipe=recipe_settings(atlas, layer),
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
        which = f"of the {made.rendered:,} pictures of this layer in this atlas"
        yield Fact(
            "Own best", part_of(made.own_best, made.rendered), f"no other {which} {words.excites} them more", "own-best"
        )
        yield Fact(
            "In the best five",
            part_of(made.own_best_top5, made.rendered),
            f"at most four others {words.excite} them more",
            "own-best",
        )


def doubtful(layer: Layer) -> Sequence[int]:
    """Return the filters whose pictures are the least reliable: none where all excite their filters, and more than any
    other picture does."""
    made = [layer.by_number[each] for each in layer.figures.worst]
    doubted = [each.filter for each in made if not (each.alive and each.is_in_best(1))]
    return doubted[: min(LEAST_SURE, len(layer.filters) // LEAST_SURE)]


def charts(layer: Layer) -> Iterator[Chart]:
    """Yield how a layer's filters are distributed."""
    count = len(layer.filters)
    yield Chart(
        f"{layer.words.measure.capitalize()} ÷ noise",
        drawings.ratio_histogram([each.ratio for each in layer.filters], ALIVE_RATIO, layer.words.measure),
        f"how much more each of {count:,} filters responds to its own picture than to noise (dashed line: "
        f"{ALIVE_RATIO:g}×); bars count filters",
    )
    if layer.image_channels == 3:
        hues = [each.hue for each in layer.filters]
        grey = hues.count(None)
        yield Chart(
            "Hue",
            drawings.hue_histogram(hues),
            f"dominant hue of {count - grey:,} pictures{f'; {grey:,} more are grey' if grey else ''}",
        )
    directions = [(each.orientation, each.orientation_strength) for each in layer.filters]
    clear = sum(strength >= drawings.LEAST_ORIENTATION for _, strength in directions)
    yield Chart(
        "Direction",
        drawings.orientation_rose(directions),
        f"of the stripes, which {clear or 'none'} of {count:,} pictures {'has' if clear < 2 else 'have'}",
    )


def mosaic(layer: Layer) -> Mosaic:
    """Return the sheet of a layer, with a link where each picture stands: each as large as leaves no gap between."""
    planned = sheet.plan(sheet.title(layer, len(layer.filters)), count=len(layer.filters), canvas_px=layer.canvas_px)
    left, top = planned.left_px - sheet.GAP_PX / 2, planned.top_px - sheet.GAP_PX / 2
    across, down = planned.columns * planned.right_px, planned.rows * planned.down_px
    shares = (
        ("left", left, planned.width_px),
        ("top", top, planned.height_px),
        ("width", across, planned.width_px),
        ("height", down, planned.height_px),
    )
    return Mosaic(
        image=f"{folder(layer)}/{layout.MOSAIC}",
        width_px=planned.width_px,
        height_px=planned.height_px,
        grid="".join(f"{name}:{100 * part / whole:.5g}%;" for name, part, whole in shares)
        + f"grid-template:repeat({planned.rows},1fr)/repeat({planned.columns},1fr)",
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


def orders(atlas: Atlas, layer: Layer) -> Iterator[Order]:
    """Yield what a layer can be sorted by: only that by which its filters differ, and can be told to.

    Those of which it says nothing (grey ones have no hue, most have no direction) come last, by number.
    """
    for name, words, values in _measures(atlas, layer):
        known = [value for value in values if value is not None]
        if len(set(known)) > 1:
            pairs = zip(values, layer.numbers, strict=True)
            ranked = sorted(pairs, key=lambda pair: (pair[0] is None, pair[0] or 0, pair[1]))
            yield Order(name, words, tuple(filter for _, filter in ranked))


def _measures(atlas: Atlas, layer: Layer) -> Iterator[tuple[str, str, Sequence[float | None]]]:
    """Yield the name of each measure, its words, and its values in the order of the filters, the first place the
    least."""
    filters = layer.filters
    families = natural.grouped(atlas, layer)
    if len(families) > 1:
        members = [each for family in families for each in natural.typical_first(family)]
        places = {filter: place for place, filter in enumerate(members)}
        yield "family", "likeness", [places[each.filter] for each in filters]
    if layer.image_channels == 3:
        yield "hue", "hue", [each.hue for each in filters]
    yield "period", "scale", [each.period_px or None for each in filters]
    if max(each.orientation_strength for each in filters) >= STRONG_ORIENTATION:
        clear = drawings.LEAST_ORIENTATION
        yield (
            "orientation",
            "direction",
            [each.orientation if each.orientation_strength >= clear else None for each in filters],
        )
    yield "selectivity", "selectivity", [-each.selectivity for each in filters]
    if atlas.natural:
        seen = atlas.natural.layers[layer.name].by_number
        shares = [seen[each.filter].natural_to_synthetic for each in filters]
        yield "natural", "natural ÷ synthetic", [None if share is None else -share for share in shares]
    # Where most are silent on noise, how much more they answer to their pictures orders them by nothing.
    times = [min(each.ratio, drawings.MOST_TIMES) for each in filters]
    if 2 * times.count(drawings.MOST_TIMES) <= len(times):
        yield "ratio", f"{layer.words.measure} ÷ noise", [-each for each in times]
