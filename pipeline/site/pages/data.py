"""The page that offers the data: tables, files of each layer, and where the weights came from."""

from dataclasses import dataclass

from pipeline.network import known
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.site import addresses
from pipeline.site import tables as downloads
from pipeline.site.tables import Table
from pipeline.wording import Words


@dataclass(frozen=True)
class LayerData:
    """The data files of one layer; no address of what photographs say, or gratings, where it was shown none."""

    name: str
    summary: str
    responses: str
    shape: str
    mosaic: str
    photographs: str
    tuning: str


@dataclass(frozen=True)
class DataView:
    """The page that offers the data."""

    tables: tuple[Table, ...]
    words: Words
    layers: tuple[LayerData, ...]
    example: str
    example_layer: str
    weights: str


def data_view(atlas: Atlas) -> DataView:
    """Return the view of the data page."""
    first = atlas.layers[0]
    return DataView(
        tables=downloads.tables(atlas.words),
        words=atlas.words,
        layers=tuple(
            LayerData(
                name=layer.name,
                summary=f"data/layers/{layer.slug}.json",
                responses=f"data/layers/{layer.slug}.response.npy",
                shape=f"{len(layer.filters)} × {layer.filters_total}",
                mosaic=f"{addresses.folder(layer)}/{layout.MOSAIC}",
                photographs=f"data/photographs/{layer.slug}.json" if atlas.natural else "",
                tuning=f"data/tuning/{layer.slug}.json" if layer.name in atlas.tuning else "",
            )
            for layer in atlas.layers
        ),
        example=addresses.filter_path(first, first.filters[0].filter, ""),
        example_layer=first.slug,
        weights=weights_words(atlas),
    )


def weights_words(atlas: Atlas) -> str:
    """Say in sentences where the weights came from."""
    source = atlas.weights_source.strip().rstrip(".").replace("'", "’")
    note = known.weights_note(atlas.network.model, atlas.weights_source)
    return f"The weights come from {source}.{' ' if note else ''}{note}"
