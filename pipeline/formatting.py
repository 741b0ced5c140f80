"""Numbers and shares as people read them, on pages and in tables; and what no page can hold."""

import math
import re

MINUS = "\N{MINUS SIGN}"
# Powers as they are raised.
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# Control characters, halves of characters and the like, which neither HTML nor XML can hold.
_IN_NO_PAGE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
# Ends of lines, and what turns the direction of the text that follows.
_IN_NO_LINE = re.compile("[\t\n\r\x85\u2028-\u202e\u2066-\u2069]")


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, in plain notation where it is not tiny, with a true minus
    sign."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals > 5:
        mantissa, _, power = f"{value:.1e}".partition("e")
        return f"{mantissa} × 10{str(int(power)).translate(_RAISED)}".replace("-", MINUS)
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def signed(value: float) -> str:
    """Return a number with its sign."""
    return ("+" if value > 0 else "") + number(value, 2)


def part_of(part: int, whole: int) -> str:
    """Return two counts as a part and the whole."""
    return f"{part:,} of {whole:,}"


def times(factor: float) -> str:
    """Return how many times something is as strong as something else: "twice", "3 times"."""
    return "twice" if factor == 2 else f"{factor:g} times"


def counted(count: int, one: str, several: str = "") -> str:
    """Return how many there are of something: "one photograph", "1,234 photographs"; `several` where it is not `one`
    with an s."""
    return f"one {one}" if count == 1 else f"{count:,} {several or f'{one}s'}"


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


def size_words(count: int) -> str:
    """Return a number of bytes in the unit that people would say it in."""
    if count < 1000:
        return f"{count} B"
    thousands, unit = (count / 1000, "kB") if count < 999_500 else (count / 1_000_000, "MB")
    return f"{number(thousands, 2 if thousands < 10 else 3)} {unit}"


def not_for_a_page(text: str) -> str | None:
    """Return the first character of a text that no page can hold, as "U+0000"; None where there is none."""
    found = _IN_NO_PAGE.search(text)
    return found and f"U+{ord(found[0]):04X}"


def not_for_a_line(text: str) -> str | None:
    """Return the first character of a text that no line of a page can hold, as "U+000A"; None where there is none."""
    found = _IN_NO_PAGE.search(text) or _IN_NO_LINE.search(text)
    return found and f"U+{ord(found[0]):04X}"
