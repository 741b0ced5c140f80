"""The part of the network around a filter, two layers deep: what it reads most, what reads it most, and so on."""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.formatting import percent_of
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer, Slice
from pipeline.site import drawings
from pipeline.site.pages import layer_words
from pipeline.site.pages.parts import Tile, channel_names, tile

# The way goes on, a layer further, from so many neighbours, the strongest, to so many filters each, of six: with all of
# them the pages of VGG16 would weigh 10 MB more.
FOLLOWED = 3
FURTHER = 3

# Shares of a kernel that add up to this are all of it.
WHOLE = 0.995


@dataclass(frozen=True)
class Weight:
    """A strong slice of a kernel, drawn, the filter at its other end, and those that this one reads, or is read by, in
    turn."""

    tile: Tile
    share: str
    drawing: Markup
    further: tuple[Tile, ...]


@dataclass(frozen=True)
class Side:
    """What a filter reads, or what reads it.

    Attributes:
        weights: the slices whose other ends can be shown.
        note: what they are, in sentences.
        absent: which other ends are not in the atlas, a sentence or nothing.
        further: what the filters shown with each of them are to it.
    """

    weights: tuple[Weight, ...]
    note: str
    absent: str
    further: str


def incoming(atlas: Atlas, layer: Layer, each: Filter, *, is_shown: bool) -> Side | None:
    """Return what a filter reads, None where nothing is known of it.

    Args:
        atlas: the atlas.
        layer: the layer of the filter.
        each: the filter.
        is_shown: whether its kernel is shown as a picture beside the slices.
    """
    parts = in_order(each.incoming)
    if not parts:
        return None
    share = sum(part.share for part in parts)
    # Rounded parts of a whole are the whole.
    together = f"Together they carry {percent_of(share)} of the kernel’s squared norm." if share < WHOLE else ""
    return Side(
        weights=tuple(weights(atlas, layer, parts, operator.attrgetter("incoming"))),
        note=layer_words.sentences(incoming_title(layer, parts, is_shown=is_shown), together),
        absent=absent_words(atlas, parts, "strongest inputs"),
        further="strongest inputs",
    )


def outgoing(atlas: Atlas, each: Filter) -> Side | None:
    """Return what reads a filter, None where nothing does."""
    layers = list(dict.fromkeys(part.layer for part in each.outgoing))
    if not layers:
        return None
    return Side(
        weights=tuple(weights(atlas, None, each.outgoing, operator.attrgetter("outgoing"))),
        note=f"Filters of {layer_words.joined(layers)} that give it the largest weights, with its share of the squared "
        "norm of their kernels.",
        absent=absent_words(atlas, each.outgoing, "strongest readers"),
        further="feeds most",
    )


def incoming_title(layer: Layer, parts: Sequence[Slice], *, is_shown: bool) -> str:
    """Say what the incoming slices are, `is_shown` where the kernel is shown as a picture beside them."""
    if is_shown:
        return f"The kernel itself{', and its weights for each colour' if layer.image_channels == 3 else ''}."
    if layer.depthwise:
        return "Its kernel, which reads one channel alone."
    if parts[0].layer == "input":
        return "The strongest slices of its kernel, each reading one channel of the image."
    several = len({part.layer for part in parts}) > 1
    return f"The strongest slices of its kernel, each reading one filter of the layer{'s' if several else ''} before."


def weights(
    atlas: Atlas, layer: Layer | None, parts: Sequence[Slice], onward: Callable[[Filter], Sequence[Slice]]
) -> Iterator[Weight]:
    """Yield those of a kernel's strong slices whose other ends can be shown: filters of the atlas, and channels of the
    image that `layer` reads.

    `onward` are the slices that lead from the filter at the other end further on, as these led to it.
    """
    for place, part in enumerate(parts):
        drawing, share = drawings.kernel_map(part.kernel), percent_of(part.share)
        if layer and part.layer == "input":
            name = channel_names(layer.image_channels)[part.filter]
            yield Weight(Tile(part.filter, name, "", "", "", ""), share, drawing, ())
        elif found := filter_of(atlas, part):
            label = f"{part.layer}/{part.filter}"
            beyond = further(atlas, onward(found[1])) if place < FOLLOWED else ()
            yield Weight(tile(found[0], part.filter, label=label), share, drawing, beyond)


def further(atlas: Atlas, parts: Sequence[Slice]) -> tuple[Tile, ...]:
    """Return the filters of the atlas at the other ends of slices, `FURTHER` of them at most."""
    tiles = [tile(found[0], part.filter, alt=part.layer) for part in parts if (found := filter_of(atlas, part))]
    return tuple(tiles[:FURTHER])


def filter_of(atlas: Atlas, part: Slice) -> tuple[Layer, Filter] | None:
    """Return the filter at the other end of a slice, and its layer; None where the atlas has no picture of it."""
    layer = atlas.by_name.get(part.layer)
    found = layer and layer.by_number.get(part.filter)
    return (layer, found) if layer and found else None


def absent_words(atlas: Atlas, parts: Sequence[Slice], called: str) -> str:
    """Say which filters at the other ends of slices are not in the atlas, in a sentence, or nothing."""
    absent: dict[str, list[str]] = {}
    for part in parts:
        if part.layer != "input" and filter_of(atlas, part) is None:
            absent.setdefault(part.layer, []).append(str(part.filter))
    count = sum(map(len, absent.values()))
    if not count:
        return ""
    names = "; ".join(f"{layer} {', '.join(numbers)}" for layer, numbers in absent.items())
    which = f"Its {called}" if count == len(parts) else f"{count} of its {len(parts)} {called}"
    return f"{which} {'is' if count == 1 < len(parts) else 'are'} not in this atlas: {names}."


def in_order(parts: Sequence[Slice]) -> Sequence[Slice]:
    """Return slices as they are shown: colours as red, green, blue, filters as they are, the strongest first."""
    return sorted(parts, key=lambda part: part.filter) if parts and parts[0].layer == "input" else parts
