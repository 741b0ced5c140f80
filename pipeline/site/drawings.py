"""Drawings for the pages, as inline SVG: kernels, curves, histograms, receptive fields.

Every figure says in words (its accessible name) what it shows. Colours come from the style sheet by class, and what
a colour means is always drawn as well: a positive weight is a filled square, a negative one a hollow square.
"""

import base64
import itertools
import math
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from pipeline.formatting import number, percent_of, signed
from pipeline.images import png
from pipeline.measure import words

# Side of one cell of a kernel map in SVG units (whole ones: pages have a dozen maps), the largest square in it, and
# the smallest, so that small weights show. A hollow square's outline reaches a unit further.
CELL = 16
LARGEST_SQUARE = 14
SMALLEST_SQUARE = 2
OUTLINE = 2
# A map of this side is drawn as large as it is shown, and needs not say how large it is.
SHOWN = 3 * CELL

# Size of a chart in SVG units, and the room for its axis below.
CHART_WIDTH = 300
CHART_HEIGHT = 110
AXIS = 18

# Share of a chart's height that bars with numbers above them take.
BELOW_NUMBERS = 0.88

# Bins of the hue and the orientation histograms: 20° and 10° each.
HUE_BINS = 18
ORIENTATION_BINS = 18

# With more bars in a row their numbers would run into each other.
BARS_WITH_NUMBERS = 13

# Stripes weaker than this (0..1) have no direction worth counting: the words do not name it, either.
LEAST_ORIENTATION = words.STREAKS

# Beyond so many times the answer to noise, how many more says nothing: it is mostly how silent noise leaves a filter.
MOST_TIMES = 1000


def kernel_map(kernel: Sequence[Sequence[float]]) -> Markup:
    """Draw one slice of a kernel: the area of a square is the weight's size, filled is positive, hollow negative."""
    rows, columns = len(kernel), len(kernel[0])
    values = [value for row in kernel for value in row]
    largest = max(map(abs, values)) or 1.0
    paths = {"pos": "", "neg": ""}
    for place, value in enumerate(values):
        kind = "neg" if value < 0 else "pos"
        room = LARGEST_SQUARE - OUTLINE if kind == "neg" else LARGEST_SQUARE
        # Whole and even, to be centred in whole units.
        side = max(SMALLEST_SQUARE, 2 * round(room * math.sqrt(abs(value) / largest) / 2))
        x, y = (place % columns) * CELL + (CELL - side) // 2, (place // columns) * CELL + (CELL - side) // 2
        # What is filled is closed where its outline is not.
        paths[kind] += f"M{x} {y}h{side}v{side}H{x}{'z' if kind == 'neg' else ''}"
    label = f"{signed(min(values))} to {signed(max(values))}"
    drawn = "".join(f'<path class={kind} d="{path}"/>' for kind, path in paths.items() if path)
    size = (columns * CELL, rows * CELL)
    box = "" if size == (SHOWN, SHOWN) else f' viewBox="0 0 {size[0]} {size[1]}"'
    return Markup(f'<svg{box} role=img aria-label="{label}">{drawn}</svg>')


def curve(activations: Sequence[float], marked: Sequence[int], copied: int = 0) -> Markup:
    """Draw the activation at every step, with a dot at each marked step; the line of the first `copied` is dashed."""
    # Whole units: half a unit is less than a third of the line's width.
    width, height = 2 * CHART_WIDTH, 150
    highest = max(activations)
    last = max(1, len(activations) - 1)

    def point(step: int) -> tuple[int, int]:
        return round(8 + (width - 16) * step / last), round(height - (height - 12) * activations[step] / (highest or 1))

    def line(first: int, end: int) -> str:
        return _line([point(step) for step in range(first, end)])

    lines = f'<path class=line d="{line(copied, len(activations))}"/>'
    if copied:
        lines += f'<path class=line stroke-dasharray="6 5" d="{line(0, copied)}"/>'
    # Numbered, so that the dot of the snapshot that is looked at can grow.
    dots = "".join(
        "<circle cx={} cy={} r=4 style=--k:{} />".format(*point(step), place) for place, step in enumerate(marked)
    )
    label = (
        f"Mean activation over {last} steps: {number(activations[0])} at the start, "
        f"{number(activations[-1])} at the end, highest {number(highest)}"
    )
    return Markup(
        f'<svg class=curve viewBox="0 0 {width} {height + AXIS}" role=img aria-label="{label}">'
        f'<path class=axis d="M0 {height}H{width}"/>{lines}{dots}'
        f"<text x=8 y={height + 15}>step 0</text>"
        f"<text x={width - 8} y={height + 15} class=end>step {last}</text></svg>"
    )


def ratio_histogram(ratios: Sequence[float], threshold: float, measure: str = "activation") -> Markup:
    """Draw how many filters answer so many times more to their picture than to noise, on a logarithmic axis.

    What is above `MOST_TIMES` is drawn there. `measure` names the answer.
    """
    logs = np.log10(np.clip(np.asarray(ratios, float), 0.1, MOST_TIMES))
    low, high = min(0.0, math.floor(logs.min())), math.log10(MOST_TIMES)
    counts, _ = np.histogram(logs, bins=10 * round(high - low), range=(low, high))

    def x(value: float) -> str:
        return _short(CHART_WIDTH * (math.log10(value) - low) / (high - low))

    ticks = "".join(
        f"<text x={x(10**power)} y={CHART_HEIGHT + 14}{anchor}>{more}{10**power:,g}×</text>"
        for power, anchor, more in (
            *((power, " class=mid" if power > low else "", "") for power in range(round(low), round(high))),
            (round(high), " class=end", "≥ "),
        )
    )
    label = (
        f"Histogram of {len(ratios)} filters: {measure} on its own picture divided by that on noise, "
        f"median {_at_most(float(np.median(ratios)))}, least {_at_most(min(ratios))}; the line is at {threshold:g}"
    )
    return Markup(
        f'{_chart_open(label)}<path class=bars d="{_bars(counts, BELOW_NUMBERS)}"/>'
        f'<path class=limit d="M{x(threshold)} 0V{CHART_HEIGHT}"/>{ticks}{_tallest(counts)}</svg>'
    )


def octave_histogram(counts: Sequence[int], largest: float, total: int) -> Markup:
    """Draw how many of `total` photographs excite a filter how much, on a logarithmic axis that ends at the largest.

    Args:
        counts: in steps of half an octave down from the largest; the last is of all that stay below.
        largest: the largest activation.
        total: how many photographs there are.
    """
    upwards = np.asarray(counts[::-1])
    steps = len(counts) - 1

    def x(octaves: int) -> str:
        return _short(CHART_WIDTH * (1 - 2 * octaves / (steps + 1)))

    ticks = "".join(
        f"<text x={x(octaves)} y={CHART_HEIGHT + 14} class={'end' if octaves == 0 else 'mid'}>"
        f"{number(largest / 2**octaves, 2)}</text>"
        for octaves in range(0, steps // 2, 2)
    )
    label = (
        f"Histogram of {total} photographs by the strongest unit in each, on a logarithmic axis up to "
        f"{number(largest)}; {counts[-1]} stay below {number(largest / 2 ** (steps / 2), 2)}"
    )
    return Markup(
        f'{_chart_open(label)}<path class=sticks d="{_sticks(upwards)}"/>'
        f"<text x=0 y={CHART_HEIGHT + 14}>less</text>{ticks}</svg>"
    )


def hue_histogram(hues: Sequence[float | None]) -> Markup:
    """Draw how many pictures have which dominant hue."""
    known = [hue % 360 for hue in hues if hue is not None]
    counts, _ = np.histogram(known, bins=HUE_BINS, range=(0, 360))
    step = CHART_WIDTH / HUE_BINS
    highest = max(1, counts.max()) / BELOW_NUMBERS
    bars = "".join(
        f'<path fill="hsl({(i + 0.5) * 360 / HUE_BINS:.0f} 65% 50%)" d="{_bar(i * step, step, count / highest)}"/>'
        for i, count in enumerate(counts)
        if count
    )
    names = (
        ("red", 0, "start"),
        ("yellow", 60, "mid"),
        ("green", 120, "mid"),
        ("turquoise", 180, "mid"),
        ("blue", 240, "mid"),
    )
    ticks = "".join(
        f"<text x={_short(CHART_WIDTH * degrees / 360)} y={CHART_HEIGHT + 14} class={anchor}>{name}</text>"
        for name, degrees, anchor in (*names, ("pink", 345, "end"))
    )
    grey = len(hues) - len(known)
    label = f"Histogram of dominant hues, 0 to 360 degrees, of {len(known)} pictures; {grey} more are grey"
    return Markup(f"{_chart_open(label)}{bars}{ticks}{_tallest(counts)}</svg>")


def orientation_rose(orientations: Sequence[tuple[float, float]]) -> Markup:
    """Draw how many pictures have stripes in which direction, as a half rose.

    Args:
        orientations: (degrees 0..180 anticlockwise from horizontal, strength 0..1) of each picture.
    """
    clear = [degrees % 180 for degrees, strength in orientations if strength >= LEAST_ORIENTATION]
    # The first bin is centred on horizontal, and so collects what lies on both sides of it.
    step = 180 / ORIENTATION_BINS
    counts, _ = np.histogram([(degrees + step / 2) % 180 for degrees in clear], bins=ORIENTATION_BINS, range=(0, 180))
    highest = max(1, counts.max())
    centre, radius = CHART_WIDTH / 2, CHART_HEIGHT - 18

    def at(degrees: float, share: float) -> str:
        angle = math.radians(degrees)
        x, y = centre + radius * share * math.cos(angle), CHART_HEIGHT - radius * share * math.sin(angle)
        return f"{_short(x)} {_short(y)}"

    wedges = ""
    for i, count in enumerate(counts):
        # The area of a wedge, not its length, is the count.
        share = math.sqrt(count / highest)
        halves = ((0.0, step / 2), (180 - step / 2, 180.0)) if i == 0 else ((i * step - step / 2, i * step + step / 2),)
        wedges += "".join(
            f"M{_short(centre)} {CHART_HEIGHT}L{at(a, share)}L{at(b, share)}z" for a, b in halves if count
        )
    arc = f"M{at(180, 1)}A{radius} {radius} 0 0 1 {at(0, 1)}z"
    label = f"Directions of the stripes of {len(clear)} pictures; {len(orientations) - len(clear)} have no clear one"
    none = "" if clear else f"<text x={_short(centre)} y={CHART_HEIGHT - 30} class=mid>none</text>"
    return Markup(
        f'{_chart_open(label)}<path class=axis d="{arc}"/><path class=bars d="{wedges}"/>{none}'
        f"<text x={_short(centre + radius - 4)} y={CHART_HEIGHT + 14} class=end>horizontal</text>"
        f"<text x={_short(centre)} y=12 class=mid>vertical</text></svg>"
    )


def direction_curve(degrees: Sequence[float], answers: Sequence[float], preferred: float) -> Markup:
    """Draw how strongly a filter answers to stripes of each direction, as a half polar curve.

    Args:
        degrees: evenly spread over 0..180, anticlockwise from horizontal.
        answers: one for each, 0..1.
        preferred: the direction that is marked.
    """
    centre, radius = CHART_WIDTH / 2, CHART_HEIGHT - 18

    def point(angle: float, share: float) -> tuple[int, int]:
        turn = math.radians(angle)
        return round(centre + radius * share * math.cos(turn)), round(CHART_HEIGHT - radius * share * math.sin(turn))

    def at(angle: float, share: float) -> str:
        return "{} {}".format(*point(angle, share))

    shape = _line([*map(point, (*degrees, 180), (*answers, answers[0]))])
    label = f"Answers to stripes of each direction: most at {preferred:.0f}°, least {percent_of(min(answers))} of that"
    return Markup(
        f'{_chart_open(label)}<path class=axis d="M{at(180, 1)}A{radius} {radius} 0 0 1 {at(0, 1)}z"/>'
        f'<path class=bars d="{shape}z"/><path class=limit d="M{at(0, 0)}L{at(preferred, 1)}"/>'
        f"<text x={_short(centre + radius - 4)} y={CHART_HEIGHT + 14} class=end>horizontal</text>"
        f"<text x={_short(centre)} y=12 class=mid>vertical</text></svg>"
    )


def period_curve(periods_px: Sequence[float], answers: Sequence[float], preferred_px: float) -> Markup:
    """Draw how strongly a filter answers to stripes of each period, on a logarithmic axis.

    Args:
        periods_px: ascending.
        answers: one for each, 0..1.
        preferred_px: the period that is marked.
    """
    shortest, longest = periods_px[0], periods_px[-1]

    def x(period: float) -> int:
        return round(8 + (CHART_WIDTH - 16) * math.log(period / shortest) / math.log(longest / shortest))

    heights = (round(CHART_HEIGHT - (CHART_HEIGHT - 6) * share) for share in answers)
    line = _line(list(zip(map(x, periods_px), heights, strict=True)))
    ends = ((shortest, ""), (longest, " class=end"))
    ticks = "".join(
        f"<text x={x(each)} y={CHART_HEIGHT + 14}{anchor}>{number(each, 2)} px</text>" for each, anchor in ends
    )
    label = f"Answers to stripes of {number(shortest, 2)} to {number(longest, 2)} px: most at {number(preferred_px, 2)}"
    return Markup(
        f'{_chart_open(label)}<path class=axis d="M0 {CHART_HEIGHT}H{CHART_WIDTH}"/><path class=line d="{line}"/>'
        f'<path class=limit d="M{x(preferred_px)} 0V{CHART_HEIGHT}"/>{ticks}</svg>'
    )


def colour_bars(hues: Sequence[int], answers: Sequence[float]) -> Markup:
    """Draw how strongly a filter answers to gratings in grey, and in colours from each hue to its opposite.

    Args:
        hues: of the axes, degrees.
        answers: one to grey, and one for each axis, 0..1.
    """
    # The style sheet has the stripes, two for each answer; what is above the bars is covered.
    width = 2 * (CHART_WIDTH // (2 * len(answers)))
    tops = (CHART_HEIGHT - round((CHART_HEIGHT - 4) * each) for each in answers)
    above = "".join(f"V{top}H{place * width}" for place, top in enumerate(tops, 1))
    label = (
        f"Answers to gratings in grey, {percent_of(answers[0])}, and along {len(hues)} axes of colour: "
        + ", ".join(percent_of(each) for each in answers[1:])
    )
    return Markup(f'{_chart_open(label, "hues")}<path d="M0 0{above}V0"/><text y={CHART_HEIGHT + 14}>grey</text></svg>')


def layer_bars(names: Sequence[str], values: Sequence[float], most: float, what: str) -> Markup:
    """Draw a figure of each layer as a bar.

    Args:
        names: of the layers, in the network's order.
        values: one for each, 0..`most`.
        most: what a bar of full height stands for.
        what: the values are, in words.
    """
    step = CHART_WIDTH / len(values)
    shares = [BELOW_NUMBERS * value / most for value in values]
    bars = "".join(_bar(place * step, step, share) for place, share in enumerate(shares))
    heads = "".join(
        f"<text x={_short((place + 0.5) * step)} y={(CHART_HEIGHT - 4) * (1 - share):.0f} class=mid>{value:.0f}</text>"
        for place, (value, share) in enumerate(zip(values, shares, strict=True))
        if len(values) <= BARS_WITH_NUMBERS
    )
    label = f"{what}: " + ", ".join(f"{escape(name)} {value:.0f}" for name, value in zip(names, values, strict=True))
    return Markup(
        f'{_chart_open(label)}<path class=bars d="{bars}"/>{heads}'
        f"<text x=0 y={CHART_HEIGHT + 14}>{escape(names[0])}</text>"
        f"<text x={CHART_WIDTH} y={CHART_HEIGHT + 14} class=end>{escape(names[-1])}</text></svg>"
    )


def field_frame(receptive_field_px: int, canvas_px: int) -> Markup:
    """Draw, over a picture of `canvas_px`, the square that one unit sees; nothing when it sees more."""
    if receptive_field_px >= canvas_px:
        return Markup("")
    start, side = (canvas_px - receptive_field_px) / 2, receptive_field_px
    square = f'x={_short(start)} y={_short(start)} width={side} height="{side}"'
    return Markup(
        f'<svg class=frame viewBox="0 0 {canvas_px} {canvas_px}" aria-hidden=true>'
        f"<rect class=halo {square}/><rect {square}/></svg>"
    )


def field_glyph(receptive_field_px: int, largest_px: int) -> Markup:
    """Draw a receptive field, to scale in a square that stands for the network's largest."""
    side = max(1.5, 40 * min(1.0, receptive_field_px / largest_px))
    at = _short(22 - side / 2)
    return Markup(
        '<svg class=glyph viewBox="0 0 44 44" aria-hidden=true>'
        "<rect class=whole x=2 y=2 width=40 height=40 />"
        f"<rect class=seen x={at} y={at} width={_short(side)} height={_short(side)} /></svg>"
    )


def kernel_pixels(kernel: np.ndarray) -> np.ndarray:
    """Return an RGB kernel, (height, width, 3), as uint8 pixels: mid-grey is 0, the largest weight is at full range."""
    largest = float(np.abs(kernel).max()) or 1.0
    return np.rint(127.5 + 127.5 * np.asarray(kernel, np.float64) / largest).astype(np.uint8)


def kernel_uri(kernel: np.ndarray) -> str:
    """Return an RGB kernel as a `data:` address of a picture with one pixel for each weight."""
    return "data:image/png;base64," + base64.b64encode(png(kernel_pixels(kernel))).decode()


def _chart_open(label: str, kind: str = "") -> str:
    box = f"0 0 {CHART_WIDTH} {CHART_HEIGHT + AXIS}"
    return f'<svg class="{f"chart {kind}".strip()}" viewBox="{box}" role=img aria-label="{label}">'


def _line(points: Sequence[tuple[int, int]]) -> str:
    """Return the path through points, from one to the next: in fewer letters than from the corner."""
    steps = [f"{x - a}{y - b:+}" for (a, b), (x, y) in itertools.pairwise(points)]
    return f"M{points[0][0]} {points[0][1]}" + ("l" + " ".join(steps).replace("+", " ") if steps else "")


def _sticks(counts: np.ndarray) -> str:
    """Return the middles of bars, in whole units: pages of filters have them."""
    step = CHART_WIDTH / len(counts)
    heights = (max(1, round((CHART_HEIGHT - 4) * count / max(1, counts.max()))) for count in counts)
    return "".join(
        f"M{(place + 0.5) * step:.0f} {CHART_HEIGHT}v-{height}"
        for place, (count, height) in enumerate(zip(counts, heights, strict=True))
        if count
    )


def _bars(counts: np.ndarray, most: float = 1) -> str:
    step = CHART_WIDTH / len(counts)
    highest = max(1, counts.max())
    return "".join(_bar(i * step, step, most * count / highest) for i, count in enumerate(counts) if count)


def _bar(x: float, width: float, share: float) -> str:
    height = _short(max(1.0, (CHART_HEIGHT - 4) * share))
    return f"M{_short(x + 0.5)} {CHART_HEIGHT}v-{height}h{_short(width - 1)}v{height}z"


def _tallest(counts: np.ndarray) -> str:
    """Return the scale of a histogram's other axis: how many its tallest bar stands for, above it."""
    if not counts.any():
        return ""
    # Inwards of the edges by half a number of three digits.
    x = min(max(12, (counts.argmax() + 0.5) * CHART_WIDTH / len(counts)), CHART_WIDTH - 12)
    return f"<text x={_short(x)} y={(CHART_HEIGHT - 4) * (1 - BELOW_NUMBERS):.0f} class=mid>{counts.max()}</text>"


def _at_most(times: float) -> str:
    return number(times) if times <= MOST_TIMES else f"more than {MOST_TIMES:,}"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
