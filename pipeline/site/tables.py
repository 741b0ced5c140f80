"""The data of an atlas in forms that other programs read: tables as CSV, everything as JSON, and what the fields mean.

The descriptions are a Frictionless data package (`datapackage.json`), from which the data page is printed too.
"""

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pipeline.results import document
from pipeline.results.atlas import Atlas
from pipeline.results.document import Column, Part
from pipeline.results.layer_summary import Figures, Filter, Layer, Similar, Slice
from pipeline.results.record import Record
from pipeline.wording import Words


@dataclass(frozen=True)
class Table:
    """A CSV file: where it is, what a row is, and its columns, named and described as the documents' keys are."""

    path: str
    title: str
    fields: tuple[Column, ...]


def _columns(kind: type[Part], *names: str, **new_names: str) -> tuple[Column, ...]:
    """Return columns of a document by name, or all that fit into a cell; `new_names` are what some are called here."""
    found = {each.name: each for each in document.columns(kind) if each.type not in ("array", "object")}
    return tuple(replace(found[name], name=new_names.get(name, name)) for name in names or found)


_WHICH = (*_columns(Layer, "layer"), *_columns(Filter, "filter"))

FILTERS = Table(
    "data/filters.csv",
    "one row for each filter",
    (
        *_columns(Layer, "layer"),
        *_columns(Filter),
        *_columns(Record, "seed", "precision", "first_activation", "last_activation", "image_sha256"),
    ),
)

LAYERS = Table(
    "data/layers.csv",
    "one row for each layer",
    (
        *_columns(Layer, "layer", "index", "filters_total"),
        *_columns(Figures, "rendered", "alive", "own_best", "own_best_top5"),
        *_columns(Layer, "kind", "depthwise", "input_channels"),
        Column("kernel_height", "integer", "rows of a kernel"),
        Column("kernel_width", "integer", "columns of a kernel"),
        *_columns(Layer, "nonlinearity_follows"),
        *_columns(Layer, "receptive_field_px", "effective_field_px", "sees_whole_image", "stride_px", "canvas_px"),
    ),
)

SIMILAR = Table(
    "data/similar.csv",
    "one row for each filter and each of its most similar filters",
    (*_WHICH, *_columns(Similar, "filter", "similarity", filter="similar")),
)

SLICES = Table(
    "data/slices.csv",
    "one row for each filter and each of the strongest slices of its kernel, and of later kernels that read it",
    (
        *_WHICH,
        Column("side", "string", "incoming: a slice of its own kernel; outgoing: of a later kernel that reads it"),
        *_columns(Slice, "layer", "filter", "norm", "share", layer="other_layer", filter="other_filter"),
    ),
)


def tables(words: Words) -> tuple[Table, ...]:
    """Return the tables, described for pictures of an objective."""
    return tuple(
        replace(
            table,
            fields=tuple(
                replace(field, description=field.description.format(**asdict(words))) for field in table.fields
            ),
        )
        for table in _ROWS
    )


def texts(atlas: Atlas) -> Iterator[tuple[Table, str]]:
    """Yield each table and its CSV text."""
    for table, rows in _ROWS.items():
        yield table, _csv(table, itertools.chain.from_iterable(rows(atlas, layer) for layer in atlas.layers))


def package(words: Words, title: str, licence: str) -> dict[str, Any]:
    """Return the descriptions of all tables, as a Frictionless data package."""
    return {
        "name": "filter-atlas",
        "title": title,
        **({"licenses": [{"title": licence}]} if licence else {}),
        "resources": [
            {
                "name": table.path.rpartition("/")[2].removesuffix(".csv"),
                "path": table.path.rpartition("/")[2],
                "title": table.title,
                "format": "csv",
                "encoding": "utf-8",
                "schema": {
                    "fields": [
                        {"name": field.name, "type": field.type, "description": field.description}
                        for field in table.fields
                    ],
                    "missingValues": [""],
                },
            }
            for table in tables(words)
        ],
    }


def compact(value: Any) -> str:
    """Return JSON without spaces, ASCII only, safe inside a script."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _filter_rows(atlas: Atlas, layer: Layer) -> Iterator[list[Any]]:
    for each in layer.filters:
        yield _row(FILTERS, each, atlas.records[layer.name][each.filter], layer=layer.name)


def _layer_rows(_: Atlas, layer: Layer) -> Iterator[list[Any]]:
    height, width = layer.kernel_size
    yield _row(LAYERS, layer, layer.figures, layer=layer.name, kernel_height=height, kernel_width=width)


def _similar_rows(_: Atlas, layer: Layer) -> Iterator[list[Any]]:
    for each in layer.filters:
        for other in each.similar:
            yield _row(SIMILAR, other, layer=layer.name, filter=each.filter, similar=other.filter)


def _slice_rows(_: Atlas, layer: Layer) -> Iterator[list[Any]]:
    for each in layer.filters:
        for side in ("incoming", "outgoing"):
            for part in getattr(each, side):
                other = {"other_layer": part.layer, "other_filter": part.filter}
                yield _row(SLICES, part, layer=layer.name, filter=each.filter, side=side, **other)


# The tables, and what makes a layer's rows of each.
_ROWS = {FILTERS: _filter_rows, LAYERS: _layer_rows, SIMILAR: _similar_rows, SLICES: _slice_rows}
TABLES = tuple(_ROWS)


def _row(table: Table, *holders: object, **given: Any) -> list[Any]:
    """Return the cells of a row: what is given by the name of a column, else the first holder's attribute of it."""
    return [
        given[name] if name in given else next(getattr(holder, name) for holder in holders if hasattr(holder, name))
        for name in (field.name for field in table.fields)
    ]


def _csv(table: Table, rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([field.name for field in table.fields])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # A spreadsheet would run a cell that begins like this; no name or description needs to.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "@", "-")) else value
