"""Which photographs are in which share of them: told by their digests, so that a new one changes one share alone.

A name would do as well, but a file that is renamed is still the same photograph. One share more takes its photographs
from one that there was (linear hashing): the share of a digest is its remainder by the next power of two, and by half
of that where there is no share of that number yet. Until a share is split it has twice as many as those that were.
"""

import bisect
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
    return tuple(sorted(each.sha256 for each in photographs if _share(each.sha256, shares) == number))


def _share(digest: str, shares: int) -> int:
    power = 1 << (shares - 1).bit_length()
    number = int(digest[:_DIGITS], 16) % power
    return number if number < shares else number % (power // 2)


def sampled(photographs: Sequence[File], own: Sequence[str]) -> int:
    """Return how many of a share's photographs are in the sample of all, the first by their digests.

    Args:
        photographs: all of them.
        own: digests of those in the share, ascending.
    """
    *_, last = sorted(each.sha256 for each in photographs)[: strongest.SAMPLED]
    return bisect.bisect_right(own, last)
