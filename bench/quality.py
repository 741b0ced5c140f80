"""What the pictures of several recipes are worth: `python -m bench.quality`.

The same filters and seeds for each, every figure measured on the pictures as they would be saved, without the retries
that the workflow makes. What one recipe gives in one layer is kept beside the table, and taken from there when the
command is run again after an interruption; `--fresh` measures everything anew.
"""

import argparse
import dataclasses
import hashlib
import io
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import BUILD, grain, loop, machine, sheet, table
from pipeline import errors, files
from pipeline.ascent.recipe import METHOD
from pipeline.config import plan
from pipeline.machine.precision import resolve
from pipeline.network import catalogue
from pipeline.network.known import KNOWN
from pipeline.render import request

FILTERS = 16
SEEDS = (0, 1)
COLUMNS_A_LAYER = 2

# The settings that lucid's users know (its `render_vis` and `standard_transforms`), as far as this atlas has them.
LUCID: Mapping[str, Any] = {
    "base": "exact",
    "contrast_limit": 0.0,
    "contrast": 0.01,
    "leak": 0.0,
    "momentum": 0.9,
    "learning_rate": 0.05,
    "steps": 512,
    "jitter_px": 8,
    "scale": 0.05,
    "rotation_degrees": 5.0,
    "snapshots": (),
}
# Some 30 times the arithmetic of the default, and five times its time in float32: a part of the filters.
LUCID_SHARE = 8
FLOAT32_SHARE = 4


@dataclass(frozen=True)
class Way:
    """One way to make the pictures.

    Attributes:
        name: how the tables call it.
        recipe: a recipe's name, or what overrides it.
        precision: of the convolutions.
        share: one in so many filters of the sample is made.
        model: name of the network.
    """

    name: str
    recipe: str | Mapping[str, Any]
    precision: str
    share: int = 1
    model: str = loop.MODEL


@dataclass(frozen=True)
class Measured:
    """Pictures of one layer made in one way, and what they are worth.

    Attributes:
        way, layer: which.
        filters: numbers, ascending (n,).
        images: of the first seed, uint8 (n, side, side, 3).
        alive, own_best, top5: of both seeds, boolean (seeds, n); rank among the n pictures of the same seed.
        robust: robust activation, float32 (seeds, n).
        agrees: boolean (n,): whether the second seed's picture excites its filter more than any other filter's
            picture of the first seed does.
        fine, on_axes: shares of the pictures' spectral energy, as `bench.grain` has them, float64 (seeds, n).
        seconds: processor seconds of one filter's ascent, on one thread.
    """

    way: str
    layer: str
    filters: np.ndarray
    images: np.ndarray
    alive: np.ndarray
    own_best: np.ndarray
    top5: np.ndarray
    robust: np.ndarray
    agrees: np.ndarray
    fine: np.ndarray
    on_axes: np.ndarray
    seconds: float


def sample(total: int, count: int) -> tuple[int, ...]:
    """Return `count` numbers of filters, evenly spread over `total`, the first and the last among them."""
    count = min(count, total)
    return tuple(sorted({round(index * (total - 1) / max(1, count - 1)) for index in range(count)}))


def ways(chosen: str, lucid_share: int) -> list[Way]:
    """Return what is compared, the baseline first; `chosen` is the precision that this machine is fast in."""
    found = [
        Way("exact", "exact", chosen),
        Way("default", "default", chosen),
        Way("fine", "fine", chosen),
        Way("classic", "classic", chosen),
        Way("lucid-like", LUCID, chosen, lucid_share),
    ]
    return found if chosen == "float32" else [*found, Way("default/float32", "default", "float32", FLOAT32_SHARE)]


def against(recipes: Sequence[str], chosen: str, baseline: str = "default") -> list[Way]:
    """Return a recipe and those to compare it with, which are named by what was written."""
    return [Way(text, request.read_recipe(text), chosen) for text in (baseline, *recipes)]


def measure(way: Way, layer: str, filters: Sequence[int]) -> Measured:
    """Make the pictures of some filters of a layer with both seeds, and measure them."""
    climb = loop.ascent(layer, way.precision, way.recipe, model=way.model)
    from pipeline.measure import answers, by_keras, matrix, robustness
    from pipeline.measure.noise import colour_noise
    from pipeline.network.truncated import truncate

    network, tensors = catalogue.load(way.model), loop.tensors(way.model)
    canvas_px = plan.resolve_canvas(network, layer, "auto")
    numbers = np.array(filters)
    judge = answers.Judge(network, by_keras.graph_of(network, tensors), layer, canvas_px)
    truncated = truncate(network, tensors, layer, "float32")
    noise = judge.to_noise(colour_noise(canvas_px))
    images, matrices, robust, found, grains = [], [], [], [], []
    loop.warm_up(climb, layer)
    seconds = 0.0
    for seed in SEEDS:
        began = time.process_time()
        pictures = np.stack([loop.picture(climb, layer, filter, seed) for filter in filters])
        seconds += time.process_time() - began
        responses = judge.to_pictures(pictures)
        images.append(pictures)
        grains.append([grain.shares(each) for each in pictures])
        matrices.append(responses[:, numbers])
        robust.append(robustness.robust_activations(truncated, filters, pictures))
        found.append(matrix.figures(responses, noise, numbers))
    return Measured(
        way=way.name,
        layer=layer,
        filters=numbers,
        images=images[0],
        alive=np.array([[each.alive for each in row] for row in found]),
        own_best=np.array([[each.own_rank == 1 for each in row] for row in found]),
        top5=np.array([[each.own_rank <= 5 for each in row] for row in found]),
        robust=np.array(robust),
        agrees=agreement(*matrices),
        fine=np.array(grains)[..., 0],
        on_axes=np.array(grains)[..., 1],
        seconds=seconds / len(SEEDS) / len(filters),
    )


def recall_or_measure(way: Way, layer: str, filters: Sequence[int], kept: Path) -> Measured:
    """Return what `measure` does; it is taken from the folder `kept` where an earlier run has left it there."""
    network = catalogue.load(way.model)
    canvas_px = plan.resolve_canvas(network, layer, "auto")
    recipe = plan.resolve_recipe(network, layer, canvas_px, way.recipe)
    what = repr((METHOD, way.model, way.name, layer, canvas_px, recipe, way.precision, tuple(filters), SEEDS))
    path = kept / f"{layer}-{hashlib.sha256(what.encode()).hexdigest()[:16]}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            return Measured(**{name: stored[name] if stored[name].ndim else stored[name].item() for name in stored})
    measured = measure(way, layer, filters)
    buffer = io.BytesIO()
    np.savez(buffer, **{field.name: getattr(measured, field.name) for field in dataclasses.fields(measured)})
    files.write_bytes(path, buffer.getvalue())
    return measured


def agreement(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for which filters the second seed's picture excites the filter more than all others' of the first.

    Args:
        first, second: mean activation of filter j on the picture of filter i with that seed, (n, n).
    """
    others = np.where(np.eye(len(first), dtype=bool), -np.inf, first).max(0)
    agree: NDArray[np.bool_] = np.diag(second) >= others
    return agree


def median_ratio(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """Return the median over filters of one robust activation ÷ another; None where it is not finite.

    A filter that is silent on their picture and not on ours counts as infinitely better, silent on both as equal.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(ours == theirs, 1.0, ours / theirs)
    median = float(np.median(ratios)) if ratios.size else np.nan
    return median if np.isfinite(median) else None


def share(verdicts: Sequence[np.ndarray]) -> float:
    """Return the percentage of verdicts that are true."""
    return 100 * float(np.concatenate([each.ravel() for each in verdicts]).mean())


def robust_ratio(ours: Sequence[Measured], theirs: Sequence[Measured]) -> float | None:
    """Return the median ratio of robust activations over the filters that both have, seeds averaged."""
    if not {each.layer for each in ours} & {each.layer for each in theirs}:
        return None
    mine, other = in_common(ours, theirs, "robust")
    return median_ratio(mine.mean(0), other.mean(0))


def in_common(ours: Sequence[Measured], theirs: Sequence[Measured], field: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a field of both, (seeds, filters), over the filters of all layers that both have."""
    pairs = [
        (getattr(mine, field)[:, mine_at], getattr(other, field)[:, other_at])
        for mine in ours
        for other in theirs
        if mine.layer == other.layer
        for _, mine_at, other_at in [np.intersect1d(mine.filters, other.filters, return_indices=True)]
    ]
    mine, other = (np.concatenate(side, axis=1) for side in zip(*pairs, strict=True))
    return mine, other


def mean_ratio(ours: Sequence[Measured], theirs: Sequence[Measured], field: str) -> float | None:
    """Return the mean of a share over the pictures of filters that both have, ÷ that of theirs."""
    mine, other = in_common(ours, theirs, field)
    return float(mine.mean() / other.mean()) if other.mean() else None


def summarise(results: Sequence[Measured], groups: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return a row for each group of layers and way.

    Args:
        results: all measurements, those of the baseline first.
        groups: names of layers, by the name of the group.
    """
    baseline, rows = results[0].way, []
    for group, layers in groups.items():
        by_way: dict[str, list[Measured]] = {}
        for each in results:
            if each.layer in layers:
                by_way.setdefault(each.way, []).append(each)
        for way, mine in by_way.items():
            rows.append(
                {
                    "layers": group,
                    "recipe": way,
                    "filters": sum(len(each.filters) for each in mine),
                    "found %": share([each.alive for each in mine]),
                    "own-best %": share([each.own_best for each in mine]),
                    "top-5 %": share([each.top5 for each in mine]),
                    f"robust ÷ {baseline}": robust_ratio(mine, by_way[baseline]),
                    f"fine ÷ {baseline}": mean_ratio(mine, by_way[baseline], "fine"),
                    f"on axes ÷ {baseline}": mean_ratio(mine, by_way[baseline], "on_axes"),
                    "÷ default float32": robust_ratio(mine, by_way.get("default/float32", [])),
                    "seeds agree %": share([each.agrees for each in mine]),
                    "s a filter": float(np.mean([each.seconds for each in mine])),
                }
            )
    return rows


def loop_ratio(results: Sequence[Measured], filters: Mapping[str, int], way: str, baseline: str) -> float | None:
    """Return what the loops of all filters of the layers take in one way ÷ in another; None where a layer is missing.

    Args:
        results: all measurements.
        filters: how many each layer has.
        way, baseline: which two.
    """
    seconds = {(each.way, each.layer): each.seconds for each in results}
    if any((which, layer) not in seconds for which in (way, baseline) for layer in filters):
        return None
    ours, theirs = (sum(count * seconds[which, layer] for layer, count in filters.items()) for which in (way, baseline))
    return ours / theirs


def contact_sheet(results: Sequence[Measured]) -> Any:
    """Return the pictures of some filters of each layer, a row for each way, as an image."""
    by_way: dict[str, dict[tuple[str, int], np.ndarray]] = {}
    for each in results:
        pictures = by_way.setdefault(each.way, {})
        pictures.update(
            {(each.layer, int(filter)): image for filter, image in zip(each.filters, each.images, strict=True)}
        )
    # Filters that the way with the fewest has.
    fewest = min(by_way.values(), key=len)
    columns: list[tuple[str, int]] = []
    for layer in dict.fromkeys(layer for layer, _ in fewest):
        columns += [key for key in fewest if key[0] == layer][-COLUMNS_A_LAYER:]
    rows = {way: [pictures.get(key) for key in columns] for way, pictures in by_way.items()}
    return sheet.draw(rows, [f"{layer}/{filter}" for layer, filter in columns])


def groups_of(layers: Sequence[str]) -> dict[str, list[str]]:
    """Return the layers one by one, then those of each block (the name up to the first underscore), then all."""
    groups = {layer: [layer] for layer in layers}
    for layer in layers:
        groups.setdefault(layer.partition("_")[0], []).append(layer)
    groups["all"] = list(layers)
    return groups


def main() -> None:
    """Make, measure, print; write the figures and the contact sheet."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__.splitlines()[0])
    parser.add_argument("--filters", type=int, default=FILTERS, help=f"a layer, evenly spread (default: {FILTERS})")
    parser.add_argument("--lucid-share", type=int, default=LUCID_SHARE, help="one in so many of them lucid-like")
    parser.add_argument("--model", default=loop.MODEL, choices=KNOWN, metavar="NAME", help=f"(default: {loop.MODEL})")
    parser.add_argument("--layers", nargs="+", metavar="LAYER", help="(default: all)")
    parser.add_argument(
        "--against",
        action="append",
        metavar="RECIPE",
        help="compare the baseline with this instead: a recipe's name, or JSON that overrides settings; repeatable",
    )
    parser.add_argument("--baseline", default="default", metavar="RECIPE", help="of --against (default: default)")
    parser.add_argument("--output", type=Path, default=BUILD / "quality", help="directory for table, JSON and sheet")
    parser.add_argument("--fresh", action="store_true", help="take nothing from an earlier run")
    options = parser.parse_args()
    here = machine.describe()
    network = catalogue.load(options.model)
    layers = [network.layer(name).name for name in options.layers or [layer.name for layer in network.layers]]
    loop.weights_file(options.model)
    chosen = resolve("auto", depthwise=network.is_depthwise)
    compared = [
        dataclasses.replace(way, model=options.model)
        for way in (
            against(options.against, chosen, options.baseline) if options.against else ways(chosen, options.lucid_share)
        )
    ]
    kept = options.output / "measured"
    if options.fresh:
        shutil.rmtree(kept, ignore_errors=True)
    tasks = []
    for layer in layers:
        total = network.layer(layer).filters
        for way in compared:
            tasks.append((way, layer, sample(total, options.filters)[:: way.share], kept))
    # The longest first, so that no core idles long at the end; each in a process of its own, which ends with it.
    tasks.reverse()
    results = []
    with loop.processes(here.cores, tasks_each=1) as processes:
        for each in processes.map(recall_or_measure, *zip(*tasks, strict=True)):
            print(f"{each.layer}, {each.way}: {len(each.filters)} filters", file=sys.stderr)
            results.append(each)
    results.reverse()
    rows = summarise(results, groups_of(layers))
    text = table.render(list(rows[0]), [list(row.values()) for row in rows])
    print(
        f"{here.line()}\nseeds {SEEDS}; found, own-best and top-5 over both, ranks among the filters of the row\n{text}"
    )
    filters = {layer: network.layer(layer).filters for layer in layers}
    for way in compared[1:]:
        ratio = table.show(loop_ratio(results, filters, way.name, compared[0].name))
        print(f"loops of all filters of these layers, {way.name} ÷ {compared[0].name}: {ratio}")
    picture = io.BytesIO()
    contact_sheet(results).save(picture, "PNG")
    files.write_bytes(options.output / "sheet.png", picture.getvalue())
    files.write_json(options.output / "quality.json", {"machine": dataclasses.asdict(here), "rows": rows})
    print(f"{options.output}/sheet.png, {options.output}/quality.json")


if __name__ == "__main__":
    errors.run(main)
