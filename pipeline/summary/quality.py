"""How true the pictures of an atlas are: the figures of its layers side by side, summed up, the worst named."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import errors, files
from pipeline.errors import UserError
from pipeline.results import layer_summary
from pipeline.results.layer_summary import objective
from pipeline.wording import WORDS

SCHEMA = "atlas/quality/1"

# How many of the least sure filters are named, of all layers.
WORST_LISTED = 16
# How many of the failing filters the text names; the file has them all.
FAILING_NAMED = 8
LEAST_SURE_NAMED = 5

_COUNTS = ("rendered", "alive", "own_best", "own_best_top5", "retried")


def collect(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of an atlas as JSON values (`quality.json` in docs/formats.md).

    Args:
        summaries: of layers of one network, as `pipeline.summary` writes them, at least one.
    """
    ordered = sorted(summaries, key=lambda summary: summary["index"])
    filters = [(summary["layer"], each) for summary in ordered for each in summary["filters"]]
    least_sure = sorted(filters, key=lambda pair: _certainty(pair[1]))
    return {
        "schema": SCHEMA,
        "model": ordered[0]["model"],
        "weights_sha256": ordered[0]["weights_sha256"],
        "objective": objective(ordered[0]),
        "total": _figures(ordered),
        "layers": [
            {
                "layer": summary["layer"],
                "index": summary["index"],
                "filters_total": summary["filters_total"],
                **_figures([summary]),
            }
            for summary in ordered
        ],
        "failing": [{"layer": layer, "filter": each["filter"]} for layer, each in filters if not each["alive"]],
        "worst": [
            {
                "layer": layer,
                "filter": each["filter"],
                "alive": each["alive"],
                "own_rank": each["own_rank"],
                "ratio": _ratio(each),
            }
            for layer, each in least_sure[:WORST_LISTED]
        ],
    }


def format_text(quality: Mapping[str, Any]) -> str:
    """Return the figures of an atlas as a table for the terminal, with the worst filters below it."""
    words = WORDS[quality["objective"]]
    head = ("layer", "rendered", words.alive, "own best", "in best 5", "selectivity", "robustness", "retried")
    rows = [head, *(_row(each["layer"], each) for each in quality["layers"]), _row("all", quality["total"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    failing = [f"{each['layer']}/{each['filter']}" for each in quality["failing"]]
    more = f" and {len(failing) - FAILING_NAMED} more" if len(failing) > FAILING_NAMED else ""
    lines.append(
        f"failing (not twice the {words.measure} on noise): {', '.join(failing[:FAILING_NAMED]) or 'none'}{more}"
    )
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


def sum_up(paths: Sequence[Path]) -> tuple[dict[str, Any], str]:
    """Return the figures and the table of the layers whose summaries are in `paths`."""
    summaries = [read_summary(path) for path in paths]
    for path, summary in zip(paths, summaries, strict=True):
        if summary.get("weights_sha256") != summaries[0].get("weights_sha256"):
            raise UserError(f"{path}: not of the same weights as {paths[0]}; give layers of one atlas")
        if objective(summary) != objective(summaries[0]):
            raise UserError(
                f"{path}: objective: {objective(summary)}, but {objective(summaries[0])} in {paths[0]}; "
                "give layers of one atlas"
            )
    try:
        figures = collect(summaries)
        return figures, format_text(figures)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise UserError(f"{paths[0].parent}: damaged summary ({error!r:.80}); make it anew") from None


def read_summary(path: Path) -> dict[str, Any]:
    """Return the summary of a layer; raise `UserError` when the file is missing or is no such thing."""
    value = files.read_json(path)
    if not isinstance(value, dict) or value.get("schema") != layer_summary.SCHEMA:
        raise UserError(f"{path}: not the summary of a layer ({layer_summary.SCHEMA}); give results/layers/*.json")
    layer_summary.check_objective(value, path)
    return value


def _figures(summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    filters = [each for summary in summaries for each in summary["filters"]]
    kept = [each["robust_activation"] / each["activation"] for each in filters if each["activation"] > 0]
    return {
        **{key: sum(summary["figures"][key] for summary in summaries) for key in _COUNTS},
        "median_selectivity": round(float(np.median([each["selectivity"] for each in filters])), 4),
        "median_robustness": round(float(np.median(kept)), 4) if kept else None,
    }


def _ratio(measured: Mapping[str, Any]) -> float | None:
    noise = measured["noise_activation"]
    return round(measured["activation"] / noise, 2) if noise > 0 else None


def _certainty(measured: Mapping[str, Any]) -> tuple[bool, int, float]:
    """Return what sorts filters: failing ones first, then by own rank, then by activation ÷ noise."""
    ratio = _ratio(measured)
    return measured["alive"], -measured["own_rank"], np.inf if ratio is None else ratio


def _row(name: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    def share(key: str) -> str:
        # Never rounded up to 100 %: that is said of all or of none.
        return f"{np.floor(1000 * figures[key] / figures['rendered']) / 10:.1f} %"

    robustness = figures["median_robustness"]
    return (
        name,
        f"{figures['rendered']:,}",
        share("alive"),
        share("own_best"),
        share("own_best_top5"),
        f"{figures['median_selectivity']:.2f}",
        "–" if robustness is None else f"{robustness:.2f}",
        f"{figures['retried']:,}",
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.summary.quality",
        description="Sum up how true the pictures are: alive (excite their filter at least twice as much as noise "
        "does), own best (no other picture of the layer excites the filter more), selectivity and robustness (share "
        "of the activation that is left when the picture is slightly turned, resized and moved), both medians. Of "
        "pictures made with the objective neuron, the activation is that of the central unit; with negative_channel, "
        "opposition (how far below zero the filter is held) takes its place, and opposed that of alive.",
    )
    parser.add_argument("summaries", nargs="+", type=Path, metavar="results/layers/*.json", help="summaries of layers")
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="write the figures there, the table beside it")
    return parser.parse_args()


def main() -> None:
    """Print the table of the layers given; write it too where that is asked for."""
    arguments = _arguments()
    figures, text = sum_up(arguments.summaries)
    if arguments.output:
        files.write_bytes(arguments.output.with_suffix(".txt"), text.encode())
        files.write_json(arguments.output, figures)
    print(text, end="")


if __name__ == "__main__":
    errors.run(main)
