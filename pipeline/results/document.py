"""What the documents of results/ that are JSON have in common: each is one typed definition, a `Document`, from which
it is written, read without being trusted, and described.

A field says in its type what it may be, and in the description of its type what it means; `columns` gives both to
docs/formats.md and to the tables of the site. Descriptions may hold names of fields of `wording.Words` in braces.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
import numpy as np
from msgspec import Meta

from pipeline import files
from pipeline.errors import UserError

# Of a filter's response, which is a float32; and of any whole number, which others may read as 64 bits.
LARGEST_ACTIVATION = float(np.finfo(np.float32).max)
LARGEST_INTEGER = 2**63 - 1

Count = Annotated[int, Meta(ge=0, le=LARGEST_INTEGER)]
FromOne = Annotated[int, Meta(ge=1, le=LARGEST_INTEGER)]
Number = Annotated[float, Meta(ge=-LARGEST_ACTIVATION, le=LARGEST_ACTIVATION)]
Activation = Annotated[float, Meta(ge=0, le=LARGEST_ACTIVATION)]
Share = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]

# The names that Table Schema, and docs/formats.md, have for types.
_TYPES = {
    msgspec.inspect.IntType: "integer",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.StrType: "string",
    msgspec.inspect.LiteralType: "string",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.VarTupleType: "array",
    msgspec.inspect.TupleType: "array",
    msgspec.inspect.StructType: "object",
    msgspec.inspect.DictType: "object",
}

# How msgspec says where a value is, and that a key is missing, or one too many.
_PLACE = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_KEY = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An object inside a document; keys that are not its own are passed over."""


class Document(Part, frozen=True, kw_only=True, dict=True):
    """A JSON object that names its format in its first key, `schema`: a class gives that name as its `tag`."""


T = TypeVar("T", bound=Document)


@dataclass(frozen=True)
class Column:
    """A key of a document: its name, type ("number") and meaning, and whether it may be null or missing."""

    name: str
    type: str
    description: str
    is_nullable: bool = False


def schema(kind: type[Document]) -> str:
    """Return the name of a kind of document: "atlas/layer/1"."""
    return str(kind.__struct_config__.tag)


def to_json(document: Part) -> dict[str, Any]:
    """Return a document as JSON values, keys in the order of its definition."""
    values: dict[str, Any] = msgspec.to_builtins(document)
    return values


def to_line(document: Part) -> str:
    """Return a document as JSON on one line of ASCII."""
    return json.dumps(to_json(document), allow_nan=False)


def read(path: Path, kind: type[T], what: str, cure: str) -> T:
    """Return the document in `path`.

    Args:
        path: of the file.
        kind: of the document.
        what: what one is called in a message: "the summary of a layer".
        cure: what to do about a damaged one: "delete it to make it anew".

    Raises `UserError`, naming the file and the key, for a file that is missing, or is no such document.
    """
    return parse(files.read_bytes(path), path, kind, what, cure)


def parse(data: bytes, path: Path, kind: type[T], what: str, cure: str) -> T:
    """Return the document in the bytes of the file `path`, as `read` does."""
    try:
        found = msgspec.json.decode(data, type=_Named).schema
        if found != schema(kind):
            raise UserError(f"{path}: schema: should be {schema(kind)}, not {found!r:.80}: not {what}; {cure}")
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise UserError(f"{path}: {_explain(str(error))}: not {what}; {cure}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON ({error}); {cure}") from None


def difference(found: Document, wanted: Mapping[str, str]) -> str:
    """Return the first in which a document is of something else, as "layer: a, not b"; nothing where it is not.

    Args:
        found: the document.
        wanted: attributes of it, such as `weights_sha256`, to what they should be.
    """
    keys = {each.name: each.encode_name for each in msgspec.structs.fields(type(found))}
    for name, value in wanted.items():
        if getattr(found, name) != value:
            return f"{keys[name]}: {getattr(found, name):.40}, not {value:.40}"
    return ""


def check(path: Path, found: Document, cure: str, wanted: Mapping[str, str]) -> None:
    """Raise `UserError` where the document in the file `path` is of something else, see `difference`."""
    if other := difference(found, wanted):
        raise UserError(f"{path}: {other}; {cure}")


def short(value: float | np.floating[Any] | np.ndarray) -> float:
    """Return a number with the fewest digits that give the same float32."""
    return float(str(np.float32(value)))


def columns(kind: type[Part]) -> Iterator[Column]:
    """Yield the keys of a document that have a description, in order."""
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        about = [each.description for each in getattr(hints[field.name], "__metadata__", ()) if each.description]
        if about:
            type_, is_nullable = _type_name(msgspec.inspect.type_info(hints[field.name]))
            yield Column(field.encode_name, type_, about[-1], is_nullable)


class _Named(Part, frozen=True):
    schema: str


def _type_name(found: msgspec.inspect.Type) -> tuple[str, bool]:
    if isinstance(found, msgspec.inspect.Metadata):
        return _type_name(found.type)
    if isinstance(found, msgspec.inspect.UnionType):
        (one,) = (each for each in found.types if not isinstance(each, msgspec.inspect.NoneType))
        return _type_name(one)[0], True
    return _TYPES[type(found)], False


def _explain(message: str) -> str:
    """Return what msgspec says of a value, the place first: "filters.0.bias: expected `float`, got `str`"."""
    place = _PLACE.search(message)
    words = message[: place.start()] if place else message
    where = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", place[1]).lstrip(".") if place else ""
    if key := _KEY.fullmatch(words):
        where = f"{where}.{key[2]!r:.80}" if where else f"{key[2]!r:.80}"
        words = "missing" if key[1] == "missing required" else "not a key of it"
    words = words[:1].lower() + words[1:]
    return f"{where}: {words}" if where else words
