"""The pages of the site and what each of them says, computed before anything is rendered.

A page is a path, a template and a view: exactly the words, numbers, drawings and addresses that the template prints.
Addresses are paths from the root of the site; the renderer makes them relative.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeVar

from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.site.addresses import filter_path, folder
from pipeline.site.pages import home
from pipeline.site.pages.filter import filter_view
from pipeline.site.pages.layer import layer_view
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import telling

T = TypeVar("T")


def sections(atlas: Atlas) -> Iterator[tuple[str, str]]:
    """Yield the parts of the site that every page leads to beside home and its layers: address and name."""
    yield "map.html", "Map"
    if atlas.natural:
        yield "photographs/index.html", "Photographs"
    yield "search.html", "Words"
    yield "how-to-read.html", "How to read"
    yield "data/index.html", "Data"


def site_pages(
    atlas: Atlas,
    title: str,
    description: str,
    *,
    highlights: Sequence[str] = (),
    with_patches: bool = True,
    with_originals: bool = True,
) -> Iterator[Page]:
    """Yield the pages that show layers and filters: home, which opens with the `highlights`,
    "layer/filter", or else with some that are chosen, each layer, each filter,
    `with_patches` of photographs and `with_originals`, to be downloaded."""
    opening = home.highlights(atlas, highlights)
    first = filter_path(*opening[0], layout.PICTURE)
    yield Page("index.html", "home.html", title, description, first, home.home_view(atlas, opening))
    between = neighbours([(layer, each) for layer in atlas.layers for each in layer.filters])
    titles = {layer.name: block for block, _, group in home.blocks(atlas) for layer in group}
    for before, layer, after in neighbours(atlas.layers):
        view = layer_view(atlas, layer, titles[layer.name], before, after, with_originals=with_originals)
        example = filter_path(layer, telling(layer)[0].filter, layout.PICTURE)
        yield Page(f"{folder(layer)}/index.html", "layer.html", layer.name, f"{layer.name}: {view.lead}", example, view)
        for left, (_, each), right in itertools.islice(between, len(layer.filters)):
            shown = filter_view(
                atlas, layer, each, left, right, with_patches=with_patches, with_originals=with_originals
            )
            yield Page(
                filter_path(layer, each.filter),
                "filter.html",
                f"{layer.name}/{each.filter}",
                f"What filter {each.filter} of {layer.name} {layer.words.looks_for}: {each.description}.",
                shown.image,
                shown,
            )


def neighbours(items: Sequence[T]) -> Iterator[tuple[T | None, T, T | None]]:
    """Yield each item between its neighbours, None at the ends."""
    padded = [None, *items, None]
    yield from zip(padded, padded[1:], padded[2:], strict=False)
