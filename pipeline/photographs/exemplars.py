"""What in the photographs excites the filters of a layer: `python -m pipeline.photographs.exemplars`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline import errors, files, options, originals, selection
from pipeline.errors import UserError
from pipeline.measure import families
from pipeline.network import catalogue, known
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.photographs import figures, finals, places, strips, views
from pipeline.results import document, layer_summary, layout, photographs, strongest
from pipeline.results.exemplars import EXEMPLARS, FEWEST_PHOTOGRAPHS, Alike, Exemplar, Exemplars, Filter
from pipeline.results.layer_summary import Family, Layer
from pipeline.results.photographs import Collection
from pipeline.results.strongest import Best, Strongest


def describe(
    network: Network,
    summary: Layer,
    collection: Collection,
    table: Strongest,
    best: Best,
    rendered: Mapping[str, tuple[int, ...]],
    *,
    patches: bool,
) -> Exemplars:
    """Return how the rendered filters of a layer answer to the photographs.

    Args:
        network: the network.
        summary: of the layer.
        collection: the photographs.
        table: their strongest units.
        best: the best places of all filters of the layer, in float32.
        rendered: the rendered filters of each layer.
        patches: whether strips are published.
    """
    layer = network.layer(summary.name)
    numbers = rendered[layer.name]
    compared = finals.columns(table, rendered)
    named = [(name, filter) for name in table.layers if name in rendered for filter in rendered[name]]
    own = np.array([place for place, (name, _) in enumerate(named) if name == layer.name])
    sample = table.sample[:, compared]
    enough = len(table.sampled) >= FEWEST_PHOTOGRAPHS
    likeness = figures.likenesses(sample, own) if enough else np.zeros((len(own), len(named)))
    origin = float(table.origin[table.layers.index(layer.name)])
    # What the network was shown depends on all of them.
    together = [network.layer(name) for name in table.layers if network.layer(name).input == layer.input]
    filters = []
    for row, number in enumerate(numbers):
        natural, activation = float(best.value[number, 0]), sample[:, own[row]]
        synthetic = summary.by_number[number].strongest_unit
        filters.append(
            Filter(
                filter=number,
                natural=document.short(natural),
                natural_to_synthetic=_ratio(natural, synthetic),
                exemplars=tuple(_exemplars(layer, together, collection, best.of(slice(number, number + 1)), origin)),
                quantiles=tuple(map(document.short, figures.quantiles(activation))),
                histogram=tuple(figures.histogram(activation, natural)),
                reach_half=round(figures.reach_half(activation, natural), 4),
                alike=tuple(
                    Alike(layer=named[place][0], filter=named[place][1], similarity=similarity)
                    for place, similarity in figures.alike(likeness[row], int(own[row]))
                ),
            )
        )
    return Exemplars(
        model=network.name,
        name=layer.name,
        weights_sha256=table.weights_sha256,
        collection_sha256=table.collection_sha256,
        objective=summary.objective,
        photographs=len(collection.photographs),
        sampled=len(table.sampled),
        field_px=layer.used_field_px,
        patches=patches,
        filters=tuple(filters),
        families=_families(likeness[:, own], numbers) if enough else (),
    )


def _families(likeness: np.ndarray, numbers: Sequence[int]) -> tuple[Family, ...]:
    return tuple(
        Family(members=tuple(numbers[each] for each in group.members), typical=numbers[group.typical])
        for group in families.families(likeness)
    )


def _exemplars(
    layer: ConvLayer, together: Sequence[ConvLayer], collection: Collection, best: Best, origin_px: float
) -> list[Exemplar]:
    """Return the exemplars of the one filter whose best places these are."""
    found = []
    for place in range(EXEMPLARS):
        if best.value[0, place] == 0:
            break
        number, scale_px = int(best.photograph[0, place]), int(best.scale_px[0, place])
        row, column = int(best.row[0, place]), int(best.column[0, place])
        shown = collection.photographs[number]
        (view,) = (each for each in views.views(together, shown.width_px, shown.height_px) if each.scale_px == scale_px)
        field, patch = views.boxes(view, layer, origin_px, row, column)
        activation = document.short(float(best.value[0, place]))
        found.append(
            Exemplar(
                photograph=number,
                scale_px=scale_px,
                row=row,
                column=column,
                activation=activation,
                field=field,
                patch=patch,
            )
        )
    return found


def _ratio(natural: float, synthetic: float) -> float | None:
    return float(f"{natural / synthetic:.4g}") if synthetic > 0 else None


def check(summary: Layer, table: Strongest, collection_sha256: str, numbers: tuple[int, ...]) -> None:
    """Raise `UserError` where a layer's summary and the table of strongest units are not about the same."""
    pairs = {
        "weights_sha256": (table.weights_sha256, summary.weights_sha256),
        "objective": (table.objective, summary.objective),
        "photographs": (table.collection_sha256, collection_sha256),
        "filters": (selection.format_filters(numbers), selection.format_filters(summary.numbers)),
    }
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            raise UserError(f"{summary.name}: {what}: {found:.40}, not {wanted:.40}; delete the table to make it anew")


def final(results: Path, table: Strongest, layer: str, shares: int) -> Best:
    """Return the best places of a layer's filters in float32: from the table, or what was looked at again after it.

    Args:
        results: the results folder.
        table: the strongest units of all photographs.
        layer: name of the layer.
        shares: how many tables there are of what was looked at again.
    """
    columns = table.columns(layer)
    if table.precision == finals.EXACT:
        return table.best.of(columns)
    several = []
    for share in range(shares):
        path = layout.finals(results, share)
        each = strongest.read(path)
        if (each.collection_sha256, each.layers) != (table.collection_sha256, table.layers):
            raise UserError(f"{path}: of other photographs or layers; delete it to make it anew")
        several.append(each.best.of(columns))
    return places.merged(several)


def main() -> None:
    """Say what in the photographs excites a layer's filters; cut the patches that are to be shown."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.exemplars",
        description="Say what in the photographs excites the rendered filters of a layer most.",
    )
    known.add_options(parser)
    options.add_results(parser)
    options.add_layer(parser)
    parser.add_argument("--rendered", required=True, metavar="JSON", help="rendered filters of each layer")
    parser.add_argument("--shares", type=int, default=1, metavar="N", help="of the photographs (default: 1)")
    parser.add_argument("--no-patches", action="store_true", help="cut no patches: numbers and places alone")
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    rendered = finals.parse_rendered(arguments.rendered, network)
    results, name = arguments.results, network.layer(arguments.layer).name
    listed = layout.photographs(results)
    collection = photographs.read(listed)
    summary = layer_summary.read(layout.layer_paths(results, name).summary)
    table = strongest.read(layout.strongest(results))
    check(summary, table, files.digest(listed), rendered.get(name, ()))
    found = describe(
        network,
        summary,
        collection,
        table,
        final(results, table, name, arguments.shares),
        rendered,
        patches=not arguments.no_patches,
    )
    if found.patches:
        with files.replacing_folder(layout.strips(results, name)) as folder:
            strips.write(
                folder,
                {each.filter: each.exemplars for each in found.filters},
                lambda number: originals.read(photographs.original(results, collection, number), strips.DECODED_PX),
            )
    files.write_json(layout.exemplars(results, name), document.to_json(found))


if __name__ == "__main__":
    errors.run(main)
