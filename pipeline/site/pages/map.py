"""The page of the map: all filters at once, to zoom into; and what its script needs to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.network.known import display_name
from pipeline.results import sheets
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.results.sheets import Sheet, Sheets
from pipeline.site import search
from pipeline.site.addresses import folder
from pipeline.site.pages.page import Page
from pipeline.site.pages.parts import rendered_words

# Where the page is, the folder of its tiles, and the script that holds where each filter is.
PATH, FOLDER, DATA = "map.html", "map", "map/sheets.js"


@dataclass(frozen=True)
class Block:
    """A layer, and the rectangle on the overview that leads to it, in per cent of its width and height."""

    name: str
    href: str
    facts: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class MapView:
    """The page of the map; the overview is what it shows where no script runs."""

    lead: str
    example: str
    overview: str
    overview_width: int
    overview_height: int
    layers: tuple[Block, ...]


def map_page(atlas: Atlas, made: Sheets, image: str) -> Page:
    """Return the page of the map, which is shown elsewhere by `image`."""
    count = sum(len(layer.filters) for layer in atlas.layers)
    network = display_name(atlas.network.model)
    all_ = f"all {count:,} filters" if count > 1 else "the filter"
    lead = f"See {all_} of {network} in this atlas at once, zoom in to single pixels, and open any of them."
    sheet = made.of("layers")
    width, height = sheets.overview_size(sheet, sheets.overview_level(sheet))
    view = MapView(
        lead=lead,
        example=search.together(atlas),
        overview=f"{FOLDER}/{sheets.OVERVIEW}",
        overview_width=width,
        overview_height=height,
        layers=tuple(_block(layer, sheet, cells) for layer, cells in zip(atlas.layers, sheet.cells, strict=True)),
    )
    return Page(PATH, "map.html", "Map", lead, image, view)


def _block(layer: Layer, sheet: Sheet, cells: Sequence[int]) -> Block:
    columns, rows = {cell % sheet.columns for cell in cells}, {cell // sheet.columns for cell in cells}
    return Block(
        name=layer.name,
        href=f"{folder(layer)}/index.html",
        facts=rendered_words(layer),
        left=round(100 * min(columns) / sheet.columns, 2),
        top=round(100 * min(rows) / sheet.rows, 2),
        width=round(100 * len(columns) / sheet.columns, 2),
        height=round(100 * len(rows) / sheet.rows, 2),
    )


def script_data(atlas: Atlas, made: Sheets) -> dict[str, Any]:
    """Return what the script of the map knows: the layers, and where each filter is on each sheet."""
    return {
        "tile": sheets.TILE_PX,
        "layers": [
            {
                "name": layer.name,
                "folder": folder(layer),
                "filters": _counted(layer.numbers),
                "canvas": layer.canvas_px,
            }
            for layer in atlas.layers
        ],
        "sheets": [
            {
                "by": sheet.arrangement,
                "columns": sheet.columns,
                "rows": sheet.rows,
                "levels": sheets.levels(sheet.columns, sheet.rows),
                "cells": sheet.cells,
            }
            for sheet in made.sheets
        ],
    }


def _counted(numbers: Sequence[int]) -> int | Sequence[int]:
    # Of a whole layer, how many: nearly always, and a fifth of the bytes.
    return len(numbers) if list(numbers) == list(range(len(numbers))) else numbers
