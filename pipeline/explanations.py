"""The pages that explain the atlas: how to read it, its data, and the one for addresses that lead nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import figures, illustrations, pages
from pipeline.atlas import Atlas, Layer
from pipeline.downloads import TABLES, Table
from pipeline.pages import Page, Tile

# The example whose emergence is shown lies this deep in the atlas: simple enough to read, too complex to guess.
EXAMPLE_DEPTH = 0.6


@dataclass(frozen=True)
class Example:
    """A kernel, and what it finds on the test card."""

    number: int
    uri: str
    response: str
    side_px: int


@dataclass(frozen=True)
class ArchitectureRow:
    """A convolutional layer in the table of the whole network; `href` is empty when it is not in the atlas."""

    name: str
    href: str
    filters: int
    kernel: str
    weights: str
    stride_px: int
    receptive_field_px: int


@dataclass(frozen=True)
class Emergence:
    """The filter whose picture is shown emerging."""

    label: str
    href: str
    image: str
    steps: tuple[int, ...]
    snapshot_px: int
    description: str


@dataclass(frozen=True)
class HowView:
    """The page on how to read the atlas."""

    first_layer: str
    first_layer_href: str
    kernels: int
    kernel_size: tuple[int, int]
    sheet_px: tuple[int, int]
    card_px: int
    examples: tuple[Example, ...]
    emergence: Emergence
    depth: tuple[Tile, ...]
    architecture: tuple[ArchitectureRow, ...]
    weights: str
    recipe: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LayerData:
    """The data files of one layer."""

    name: str
    summary: str
    responses: str
    shape: str
    mosaic: str


@dataclass(frozen=True)
class DataView:
    """The page that offers the data."""

    tables: tuple[Table, ...]
    layers: tuple[LayerData, ...]
    example: str


def summary(atlas: Atlas) -> str:
    """Say in a sentence what the atlas holds."""
    count = sum(len(layer.filters) for layer in atlas.layers)
    return (
        f"What {count:,} {'filter' if count == 1 else 'filters'} of {atlas.network.name} "
        f"{'looks' if count == 1 else 'look'} for: one picture each, made by gradient ascent."
    )


def extra_pages(atlas: Atlas) -> Iterator[Page]:
    """Yield the pages that explain."""
    yield Page(
        "how-to-read.html",
        "how.html",
        "How to read the pictures",
        "What a filter, a convolution and gradient ascent are, and what the pictures do not show.",
        "assets/card.png",
        how_view(atlas),
    )
    yield Page(
        "data/index.html",
        "data.html",
        "Data",
        "Every measure of every filter as CSV and JSON, with field descriptions.",
        "assets/card.png",
        data_view(atlas),
    )
    yield Page("404.html", "404.html", "Page not found", "There is no page at this address.", "assets/card.png", None)


def how_view(atlas: Atlas) -> HowView:
    """Return the view of the page on how to read the atlas."""
    first = atlas.network.layers[0]
    count, rows, columns, _ = atlas.first_kernels.shape
    height, width, _ = illustrations.kernel_sheet(atlas.first_kernels).shape
    example = example_layer(atlas)
    chosen = pages.most_selective(example)
    made = example.records[chosen.filter]
    shown = atlas.by_name.get(first.name)
    return HowView(
        first_layer=first.name,
        first_layer_href=f"{pages.folder(shown)}/index.html" if shown else "",
        kernels=count,
        kernel_size=(rows, columns),
        sheet_px=(width, height),
        card_px=illustrations.CARD_PX,
        examples=tuple(
            Example(
                number,
                figures.kernel_uri(atlas.first_kernels[number]),
                f"assets/response-{number}.webp",
                illustrations.CARD_PX - max(rows, columns) + 1,
            )
            for number in illustrations.telling_kernels(atlas.first_kernels)
        ),
        emergence=Emergence(
            f"{example.name}/{chosen.filter}",
            pages.filter_path(example, chosen.filter),
            pages.filter_path(example, chosen.filter, "-steps.webp"),
            made.snapshot_steps,
            min(made.canvas_px, 96),
            chosen.description,
        ),
        depth=tuple(
            pages.tile(group[-1], pages.most_selective(group[-1]).filter, label=group[-1].name)
            for _, _, group in pages.blocks(atlas.layers)
        ),
        architecture=tuple(architecture(atlas)),
        weights=f"{sum(_weights(layer) for layer in atlas.network.layers):,}",
        recipe=tuple((key.replace("_", " "), pages.recipe_words(value)) for key, value in made.recipe.items()),
    )


def example_layer(atlas: Atlas) -> Layer:
    """Return the layer that the example is taken from."""
    return atlas.layers[min(len(atlas.layers) - 1, int(EXAMPLE_DEPTH * len(atlas.layers)))]


def architecture(atlas: Atlas) -> Iterator[ArchitectureRow]:
    """Yield the convolutional layers of the whole network."""
    for layer in atlas.network.layers:
        shown = atlas.by_name.get(layer.name)
        height, width = layer.kernel_size
        yield ArchitectureRow(
            name=layer.name,
            href=f"{pages.folder(shown)}/index.html" if shown else "",
            filters=layer.filters,
            kernel=f"{height} × {width} × {layer.input_channels}",
            weights=f"{_weights(layer):,}",
            stride_px=layer.stride_px,
            receptive_field_px=layer.receptive_field_px,
        )


def _weights(layer) -> int:
    height, width = layer.kernel_size
    return height * width * layer.input_channels * layer.filters


def data_view(atlas: Atlas) -> DataView:
    """Return the view of the data page."""
    first = atlas.layers[0]
    return DataView(
        tables=TABLES,
        layers=tuple(
            LayerData(
                name=layer.name,
                summary=f"data/{layer.slug}.json",
                responses=f"data/{layer.slug}.response.npy",
                shape=f"{len(layer.filters)} × {layer.filters_total}",
                mosaic=f"{pages.folder(layer)}/mosaic.webp",
            )
            for layer in atlas.layers
        ),
        example=pages.filter_path(first, first.filters[0].filter, ""),
    )
