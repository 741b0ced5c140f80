"""What sites say of themselves to programs: one atlas, and a folder of several."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from pipeline.network.catalogue import LARGEST_CANVAS_PX
from pipeline.results import document, layout
from pipeline.results.document import Count, Digest, Document, FromOne, Name, Part
from pipeline.wording import DEFAULT, WORDS, Objective, Words

# An address that is followed, and two of files beside a layer's page.
WebAddress = Annotated[str, Meta(pattern=r"^https?://\S+\Z")]
FilterPage = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*/(filter-)?[0-9]+\.html\Z")]
FilterPicture = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*/[0-9]+\.avif\Z")]
# What becomes part of an address, and is a folder wherever the site is put.
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*\Z")]


class Maker(Part, frozen=True, kw_only=True):
    """Whoever made a network, and under which licence its weights may be shown."""

    authors: Annotated[str, Meta(description="of the network and its weights")]
    institution: Annotated[str, Meta(description="where they made it")]
    url: Annotated[WebAddress, Meta(description="where their paper is")]
    licence: Annotated[str | None, Meta(description="of the weights; null where nobody says")]
    licence_url: Annotated[WebAddress | None, Meta(description="its text")]


class Sureness(Part, frozen=True, kw_only=True):
    """How sure pictures are: those of depthwise layers, or those of all others."""

    depthwise: Annotated[bool, Meta(description="of which")]
    filters: Annotated[FromOne, Meta(description="filters in the atlas")]
    alive: Annotated[Count, Meta(description="those that are {alive}")]
    compared: Annotated[Count, Meta(description="those that are not the only one of their layer in the atlas")]
    own_best: Annotated[Count, Meta(description="those of them whose own picture {excites} them most")]


class Totals(Part, frozen=True, kw_only=True):
    """How much an atlas holds, and how sure its pictures are."""

    layers: Annotated[FromOne, Meta(description="layers in the atlas")]
    layers_total: Annotated[FromOne, Meta(description="layers of the network that convolve")]
    filters: Annotated[FromOne, Meta(description="filters in the atlas")]
    filters_total: Annotated[FromOne, Meta(description="filters of those layers of the network")]
    shares: Annotated[tuple[Sureness, ...], Meta(description="how sure they are, of depthwise layers apart, see below")]


class Example(Part, frozen=True, kw_only=True):
    """A filter that the atlas may be shown by."""

    layer: Annotated[Name, Meta(description="its layer")]
    filter: Annotated[Count, Meta(description="its number")]
    page: Annotated[FilterPage, Meta(description="its page, from the root of the site")]
    picture: Annotated[FilterPicture, Meta(description="its picture, from the root of the site")]
    canvas_px: Annotated[Annotated[int, Meta(ge=1, le=LARGEST_CANVAS_PX)], Meta(description="side of the picture")]
    description: Annotated[str, Meta(description="the picture’s look in words")]


class Published(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/site/1"):
    """What the site of an atlas says of it."""

    title: Annotated[Name, Meta(description="of the site")]
    language: Annotated[str, Meta(description="of the title, as in `site.language`")]
    author: Annotated[str, Meta(description="of the atlas; may be empty, as the next two")]
    licence: Annotated[str, Meta(description="of its pictures and data")]
    base_url: Annotated[str, Meta(description="where it is published, without a final slash")]
    network: Annotated[Name, Meta(description="the network, as its authors call it, or the name of its file")]
    credit: Annotated[Maker | None, Meta(description="its makers, see below; null where they are not known")]
    weights_are_published: Annotated[
        bool, Meta(description="whether the weights are those that the network is published with, not a user’s file")
    ]
    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    objective: Annotated[Objective, Meta(description="what the pictures were made for")] = DEFAULT
    totals: Annotated[Totals, Meta(description="how much there is, see below")]
    examples: Annotated[tuple[Example, ...], Meta(description="filters from across the network’s depth, see below")]

    @property
    def words(self) -> Words:
        """How to speak of what the pictures were made for."""
        return WORDS[self.objective]


class Member(Part, frozen=True, kw_only=True):
    """An atlas in a folder of several."""

    folder: Annotated[Slug, Meta(description="its folder; what it says of itself is there in `data/atlas.json`")]
    network: Annotated[Name, Meta(description="its network")]
    title: Annotated[Name, Meta(description="its title")]


class Collection(Document, frozen=True, kw_only=True, tag_field="schema", tag="atlas/collection/1"):
    """What a folder of several atlases says of itself."""

    title: Annotated[Name, Meta(description="of the collection")]
    atlases: Annotated[tuple[Member, ...], Meta(description="the atlases in the order of its home, see below")]


def read_about(site: Path) -> Published:
    """Return what the site of an atlas says of it; raise `UserError`, naming the file, where it says nothing of use."""
    return document.read(layout.about(site), Published, "what a site says of its atlas", "make site writes it anew")


def read_collection(folder: Path) -> Collection:
    """Return what a folder of several atlases says of itself; raise `UserError` where it is none."""
    return document.read(layout.collection(folder), Collection, "a collection of atlases", "delete its folder yourself")
