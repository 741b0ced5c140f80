import numpy as np

from pipeline.photographs import places
from pipeline.results.strongest import KEPT, NONE, Best


def drawn(photographs: int, filters: int = 4, first: int = 0, seed: int = 0) -> Best:
    """Places of filters in so many photographs; few different values, so that many are equal."""
    random = np.random.default_rng(seed + first)
    shape = (filters, photographs)
    return places.best(
        random.integers(0, 5, shape).astype("<f4"),
        np.broadcast_to(np.arange(first, first + photographs), shape),
        *(random.integers(1, 99, shape) for _ in range(3)),
    )


def same(one: Best, other: Best) -> bool:
    return all(np.array_equal(array, getattr(other, name)) for name, array in vars(one).items())


def test_the_strongest_come_first_and_of_equal_ones_the_first_photograph():
    value = np.array([[1, 3, 3, 2]], "<f4")
    number, rest = np.array([[0, 7, 5, 2]]), np.array([[10, 11, 12, 13]])

    found = places.best(value, number, rest, rest + 10, rest + 20)

    assert found.value[0, :5].tolist() == [3, 3, 2, 1, 0]
    assert found.photograph[0, :5].tolist() == [5, 7, 2, 0, NONE]
    assert found.scale_px[0, :5].tolist() == [12, 11, 13, 10, 0]
    assert found.column[0, :5].tolist() == [32, 31, 33, 30, 0]


def test_what_excites_nothing_is_no_place():
    found = places.best(*(np.array([[each]]) for each in (0.0, 3, 256, 1, 1)))

    assert (found.photograph == NONE).all()
    assert found.value.shape == (1, KEPT)


def test_the_places_are_the_same_however_the_photographs_are_shared_out():
    parts = [drawn(each, first=first) for first, each in ((0, 30), (30, 5), (35, 25))]

    whole = places.merged(parts)

    assert same(places.merged(parts[::-1]), whole)
    assert same(places.merged([places.merged(parts[:2]), parts[2]]), whole)
    assert same(places.merged([whole]), whole)
    assert whole.value.shape == (4, KEPT)
