"""Numbers and shares as pages print them."""

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
    """Return a share in per cent; 100 only when nothing is missing."""
    if whole == 0:
        return "–"
    value = 100 * part / whole
    return f"{value:.0f} %" if value in (0, 100) else f"{min(99.9, value):.1f} %"


def percent_of(share: float) -> str:
    """Return a share, 0..1, in per cent."""
    return f"{number(100 * share, 2)} %"
