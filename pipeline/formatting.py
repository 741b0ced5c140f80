"""Numbers and shares as people read them, on pages and in tables."""

import math

MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, in plain notation, with a true minus sign."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals > 5:
        return f"{value:.1e}".replace("-", MINUS)
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def signed(value: float) -> str:
    """Return a number with its sign."""
    return ("+" if value > 0 else "") + number(value, 2)


def part_of(part: int, whole: int) -> str:
    """Return two counts as a part and the whole."""
    return f"{part:,} of {whole:,}"


def percent(part: int, whole: int) -> str:
    """Return a count as a share of another in per cent, to a tenth, "–" of nothing.

    It is rounded down: 100 % is said of all, and of none but all.
    """
    if whole == 0:
        return "–"
    return f"{100 * part // whole} %" if part in (0, whole) else f"{1000 * part // whole / 10:.1f} %"


def percent_of(share: float) -> str:
    """Return a share, 0..1, in per cent."""
    return f"{number(100 * share, 2)} %"
