"""The pages of the site and what each of them says, computed before anything is rendered.

A page is a path, a template and a view: exactly the words, numbers, drawings and addresses that the template prints.
Addresses are paths from the root of the site; the renderer makes them relative.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from pipeline import figures, tiles
from pipeline.atlas import Atlas, Filter, Layer, Slice
from pipeline.figures import number
from pipeline.record import FILTER_DIGITS

# The measured criterion of a picture that shows what it should: so many times the activation on noise.
ALIVE_RATIO = 2

# Filters of a layer between two headings, so that a reader can aim at one of 512.
SECTION_FILTERS = 128

# The least sure filters that a layer page singles out: so many at most, and at most one in so many.
LEAST_SURE = 8

# Pictures that open the home page.
HIGHLIGHTS = 4

# Names of folders and files at the root of the site; a layer of that name gets a longer one.
RESERVED = {"assets", "data", "index", "404", "how-to-read"}

# What a layer page can be sorted by: the field of a filter, the words, and whether the largest come first.
ORDERS = (
    ("ratio", "activation ÷ noise", True),
    ("hue", "hue", False),
    ("spectral_centroid", "frequency", False),
    ("orientation", "orientation", False),
    ("selectivity", "selectivity", True),
)

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """One page: where it is, which template draws it, its title and description, its picture, and its view."""

    path: str
    template: str
    title: str
    description: str
    image: str
    view: object


@dataclass(frozen=True)
class Tile:
    """A small picture of a filter. `href` and `image` are empty when the filter is not in the atlas."""

    number: int
    label: str
    href: str
    image: str
    alt: str
    alive: bool


@dataclass(frozen=True)
class Plate:
    """A large picture of a filter; a coarse one has so few pixels that each is shown as a square."""

    label: str
    href: str
    image: str
    alt: str
    is_coarse: bool


@dataclass(frozen=True)
class Fact:
    """A term, its value and what that means."""

    term: str
    value: str
    note: str


@dataclass(frozen=True)
class LayerRow:
    """A layer on the home page."""

    name: str
    href: str
    facts: str
    quality: str
    glyph: Markup
    band: str
    band_width: int
    band_height: int
    band_alt: str


@dataclass(frozen=True)
class Block:
    """Neighbouring layers whose units are equally far apart in the picture."""

    title: str
    note: str
    layers: tuple[LayerRow, ...]


@dataclass(frozen=True)
class HomeView:
    """The home page."""

    filters: int
    layers: int
    highlights: tuple[Plate, ...]
    figures: tuple[Fact, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Section:
    """A run of filters on a layer page."""

    title: str
    anchor: str
    first: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Chart:
    """A drawing and its caption."""

    title: str
    drawing: Markup
    caption: str


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
    block: str
    lead: str
    facts: tuple[Fact, ...]
    charts: tuple[Chart, ...]
    worst: tuple[Tile, ...]
    sections: tuple[Section, ...]
    orders: tuple[tuple[str, str], ...]
    kernels: tuple[Kernel, ...]
    kernel_size: tuple[int, int]
    previous: tuple[str, str] | None
    next: tuple[str, str] | None
    rendered: int
    total: int


@dataclass(frozen=True)
class Weight:
    """A strong slice of a kernel, drawn, and the filter at its other end."""

    tile: Tile
    share: str
    drawing: Markup


@dataclass(frozen=True)
class FilterView:
    """The page of a filter."""

    layer: str
    layer_href: str
    number: int
    lead: str
    image: str
    canvas_px: int
    field: str
    alt: str
    frame: Markup
    is_coarse: bool
    alive: bool
    quality: tuple[Fact, ...]
    geometry: tuple[Fact, ...]
    look: tuple[Fact, ...]
    colour: str
    steps: tuple[int, ...]
    steps_image: str
    snapshot_px: int
    curve: Markup
    curve_note: str
    kernel_uri: str
    incoming: tuple[Weight, ...]
    incoming_note: str
    outgoing: tuple[Weight, ...]
    outgoing_note: str
    similar: tuple[Tile, ...]
    recipe: tuple[tuple[str, str], ...]
    record: str
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


def folder(layer: Layer) -> str:
    """Return the layer's folder on the site."""
    return f"{layer.slug}-layer" if layer.slug.lower().partition(".")[0] in RESERVED else layer.slug


def digits(filter: int) -> str:
    """Return a filter's number as its files have it."""
    return f"{filter:0{FILTER_DIGITS}}"


def filter_path(layer: Layer, filter: int, ending: str = ".html") -> str:
    """Return the address of a filter's page, or of a picture beside it."""
    return f"{folder(layer)}/{digits(filter)}{ending}"


def site_pages(atlas: Atlas, title: str, description: str) -> Iterator[Page]:
    """Yield the pages that show layers and filters: home, each layer, each filter."""
    highlights = highlighted(atlas)
    first = filter_path(*highlights[0], ".avif")
    yield Page("index.html", "home.html", title, description, first, home_view(atlas, highlights))
    titles = {layer.name: block for block, _, group in blocks(atlas) for layer in group}
    for before, layer, after in neighbours(atlas.layers):
        view = layer_view(atlas, layer, titles[layer.name], before, after)
        example = filter_path(layer, most_selective(layer).filter, ".avif")
        yield Page(f"{folder(layer)}/index.html", "layer.html", layer.name, f"{layer.name}: {view.lead}", example, view)
        for left, each, right in neighbours(layer.filters):
            view = filter_view(atlas, layer, each, left, right)
            yield Page(
                filter_path(layer, each.filter),
                "filter.html",
                f"{layer.name}/{each.filter}",
                f"What filter {each.filter} of {layer.name} looks for: {each.description}.",
                view.image,
                view,
            )


def neighbours(items: Sequence[T]) -> Iterator[tuple[T | None, T, T | None]]:
    """Yield each item between its neighbours, None at the ends."""
    padded = [None, *items, None]
    yield from zip(padded, padded[1:], padded[2:], strict=False)


def blocks(atlas: Atlas) -> list[tuple[str, str, list[Layer]]]:
    """Group neighbouring layers of one stride; return a title, a note and the layers of each group.

    The groups are counted in the whole network, so that a part of it does not call its own first group Block 1.
    """
    runs = [list(run) for _, run in itertools.groupby(atlas.network.layers, key=lambda layer: layer.stride_px)]
    groups = [
        (place, [atlas.by_name[each.name] for each in run if each.name in atlas.by_name])
        for place, run in enumerate(runs, 1)
    ]
    return [(f"Block {place}", stride_words(group[0].stride_px), group) for place, group in groups if group]


def stride_words(stride_px: int) -> str:
    """Say how far apart the units of a layer are."""
    return "a unit at every pixel" if stride_px == 1 else f"a unit every {stride_px} pixels"


def most_selective(layer: Layer) -> Filter:
    """Return the filter that a layer is shown by: alive, its own picture its best, and the most selective."""
    return max(layer.filters, key=lambda each: (each.alive, each.own_rank == 1, each.selectivity, -each.filter))


def highlighted(atlas: Atlas) -> list[tuple[Layer, int]]:
    """Return filters from across the network's depth, to open the home page with."""
    deep_enough = [layer for layer in atlas.layers if layer.index >= 2] or list(atlas.layers)
    count = min(HIGHLIGHTS, len(deep_enough))
    places = [(2 * place + 1) * len(deep_enough) // (2 * count) for place in range(count)]
    return [(deep_enough[place], most_selective(deep_enough[place]).filter) for place in places]


def tile(layer: Layer, filter: int, alt: str = "", label: str = "") -> Tile:
    """Return the tile of a filter, an empty one when it is not in the atlas."""
    found = layer.by_number.get(filter)
    label = label or str(filter)
    if found is None:
        return Tile(filter, label, "", "", "", True)
    return Tile(
        number=filter,
        label=label,
        href=filter_path(layer, filter),
        image=filter_path(layer, filter, "-thumb.avif"),
        alt=alt or found.description,
        alive=found.alive,
    )


def plate(layer: Layer, filter: int) -> Plate:
    """Return the large picture of a filter."""
    return Plate(
        label=f"{layer.name}/{filter}",
        href=filter_path(layer, filter),
        image=filter_path(layer, filter, tiles.ENDING),
        alt=f"Filter {filter} of {layer.name}: {layer.by_number[filter].description}",
        is_coarse=layer.canvas_px <= tiles.WHOLE_COLOUR_PX,
    )


def home_view(atlas: Atlas, highlights: Sequence[tuple[Layer, int]]) -> HomeView:
    """Return the view of the home page."""
    totals = {
        key: sum(getattr(layer.figures, key) for layer in atlas.layers) for key in ("rendered", "alive", "own_best")
    }
    count = totals["rendered"]
    largest = max(layer.receptive_field_px for layer in atlas.network.layers)
    return HomeView(
        filters=count,
        layers=len(atlas.layers),
        highlights=tuple(plate(layer, filter) for layer, filter in highlights),
        figures=(
            Fact(
                "filters", f"{count:,}", f"of {sum(layer.filters for layer in atlas.network.layers):,} in the network"
            ),
            Fact("layers", str(len(atlas.layers)), f"of {len(atlas.network.layers)} that convolve"),
            Fact("alive", percent(totals["alive"], count), f"excited at least {ALIVE_RATIO} times as much as by noise"),
            Fact("own best", percent(totals["own_best"], count), "excited by no other picture of their layer more"),
        ),
        blocks=tuple(
            Block(title, note, tuple(layer_row(layer, largest) for layer in group))
            for title, note, group in blocks(atlas)
        ),
    )


def layer_row(layer: Layer, largest_px: int) -> LayerRow:
    """Return a layer as the home page lists it."""
    sample = tiles.band_sample(layer.numbers)
    columns = min(len(sample), tiles.BAND_COLUMNS)
    return LayerRow(
        name=layer.name,
        href=f"{folder(layer)}/index.html",
        facts=f"{rendered_words(layer)} · sees {layer.receptive_field_px} px",
        quality=quality_words(layer),
        glyph=figures.field_glyph(layer.receptive_field_px, largest_px),
        band=f"{folder(layer)}/band.avif",
        band_width=columns * tiles.BAND_TILE_PX,
        band_height=-(-len(sample) // columns) * tiles.BAND_TILE_PX,
        band_alt=f"{len(sample)} of its pictures",
    )


def rendered_words(layer: Layer) -> str:
    """Say how many of a layer's filters are in the atlas."""
    if len(layer.filters) == layer.filters_total:
        return f"{layer.filters_total} filters" if layer.filters_total != 1 else "1 filter"
    return f"{len(layer.filters)} of {layer.filters_total} filters"


def quality_words(layer: Layer) -> str:
    """Say how sure the pictures of a layer are."""
    made = layer.figures
    alive = "all alive" if made.alive == made.rendered else f"{made.rendered - made.alive} not alive"
    return f"{alive} · {percent(made.own_best, made.rendered)} own best"


def percent(part: int, whole: int) -> str:
    """Return a share in per cent; 100 only when nothing is missing."""
    if whole == 0:
        return "–"
    value = 100 * part / whole
    return f"{value:.0f} %" if value in (0, 100) else f"{min(99.9, value):.1f} %"


def layer_view(atlas: Atlas, layer: Layer, block: str, before: Layer | None, after: Layer | None) -> LayerView:
    """Return the view of a layer's page."""
    height, width = layer.kernel_size
    made = layer.figures
    is_first = layer.name == atlas.network.layers[0].name
    ratios = [each.ratio for each in layer.filters]
    return LayerView(
        name=layer.name,
        slug=folder(layer),
        data=layer.slug,
        block=block,
        lead=f"{rendered_words(layer)} of {height} × {width} × {layer.input_channels} weights; "
        f"each sees {layer.receptive_field_px} × {layer.receptive_field_px} pixels, {stride_words(layer.stride_px)}.",
        facts=(
            Fact(
                "alive",
                f"{made.alive} of {made.rendered}",
                f"answer to their picture ≥ {ALIVE_RATIO} × as much as to noise",
            ),
            Fact("own best", f"{made.own_best} of {made.rendered}", "no other picture of the layer excites them more"),
            Fact(
                "own in best five", f"{made.own_best_top5} of {made.rendered}", "at most four others excite them more"
            ),
            Fact("place", f"{layer.index + 1} of {len(atlas.network.layers)}", "among the convolutional layers"),
        ),
        charts=(
            Chart(
                "Activation",
                figures.ratio_histogram(ratios, ALIVE_RATIO),
                f"on the own picture, times that on noise; line at ×{ALIVE_RATIO}",
            ),
            Chart("Hue", figures.hue_histogram([each.hue for each in layer.filters]), "dominant hue of the pictures"),
            Chart(
                "Orientation",
                figures.orientation_rose([(each.orientation, each.orientation_strength) for each in layer.filters]),
                "direction of the stripes, where there is one",
            ),
        ),
        worst=tuple(tile(layer, each) for each in made.worst[: min(LEAST_SURE, len(layer.filters) // LEAST_SURE)]),
        sections=tuple(sections(layer)),
        orders=tuple((name, words) for name, words, _ in ORDERS),
        kernels=tuple(kernels(atlas, layer)) if is_first else (),
        kernel_size=layer.kernel_size,
        previous=(before.name, f"{folder(before)}/index.html") if before else None,
        next=(after.name, f"{folder(after)}/index.html") if after else None,
        rendered=len(layer.filters),
        total=layer.filters_total,
    )


def sections(layer: Layer) -> Iterator[Section]:
    """Yield a layer's filters in runs of `SECTION_FILTERS`."""
    for start in range(0, len(layer.filters), SECTION_FILTERS):
        members = layer.filters[start : start + SECTION_FILTERS]
        first, last = members[0].filter, members[-1].filter
        title = f"Filters {first} to {last}" if last > first else f"Filter {first}"
        tiles = (tile(layer, each.filter, alt=f"Filter {each.filter}: {each.description}") for each in members)
        yield Section(title, f"from-{first}", str(first), tuple(tiles))


def kernels(atlas: Atlas, layer: Layer) -> Iterator[Kernel]:
    """Yield the kernels of the first layer, those of filters that were not rendered too."""
    rendered = set(layer.numbers)
    for place, kernel in enumerate(atlas.first_kernels):
        href = filter_path(layer, place) if place in rendered else ""
        yield Kernel(place, figures.kernel_uri(kernel), href)


def sort_values(layer: Layer) -> dict[str, list[float | int | None]]:
    """Return what the filters of a layer can be sorted by, in the order of `filter`; largest first is negative."""
    values: dict[str, list[float | int | None]] = {"filter": list(layer.numbers)}
    for name, _, largest_first in ORDERS:
        sign = -1 if largest_first else 1
        found = (getattr(each, name) for each in layer.filters)
        values[name] = [None if value is None else round(sign * value, 4) for value in found]
    return values


def filter_view(atlas: Atlas, layer: Layer, each: Filter, left: Filter | None, right: Filter | None) -> FilterView:
    """Return the view of a filter's page."""
    record = layer.records[each.filter]
    sees = layer.receptive_field_px
    height, width = layer.kernel_size
    others = len(layer.filters) - 1
    above = each.own_rank - 1
    is_first = layer.name == atlas.network.layers[0].name
    return FilterView(
        layer=layer.name,
        layer_href=f"{folder(layer)}/index.html",
        number=each.filter,
        lead=f"{each.description[:1].upper()}{each.description[1:]}.",
        image=filter_path(layer, each.filter, ".avif"),
        canvas_px=record.canvas_px,
        field=f"The frame is what one unit sees: {sees} × {sees} of {record.canvas_px} × {record.canvas_px} pixels."
        if sees < record.canvas_px
        else f"One unit sees {sees} × {sees} pixels, more than the picture's {record.canvas_px}.",
        alt=f"Filter {each.filter} of {layer.name}: {each.description}",
        is_coarse=record.canvas_px <= tiles.WHOLE_COLOUR_PX,
        frame=figures.field_frame(sees, record.canvas_px),
        alive=each.alive,
        quality=(
            Fact(
                "Activation",
                f"× {number(each.ratio)}",
                f"{number(each.activation)} on its picture, {number(each.noise_activation)} on noise",
            ),
            Fact(
                "Own rank",
                f"{each.own_rank} of {others + 1}",
                "no other picture of the layer excites it more"
                if above == 0
                else f"{above} other {'picture excites' if above == 1 else 'pictures excite'} it more",
            ),
            Fact(
                "Robustness",
                percent_of(each.robust_activation / each.activation if each.activation else 0.0),
                "of it is left when the picture is turned, scaled and moved a little",
            ),
            Fact("Selectivity", number(each.selectivity, 2), "1: only its own picture excites it; 0: all do, equally"),
        ),
        geometry=(
            Fact("Receptive field", f"{sees} × {sees} px", "what one unit sees of the input"),
            Fact("Stride", f"{layer.stride_px} px", "from one unit to the next"),
            Fact("Kernel", f"{height} × {width} × {layer.input_channels}", f"L2 norm {number(each.kernel_norm)}"),
            Fact("Bias", number(each.bias), ""),
        ),
        look=(
            Fact("Hue", "grey" if each.hue is None else f"{each.hue:.0f}°", f"saturation {number(each.saturation, 2)}"),
            Fact("Frequency", f"{number(each.spectral_centroid, 2)} cycles/px", "spectral centroid"),
            Fact("Direction", f"{each.orientation:.0f}°", f"strength {number(each.orientation_strength, 2)} of 1"),
            Fact("Contrast", number(each.contrast, 2), "standard deviation of luminance"),
        ),
        colour=each.colour,
        steps=record.snapshot_steps,
        steps_image=filter_path(layer, each.filter, "-steps.avif"),
        snapshot_px=min(record.canvas_px, tiles.SNAPSHOT_PX),
        curve=figures.curve(record.activations, record.snapshot_steps),
        curve_note=f"Mean activation at every step, from {number(record.first_activation)} "
        f"to {number(record.last_activation)}; dots mark the pictures above.",
        kernel_uri=figures.kernel_uri(atlas.first_kernels[each.filter]) if is_first else "",
        incoming=tuple(weight(atlas, part) for part in in_order(each.incoming)),
        incoming_note=share_words(each.incoming),
        outgoing=tuple(weight(atlas, part) for part in each.outgoing),
        outgoing_note=outgoing_words(each.outgoing),
        similar=tuple(
            tile(layer, other, label=f"{other} · {number(similarity, 2)}")
            for other, similarity in each.similar
            if similarity > 0
        ),
        recipe=(
            *((key.replace("_", " "), recipe_words(value)) for key, value in record.recipe.items()),
            ("seed", str(record.seed)),
            ("precision", record.precision),
            ("random starts tried", str(record.attempts)),
        ),
        record=filter_path(layer, each.filter, ".json"),
        previous=(str(left.filter), filter_path(layer, left.filter)) if left else None,
        next=(str(right.filter), filter_path(layer, right.filter)) if right else None,
    )


def in_order(parts: Sequence[Slice]) -> Sequence[Slice]:
    """Return slices as they are shown: colours as red, green, blue, filters as they are, the strongest first."""
    return sorted(parts, key=lambda part: part.filter) if parts and parts[0].layer == "input" else parts


def recipe_words(value: object) -> str:
    """Return a setting of the recipe as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def share_words(parts: Sequence[Slice]) -> str:
    """Say how much of a kernel its strongest slices are."""
    return f"{percent_of(sum(part.share for part in parts))} of the kernel’s squared norm together."


def outgoing_words(parts: Sequence[Slice]) -> str:
    """Say what the outgoing slices are shares of."""
    return "Shares are of the reading filter’s own kernel." if parts else ""


def percent_of(share: float) -> str:
    """Return a share, 0..1, in per cent."""
    return f"{number(100 * share, 2)} %"


def weight(atlas: Atlas, part: Slice) -> Weight:
    """Return a strong slice with the tile of the filter at its other end."""
    if part.layer == "input":
        other = Tile(part.filter, ("red", "green", "blue")[part.filter], "", "", "", True)
    elif part.layer in atlas.by_name:
        other = tile(atlas.by_name[part.layer], part.filter, label=f"{part.layer}/{part.filter}")
    else:
        other = Tile(part.filter, f"{part.layer}/{part.filter}", "", "", "", True)
    return Weight(other, percent_of(part.share), figures.kernel_map(part.kernel))
