import numpy as np
import pytest

from pipeline.measure.families import FEWEST_FILTERS, families


def likeness(profiles: np.ndarray) -> np.ndarray:
    centred = profiles - profiles.mean(1, keepdims=True)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    return centred @ centred.T


def planted(count: int = 60, kinds: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Likenesses of filters of several kinds, and which is of which."""
    random = np.random.default_rng(seed)
    kind = random.integers(0, kinds, count)
    kind[:kinds] = np.arange(kinds)
    profiles = random.standard_normal((kinds, 50))[kind] + 0.3 * random.standard_normal((count, 50))
    return likeness(profiles), kind


def test_filters_of_a_kind_are_a_family():
    similarity, kind = planted()

    found = families(similarity)

    assert len(found) == 12
    for group in found:
        assert {kind[each] for each in group.members} == {kind[group.members[0]]}
        assert group.typical in group.members
    assert sorted(each for group in found for each in group.members) == list(range(60))
    sizes = [len(group.members) for group in found]
    assert sizes == sorted(sizes, reverse=True)


def test_the_order_of_the_filters_does_not_matter():
    similarity, _ = planted(seed=1)
    order = np.random.default_rng(2).permutation(len(similarity))

    shuffled = families(similarity[np.ix_(order, order)])

    sets = {frozenset(int(order[each]) for each in group.members) for group in shuffled}
    assert sets == {frozenset(group.members) for group in families(similarity)}


def test_what_only_the_last_bits_tell_apart_gives_the_same_families():
    similarity, _ = planted(seed=3)
    noise = np.random.default_rng(4).standard_normal(similarity.shape) * 1e-12

    assert families(similarity + noise) == families(similarity) == families(similarity)


def test_the_typical_one_is_most_like_the_others():
    similarity, _ = planted(seed=5)

    for group in families(similarity):
        means = similarity[np.ix_(group.members, group.members)].mean(1)
        assert means[group.members.index(group.typical)] == pytest.approx(means.max(), abs=1e-3)


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (FEWEST_FILTERS - 1, 0), (FEWEST_FILTERS, 6), (500, 12)])
def test_there_are_about_a_dozen_and_none_of_few_filters(count, expected):
    profiles = np.random.default_rng(6).standard_normal((count, 40))

    assert len(families(likeness(profiles) if count else np.zeros((0, 0)))) == expected


def test_filters_that_are_all_alike_are_grouped_all_the_same():
    found = families(np.ones((30, 30)))

    assert sorted(each for group in found for each in group.members) == list(range(30))
