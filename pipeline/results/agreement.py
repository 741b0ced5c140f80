"""Whether records belong together: of one network, one set of weights, and made by the same settings."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.network.catalogue import ConvLayer, Network
from pipeline.results.record import Record

# What the pictures of a layer share, beside what the network and its weights fix, or they could not be compared.
SETTINGS = ("canvas_px", "seed", "precision", "recipe", "method")


@dataclass(frozen=True)
class Expected:
    """What every record of a layer should say.

    Attributes:
        layer: name of the layer.
        values: attributes of a record to their value; None for what the layer's records only have to agree on.
    """

    layer: str
    values: Mapping[str, Any]


def expected(network: Network, layer: ConvLayer, weights_sha256: str | None, **settings: Any) -> Expected:
    """Return what the records of a layer should say; of `SETTINGS`, those not given only have to be agreed on."""
    return Expected(
        layer.name,
        {
            "model": network.name,
            "layer": layer.name,
            "receptive_field_px": layer.receptive_field_px,
            "stride_px": layer.stride_px,
            "weights_sha256": weights_sha256,
            **dict.fromkeys(SETTINGS),
            **settings,
        },
    )


def settle(wanted: Expected, records: Iterable[Record]) -> Expected:
    """Return what is expected with what most of the records say in place of what nothing fixes."""
    records = list(records)
    usual = {key: _usual(records, key) if value is None else value for key, value in wanted.values.items()}
    return replace(wanted, values=usual)


def difference(record: Record, wanted: Expected) -> str:
    """Return the first thing in which a record is not as expected, as "seed: 3, not 8"; nothing where it is."""
    for key, value in wanted.values.items():
        found = getattr(record, key)
        if value is not None and _canonical(found) != _canonical(value):
            return _words(key, found, value)
    return ""


def _usual(records: list[Record], key: str) -> Any:
    found = {_canonical(getattr(record, key)): getattr(record, key) for record in records}
    counted = Counter(_canonical(getattr(record, key)) for record in records)
    return found[counted.most_common(1)[0][0]] if counted else None


def _words(key: str, found: Any, wanted: Any) -> str:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        # Of two recipes, what differs.
        part = next(part for part in [*wanted, *found] if _canonical(found.get(part)) != _canonical(wanted.get(part)))
        return _words(f"{key}.{part}", found.get(part), wanted.get(part))
    return f"{key}: {found!r:.40}, not {wanted!r:.40}"


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
