"""The home of several atlases: what each shows, whose it is, and how sure its pictures are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.results.published import Example, Maker, Published
from pipeline.site.pages.home import figures
from pipeline.site.pages.parts import Fact, Plate


@dataclass(frozen=True)
class AtlasRow:
    """An atlas, as the home of several lists it."""

    slug: str
    href: str
    title: str
    language: str
    network: str
    credit: Maker | None
    weights_are_published: bool
    author: str
    licence: str
    figures: tuple[Fact, ...]
    plates: tuple[Plate, ...]


@dataclass(frozen=True)
class CollectionView:
    """The home of several atlases."""

    atlases: tuple[AtlasRow, ...]


def collection_view(atlases: Sequence[tuple[str, Published]]) -> CollectionView:
    """Return the view of the home of atlases, each given with its folder."""
    return CollectionView(tuple(atlas_row(*each) for each in atlases))


def atlas_row(slug: str, said: Published) -> AtlasRow:
    """Return an atlas as the home lists it, from what its site says in the folder `slug`."""
    return AtlasRow(
        slug=slug,
        href=f"{slug}/index.html",
        title=said.title,
        language=said.language,
        network=said.network,
        credit=said.credit,
        weights_are_published=said.weights_are_published,
        author=said.author,
        licence=said.licence,
        # What explains them is in the atlas itself.
        figures=tuple(replace(each, about="") for each in figures(said.totals, said.words)),
        plates=tuple(plate(slug, each) for each in said.examples),
    )


def plate(slug: str, example: Example) -> Plate:
    """Return the picture of a filter of the atlas in the folder `slug`."""
    return Plate(
        label=f"{example.layer}/{example.filter}",
        words=example.description,
        href=f"{slug}/{example.page}",
        image=f"{slug}/{example.picture}",
        alt=f"Filter {example.filter} of {example.layer}: {example.description}",
        canvas_px=example.canvas_px,
    )


def summary(atlases: Sequence[Published]) -> str:
    """Say in a sentence what a collection holds."""
    filters = sum(each.totals.filters for each in atlases)
    networks = len({each.network for each in atlases})
    return (
        f"{filters:,} {'filter' if filters == 1 else 'filters'} of "
        f"{networks:,} {'network' if networks == 1 else 'networks'}: "
        f"one picture{'' if filters == 1 else ' each'}, made by gradient ascent."
    )
