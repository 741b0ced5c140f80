"""Filters side by side: what the page says before any is chosen, and the figures that it shows of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipeline.formatting import number, part_of, percent_of
from pipeline.measure.words import STREAKS
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer
from pipeline.site.pages import layer_words, natural
from pipeline.site.pages.parts import telling


@dataclass(frozen=True)
class CompareView:
    """The page that puts filters side by side: what may be typed, and an example as an address and in words."""

    placeholder: str
    example: str
    example_words: str


def compare_view(atlas: Atlas) -> CompareView:
    """Return the view of the page that puts filters side by side; its example is a filter and the one most like it."""
    layer = atlas.layers[len(atlas.layers) // 2]
    first = telling(layer)[0]
    others = [each.filter for each in first.similar] or [each.filter for each in layer.filters if each != first]
    names = [f"{layer.name}/{filter}" for filter in (first.filter, *others[:1])]
    return CompareView(
        placeholder=names[0],
        example=f"compare.html#{','.join(quote(name, safe='/') for name in names)}",
        example_words=" and ".join(names),
    )


def figures(atlas: Atlas, layer: Layer, *, with_patches: bool = True) -> dict[str, Any]:
    """Return what is shown of a layer's filters side by side.

    Returns:
        `terms`, each with the anchor of its explanation; `values`, for each filter as many texts; `patches`, for each
        filter how many of photographs there are to show.
    """
    rows = [list(_facts(atlas, layer, each)) for each in layer.filters]
    found = atlas.natural.layers[layer.name].by_number if atlas.natural and with_patches else {}
    return {
        "terms": [(term, about) for term, about, _ in rows[0]],
        "values": [[value for _, _, value in row] for row in rows],
        "patches": [len(found[each].exemplars) if each in found else 0 for each in layer.numbers],
    }


def _facts(atlas: Atlas, layer: Layer, each: Filter) -> Iterator[tuple[str, str, str]]:
    others = len(layer.filters) - 1
    yield "Receptive field", "receptive-field", layer_words.sees(layer)
    if layer.effective_field_px is not None:
        yield "Effective field", "effective-field", f"{layer.effective_field_px} px"
    yield "Picture", "", f"{layer.canvas_px} × {layer.canvas_px} px"
    yield "Rank", "own-best", "–" if each.is_silent else part_of(each.own_rank, others + 1)
    yield "Selectivity", "selectivity", number(each.selectivity, 2) if others and not each.is_silent else "–"
    yield "Robustness", "robustness", "–" if each.is_silent else percent_of(each.robust_activation / each.activation)
    if atlas.natural:
        made = atlas.natural.layers[layer.name]
        strength = natural.strength(made.by_number[each.filter], made, layer)
        yield strength.term, strength.about, strength.value
    yield "Scale", "period", f"{each.period_px:.0f} px" if each.period_px else "none"
    yield "Direction", "orientation", f"{each.orientation:.0f}°" if each.orientation_strength >= STREAKS else "none"
    if layer.image_channels == 3:
        yield "Hue", "", "grey" if each.hue is None else f"{each.hue:.0f}°"
    yield "Bias", "bias", number(each.bias)
    similar = ", ".join(str(other.filter) for other in each.similar[:3] if other.similarity > 0)
    yield "Similar filters", "similar", similar or "–"
