"""The pages of photographs: one for each of those shown most, with the filters that it excites; and whose all are."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from pipeline.formatting import counted, percent_of
from pipeline.results.atlas import Atlas, Natural
from pipeline.results.exemplars import Exemplar, Exemplars
from pipeline.results.layer_summary import Layer
from pipeline.results.layout import ENDING
from pipeline.results.photographs import Photograph
from pipeline.site.addresses import LISTED, folder, photograph_href, photograph_list_path, photograph_path
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import Tile, tile
from pipeline.wording import Words

INDEX = "photographs/index.html"
# Filters of each layer on a photograph's page.
FILTERS = 6
# Longest sides of a photograph's copy on its page and in the table of all, in pixels.
SIDE_PX, SMALL_PX = 480, 96


@dataclass(frozen=True)
class Row:
    """A photograph in the table of all: an empty `href` where it has no page, an empty image where none is shown."""

    number: int
    name: str
    href: str
    image: str
    size: tuple[int, int]
    author: str
    licence: str
    licence_url: str
    source: str
    source_url: str
    patches: int


@dataclass(frozen=True)
class Excited:
    """The filters of a layer that a photograph excites most.

    Attributes:
        name, href: of the layer.
        tiles: the filters.
        frames: of each, where in the photograph, as CSS lengths of a box in it; nothing where the photograph is not
            among those that excite it most. None at all where the photograph is not shown.
    """

    name: str
    href: str
    tiles: tuple[Tile, ...]
    frames: tuple[str, ...]


@dataclass(frozen=True)
class PhotographView:
    """The page of a photograph."""

    about: Row
    size: tuple[int, int]
    pixels: str
    note: str
    layers: tuple[Excited, ...]
    words: Words
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


@dataclass(frozen=True)
class PhotographsView:
    """The table of the photographs that have a page, or of some that have none."""

    title: str
    lead: str
    note: str
    rows: tuple[Row, ...]
    others: tuple[tuple[str, str], ...]
    with_images: bool


def photograph_pages(atlas: Atlas, *, with_patches: bool) -> Iterator[Page]:
    """Yield the table of all photographs, the pages of those that have one, and lists of the others; nothing where the
    atlas was shown none. Their pixels are shown `with_patches` alone."""
    natural = atlas.natural
    if natural is None:
        return
    every = natural.collection.photographs
    patches = _patches(natural)
    rows = [_row(natural, number, patches, with_patches) for number in range(len(every))]
    excited = _by_exemplars(atlas)
    pages = [rows[number] for number in natural.paged]
    others = sorted(set(range(len(every))) - set(natural.paged))
    lists = [(key, list(group)) for key, group in groupby(others, lambda number: number // LISTED)]
    links = tuple((f"{group[0]:,} to {group[-1]:,}", photograph_list_path(group[0])) for _, group in lists)
    image = pages[0].image or "assets/card.png"
    yield Page(
        INDEX,
        "photographs.html",
        "Photographs",
        f"{lead(natural)} Their authors, and the filters that each excites.",
        image,
        PhotographsView("Photographs", lead(natural), _note(natural), tuple(pages), links, with_patches),
    )
    for place, each in enumerate(pages):
        before, after = (pages[at] if 0 <= at < len(pages) else None for at in (place - 1, place + 1))
        yield Page(
            each.href,
            "photograph.html",
            each.name,
            f"The filters that {each.name} excites most, layer by layer, and the author of the photograph.",
            each.image or "assets/card.png",
            photograph_view(atlas, each, excited, before, after),
        )
    for (name, path), (_, group) in zip(links, lists, strict=True):
        title = f"Photographs {name}"
        view = PhotographsView(
            title, "Those without a page of their own.", "", tuple(rows[number] for number in group), (), False
        )
        yield Page(path, "photographs.html", title, f"Whose the photographs {name} are.", "assets/card.png", view)


def lead(natural: Natural) -> str:
    """Say how many photographs there are, and where from."""
    words = counted(len(natural.collection.photographs), "photograph").capitalize()
    if natural.collection.source == "samples":
        return f"{words} that come with the atlas: the network was shown them to see what excites its filters."
    return f"{words} that the network was shown to see what excites its filters."


def photograph_view(
    atlas: Atlas,
    about: Row,
    excited: Mapping[int, Mapping[str, Mapping[int, Exemplar]]],
    before: Row | None,
    after: Row | None,
) -> PhotographView:
    """Return the view of a photograph's page; `excited` is what `_by_exemplars` gives."""
    natural = _natural(atlas)
    photograph = natural.collection.photographs[about.number]
    layers = []
    for layer in atlas.layers:
        shares = _shares(natural, layer, about.number, excited)
        best = sorted(shares, key=_most_excited(natural.layers[layer.name], shares))[:FILTERS]
        if best:
            tiles = (tile(layer, each, label=f"{each} · {percent_of(shares[each])}") for each in best)
            places = excited.get(about.number, {}).get(layer.name, {})
            frames = [_frame(places[each], photograph) if each in places else "" for each in best]
            shown = tuple(frames) if about.image and any(frames) else ()
            layers.append(Excited(layer.name, f"{folder(layer)}/index.html", tuple(tiles), shown))
    words = atlas.words
    return PhotographView(
        about=about,
        size=_fitted(photograph, SIDE_PX),
        pixels=f"{photograph.width_px:,} × {photograph.height_px:,}",
        note=f"The filters of each layer that this photograph {words.excites} most. Beside each number: the filter’s "
        "strongest unit in this photograph as a share of its strongest in any of "
        f"{counted(len(natural.collection.photographs), 'photograph')}. The small pictures show what each filter "
        f"{words.looks_for}." + _framed(layers)
        if layers
        else f"It {words.excites} none of the filters in the atlas.",
        layers=tuple(layers),
        words=words,
        previous=(before.name, before.href) if before else None,
        next=(after.name, after.href) if after else None,
    )


def _most_excited(made: Exemplars, shares: Mapping[int, float]) -> Callable[[int], tuple[float, float, int]]:
    """Return what sorts a layer's filters, those first that a photograph excites most: of the many for which it is the
    strongest of a few photographs, those that it excites nearly as much as their pictures do."""
    return lambda filter: (-shares[filter], -(made.by_number[filter].natural_to_synthetic or 0), filter)


def _framed(layers: Sequence[Excited]) -> str:
    if not any(layer.frames for layer in layers):
        return ""
    return (
        " A frame marks the part that moves the unit, for each filter that has a patch of this photograph; point at a "
        "filter to see which frame is its own."
    )


def _frame(each: Exemplar, photograph: Photograph) -> str:
    """Return where the field of a place lies in a photograph, as CSS lengths of a box in it."""
    sides = (photograph.width_px, photograph.height_px)
    left, top, right, bottom = (100 * each.field[at] / sides[at % 2] for at in range(4))
    return f"left:{left:.3g}%;top:{top:.3g}%;width:{right - left:.3g}%;height:{bottom - top:.3g}%"


def _natural(atlas: Atlas) -> Natural:
    if atlas.natural is None:
        raise ValueError("an atlas that was shown no photographs")
    return atlas.natural


def _patches(natural: Natural) -> Mapping[int, int]:
    """Return how many patches of filters are from each photograph."""
    counted: dict[int, int] = defaultdict(int)
    for layer in natural.layers.values():
        for filter in layer.filters:
            for each in filter.exemplars:
                counted[each.photograph] += 1
    return counted


def _by_exemplars(atlas: Atlas) -> Mapping[int, Mapping[str, Mapping[int, Exemplar]]]:
    """Return of each photograph the filters, by layer and number, that have a patch of it, with its place."""
    found: dict[int, dict[str, dict[int, Exemplar]]] = defaultdict(lambda: defaultdict(dict))
    for name, layer in _natural(atlas).layers.items():
        for filter in layer.filters:
            for each in filter.exemplars:
                found[each.photograph][name][filter.filter] = each
    return found


def _shares(
    natural: Natural, layer: Layer, photograph: int, excited: Mapping[int, Mapping[str, Mapping[int, Exemplar]]]
) -> Mapping[int, float]:
    """Return the filters of a layer that a photograph excites, with its strongest unit as a share of the strongest of
    all: those of the whole layer where it is in the sample, else those that have a patch of it."""
    made = natural.layers[layer.name]
    places = excited.get(photograph, {}).get(layer.name, {})
    exact = {filter: each.activation / made.by_number[filter].natural for filter, each in places.items()}
    table = natural.strongest
    place = int(np.searchsorted(table.sampled, photograph))
    if place == len(table.sampled) or table.sampled[place] != photograph:
        return exact
    answers = table.sample[place, table.columns(layer.name)]
    found = {}
    for each in made.filters:
        if each.natural and answers[each.filter] > 0:
            # The sample may be of bfloat16, and so above what the strongest is in float32.
            found[each.filter] = exact.get(each.filter, min(1.0, float(answers[each.filter]) / each.natural))
    return found


def _row(natural: Natural, number: int, patches: Mapping[int, int], with_patches: bool) -> Row:
    photograph = natural.collection.photographs[number]
    href = photograph_href(natural, number)
    has_page = href == photograph_path(number)
    source = photograph.source or ""
    is_link = source.startswith(("https://", "http://")) and " " not in source
    return Row(
        number=number,
        name=photograph.name,
        href=href if has_page else "",
        image=photograph_path(number, ENDING) if has_page and with_patches else "",
        size=_fitted(photograph, SMALL_PX),
        author=photograph.author or "",
        licence=photograph.licence or "",
        licence_url=photograph.licence_url or "",
        source=_host(source) if is_link else source,
        source_url=source if is_link else "",
        patches=patches.get(number, 0),
    )


def _fitted(photograph: Photograph, side_px: int) -> tuple[int, int]:
    """Return width and height of a photograph, its longest side no longer than `side_px`."""
    scale = min(1.0, side_px / max(photograph.width_px, photograph.height_px))
    return max(1, round(photograph.width_px * scale)), max(1, round(photograph.height_px * scale))


def _host(address: str) -> str:
    return address.split("/")[2].removeprefix("www.")


def _note(natural: Natural) -> str:
    every, paged = natural.collection.photographs, natural.paged
    sentences = []
    if len(paged) < len(every):
        sentences.append(f"The {len(paged):,} from which filters have the most patches have a page each.")
    if any(each.licence for each in every):
        sentences.append(
            "Each has its own licence, which also covers what is shown of it here: a smaller copy, and patches cut "
            "from it."
        )
    elif not any(each.author for each in every):
        sentences.append("It is not known whose they are.")
    if left_out := len(natural.collection.left_out):
        sentences.append(
            f"{counted(left_out, 'more file').capitalize()} {'was' if left_out == 1 else 'were'} left out."
        )
    return " ".join(sentences)


def search_entries(natural: Natural | None) -> Sequence[tuple[str, str]]:
    """Return address and name of each photograph that has a page."""
    if natural is None:
        return ()
    return [(photograph_path(number), natural.collection.photographs[number].name) for number in natural.paged]
