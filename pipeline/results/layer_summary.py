"""The summary of a layer as it is read back: nothing in it is relied on before it was found to be what
`docs/formats.md` says, for its numbers become names of files, and its colours become style."""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import files, wording
from pipeline.errors import UserError
from pipeline.measure.looks import Descriptors
from pipeline.results.record import LARGEST_ACTIVATION, LARGEST_CANVAS_PX, LARGEST_INTEGER

SCHEMA = "atlas/layer/1"

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read(path: Path) -> dict[str, Any]:
    """Return the summary in `path`; raise `UserError`, naming the file and the key, where it is not one."""
    value = files.read_json(path)
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise UserError(f"{path}: not the summary of a layer ({SCHEMA}); delete it to make it anew")
    wrong = _first_wrong(_LAYER, value)
    if wrong is None:
        numbers = [each["filter"] for each in value["filters"]]
        if numbers != sorted(set(numbers)) or not numbers or numbers[-1] >= value["filters_total"]:
            wrong = ".filters"
    if wrong is not None:
        raise UserError(f"{path}: damaged summary, at {wrong[1:]}; delete it to make it anew")
    return value


def objective(summary: Mapping[str, Any]) -> str:
    """Return what the pictures of a summarised layer were made for."""
    return summary.get("objective", wording.DEFAULT)


def check_objective(summary: Mapping[str, Any], path: Path) -> None:
    """Raise `UserError` for an objective that nobody knows."""
    found = objective(summary)
    if found not in wording.WORDS:
        raise UserError(f"{path}: objective: should be one of {', '.join(wording.WORDS)}, not {found!r:.80}")


def _first_wrong(form: Any, value: Any) -> str | None:
    """Return where `value` first departs from `form`, as ".filters.3.bias", or None where it does not.

    A form is a test, a mapping of keys to forms (other keys may be there too), or a list of one form for all entries.
    """
    if isinstance(form, dict):
        if not isinstance(value, dict):
            return ""
        parts = ((key, inner, value.get(key, ...)) for key, inner in form.items())
    elif isinstance(form, list):
        if not isinstance(value, list):
            return ""
        parts = ((number, form[0], each) for number, each in enumerate(value))
    else:
        return None if form(value) else ""
    for name, inner, each in parts:
        wrong = _first_wrong(inner, each)
        if wrong is not None:
            return f".{name}{wrong}"
    return None


def _integer(low: int, high: int = LARGEST_INTEGER) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float = -LARGEST_ACTIVATION, high: float = LARGEST_ACTIVATION) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _like(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _rows(value: Any) -> bool:
    is_number = _number()
    return isinstance(value, list) and all(isinstance(row, list) and all(map(is_number, row)) for row in value)


_SLICE = {
    "layer": _text,
    "filter": _integer(0),
    "norm": _number(0),
    "share": _number(0, math.inf),
    "kernel": _rows,
}
_FILTER = {
    "filter": _integer(0),
    "activation": _number(0),
    "noise_activation": _number(0),
    "robust_activation": _number(0),
    "alive": lambda value: isinstance(value, bool),
    "own_rank": _integer(1),
    "selectivity": _number(-1, 1),
    "similar": [{"filter": _integer(0), "similarity": _number()}],
    "bias": _number(),
    "kernel_norm": _number(0),
    "incoming": [_SLICE],
    "outgoing": [_SLICE],
    "colour": _like(_COLOUR),
    "hue": lambda value: value is None or _number(0, 360)(value),
    "saturation": _number(0, 1),
    "contrast": _number(0, 1),
    "spectral_centroid": _number(0, 1),
    "orientation": _number(0, 180),
    "orientation_strength": _number(0, 1),
    "description": _text,
}
_LAYER = {
    "model": _text,
    "layer": _text,
    "index": _integer(0),
    "filters_total": _integer(1),
    "input_channels": _integer(1),
    "kernel_size": lambda value: isinstance(value, list) and len(value) == 2 and all(map(_integer(1), value)),
    "receptive_field_px": _integer(1),
    "stride_px": _integer(1),
    "canvas_px": _integer(1, LARGEST_CANVAS_PX),
    "weights_sha256": _like(_DIGEST),
    "figures": {
        **dict.fromkeys(("rendered", "alive", "own_best", "own_best_top5", "retried"), _integer(0)),
        "median_selectivity": _number(-1, 1),
        "median_robust_activation": _number(0),
        "worst": [_integer(0)],
    },
    "filters": [_FILTER],
}


@dataclass(frozen=True)
class Slice:
    """One input channel of one kernel: who is read, how strongly, with which weights.

    Attributes:
        layer: the other filter's layer; "input" for the colour channels.
        filter: the other filter; 0, 1, 2 for red, green, blue.
        norm: L2 norm of the slice.
        share: norm² ÷ the norm² of the whole kernel, 0..1.
        kernel: rows of weights.
    """

    layer: str
    filter: int
    norm: float
    share: float
    kernel: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Filter:
    """What was measured of one filter; the meaning of each field stands in `docs/formats.md`."""

    filter: int
    activation: float
    noise_activation: float
    robust_activation: float
    alive: bool
    own_rank: int
    selectivity: float
    similar: tuple[tuple[int, float], ...]
    bias: float
    kernel_norm: float
    incoming: tuple[Slice, ...]
    outgoing: tuple[Slice, ...]
    looks: Descriptors

    @property
    def ratio(self) -> float:
        """How many times more the filter answers to its own picture than to noise, as the objective has it."""
        return self.activation / self.noise_activation if self.noise_activation > 0 else 0.0


@dataclass(frozen=True)
class Figures:
    """How sure the pictures of a layer are: counts of filters, and the least sure ones first."""

    rendered: int
    alive: int
    own_best: int
    own_best_top5: int
    worst: tuple[int, ...]


def filter_of(value: Mapping[str, Any]) -> Filter:
    fields = {each.name: value[each.name] for each in dataclasses.fields(Filter) if each.name != "looks"}
    fields["looks"] = Descriptors(**{each.name: value[each.name] for each in dataclasses.fields(Descriptors)})
    fields["similar"] = tuple((each["filter"], each["similarity"]) for each in value["similar"])
    for side in ("incoming", "outgoing"):
        fields[side] = tuple(
            Slice(**{**each, "kernel": tuple(tuple(row) for row in each["kernel"])}) for each in value[side]
        )
    return Filter(**fields)
