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

from pipeline.results.atlas import Atlas, Layer
from pipeline.wording import Words


@dataclass(frozen=True)
class Field:
    """A column of a table: its name, type (as Table Schema has it) and meaning, fields of `Words` in braces."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Table:
    """A CSV file: where it is, what a row is, and its columns."""

    path: str
    title: str
    fields: tuple[Field, ...]


_WHICH = (
    Field("layer", "string", "name of the layer"),
    Field("filter", "integer", "number of the filter in its layer, from 0"),
)

FILTERS = Table(
    "data/filters.csv",
    "one row for each filter",
    (
        *_WHICH,
        Field("activation", "number", "{meaning} on its own picture"),
        Field("noise_activation", "number", "the same on 1/f colour noise of the same size, floored"),
        Field("robust_activation", "number", "the same on the picture turned, scaled and moved a little"),
        Field("alive", "boolean", "activation ≥ 2 × noise_activation"),
        Field("own_rank", "integer", "1 + number of the layer’s other pictures that {excite} the filter more"),
        Field("selectivity", "number", "(own − mean of others) ÷ (own + mean of others), −1 to 1"),
        Field("bias", "number", "bias of the filter"),
        Field("kernel_norm", "number", "L2 norm of its kernel"),
        Field("colour", "string", "mean colour of the picture, #rrggbb"),
        Field("hue", "number", "dominant hue, degrees 0 to 360; empty where the picture is grey"),
        Field("saturation", "number", "mean HSV saturation, 0 to 1"),
        Field("contrast", "number", "standard deviation of luminance, 0 to 1"),
        Field("spectral_centroid", "number", "mean spatial frequency, weighted by power, cycles per pixel, 0 to 0.5"),
        Field("orientation", "number", "direction of the stripes, degrees 0 (horizontal) to 180, anticlockwise"),
        Field("orientation_strength", "number", "0 (none) to 1 (a grating)"),
        Field("description", "string", "the picture’s look in words, made from the measures"),
        Field("seed", "integer", "seed of the random start"),
        Field("precision", "string", "precision of the convolutions in the ascent"),
        Field("first_activation", "number", "mean activation on the random start, as the network saw it"),
        Field("last_activation", "number", "mean activation at the last step, as the network saw it"),
        Field("image_sha256", "string", "digest of the picture’s pixels, rows of RGB"),
    ),
)

LAYERS = Table(
    "data/layers.csv",
    "one row for each layer",
    (
        Field("layer", "string", "name of the layer"),
        Field("index", "integer", "place among the convolutional layers, from 0"),
        Field("filters_total", "integer", "filters that the layer has"),
        Field("rendered", "integer", "filters in the atlas"),
        Field("alive", "integer", "of these, {excited} by their picture at least twice as much as by noise"),
        Field("own_best", "integer", "of these, {excited} by no other picture of the layer more"),
        Field("own_best_top5", "integer", "of these, {excited} by at most four other pictures more"),
        Field("input_channels", "integer", "channels that each kernel reads"),
        Field("kernel_height", "integer", "rows of a kernel"),
        Field("kernel_width", "integer", "columns of a kernel"),
        Field("receptive_field_px", "integer", "side of the square of input pixels that one unit sees"),
        Field("stride_px", "integer", "distance between neighbouring units, in input pixels"),
        Field("canvas_px", "integer", "side of the pictures"),
    ),
)

SIMILAR = Table(
    "data/similar.csv",
    "one row for each filter and each of its most similar filters",
    (
        *_WHICH,
        Field("similar", "integer", "number of the similar filter, of the same layer"),
        Field("similarity", "number", "cosine between the responses of the layer to the two pictures, −1 to 1"),
    ),
)

SLICES = Table(
    "data/slices.csv",
    "one row for each filter and each of the strongest slices of its kernel, and of later kernels that read it",
    (
        *_WHICH,
        Field("side", "string", "incoming: a slice of its own kernel; outgoing: of a later kernel that reads it"),
        Field("other_layer", "string", "layer of the filter at the other end; input for the colour channels"),
        Field("other_filter", "integer", "its number; 0, 1, 2 for red, green, blue"),
        Field("norm", "number", "L2 norm of the slice"),
        Field("share", "number", "norm² ÷ the norm² of the whole kernel it belongs to, 0 to 1"),
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
        yield table, _csv(table, itertools.chain.from_iterable(map(rows, atlas.layers)))


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


def search_script(atlas: Atlas, folders: Sequence[str]) -> str:
    """Return the script that holds what the search looks through: layers, filters, descriptions.

    A classic script, because pages opened from disk may not fetch anything else. Equal descriptions are stored once.
    """
    words: dict[str, int] = {}
    layers = [
        {
            "name": layer.name,
            "folder": folder,
            "filters": layer.numbers,
            "words": [words.setdefault(each.looks.description, len(words)) for each in layer.filters],
        }
        for layer, folder in zip(atlas.layers, folders, strict=True)
    ]
    return f"window.ATLAS={compact({'layers': layers, 'words': list(words)})};\n"


def compact(value: Any) -> str:
    """Return JSON without spaces, ASCII only, safe inside a script."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _filter_rows(layer: Layer) -> Iterator[list[Any]]:
    for each in layer.filters:
        yield _row(FILTERS, each, each.looks, layer.records[each.filter], layer=layer.name)


def _layer_rows(layer: Layer) -> Iterator[list[Any]]:
    height, width = layer.kernel_size
    yield _row(LAYERS, layer, layer.figures, layer=layer.name, kernel_height=height, kernel_width=width)


def _similar_rows(layer: Layer) -> Iterator[list[Any]]:
    for each in layer.filters:
        for other, similarity in each.similar:
            yield _row(SIMILAR, each, layer=layer.name, similar=other, similarity=similarity)


def _slice_rows(layer: Layer) -> Iterator[list[Any]]:
    for each in layer.filters:
        for side in ("incoming", "outgoing"):
            for part in getattr(each, side):
                other = {"other_layer": part.layer, "other_filter": part.filter}
                yield _row(SLICES, part, layer=layer.name, filter=each.filter, side=side, **other)


# The tables, and what makes a layer's rows of each.
_ROWS = {FILTERS: _filter_rows, LAYERS: _layer_rows, SIMILAR: _similar_rows, SLICES: _slice_rows}


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
