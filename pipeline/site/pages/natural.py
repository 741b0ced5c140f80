"""What photographs say of a filter and of a layer, as their pages show it: patches, strengths, likeness, families."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.formatting import counted, number, part_of, percent_of
from pipeline.measure import words
from pipeline.results import exemplars
from pipeline.results.atlas import Atlas
from pipeline.results.exemplars import FEWEST_PHOTOGRAPHS, Exemplar, Exemplars
from pipeline.results.layer_summary import Family, Filter, Layer
from pipeline.results.photographs import Photograph
from pipeline.site import drawings
from pipeline.site.addresses import photograph_href, strip_path
from pipeline.site.pages.parts import Fact, Tile, tile

# A frame that leaves less than this of the patch's side free would hide its edge.
LARGEST_FRAME = 0.9
# A dozen photographs hold what units of no larger field look for: those of the first three blocks of VGG16.
SHALLOW_PX = 40
# Members of a family that share a word, from which its caption says so.
COMMON = 0.5
# Members of a family that are shown, the others are numbers: all of them again would double the page.
SHOWN = 12


@dataclass(frozen=True)
class Patch:
    """A patch of a photograph.

    Attributes:
        href: address of the photograph's page.
        credit: what the photograph shows, whose it is, and under which licence.
        share: its activation, as a share of that of the strongest.
        position: place in the strip, in per cent, as `object-position` takes it.
        frame: what the unit makes use of, as the CSS of a box in the patch; nothing where that is all of it.
    """

    href: str
    credit: str
    share: str
    position: str
    frame: str


@dataclass(frozen=True)
class NaturalView:
    """What photographs say of a filter."""

    note: str
    strip: str
    patches: tuple[Patch, ...]
    places: tuple[tuple[str, str, str], ...]
    strength: Fact
    reach: Fact
    histogram: Markup
    histogram_note: str
    alike: tuple[Tile, ...]
    alike_note: str


@dataclass(frozen=True)
class FamilyView:
    """Filters of a layer that are alike."""

    title: str
    caption: str
    shown: tuple[Tile, ...]
    rest: tuple[Tile, ...]


def filter_view(atlas: Atlas, layer: Layer, filter: Filter, *, with_patches: bool) -> NaturalView | None:
    """Return what photographs say of a filter; None where the atlas was shown none."""
    if atlas.natural is None:
        return None
    made = atlas.natural.layers[layer.name]
    found = made.by_number[filter.filter]
    names = [atlas.natural.collection.photographs[each.photograph] for each in found.exemplars]
    return NaturalView(
        note=_note(layer, made, found),
        strip=strip_path(layer, filter.filter) if with_patches and names else "",
        patches=tuple(
            _patch(each, photograph, place, found, photograph_href(atlas.natural, each.photograph))
            for place, (each, photograph) in enumerate(zip(found.exemplars, names, strict=True))
        ),
        places=tuple(
            (photograph.name, photograph_href(atlas.natural, each.photograph), _place(each))
            for each, photograph in zip(found.exemplars, names, strict=True)
        ),
        strength=strength(found, made, layer),
        reach=reach(found, made, layer),
        histogram=drawings.octave_histogram(found.histogram, found.natural, made.sampled),
        histogram_note=_spread(found, made),
        alike=tuple(
            tile(
                atlas.by_name[each.layer],
                each.filter,
                label=f"{each.layer}/{each.filter} · {number(each.similarity, 2)}",
            )
            for each in found.alike
            if each.similarity > 0 and each.layer in atlas.by_name
        ),
        alike_note=_alike_note(made),
    )


def strength(each: exemplars.Filter, made: Exemplars, layer: Layer) -> Fact:
    """Return what the strongest photograph reaches of what the picture does: how much of a caricature that is."""
    synthetic = layer.by_number[each.filter].strongest_unit
    if each.natural_to_synthetic is None:
        return Fact("Natural ÷ synthetic", "–", f"its picture does not {layer.words.excite} it", "natural-synthetic")
    return Fact(
        "Natural ÷ synthetic",
        number(each.natural_to_synthetic, 2),
        f"strongest unit: {number(each.natural)} in {shown_words(made)}, {number(synthetic)} in the picture",
        "natural-synthetic",
    )


def reach(each: exemplars.Filter, made: Exemplars, layer: Layer) -> Fact:
    """Return how many of the photographs excite a filter nearly as much as the strongest does: its sparseness."""
    return Fact(
        "Photographs that reach half",
        part_of(round(each.reach_half * made.sampled), made.sampled),
        f"{layer.words.excite} it at least half as much as the strongest; the fewer there are, the more selective it "
        "is",
    )


def shown_words(made: Exemplars) -> str:
    """Say how many photographs there were."""
    return counted(made.photographs, "photograph")


def layer_facts(made: Exemplars, layer: Layer) -> Iterator[Fact]:
    """Yield the median of natural ÷ synthetic over the filters of a layer."""
    median = made.natural_to_synthetic
    if median is not None:
        yield Fact(
            "Natural ÷ synthetic",
            number(median, 2),
            f"median over the filters: strongest unit in {shown_words(made)} ÷ strongest in the filter’s picture",
            "natural-synthetic",
        )


def grouped(atlas: Atlas, layer: Layer) -> Sequence[Family]:
    """Return the families of a layer: by its answers to photographs where there are enough, else to its pictures."""
    made = atlas.natural.layers[layer.name] if atlas.natural else None
    return made.families if made and made.families else layer.families


def typical_first(family: Family) -> list[int]:
    """Return the members of a family, the most typical one first."""
    return [family.typical, *(each for each in family.members if each != family.typical)]


def families(atlas: Atlas, layer: Layer) -> Iterator[FamilyView]:
    """Yield the families of a layer as its page shows them."""
    for place, family in enumerate(grouped(atlas, layer), 1):
        members = typical_first(family)
        tiles = tuple(tile(layer, each) for each in members)
        yield FamilyView(
            title=f"Family {place}: {len(members)} filters" if len(members) > 1 else f"Family {place}: one filter",
            caption=caption(layer, family),
            shown=tiles[:SHOWN],
            rest=tiles[SHOWN:],
        )


def family_note(atlas: Atlas, layer: Layer) -> str:
    """Say what the families of a layer are made from."""
    made = atlas.natural.layers[layer.name] if atlas.natural else None
    by = (
        f"respond to the same of {shown_words(made)}"
        if made and made.families
        else "have pictures to which the same filters respond"
    )
    return (
        f"Filters that {by}, in groups (Ward’s method), the most typical filter first. A group is captioned with the "
        "words that at least half of its descriptions share."
    )


def caption(layer: Layer, family: Family) -> str:
    """Return the words that the descriptions of most members have in common; nothing where there are none."""
    counted: Counter[str] = Counter()
    for member in family.members:
        counted.update(words.named(layer.by_number[member].description))
    return ", ".join(
        word for word, count in counted.most_common() if count >= COMMON * len(family.members) and count > 1
    )


def _note(layer: Layer, made: Exemplars, found: exemplars.Filter) -> str:
    count, words = len(found.exemplars), layer.words
    if not count:
        return f"None of {shown_words(made)} {words.excites} it."
    places = (
        f"The place in {shown_words(made)} that {words.excites} a unit of this filter most."
        if count == 1
        else f"The {count} places in {shown_words(made)} that {words.excite} a unit of this filter most, at most one "
        "in each photograph. Below each is its activation as a share of the first."
    )
    is_deep = made.field_px > SHALLOW_PX
    few = (
        " So few photographs hold little of what filters of this depth look for."
        if is_deep and made.photographs < FEWEST_PHOTOGRAPHS
        else ""
    )
    return f"{places}{few}"


def _patch(each: Exemplar, photograph: Photograph, place: int, found: exemplars.Filter, href: str) -> Patch:
    left, top, width, height = each.frame
    is_small = max(width, height) < LARGEST_FRAME
    return Patch(
        href=href,
        credit=credit(photograph),
        share=percent_of(each.activation / found.natural),
        # Of nine equal parts side by side: 0 % shows the first, 100 % the last.
        position=f"{100 * place / max(1, len(found.exemplars) - 1):.4g}%",
        frame=f"--in:{_inset(top, 1 - left - width, 1 - top - height, left)}" if is_small else "",
    )


def _inset(*edges: float) -> str:
    """Return how far a box is from the edges of another, top, right, bottom and left, as CSS says it in few words."""
    top, right, bottom, left = (f"{100 * max(0.0, edge):.3g}%" for edge in edges)
    shown = [top, right] if (top, right) == (bottom, left) else [top, right, bottom, left]
    return shown[0] if len({*shown}) == 1 else " ".join(shown)


def credit(photograph: Photograph) -> str:
    """Say whose a photograph is and under which licence: what is known of it."""
    said = [photograph.name]
    if photograph.author:
        said.append(f"by {photograph.author}")
    return ", ".join([" ".join(said), *([photograph.licence] if photograph.licence else [])])


def _place(each: Exemplar) -> str:
    left, top, right, bottom = each.field
    return f"{left}, {top} to {right}, {bottom}"


def _alike_note(made: Exemplars) -> str:
    if made.sampled < FEWEST_PHOTOGRAPHS:
        return f"Too few photographs to tell: {made.sampled}, and it takes {FEWEST_PHOTOGRAPHS}."
    return (
        "In any layer; the number is the correlation between the square roots of their strongest units in "
        f"{_sampled_words(made)}."
    )


def _sampled_words(made: Exemplars) -> str:
    """Say how many photographs what is from the sample is from."""
    return shown_words(made) if made.sampled == made.photographs else f"{made.sampled:,} of {shown_words(made)}"


def _spread(found: exemplars.Filter, made: Exemplars) -> str:
    quantiles = dict(zip(exemplars.QUANTILES, found.quantiles, strict=True))
    half, most = (
        f"stay below {number(quantiles[share])}" if quantiles[share] else "do not excite it" for share in (0.5, 0.9)
    )
    return (
        f"The strongest unit in each of {_sampled_words(made)}: half of them {half}, nine in ten {most}; the strongest "
        f"is {number(found.natural)}."
    )
