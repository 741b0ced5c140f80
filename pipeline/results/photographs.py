"""The photographs that an atlas was shown: which files they are and which were left out; and whose they are.

That is two documents, for another title must not show them to the network again. A photograph's number, which all other
documents know it by, is its place in the list.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from msgspec import Meta

from pipeline.errors import UserError
from pipeline.results import document, layout
from pipeline.results.document import Digest, Document, FromOne, Part
from pipeline.results.published import WebAddress

# What a photograph's file is called below its folder, and what is said of it.
FileName = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"(?s)^(?!(.*/)?\.{0,2}(/|\Z))[^\0]+\Z")]
Text = Annotated[str, Meta(min_length=1, max_length=500)]

CURE = "delete it to make it anew"

Listed = TypeVar("Listed", "Files", "Collection")


class File(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One photograph: the file."""

    file: Annotated[FileName, Meta(description="name below the folder, parts separated by `/`")]
    sha256: Annotated[Digest, Meta(description="digest of the file")]
    width_px: Annotated[FromOne, Meta(description="width, upright")]
    height_px: Annotated[FromOne, Meta(description="height, upright")]


class Photograph(File, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One photograph, and whose it is."""

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


class Files(
    Document, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag="atlas/photograph-files/1"
):
    """The files of the photographs that an atlas was shown."""

    source: Annotated[
        Literal["samples", "folder"],
        Meta(description="`samples`: those that come with the atlas, in `photographs/samples/`; or a `folder`"),
    ]
    folder: Annotated[str | None, Meta(description="that folder, as it was configured; null for samples")]
    photographs: Annotated[
        Annotated[tuple[File, ...], Meta(min_length=1)],
        Meta(description="ascending by file; a photograph’s number, from 0, is its place here"),
    ]
    left_out: Annotated[tuple[LeftOut, ...], Meta(description="files of the folder that are not among them")]

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of the photographs, each another one."""
        return tuple(each.sha256 for each in self.photographs)


class Collection(
    Document, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag="atlas/photographs/1"
):
    """The photographs that an atlas was shown, and whose they are."""

    source: Annotated[Literal["samples", "folder"], Meta(description="as in `files.json`; so are the following")]
    folder: Annotated[str | None, Meta(description="that folder, as it was configured; null for samples")]
    photographs: Annotated[
        Annotated[tuple[Photograph, ...], Meta(min_length=1)], Meta(description="each with whose it is")
    ]
    left_out: Annotated[tuple[LeftOut, ...], Meta(description="files of the folder that are not among them")]

    @property
    def is_credited(self) -> bool:
        """Whether it is said of any whose it is, or under which licence."""
        return any(each.author or each.licence for each in self.photographs)


def read_files(path: Path) -> Files:
    """Return the list of files in the file `path`; raise `UserError`, naming file and key, for what is none."""
    return _checked(path, document.read(path, Files, "a list of photographs", CURE))


def read(path: Path) -> Collection:
    """Return the collection in the file `path`; raise `UserError`, naming file and key, for what is none."""
    return _checked(path, document.read(path, Collection, "a collection of photographs", CURE))


def _checked(path: Path, found: Listed) -> Listed:
    names = [each.file for each in found.photographs]
    if names != sorted(set(names)):
        raise UserError(f"{path}: photographs: not ascending by file; {CURE}")
    if len({each.sha256 for each in found.photographs}) < len(names):
        raise UserError(f"{path}: photographs: two of the same digest; {CURE}")
    if (found.folder is None) != (found.source == "samples"):
        raise UserError(f"{path}: folder: should be null for samples, and named for a folder; {CURE}")
    return found


def original(results: Path, files: Files, number: int) -> Path:
    """Return where the file of a photograph lies."""
    folder = layout.samples(results) if files.folder is None else Path(files.folder)
    return folder / files.photographs[number].file
