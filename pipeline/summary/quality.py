"""How true the pictures of an atlas are: the figures of its layers side by side, summed up, the worst named."""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline import errors, files, options
from pipeline.errors import UserError
from pipeline.formatting import percent
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.results import exemplars, layer_summary, layout, trust
from pipeline.results.exemplars import Exemplars
from pipeline.results.layer_summary import WORST_LISTED, Layer
from pipeline.results.photographs import CURE
from pipeline.results.trust import FEWEST_PHOTOGRAPHS, Trust
from pipeline.wording import WORDS

SCHEMA = "atlas/quality/1"

T = TypeVar("T", Trust, Exemplars)

# How many of the failing filters the text names; the file has them all.
FAILING_NAMED = 8
LEAST_SURE_NAMED = 5

# What the table says of which sums, in place of one for all, where a network has depthwise layers.
_SUMS = (("others", "all but depthwise"), ("depthwise", "depthwise"))

# What is said of a layer in grades, against photographs; and in place of a grade where there are too few of them.
GRADES, TOO_FEW = ("specific", "unnatural"), "–"
NATURAL = "median_natural_to_synthetic"

_COUNTS = ("rendered", "alive", "own_best", "own_best_top5", "retried")


def collect(
    layers: Sequence[Layer],
    trusted: Mapping[str, Trust] | None = None,
    shown: Mapping[str, Exemplars] | None = None,
) -> dict[str, Any]:
    """Return the figures of an atlas as JSON values (`quality.json` in docs/formats.md).

    Args:
        layers: summaries of layers of one atlas, at least one.
        trusted: of each by name, how it compares with photographs; nothing where the network was shown none.
        shown: of each by name, how its filters answer to photographs; likewise.
    """
    ordered = sorted(layers, key=lambda layer: layer.index)
    filters = [(layer.name, each) for layer in ordered for each in layer.filters]
    least_sure = sorted(filters, key=lambda pair: pair[1].certainty)
    return {
        "schema": SCHEMA,
        "model": ordered[0].model,
        "weights_sha256": ordered[0].weights_sha256,
        "objective": ordered[0].objective,
        "total": _figures(ordered),
        **_apart(ordered),
        "layers": [
            {
                "layer": layer.name,
                "index": layer.index,
                "filters_total": layer.filters_total,
                **_figures([layer]),
                **_natural(shown[layer.name] if shown else None),
                **_grades(trusted[layer.name] if trusted else None),
            }
            for layer in ordered
        ],
        "failing": [{"layer": layer, "filter": each.filter} for layer, each in filters if not each.alive],
        "worst": [
            {
                "layer": layer,
                "filter": each.filter,
                "alive": each.alive,
                "own_rank": each.own_rank,
                "ratio": round(each.ratio, 2) if math.isfinite(each.ratio) else None,
            }
            for layer, each in least_sure[:WORST_LISTED]
        ],
    }


def _apart(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return the figures of depthwise layers and those of all others; nothing where there are no depthwise ones.

    A depthwise filter reads one channel, and often does little to it: about half are alive where nearly all others
    are (MobileNetV2), and one share of both would say nothing of either.
    """
    kinds = {
        "others": [layer for layer in layers if not layer.depthwise],
        "depthwise": [layer for layer in layers if layer.depthwise],
    }
    return {name: _figures(members) for name, members in kinds.items() if members} if kinds["depthwise"] else {}


def _natural(found: Exemplars | None) -> dict[str, Any]:
    """Return what the best photograph does ÷ what the picture does, the median; nothing where there are none."""
    if found is None:
        return {}
    median = found.natural_to_synthetic
    return {NATURAL: None if median is None else float(f"{median:.4g}")}


def _grades(found: Trust | None) -> dict[str, Any]:
    """Return the grades of a layer; nothing where there are no photographs, null where there are too few."""
    if found is None:
        return {}
    own = found.own
    return {"specific": own.specific_grade if own else None, "unnatural": own.unnatural_grade if own else None}


def format_text(quality: Mapping[str, Any]) -> str:
    """Return the figures of an atlas as a table for the terminal, with the worst filters below it."""
    words = WORDS[quality["objective"]]
    graded = tuple(key for key in GRADES if key in quality["layers"][0])
    natural = tuple(key for key in (NATURAL,) if key in quality["layers"][0])
    compared = (*("natural" for _ in natural), *graded)
    head = (
        "layer",
        "rendered",
        words.alive,
        "own best",
        "in best 5",
        "selectivity",
        "robustness",
        "retried",
        *compared,
    )
    sums = [_row(words, quality[key]) for key, words in _SUMS if key in quality] or [_row("all", quality["total"])]
    rows = [
        head,
        *(
            (
                *_row(each["layer"], each),
                *("–" if each[key] is None else f"{each[key]:.2f}" for key in natural),
                *(each[key] or TOO_FEW for key in graded),
            )
            for each in quality["layers"]
        ),
        *((*each, *[""] * len(compared)) for each in sums),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
    if any(each[key] is None for each in quality["layers"] for key in graded):
        lines.append(f"{TOO_FEW}: fewer than {FEWEST_PHOTOGRAPHS} photographs, or too few filters, to say it")
    failing = [f"{each['layer']}/{each['filter']}" for each in quality["failing"]]
    more = f" and {len(failing) - FAILING_NAMED} more" if len(failing) > FAILING_NAMED else ""
    named = f"{', '.join(failing[:FAILING_NAMED]) or 'none'}{more}"
    lines.append(f"failing (not {ALIVE_RATIO:g} × the {words.measure} on noise): {named}")
    least_sure = [
        f"{each['layer']}/{each['filter']} (own rank {each['own_rank']}{_times_noise(each['ratio'])})"
        for each in quality["worst"][:LEAST_SURE_NAMED]
    ]
    lines.append(f"least sure: {', '.join(least_sure)}")
    return "\n".join(lines) + "\n"


def _times_noise(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f", {ratio:.1f} × noise" if ratio >= 0.1 else ", next to nothing on its own picture"


def sum_up(
    paths: Sequence[Path], trusts: Sequence[Path] = (), shown: Sequence[Path] = ()
) -> tuple[dict[str, Any], str]:
    """Return the figures and the table of the layers whose summaries are in `paths`, and, where there are photographs,
    how they compare with them in `trusts`, and how they answer to them in `shown`."""
    layers = {path: layer_summary.read(path) for path in paths}
    layer_summary.check_alike(layers)
    summaries = list(layers.values())
    figures = collect(
        summaries,
        _of_layers(summaries, trusts, trust.read, "--trust") if trusts else None,
        _of_layers(summaries, shown, exemplars.read, "--exemplars") if shown else None,
    )
    return figures, format_text(figures)


def _of_layers(layers: Sequence[Layer], paths: Sequence[Path], read: Callable[[Path], T], option: str) -> dict[str, T]:
    found = {}
    for path in paths:
        each = read(path)
        if each.weights_sha256 != layers[0].weights_sha256:
            raise UserError(f"{path}: weights_sha256: not that of the summaries; {CURE}")
        found[each.name] = each
    if missing := [layer.name for layer in layers if layer.name not in found]:
        raise UserError(f"{option}: nothing of {missing[0]}; give a file for each layer, or none")
    return found


def _figures(layers: Sequence[Layer]) -> dict[str, Any]:
    filters = [each for layer in layers for each in layer.filters]
    kept = [each.robust_activation / each.activation for each in filters if each.activation > 0]
    return {
        **{key: sum(getattr(layer.figures, key) for layer in layers) for key in _COUNTS},
        "median_selectivity": round(float(np.median([each.selectivity for each in filters])), 4),
        "median_robustness": round(float(np.median(kept)), 4) if kept else None,
    }


def _row(name: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    robustness = figures["median_robustness"]
    return (
        name,
        f"{figures['rendered']:,}",
        *(percent(figures[key], figures["rendered"]) for key in ("alive", "own_best", "own_best_top5")),
        f"{figures['median_selectivity']:.2f}",
        "–" if robustness is None else f"{robustness:.2f}",
        f"{figures['retried']:,}",
    )


def _arguments() -> argparse.Namespace:
    parser = options.Parser(
        prog="python -m pipeline.summary.quality",
        description="Sum up how true the pictures are: found (excite their filter at least "
        f"{ALIVE_RATIO:g} times as much as noise does), own best (no other picture of the layer excites the filter "
        "more), selectivity and robustness (share of the activation that is left when the picture is slightly turned, "
        "resized and moved), both medians. With --trust also, in grades, specific (the layer answers to a picture as "
        "to the photographs that excite its filter, and not as to those of others) and unnatural (it answers as to no "
        "photograph). With --exemplars natural, too: the strongest unit in any photograph ÷ that in the picture, the "
        "median. Of pictures made with the objective neuron, the activation is that of the central unit; with "
        "negative_channel, opposition (how far below zero the filter is held) takes its place, and opposed that of "
        "found.",
    )
    parser.add_argument("summaries", nargs="+", type=Path, metavar="results/layers/*.json", help="summaries of layers")
    parser.add_argument(
        "--trust", nargs="+", type=Path, default=[], metavar="results/trust/*.json", help="comparisons with photographs"
    )
    parser.add_argument(
        "--exemplars",
        nargs="+",
        type=Path,
        default=[],
        metavar="results/photographs/layers/*.json",
        help="what photographs do",
    )
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="write the figures there, the table beside it")
    return parser.parse_args()


def main() -> None:
    """Print the table of the layers given; write it too where that is asked for."""
    arguments = _arguments()
    figures, text = sum_up(arguments.summaries, arguments.trust, arguments.exemplars)
    if arguments.output:
        files.write_bytes(layout.quality_text(arguments.output), text.encode())
        files.write_json(arguments.output, figures)
    print(text, end="")


if __name__ == "__main__":
    errors.run(main)
