"""The photographs that an atlas was shown: which files they are, whose, and which were left out.

A photograph's number, which all other documents know it by, is its place in the list.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from pipeline.errors import UserError
from pipeline.results import document, layout
from pipeline.results.document import Digest, Document, FromOne, Part
from pipeline.results.published import WebAddress

# What a photograph's file is called below its folder, and what is said of it.
File = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"(?s)^(?!(.*/)?\.{0,2}(/|\Z))[^\0]+\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=500)]

CURE = "delete it to make it anew"


class Photograph(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One photograph."""

    file: Annotated[File, Meta(description="name below the folder, parts separated by `/`")]
    sha256: Annotated[Digest, Meta(description="digest of the file")]
    width_px: Annotated[FromOne, Meta(description="width, upright")]
    height_px: Annotated[FromOne, Meta(description="height, upright")]
    title: Annotated[Text | None, Meta(description="what it shows; this and the following: null where nobody says")]
    author: Annotated[Text | None, Meta(description="whose it is")]
    licence: Annotated[Text | None, Meta(description="under which it may be shown")]
    licence_url: Annotated[WebAddress | None, Meta(description="text of that licence")]
    source: Annotated[Text | None, Meta(description="where it is from: an address, or words")]

    @property
    def name(self) -> str:
        """What to call it: its title, or its file where it has none."""
        return self.title or self.file


class LeftOut(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that was left out."""

    file: Annotated[str, Meta(description="name below the folder; characters that no text can hold are escaped")]
    why: Annotated[str, Meta(description="the reason, a few words")]


class Collection(
    Document, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag="atlas/photographs/1"
):
    """The photographs that an atlas was shown."""

    source: Annotated[
        Literal["samples", "folder"],
        Meta(description="`samples`: those that come with the atlas, in `photographs/samples/`; or a `folder`"),
    ]
    folder: Annotated[str | None, Meta(description="that folder, as it was configured; null for samples")]
    photographs: Annotated[
        Annotated[tuple[Photograph, ...], Meta(min_length=1)],
        Meta(description="ascending by file; a photograph’s number, from 0, is its place here"),
    ]
    left_out: Annotated[tuple[LeftOut, ...], Meta(description="files of the folder that are not among them")]


def read(path: Path) -> Collection:
    """Return the collection in the file `path`; raise `UserError`, naming file and key, for what is none."""
    found = document.read(path, Collection, "a collection of photographs", CURE)
    names = [each.file for each in found.photographs]
    if names != sorted(set(names)):
        raise UserError(f"{path}: photographs: not ascending by file; {CURE}")
    if (found.folder is None) != (found.source == "samples"):
        raise UserError(f"{path}: folder: should be null for samples, and named for a folder; {CURE}")
    return found


def original(results: Path, collection: Collection, number: int) -> Path:
    """Return where the file of a photograph lies."""
    folder = layout.samples(results) if collection.folder is None else Path(collection.folder)
    return folder / collection.photographs[number].file
