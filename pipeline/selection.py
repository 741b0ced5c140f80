"""The notation of filter numbers: "0-31,159"."""

import re

from pipeline.errors import UserError

_RANGE = re.compile(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", re.ASCII)


def parse_filters(text: str) -> tuple[int, ...]:
    """Return the numbers in a text such as "0-31,159", ascending, each once; raise `UserError` if it is none."""
    numbers: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if not match:
            raise UserError(f"'{part.strip()}' is not a filter number or range; write for example 0-31,159")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise UserError(f"the range '{part.strip()}' runs backwards; write {last}-{first}")
        numbers.update(range(first, last + 1))
    return tuple(sorted(numbers))


def format_filters(numbers: tuple[int, ...]) -> str:
    """Return ascending filter numbers as the shortest text that `parse_filters` reads: (0, 1, 2, 9) is "0-2,9"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)
