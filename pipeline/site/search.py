"""What the search looks through, and the words that it offers: one script of data, and the page of all words.

`templates/find.js` reads the data; how it understands a query is said there.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.measure import colours, words
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter
from pipeline.site.addresses import folder
from pipeline.site.pages.parts import Tile, tile
from pipeline.site.tables import compact

# What people say, and the words of `measure.words` that they may mean by it, in the singular where there is a plural.
SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(("gray", "silver"), "grey"),
    **dict.fromkeys(("violet", "lilac", "mauve"), "purple"),
    "magenta": "pink purple",
    **dict.fromkeys(("cyan", "teal", "aqua"), "turquoise"),
    "gold": "yellow orange",
    "reddish": "red",
    **dict.fromkeys(("colourful", "colorful", "saturated"), "vivid glaring"),
    **dict.fromkeys(("multicoloured", "multicolored", "multicolour", "rainbow", "colored"), "many-coloured"),
    **dict.fromkeys(("colourless", "colorless", "pale"), "dull muted"),
    **dict.fromkeys(("diagonal", "oblique", "slanted", "slanting", "tilted"), "rising falling"),
    **dict.fromkeys(("upright", "column"), "vertical"),
    **dict.fromkeys(("level", "row"), "horizontal"),
    **dict.fromkeys(("line", "bar", "linear"), "stripes streaks"),
    **dict.fromkeys(("grating", "band"), "stripes"),
    **dict.fromkeys(("spot", "dot", "spotted", "dotted"), "cells blotches"),
    **dict.fromkeys(("blob", "patch", "stain"), "blotches"),
    **dict.fromkeys(("honeycomb", "bubble", "scale"), "cells"),
    **dict.fromkeys(("check", "checker", "checkered", "chequered", "lattice", "mesh", "net"), "grid"),
    **dict.fromkeys(("spiral", "whirl", "curl"), "swirls"),
    **dict.fromkeys(("wave", "wavy", "arc", "circle", "ring", "round"), "curves swirls"),
    **dict.fromkeys(("texture", "messy", "chaos", "noise"), "tangle"),
    **dict.fromkeys(("flat", "blank", "empty", "uniform"), "plain"),
    **dict.fromkeys(("small", "little"), "tiny fine"),
    **dict.fromkeys(("big", "huge"), "large coarse"),
    "medium": "fine coarse",
}

# Pictures that show what a word means.
EXAMPLES = 8

# A word of a layer's name that is as long may be shortened to its first letter: block3_conv1 to b3c1.
SHORTENED = 3


@dataclass(frozen=True)
class Word:
    """A word of the descriptions: how many filters have it, and a few of them from across the network's depth."""

    word: str
    count: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Kind:
    """Words of one kind, those that the atlas has, in their own order."""

    title: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class SearchView:
    """The page of all words."""

    kinds: tuple[Kind, ...]
    filters: int
    example: str
    together: str


def search_view(atlas: Atlas) -> SearchView:
    """Return the view of the page of all words."""
    found: dict[str, dict[str, list[Filter]]] = {}
    for layer in atlas.layers:
        for each in layer.filters:
            for word in set(words.named(each.description)):
                found.setdefault(word, {}).setdefault(layer.name, []).append(each)
    return SearchView(
        kinds=tuple(
            Kind(title, tuple(_word(atlas, word, found[word]) for word in of_kind if word in found))
            for title, of_kind in kinds()
            if not found.keys().isdisjoint(of_kind)
        ),
        filters=sum(len(layer.filters) for layer in atlas.layers),
        example=example(atlas),
        together=together(atlas),
    )


def _word(atlas: Atlas, word: str, having: Mapping[str, Sequence[Filter]]) -> Word:
    """Return a word that filters have, given by their layers: of up to so many layers that are spread evenly, the most
    selective filter."""
    layers = list(having)
    count = min(EXAMPLES, len(layers))
    chosen = [layers[(2 * place + 1) * len(layers) // (2 * count)] for place in range(count)]
    best = ((name, max(having[name], key=lambda each: (each.alive, each.selectivity, -each.filter))) for name in chosen)
    return Word(
        word,
        sum(map(len, having.values())),
        tuple(tile(atlas.by_name[name], each.filter, label=f"{name}/{each.filter}") for name, each in best),
    )


def kinds() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the kinds of words that descriptions consist of, and all words of each."""
    yield "Pattern", words.PATTERNS
    yield "Direction", words.DIRECTIONS
    yield "Scale", _levels(words.SCALES)
    yield "Colour", (*colours.NAMES, "many-coloured")
    yield "Vividness", _levels(words.VIVIDNESS)
    yield "Lightness", _levels(words.LIGHTNESS)
    yield "Relief", _levels(words.RELIEFS)


def _levels(levels: words.Levels) -> tuple[str, ...]:
    return tuple(word for _, word in levels if word)


def script(atlas: Atlas, photographs: Sequence[tuple[str, str]] = ()) -> str:
    """Return the script that holds what the search looks through: the network's name, layers, filters, descriptions,
    synonyms; photographs, each an address and a name.

    A classic script, because pages opened from disk may not fetch anything else. Of descriptions, nearly all of which
    differ, the parts between commas are stored once: 4,224 take 90 kB, and in full 300.
    """
    parts: dict[str, int] = {}
    layers = [
        {
            "name": layer.name,
            "folder": folder(layer),
            "total": layer.filters_total,
            "filters": layer.numbers,
            "parts": [
                [parts.setdefault(part, len(parts)) for part in each.description.split(", ")] for each in layer.filters
            ],
        }
        for layer in atlas.layers
    ]
    found = {
        "network": atlas.network.name,
        "layers": layers,
        "parts": list(parts),
        "photographs": photographs,
        "synonyms": SYNONYMS,
    }
    return f"window.ATLAS={compact(found)};\n"


def together(atlas: Atlas) -> str:
    """Return two words that can be searched for together, because a filter of the atlas has both: a colour, or in grey
    a scale, and a pattern; one word, or none, where descriptions have no more."""
    described = [set(words.named(each.description)) for layer in atlas.layers for each in layer.filters]
    first = sorted(colours.NAMES, key=lambda name: name != "orange")
    for pair in itertools.product((*first, *_levels(words.SCALES)), words.PATTERNS):
        if any(each.issuperset(pair) for each in described):
            return " ".join(pair)
    return next((word for each in described for word in sorted(each)), "")


def example(atlas: Atlas) -> str:
    """Return two things that can be searched for in an atlas: a filter, as short as it can be named, and words."""
    # The shortest name fits the field; of names alike in length, one from the middle.
    middle = len(atlas.layers) // 2
    layer = min([*atlas.layers[middle:], *atlas.layers[:middle]], key=lambda each: len(each.name))
    parts = re.findall(r"[a-z]+|\d+", layer.name.lower())
    # "b3c1" is read as b, 3, c, 1: where letters follow on letters, only the whole name can be told apart.
    alternate = all(first.isdigit() != second.isdigit() for first, second in itertools.pairwise(parts))
    named = [part for part in parts if not part.isdigit()]
    # Nobody would know up2 by u2, or shared@2 by s2.
    is_clear = len(named) > 1 and all(len(word) >= SHORTENED for word in named)
    brief = "".join(part if part.isdigit() else part[0] for part in parts)
    short = brief if alternate and is_clear else layer.name
    seen = "blue" if layer.image_channels == 3 else "fine"
    return f"{short} {layer.numbers[-1]} or vertical {seen}"
