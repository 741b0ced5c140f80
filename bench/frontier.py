"""What a recipe's pictures are worth against what they cost, a chart a block: `python -m bench.frontier` after
`make bench-quality`."""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench import BUILD
from pipeline import errors, files

WIDTH, HEIGHT, MARGIN, TITLE = 240, 200, 34, 26
# Of a name in the chart, in SVG units: a character's width, and the distance of two lines.
CHARACTER, LINE = 6, 11
INK, PALE, GROUND, ACCENT = "#222", "#bbb", "#fff", "#b3401e"


def chart(rows: Sequence[Mapping[str, Any]], baseline: str) -> str:
    """Return the charts as SVG, one below a heading for each group of layers; both axes are logarithmic.

    Args:
        rows: of `bench.quality`: "layers", "recipe", "s a filter" and "robust ÷ " the baseline, which may be None.
        baseline: the recipe that is 1.
    """
    worth = f"robust ÷ {baseline}"
    groups: dict[str, list[tuple[str, float, float]]] = {}
    for row in rows:
        if row[worth] and row["s a filter"]:
            groups.setdefault(row["layers"], []).append((row["recipe"], row["s a filter"], row[worth]))
    points = [point for group in groups.values() for point in group]
    across, up = _axis([seconds for _, seconds, _ in points]), _axis([worth for _, _, worth in points])
    panels = "".join(_panel(number, name, group, across, up) for number, (name, group) in enumerate(groups.items()))
    width, height = WIDTH * max(1, len(groups)), HEIGHT + 14
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="10" fill="{INK}"><rect width="{width}" height="{height}" fill="{GROUND}"/>{panels}'
        f'<text x="{width / 2:.0f}" y="{height - 3}" text-anchor="middle">processor seconds a filter; upwards: robust '
        f"activation ÷ {escape(baseline)}</text></svg>\n"
    )


def _axis(values: Sequence[float]) -> tuple[float, float]:
    """Return the logarithms between which values lie, with room."""
    logs = [math.log10(value) for value in values] or [0.0]
    return min(logs) - 0.15, max(logs) + 0.15


def _panel(
    number: int,
    name: str,
    group: Sequence[tuple[str, float, float]],
    across: tuple[float, float],
    up: tuple[float, float],
) -> str:
    left, right, top, bottom = MARGIN, WIDTH - 12, TITLE, HEIGHT - 22

    def place(seconds: float, worth: float) -> tuple[int, int]:
        x = (math.log10(seconds) - across[0]) / (across[1] - across[0])
        y = (math.log10(worth) - up[0]) / (up[1] - up[0])
        return round(left + x * (right - left)), round(bottom - y * (bottom - top))

    lines = []
    for tick in (0.01, 0.1, 1, 10, 100):
        if across[0] <= math.log10(tick) <= across[1]:
            x, _ = place(tick, 1)
            lines.append(f'<path d="M{x} {top}V{bottom}" stroke="{PALE}"/>')
            lines.append(f'<text x="{x}" y="{bottom + 12}" text-anchor="middle">{tick:g} s</text>')
    for tick in (0.1, 0.2, 0.5, 1, 2):
        if up[0] <= math.log10(tick) <= up[1]:
            _, y = place(1, tick)
            lines.append(f'<path d="M{left} {y}H{right}" stroke="{PALE}"/>')
            lines.append(f'<text x="{left - 4}" y="{y + 3}" text-anchor="end">{tick:g}</text>')
    points = [(recipe, *place(seconds, worth)) for recipe, seconds, worth in group]
    taken = [(x - 5, x + 5, y) for _, x, y in points]
    for recipe, x, y in points:
        start, end, line = _free(recipe, x, y, (left + right) / 2, taken)
        taken.append((start, end, line))
        anchor = f'x="{start}"' if start > x else f'x="{end}" text-anchor="end"'
        lines.append(f'<path d="M{x} {y}L{start if start > x else end} {line}" stroke="{PALE}"/>')
        lines.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{ACCENT}"/>')
        lines.append(f'<text {anchor} y="{line + 3}">{escape(recipe)}</text>')
    title = f'<text x="{left}" y="16" font-weight="bold">{escape(name)}</text>'
    return f'<g transform="translate({number * WIDTH} 0)">{title}{"".join(lines)}</g>'


def _free(name: str, x: int, y: int, middle: float, taken: Sequence[tuple[int, int, int]]) -> tuple[int, int, int]:
    """Return where the name of a point stands, within the chart and clear of what is there: left, right, and height.

    Args:
        name: of the point.
        x, y: where the point is.
        middle: of the chart; names of points to the right of it stand on their left.
        taken: the like of all points and names that are drawn.
    """
    width = CHARACTER * len(name)
    start = x - 9 - width if x > middle else x + 9
    for rows in range(2 * len(taken)):
        # Beside it, then a row below, a row above, two below, …
        line = y + LINE * (rows // 2 + rows % 2) * (1 if rows % 2 else -1)
        if all(abs(line - other) >= LINE or end < start or start + width < begin for begin, end, other in taken):
            return start, start + width, line
    return start, start + width, y


def main() -> None:
    """Write docs/frontier.svg."""
    parser = argparse.ArgumentParser(prog="python -m bench.frontier", description="Chart what bench.quality measured.")
    parser.add_argument("--quality", type=Path, default=BUILD / "quality" / "quality.json")
    parser.add_argument("--output", type=Path, default=Path("docs/frontier.svg"))
    arguments = parser.parse_args()
    rows = json.loads(arguments.quality.read_text())["rows"]
    shown = [row for row in rows if row["layers"] != "all" and "_" not in row["layers"] and "/" not in row["recipe"]]
    files.write_bytes(arguments.output, chart(shown, rows[0]["recipe"]).encode())


if __name__ == "__main__":
    errors.run(main)
