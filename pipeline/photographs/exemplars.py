"""What in the photographs excites the filters of a layer: `python -m pipeline.photographs.exemplars`."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline import errors, files, options, selection
from pipeline.errors import UserError
from pipeline.measure import families
from pipeline.network import catalogue, known
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.photographs import figures, finals, join, views
from pipeline.results import document, layer_summary, layout, photographs, strongest
from pipeline.results.exemplars import EXEMPLARS, FEWEST_PHOTOGRAPHS, Alike, Exemplar, Exemplars, Filter
from pipeline.results.layer_summary import Family, Layer
from pipeline.results.photographs import File
from pipeline.results.strongest import Best, Strongest


def describe(
    network: Network,
    summary: Layer,
    listed: Sequence[File],
    files_sha256: str,
    table: Strongest,
    best: Best,
    rendered: Mapping[str, tuple[int, ...]],
) -> Exemplars:
    """Return how the rendered filters of a layer answer to the photographs.

    Args:
        network: the network.
        summary: of the layer.
        listed: the photographs.
        files_sha256: of the file that lists them.
        table: their strongest units.
        best: the best places of all filters of the layer, in float32.
        rendered: the rendered filters of each layer.
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
                exemplars=tuple(_exemplars(layer, together, listed, best.of(slice(number, number + 1)), origin)),
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
        files_sha256=files_sha256,
        objective=summary.objective,
        photographs=len(listed),
        sampled=len(table.sampled),
        field_px=layer.used_field_px,
        filters=tuple(filters),
        families=_families(likeness[:, own], numbers) if enough else (),
    )


def _families(likeness: np.ndarray, numbers: Sequence[int]) -> tuple[Family, ...]:
    return tuple(
        Family(members=tuple(numbers[each] for each in group.members), typical=numbers[group.typical])
        for group in families.families(likeness)
    )


def _exemplars(
    layer: ConvLayer, together: Sequence[ConvLayer], listed: Sequence[File], best: Best, origin_px: float
) -> list[Exemplar]:
    """Return the exemplars of the one filter whose best places these are."""
    found = []
    for place in range(EXEMPLARS):
        if best.value[0, place] == 0:
            break
        number, scale_px = int(best.photograph[0, place]), int(best.scale_px[0, place])
        row, column = int(best.row[0, place]), int(best.column[0, place])
        shown = listed[number]
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


def check(summary: Layer, table: Strongest, digests: tuple[str, ...], numbers: tuple[int, ...]) -> None:
    """Raise `UserError` where a layer's summary and the table of strongest units are not about the same."""
    pairs = {
        "weights_sha256": (table.weights_sha256, summary.weights_sha256),
        "objective": (table.objective, summary.objective),
        "photographs": (_digest_of(table.photographs), _digest_of(digests)),
        "filters": (selection.format_filters(numbers), selection.format_filters(summary.numbers)),
    }
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            raise UserError(f"{summary.name}: {what}: {found:.40}, not {wanted:.40}; delete the table to make it anew")


def _digest_of(digests: tuple[str, ...]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


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
    paths = [layout.finals(results, share) for share in range(shares)]
    again = join.joined(paths)
    if again.layers != table.layers or not set(again.photographs) <= set(table.photographs):
        raise UserError(f"{paths[0].parent}: of other photographs or layers; delete it to make it anew")
    return join.numbered(again, table.photographs).best.of(columns)


def main() -> None:
    """Say what in the photographs excites a layer's filters."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.exemplars",
        description="Say what in the photographs excites the rendered filters of a layer most.",
    )
    known.add_options(parser)
    options.add_results(parser)
    options.add_layer(parser)
    parser.add_argument("--rendered", required=True, metavar="JSON", help="rendered filters of each layer")
    parser.add_argument("--shares", type=int, default=1, metavar="N", help="of the photographs (default: 1)")
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    rendered = finals.parse_rendered(arguments.rendered, network)
    results, name = arguments.results, network.layer(arguments.layer).name
    path = layout.photograph_files(results)
    listed = photographs.read_files(path)
    summary = layer_summary.read(layout.layer_paths(results, name).summary)
    table = strongest.read(layout.strongest(results))
    check(summary, table, listed.digests, rendered.get(name, ()))
    found = describe(
        network,
        summary,
        listed.photographs,
        files.digest(path),
        table,
        final(results, table, name, arguments.shares),
        rendered,
    )
    files.write_json(layout.exemplars(results, name), document.to_json(found))


if __name__ == "__main__":
    errors.run(main)
