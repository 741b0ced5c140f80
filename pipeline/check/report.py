"""What of an atlas is there: every finding, as a table and as reasons, and what cannot be used set aside."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pipeline import errors
from pipeline.check import inspection
from pipeline.check.inspection import DAMAGED, MISSING, OTHERWISE, WHOLE, Finding
from pipeline.config.plan import Plan
from pipeline.errors import UserError
from pipeline.results import layout, renders
from pipeline.results.agreement import Expected
from pipeline.weights import store

# Filters that a process examines at a time: about a second's work.
CHUNK = 64
# Reasons that are named for each layer; the others are counted.
NAMED_REASONS = 3


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes:
        filters: findings for the filters of each layer.
        of_layer: findings for what follows from each layer, by name.
        weights, quality, map, site: findings for what the atlas has one of.
    """

    filters: Mapping[str, Sequence[Finding]]
    of_layer: Mapping[str, Mapping[str, Finding]]
    weights: Finding
    quality: Finding
    map: Finding
    site: Finding

    def faults(self) -> list[Finding]:
        """Return all findings that are not whole, in the order of the workflow."""
        layers = [each for layer in self.filters for each in (*self.filters[layer], *self.of_layer[layer].values())]
        return [each for each in (self.weights, *layers, self.quality, self.map, self.site) if each.state != WHOLE]


def examine(results: Path, plan: Plan, cores: int) -> Report:
    """Return what a results directory holds of an atlas, examined by `cores` processes."""
    path = layout.weights(results)
    sha256, made = None, Finding("weights", MISSING, f"{path}: no such file")
    if path.exists():
        try:
            loaded = store.load(path)
            sha256, made = loaded.sha256, inspection.examine_weights(path, loaded, plan)
        except UserError as error:
            made = Finding("weights", DAMAGED, str(error), (path,))
    wanted = {layer: inspection.expected(plan, layer, sha256) for layer in plan.filters}
    filters = _examine_filters(results, plan, wanted, cores)
    of_layer = {layer: inspection.examine_layer(results, plan, layer, sha256) for layer in plan.filters}
    grounds = [made, *(each for layer in plan.filters for each in (*filters[layer], *of_layer[layer].values()))]
    quality, sheet, site = inspection.examine_ends(
        results, plan, grounds_are_whole=all(each.state == WHOLE for each in grounds)
    )
    return Report(filters=filters, of_layer=of_layer, weights=made, quality=quality, map=sheet, site=site)


def _examine_filters(results: Path, plan: Plan, wanted: Mapping[str, Expected], cores: int) -> dict[str, list[Finding]]:
    chunks = [
        (layer, filters[start : start + CHUNK])
        for layer, filters in plan.filters.items()
        for start in range(0, len(filters), CHUNK)
    ]
    found: dict[str, list[Finding]] = {layer: [] for layer in plan.filters}
    with ProcessPoolExecutor(cores) as processes:
        with errors.for_this_process_alone():
            examined = processes.map(
                inspection.examine_filters,
                [results] * len(chunks),
                [wanted[layer] for layer, _ in chunks],
                [filters for _, filters in chunks],
            )
        for (layer, _), findings in zip(chunks, examined, strict=True):
            found[layer] += findings
    return {layer: inspection.disagreeing(findings, wanted[layer]) for layer, findings in found.items()}


def format_table(report: Report) -> str:
    """Return the table: a line for each layer, with counts of its filters and the state of what follows from them."""
    of_layer = list(next(iter(report.of_layer.values())))
    heads = ("layer", "filters", WHOLE, MISSING, DAMAGED, OTHERWISE, *of_layer)
    rows: list[tuple[str, ...]] = [heads]
    totals: Counter[str] = Counter()
    for layer, findings in report.filters.items():
        states = Counter(each.state for each in findings)
        totals += states
        rows.append(
            (
                layer,
                f"{len(findings):,}",
                *(f"{states[state]:,}" for state in heads[2:6]),
                *(report.of_layer[layer][name].state for name in of_layer),
            )
        )
    rows.append(
        ("all", f"{totals.total():,}", *(f"{totals[state]:,}" for state in heads[2:6]), *("" for _ in of_layer))
    )
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = [
        "  ".join(
            cell.rjust(width) if 0 < column < 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    ones = [f"{each.name}: {each.state}" for each in (report.weights, report.quality, report.map, report.site)]
    return "\n".join([*lines, "", *ones])


def format_reasons(report: Report) -> str:
    """Return why what is not whole is not: a few lines for each layer and state; what is just missing is left out."""
    lines = [report.weights.reason] if report.weights.state in (DAMAGED, OTHERWISE) else []
    for layer, findings in report.filters.items():
        for state in (DAMAGED, OTHERWISE):
            reasons = [each.reason for each in (*findings, *report.of_layer[layer].values()) if each.state == state]
            lines += reasons[:NAMED_REASONS]
            if len(reasons) > NAMED_REASONS:
                lines.append(f"… and {len(reasons) - NAMED_REASONS:,} more in {layer} that are {state}")
    lines += [each.reason for each in (report.quality, report.map, report.site) if each.state in (DAMAGED, OTHERWISE)]
    return "\n".join(lines)


def set_aside(report: Report) -> int:
    """Rename what cannot be used, so that the next run makes it anew; return how many files and folders.

    With a filter goes what was made from it: where that is there, Snakemake takes no notice of a filter that is not.
    """
    findings = _unusable(report)
    if report.faults():
        findings.append(report.site)
    paths = _there(findings)
    for path in paths:
        renders.set_path_aside(path)
    return len(paths)


def advice(report: Report) -> str:
    """Return what mends an atlas with faults, in a line; nothing where it has none."""
    faults = report.faults()
    if not faults:
        return ""
    if faults == [report.site] and report.site.state != MISSING:
        return "make site builds the pages anew (without make: snakemake --cores all --forcerun site)"
    if not _there(_unusable(report)):
        return "make atlas makes what is missing, and what follows from it"
    return (
        "make check SET_ASIDE=yes (without make: --set-aside) renames what cannot be used to "
        f"*{renders.DAMAGED_ENDING}; make atlas then makes it anew"
    )


def _unusable(report: Report) -> list[Finding]:
    """Return what has to go for a run to make it anew, but for the site."""
    findings = [report.weights] if report.weights.state in (DAMAGED, OTHERWISE) else []
    for layer, filters in report.filters.items():
        of_layer = report.of_layer[layer].values()
        findings += [each for each in filters if each.state in (DAMAGED, OTHERWISE)]
        incomplete = any(each.state != WHOLE for each in filters)
        findings += [each for each in of_layer if incomplete or each.state in (DAMAGED, OTHERWISE)]
    incomplete = any(each.state != WHOLE for filters in report.filters.values() for each in filters)
    if report.quality.state in (DAMAGED, OTHERWISE):
        findings.append(report.quality)
    if incomplete or report.map.state in (DAMAGED, OTHERWISE):
        findings.append(report.map)
    return findings


def _there(findings: Sequence[Finding]) -> list[Path]:
    return [path for finding in findings for path in finding.paths if path.exists()]
