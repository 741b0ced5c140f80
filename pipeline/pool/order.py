"""The order of the pool: which waiting jobs go to which free worker, and which of them can go at once."""

from collections.abc import Sequence

# Options of a job that a compiled loop does not depend on. Those of all others make its kind.
INDIVIDUAL = ("--filter", "--output", "--seed")


def kind(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return what jobs that share a compiled loop have in common: layer, canvas, precision, recipe, network."""
    kept = []
    rest = iter(arguments)
    for argument in rest:
        # What follows an option is its value, whatever it looks like: `pipeline.options` reads it so, too.
        option, equals, value = argument.partition("=")
        value = value if equals else next(rest, "")
        if option not in INDIVIDUAL:
            kept.append(f"{option}={value}")
    return tuple(kept)


def choose(
    waiting: Sequence[tuple[str, ...]], free: Sequence[tuple[str, ...]], *, most: int = 1
) -> tuple[list[int], int]:
    """Return which of the `waiting` jobs go to which of the `free` workers, given the kinds of both, as indices.

    The first is the longest waiting that a worker has compiled; if there is none, the longest waiting. With it go those
    of its kind that have waited longest, up to `most` in all.
    """
    first, worker = next(
        ((job, free.index(kind_)) for job, kind_ in enumerate(waiting) if kind_ in free),
        (0, 0),
    )
    like_it = [job for job, kind_ in enumerate(waiting) if kind_ == waiting[first]]
    return like_it[:most], worker
