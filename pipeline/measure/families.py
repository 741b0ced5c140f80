"""Families: filters in groups, so that those of a group are more alike than those of different ones.

Groups are joined two by two, each time the two whose filters move least from their common middle (Ward's criterion).
Nothing in it is drawn at random, and what goes in is rounded: same likenesses, same families, on every machine.
"""

from dataclasses import dataclass

import numpy as np

# Families of a layer: as many as one can take in, and each of several filters.
LARGEST_COUNT = 12
FILTERS_A_FAMILY = 4
# Fewer filters than this stand beside one another anyway.
FEWEST_FILTERS = 24

# Of likenesses: the last bits differ from machine to machine.
_DIGITS = 4


@dataclass(frozen=True)
class Group:
    """A family: the places of its members among all filters, ascending, and of the one that is most like the others."""

    members: tuple[int, ...]
    typical: int


def families(similarity: np.ndarray) -> tuple[Group, ...]:
    """Return the families of filters, the largest first; none where there are fewer than `FEWEST_FILTERS`.

    Args:
        similarity: of each two, −1..1, those with themselves 1; float64 (filters, filters).
    """
    count = len(similarity)
    if count < FEWEST_FILTERS:
        return ()
    similarity = np.round(similarity, _DIGITS)
    groups = _cut(_joins(2 * (1 - similarity)), count, min(LARGEST_COUNT, count // FILTERS_A_FAMILY))
    ordered = sorted(groups, key=lambda members: (-len(members), members))
    return tuple(Group(tuple(members), _typical(similarity, members)) for members in ordered)


def _typical(similarity: np.ndarray, members: list[int]) -> int:
    means = np.round(similarity[np.ix_(members, members)].mean(1), _DIGITS)
    return members[int(np.argmax(means))]


def _joins(distance: np.ndarray) -> list[tuple[float, int, int]]:
    """Return how groups are joined until one is left: how far apart they were, and a filter of each.

    A group's nearest neighbour whose nearest is that group again is joined to it: what is nearest is looked for along
    a chain of such neighbours, which takes the square of the number of filters in all.

    Args:
        distance: squared, (filters, filters).
    """
    distance = distance.copy()
    np.fill_diagonal(distance, np.inf)
    size = np.ones(len(distance))
    chain: list[int] = []
    joins: list[tuple[float, int, int]] = []
    while len(joins) < len(distance) - 1:
        if not chain:
            chain.append(int(np.argmax(size > 0)))
        last = chain[-1]
        nearest = int(np.argmin(distance[last]))
        if len(chain) > 1 and distance[last, chain[-2]] <= distance[last, nearest]:
            nearest = chain[-2]
        if len(chain) < 2 or nearest != chain[-2]:
            chain.append(nearest)
            continue
        del chain[-2:]
        first, second = sorted((last, nearest))
        apart = distance[first, second]
        joins.append((float(apart), first, second))
        own, other = size[first], size[second]
        merged = ((own + size) * distance[first] + (other + size) * distance[second] - size * apart) / (
            own + other + size
        )
        merged[[first, second]] = np.inf
        merged[size == 0] = np.inf
        distance[first], distance[:, first] = merged, merged
        distance[second], distance[:, second] = np.inf, np.inf
        size[first], size[second] = own + other, 0
    return joins


def _cut(joins: list[tuple[float, int, int]], count: int, wanted: int) -> list[list[int]]:
    """Return the groups that are left, so many, when only the nearest have been joined."""
    group = list(range(count))
    for _, first, second in sorted(joins)[: count - wanted]:
        kept, gone = sorted((group[first], group[second]))
        group = [kept if each == gone else each for each in group]
    members: dict[int, list[int]] = {}
    for filter, own in enumerate(group):
        members.setdefault(own, []).append(filter)
    return list(members.values())
