"""Which photographs are in which share of them: told by their digests, so that a new one changes one share alone.

A name would do as well, but a file that is renamed is still the same photograph.
"""

from collections.abc import Sequence

from pipeline.results import strongest
from pipeline.results.photographs import File

# Leading digits of a digest that say where a photograph belongs.
_DIGITS = 8


def digests(photographs: Sequence[File], number: int, shares: int) -> tuple[str, ...]:
    """Return the digests of the photographs in a share, the first of which is 0: ascending, however files are called.

    Args:
        photographs: all of them.
        number: of the share.
        shares: how many there are.
    """
    return tuple(sorted(each.sha256 for each in photographs if int(each.sha256[:_DIGITS], 16) % shares == number))


def sampled(photographs: int, shares: int) -> int:
    """Return how many of a share's photographs, the first by their digests, are in the sample of all."""
    return min(photographs, strongest.SAMPLED // shares)
