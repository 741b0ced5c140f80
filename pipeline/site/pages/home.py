"""The home page: the network as a stack of layers, and what opens it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.errors import UserError
from pipeline.formatting import percent, times
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.network import known
from pipeline.network.catalogue import ConvLayer, Stage
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.results.published import Sureness, Totals
from pipeline.site import drawings
from pipeline.site.addresses import filter_path, folder
from pipeline.site.pages import layer_words
from pipeline.site.pages.parts import Fact, Plate, plate, rendered_words, stride_words, telling
from pipeline.wording import Words

# What is said of the networks that are known by name, with their own weights: all learnt from photographs.
DEPTH = "Early layers look for edges and colours, middle ones for textures, late ones for parts of things."

# Pictures that open the home page: two rows of three, which a phone's first screen has room for.
HIGHLIGHTS = 6


@dataclass(frozen=True)
class Band:
    """A sample of a layer's filters in one picture, equal squares in so many columns, and where each of them leads."""

    image: str
    width: int
    height: int
    columns: int
    rows: int
    alt: str
    tiles: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class LayerRow:
    """A layer on the home page."""

    name: str
    href: str
    facts: str
    quality: str
    glyph: Markup
    band: Band


@dataclass(frozen=True)
class Block:
    """Neighbouring layers whose units are equally far apart in the picture."""

    title: str
    note: str
    before: str
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
    after: str


def home_view(atlas: Atlas, highlights: Sequence[tuple[Layer, int]]) -> HomeView:
    """Return the view of the home page."""
    words = atlas.words
    largest = max(layer.receptive_field_px for layer in atlas.network.layers)
    return HomeView(
        highlights=tuple(plate(layer, filter) for layer, filter in highlights),
        words=words,
        shown=words.shown or (DEPTH if known.credit(atlas.network.model) and atlas.weights_are_published else ""),
        image=image_words(atlas),
        figures=tuple(figures(totals(atlas), words)),
        blocks=tuple(
            Block(
                title,
                note,
                pooling_words(atlas.network.layer(group[0].name).pools),
                tuple(layer_row(layer, largest) for layer in group),
            )
            for title, note, group in blocks(atlas)
        ),
        after=head_words(atlas) or after_words(atlas.network.catalogue.after),
    )


def highlights(atlas: Atlas, named: Sequence[str]) -> list[tuple[Layer, int]]:
    """Return the filters that open the home page: those that are named, "layer/filter", or some that are chosen.

    Raises `UserError` for a name that is none of the atlas's filters.
    """
    found = []
    for each in named:
        name, _, number = each.rpartition("/")
        layer = atlas.by_name.get(name)
        if layer is None or not number.isdecimal() or int(number) not in layer.by_number:
            raise UserError(f"site.highlights: {each:.80}: not in this atlas; name filters that are, as layer/filter")
        found.append((layer, int(number)))
    return found or highlighted(atlas)


def pooling_words(pools: Sequence[Stage]) -> str:
    """Say what pools before a layer; nothing where nothing does."""
    return " and ".join(dict.fromkeys(map(_stage_words, pools)))


def after_words(after: Sequence[Stage]) -> str:
    """Say what comes after the last layer; nothing where nothing does."""
    dense = [each.units for each in after if each.kind == "Dense"]
    said = list(dict.fromkeys(_stage_words(each) for each in after if each.kind != "Dense"))
    if dense:
        units = layer_words.joined([f"{each:,}" for each in dense])
        said.append(f"{'a dense layer' if len(dense) == 1 else f'{len(dense)} dense layers'} of {units} units")
    return ", then ".join(said)


def head_words(atlas: Atlas) -> str:
    """Say what comes after the last layer of a network as it was published; nothing where that is not known."""
    background = known.background(atlas.network.model)
    return background.head if background and atlas.weights_are_published else ""


def _stage_words(stage: Stage) -> str:
    kind = "max-pooling" if "Max" in stage.kind else "average pooling"
    if not stage.side:
        return f"{kind} of the whole map"
    apart = "" if stage.stride == stage.side else f", {stage.stride} apart"
    return f"{kind}, {stage.side} × {stage.side}{apart}"


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
    every = totals.filters == totals.filters_total
    yield Fact(
        "filters",
        f"{totals.filters:,}",
        "every filter of the network" if every else f"of {totals.filters_total:,} in the network",
    )
    whole = totals.layers == totals.layers_total
    yield Fact(
        "layers",
        str(totals.layers),
        "all the convolutional layers" if whole else f"of {totals.layers_total} convolutional ones",
    )
    for share in totals.shares:
        which = "" if len(totals.shares) == 1 else ", depthwise" if share.depthwise else ", all but depthwise"
        yield Fact(
            f"{words.alive}{which}",
            percent(share.alive, share.filters),
            f"{words.excited} at least {times(ALIVE_RATIO)} as strongly by their picture as by noise",
            "found",
        )
        if share.compared:
            yield Fact(
                f"own best{which}",
                percent(share.own_best, share.compared),
                f"no other picture of the layer {words.excites} them more",
                "own-best",
            )


def image_words(atlas: Atlas) -> str:
    """Say what the images are that the layers see."""
    seen = {atlas.network.image_of(layer.name).name: layer.image_channels for layer in atlas.layers}
    kinds = [
        {1: "a grey image", 3: "an image in red, green and blue"}.get(channels, f"an image of {channels} channels")
        + (f" ({name})" if len(seen) > 1 else "")
        for name, channels in seen.items()
    ]
    return "; ".join(kinds)


def layer_row(layer: Layer, largest_px: int) -> LayerRow:
    """Return a layer as the home page lists it."""
    return LayerRow(
        name=layer.name,
        href=f"{folder(layer)}/index.html",
        facts=f"{rendered_words(layer)}{' · depthwise' if layer.depthwise else ''} · sees {layer_words.sees(layer)}",
        quality=quality_words(layer),
        glyph=drawings.field_glyph(layer.receptive_field_px, largest_px),
        band=band(layer),
    )


def band(layer: Layer) -> Band:
    """Return the band of a layer, as `pictures.web` draws it."""
    sample = layout.band_sample(layer.numbers)
    columns, rows, side = layout.band_grid(len(sample))
    return Band(
        image=f"{folder(layer)}/{layout.BAND}",
        width=columns * side,
        height=rows * side,
        columns=columns,
        rows=rows,
        alt=f"{len(sample)} of its pictures" if len(sample) > 1 else "its picture",
        tiles=tuple((number, filter_path(layer, number)) for number in sample),
    )


def quality_words(layer: Layer) -> str:
    """Say how many pictures of a layer prove nothing; nothing where all do."""
    failing = layer.figures.rendered - layer.figures.alive
    return f"{failing:,} not {layer.words.alive}" if failing else ""


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


def spread(atlas: Atlas, most: int) -> list[tuple[Layer, int]]:
    """Return filters from all layers, in order, as evenly as they have them, as many as there are or `most`."""
    ranked = [telling(layer) for layer in atlas.layers]
    taken = [0] * len(ranked)
    while sum(taken) < min(most, sum(map(len, ranked))):
        # The late layers first: there is more to see.
        place = min(reversed(range(len(ranked))), key=lambda each: (taken[each] == len(ranked[each]), taken[each]))
        taken[place] += 1
    return [
        (layer, each.filter)
        for layer, filters, count in zip(atlas.layers, ranked, taken, strict=True)
        for each in filters[:count]
    ]


def highlighted(atlas: Atlas, most: int = HIGHLIGHTS) -> list[tuple[Layer, int]]:
    """Return filters from across the network's depth, as many as open the home page or `most`.

    Pictures of the first third of the layers are plain, those of depthwise ones the least sure, and one that is not
    alive proves nothing: they open it only where there are no others.
    """
    alive = [layer for layer in atlas.layers if any(each.alive for each in layer.filters)] or list(atlas.layers)
    sure = [layer for layer in alive if not layer.depthwise] or alive
    deep_enough = [layer for layer in sure if layer.index >= len(atlas.network.layers) // 3] or sure
    count = min(most, len(deep_enough))
    layers = [deep_enough[(2 * place + 1) * len(deep_enough) // (2 * count)] for place in range(count)]
    # Of fewer layers, several filters each, of the late ones the most: there is more to see.
    each, left = divmod(most, count)
    return [
        (layer, filter.filter)
        for place, layer in enumerate(layers)
        for filter in telling(layer)[: each + (place >= count - left)]
    ]
