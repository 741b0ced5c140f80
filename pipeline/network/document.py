"""Documents of dataclasses, read without trust: what annotations say of values is held against every value."""

import itertools
from collections.abc import Iterable
from dataclasses import is_dataclass
from types import NoneType
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


class Bounds(NamedTuple):
    """Of what is annotated so: the least and the most that a number may be, or the length of a text or a tuple."""

    least: float
    most: float


def parse(data: bytes, kind: type[Kind]) -> Kind:
    """Return what is in the bytes of a JSON document, a dataclass; raise `ValueError` for what is none."""
    # Here, for planning an atlas of a network that the project knows takes no more than Snakemake brings.
    import msgspec

    found = msgspec.json.decode(data, type=kind)
    _check(found, kind)
    return found


def encode(document: object) -> bytes:
    """Return the bytes that `parse` reads."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _check(value: Any, hint: Any) -> None:
    """Raise `ValueError` where a value of the type that a hint says is not within the bounds that it says."""
    if get_origin(hint) is Annotated:
        hint, bounds = get_args(hint)
        size = value if isinstance(value, int | float) else len(value)
        if not bounds.least <= size <= bounds.most:
            raise ValueError(f"{value!s:.80} is not within {bounds.least:,} and {bounds.most:,}")
    for each, of_it in _parts(value, hint):
        _check(each, of_it)


def _parts(value: Any, hint: Any) -> Iterable[tuple[Any, Any]]:
    """Return what a value consists of, each with its hint."""
    hints = get_args(hint)
    if is_dataclass(value):
        kinds = get_type_hints(type(value), include_extras=True)
        return ((getattr(value, name), kinds[name]) for name in kinds)
    if isinstance(value, tuple):
        return zip(value, itertools.repeat(hints[0]) if Ellipsis in hints else hints, strict=False)
    if isinstance(value, dict):
        return itertools.chain.from_iterable(zip(pair, hints, strict=True) for pair in value.items())
    if NoneType in hints and value is not None:
        return [(value, next(each for each in hints if each is not NoneType))]
    return ()
