"""YAML as a configuration may use it: what does not mean what it looks like is refused while it is read.

YAML 1.1, which Snakemake reads, has more than a configuration wants: aliases make billions of values out of a few
lines, 010 is 8, 1:00 is 60, and no is false. What is left means the same to everybody who reads it.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml

from pipeline.errors import UserError

# Levels of lists and mappings within each other: a filter in a list of filters is on the fourth.
MOST_LEVELS = 10
# Values in all. PyYAML reads 50 thousand of them a second, and the 4,224 filters of VGG16 may each be on a line.
MOST_VALUES = 10_000

# How a plain value is written that looks like what it is. A text is anything that does not pass for a number.
MOST_DIGITS = 100
_WHOLE = rf"[-+]?(0|[1-9]\d{{,{MOST_DIGITS - 1}}})"
_AS_IT_LOOKS = {
    "str": r"(?![-+]?0\d+\Z).*",
    "int": _WHOLE,
    "float": rf"(({_WHOLE})\.\d*|[-+]?\.\d+)(e[-+]\d+)?|[-+]?\.(inf|nan)",
    "bool": r"true|false",
    "null": r".*",
}
_BEGINS_WITH_ZERO = re.compile(r"([-+]?)0+(\d+)")
# What to do about the commonest faults, by what the library says of them.
_CURES = {
    r"'\t'": "indent with spaces",
    "mapping values are not allowed": "put a text that has a colon in it in quotes",
}
# Of YAML's own tags, as they are written with two exclamation marks.
_STANDARD = "tag:yaml.org,2002:"


def read(text: str) -> Any:
    """Return the value that a text of YAML stands for.

    Raises `UserError`, one line that begins with the number of a line, for what is not YAML; for anchors, aliases,
    merge keys, tags, a second document, a key that is given twice or is no text, more than `MOST_LEVELS` levels and
    more than `MOST_VALUES` values; and for plain values that are not what they look like.
    """
    return _load(text, _FileLoader)


def check(text: str) -> None:
    """Raise `UserError` for the same in a value of Snakemake's `--config`, where all values are texts."""
    _load(text, _TextLoader)


def _load(text: str, loader: type[yaml.SafeLoader | yaml.BaseLoader]) -> Any:
    try:
        return yaml.load(text, loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(f"line {line}: the character U+{error.character:04X} has no place in YAML; remove it") from None
    except yaml.MarkedYAMLError as error:
        what = ": ".join(part for part in (error.context, error.problem) if part)
        cure = next((f"; {cure}" for sign, cure in _CURES.items() if sign in what), "")
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UserError(f"line {line}: not YAML: {what}{cure}") from None


class _Strict(yaml.composer.Composer):
    """Composes one document of nothing but lists, mappings and values, each written out, each key given once."""

    _levels = 0
    _values = 0
    # Of the parser, with which a loader brings the two together.
    check_event: Callable[..., bool]
    peek_event: Callable[[], Any]

    def compose_document(self) -> Any:
        node: Any = super().compose_document()
        if not self.check_event(yaml.StreamEndEvent):
            raise _refusal(self.peek_event(), "a second document begins; keep one")
        return node

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        event = self.peek_event()
        if event.anchor:
            raise _refusal(event, f"{event.anchor:.80}: anchors and aliases are not read; write the value out")
        if event.tag:
            tag = event.tag.replace(_STANDARD, "!!")
            raise _refusal(event, f"{tag:.80}: tags are not read; write the value alone, a text in quotes")
        if self._levels == MOST_LEVELS:
            raise _refusal(event, f"more than {MOST_LEVELS} levels of lists and mappings; no key wants so many")
        if self._values == MOST_VALUES:
            raise _refusal(event, f'more than {MOST_VALUES:,} values; write many filters as ranges, "0-511", or as all')
        self._values += 1
        self._levels += 1
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            _check_key(key)
            if first.setdefault(key.value, key) is not key:
                lines = f"lines {_line(first[key.value])} and {_line(key)}"
                raise UserError(f"{key.value:.80}: given twice, in {lines}; keep one")
        return node


class _FileLoader(_Strict, yaml.SafeLoader):
    """Reads a file, whose plain values are texts, numbers, truth values or nothing, as they look."""

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        if node.style is None:
            _check_plain(node)
        return node


class _TextLoader(_Strict, yaml.BaseLoader):
    """Reads a value of `--config`, in which all values are texts."""


def _check_key(key: yaml.Node) -> None:
    if not isinstance(key, yaml.ScalarNode):
        raise _refusal(key, "a list or a mapping in the place of a key; a key is a text")
    if _kind(key) != "str":
        raise _refusal(key, f'{key.value:.80}: not a text, as a key is; write "{key.value:.80}"')


def _check_plain(node: yaml.ScalarNode) -> None:
    kind, text = _kind(node), node.value
    if re.fullmatch(_AS_IT_LOOKS.get(kind, "(?!)"), text, re.DOTALL | re.IGNORECASE):
        return
    if kind == "merge":
        raise _refusal(node, "<<: merge keys are not read; write the keys out")
    if kind in ("int", "float") and len(text) > MOST_DIGITS:
        raise _refusal(node, f"{text:.80}…: a number of more than {MOST_DIGITS} digits; no key wants so many")
    as_text = f'"{text:.80}" for the text'
    if zeros := _BEGINS_WITH_ZERO.fullmatch(text):
        number = f"{zeros[1]}{zeros[2]:.80}"
        raise _refusal(node, f"{text:.80}: a number does not begin with 0; write {number}, or {as_text}")
    if value := _value(node):
        raise _refusal(node, f"{text:.80}: YAML takes it for {value}; write {value}, or {as_text}")
    what = "a date" if kind == "timestamp" else "a sign of its own"
    raise _refusal(node, f"{text:.80}: YAML takes it for {what}; write {as_text}")


def _value(node: yaml.ScalarNode) -> str:
    """Return the number or truth value that YAML takes a plain value for, or nothing."""
    if _kind(node) not in ("int", "float", "bool"):
        return ""
    try:
        return str(yaml.constructor.SafeConstructor().construct_object(node)).lower()
    except ValueError:  # 0x_ looks like a number to the library, too, until it reads it.
        return ""


def _kind(node: yaml.ScalarNode) -> str:
    return node.tag.removeprefix(_STANDARD)


def _line(node: yaml.Node | yaml.Event) -> int:
    return node.start_mark.line + 1 if node.start_mark else 1


def _refusal(where: yaml.Node | yaml.Event, what: str) -> UserError:
    return UserError(f"line {_line(where)}: {what}")
