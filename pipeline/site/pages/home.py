"""The home page: the network as a stack of layers, and what opens it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.formatting import percent
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.network.catalogue import ConvLayer
from pipeline.network.known import KNOWN
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.results.published import Sureness, Totals
from pipeline.site import drawings
from pipeline.site.addresses import folder
from pipeline.site.pages import layer_words
from pipeline.site.pages.parts import Fact, Plate, most_selective, plate, rendered_words, stride_words
from pipeline.wording import Words

# What is said of the networks that are known by name, all of which were made for photographs.
DEPTH = "The early layers look for edges and colours, the late ones for textures, parts and things."

# Pictures that open the home page.
HIGHLIGHTS = 4


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

    highlights: tuple[Plate, ...]
    words: Words
    shown: str
    image: str
    figures: tuple[Fact, ...]
    blocks: tuple[Block, ...]


def home_view(atlas: Atlas, highlights: Sequence[tuple[Layer, int]]) -> HomeView:
    """Return the view of the home page."""
    words = atlas.words
    largest = max(layer.receptive_field_px for layer in atlas.network.layers)
    return HomeView(
        highlights=tuple(plate(layer, filter) for layer, filter in highlights),
        words=words,
        shown=words.shown or (DEPTH if atlas.network.model in KNOWN else ""),
        image=image_words(atlas),
        figures=tuple(figures(totals(atlas), words)),
        blocks=tuple(
            Block(title, note, tuple(layer_row(layer, largest) for layer in group))
            for title, note, group in blocks(atlas)
        ),
    )


def totals(atlas: Atlas) -> Totals:
    """Return how much an atlas holds, and how sure its pictures are."""
    depthwise = [layer for layer in atlas.layers if layer.depthwise]
    others = [layer for layer in atlas.layers if not layer.depthwise]
    return Totals(
        layers=len(atlas.layers),
        layers_total=len(atlas.network.layers),
        filters=sum(layer.figures.rendered for layer in atlas.layers),
        filters_total=sum(layer.filters for layer in atlas.network.layers),
        shares=tuple(_sureness(members) for members in (others, depthwise) if members),
    )


def _sureness(layers: Sequence[Layer]) -> Sureness:
    made = [layer.figures for layer in layers]
    # Where there is one picture, it is the best of one.
    compared = [each for each in made if each.rendered > 1]
    return Sureness(
        depthwise=layers[0].depthwise,
        filters=sum(each.rendered for each in made),
        alive=sum(each.alive for each in made),
        compared=sum(each.rendered for each in compared),
        own_best=sum(each.own_best for each in compared),
    )


def figures(totals: Totals, words: Words) -> Iterator[Fact]:
    """Yield how much an atlas holds, and how sure its pictures are, as its home says it."""
    yield Fact("filters", f"{totals.filters:,}", f"of {totals.filters_total:,} in the network")
    yield Fact("layers", str(totals.layers), f"of {totals.layers_total} that convolve")
    for share in totals.shares:
        which = "" if len(totals.shares) == 1 else ", depthwise" if share.depthwise else ", all but depthwise"
        yield Fact(
            f"{words.alive}{which}",
            percent(share.alive, share.filters),
            f"{words.excited} at least {ALIVE_RATIO:g} times as much as by noise",
        )
        if share.compared:
            yield Fact(
                f"own best{which}",
                percent(share.own_best, share.compared),
                f"{words.excited} by no other picture of their layer more",
            )


def image_words(atlas: Atlas) -> str:
    """Say what the images are that the layers see."""
    seen = {atlas.network.image_of(layer.name).name: layer.image_channels for layer in atlas.layers}
    kinds = [
        {1: "grey", 3: "red, green and blue"}.get(channels, f"{channels} channels")
        + (f" ({name})" if len(seen) > 1 else "")
        for name, channels in seen.items()
    ]
    return "; ".join(kinds)


def layer_row(layer: Layer, largest_px: int) -> LayerRow:
    """Return a layer as the home page lists it."""
    sample = layout.band_sample(layer.numbers)
    columns = min(len(sample), layout.BAND_COLUMNS)
    return LayerRow(
        name=layer.name,
        href=f"{folder(layer)}/index.html",
        facts=f"{rendered_words(layer)}{' · depthwise' if layer.depthwise else ''} · sees {layer_words.sees(layer)}",
        quality=quality_words(layer),
        glyph=drawings.field_glyph(layer.receptive_field_px, largest_px),
        band=f"{folder(layer)}/{layout.BAND}",
        band_width=columns * layout.BAND_TILE_PX,
        band_height=-(-len(sample) // columns) * layout.BAND_TILE_PX,
        band_alt=f"{len(sample)} of its pictures",
    )


def quality_words(layer: Layer) -> str:
    """Say how sure the pictures of a layer are."""
    made = layer.figures
    failing = made.rendered - made.alive
    alive = f"{failing:,} not {layer.words.alive}" if failing else f"all {layer.words.alive}"
    return f"{alive} · {percent(made.own_best, made.rendered)} own best" if made.rendered > 1 else alive


def blocks(atlas: Atlas) -> list[tuple[str, str, list[Layer]]]:
    """Group neighbouring layers of one stride; return a title, a note and the layers of each group.

    A group is called a block, with its number in the whole network, where the names of all its layers say that it is,
    and else by its stride: a number of the atlas's own would skip the groups that it leaves out.
    """
    runs = [list(run) for _, run in itertools.groupby(atlas.network.layers, key=lambda layer: layer.stride_px)]
    groups = [
        (_title(place, run), [atlas.by_name[each.name] for each in run if each.name in atlas.by_name])
        for place, run in enumerate(runs, 1)
    ]
    return [(title, stride_words(group[0].stride_px), group) for title, group in groups if group]


def _title(place: int, layers: Sequence[ConvLayer]) -> str:
    are_blocks = all(each.name.startswith(f"block{place}_") for each in layers)
    return f"Block {place}" if are_blocks else f"Stride {layers[0].stride_px}"


def highlighted(atlas: Atlas, most: int = HIGHLIGHTS) -> list[tuple[Layer, int]]:
    """Return filters from across the network's depth, as many as open the home page or `most`.

    Pictures of the first layers are plain, those of depthwise ones the least sure, and one that is not alive proves
    nothing: they open it only where there are no others.
    """
    alive = [layer for layer in atlas.layers if most_selective(layer).alive] or list(atlas.layers)
    sure = [layer for layer in alive if not layer.depthwise] or alive
    deep_enough = [layer for layer in sure if layer.index >= 2] or sure
    count = min(most, len(deep_enough))
    places = [(2 * place + 1) * len(deep_enough) // (2 * count) for place in range(count)]
    return [(deep_enough[place], most_selective(deep_enough[place]).filter) for place in places]
