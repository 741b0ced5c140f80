import numpy as np
import pytest

from pipeline.photographs import figures
from pipeline.results.exemplars import HISTOGRAM_STEPS


def test_quantiles_are_activations_of_photographs():
    assert figures.quantiles(np.arange(101, dtype=np.float32)[::-1]) == [10, 50, 90, 99]
    assert figures.quantiles(np.array([3], np.float32)) == [3, 3, 3, 3]


def test_the_histogram_goes_down_by_half_octaves():
    activation = np.array([8, 6, 5, 4, 0.001, 0], np.float32)

    found = figures.histogram(activation, 8)

    assert found[:4] == [2, 1, 1, 0]
    assert found[HISTOGRAM_STEPS] == 2
    assert (len(found), sum(found)) == (HISTOGRAM_STEPS + 1, 6)


def test_what_rounding_puts_above_the_largest_counts_with_it():
    assert figures.histogram(np.array([8.01], np.float32), 8)[0] == 1


def test_of_a_filter_that_nothing_excites_all_is_below():
    assert figures.histogram(np.zeros(3, np.float32), 0)[HISTOGRAM_STEPS] == 3
    assert figures.reach_half(np.zeros(3, np.float32), 0) == 0


def test_half_of_the_largest_counts():
    assert figures.reach_half(np.array([8, 4, 3.9, 0], np.float32), 8) == 0.5


def test_filters_that_answer_to_the_same_photographs_are_alike():
    random = np.random.default_rng(0)
    sample = random.random((60, 5)).astype(np.float32)
    sample[:, 3] = 100 * sample[:, 0]
    sample[:, 4] = 0.1

    found = figures.likenesses(sample, np.array([0, 4]))

    assert found.shape == (2, 5)
    assert found[0, 3] == found[0, 0] == 1
    assert (found[1] == 0).all()
    assert figures.alike(found[0], 0)[0] == (3, 1)
    assert all(similarity > 0 for _, similarity in figures.alike(found[0], 0))


def test_a_filter_is_not_listed_as_like_itself_and_of_equals_the_first_is():
    assert figures.alike(np.ones(20), 3) == [(each, 1.0) for each in (0, 1, 2, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize("seed", range(3))
def test_likenesses_do_not_hang_on_the_last_bits(seed):
    sample = np.random.default_rng(seed).random((50, 30)).astype(np.float32)
    order = np.random.default_rng(seed + 9).permutation(50)
    own = np.arange(30)

    np.testing.assert_allclose(figures.likenesses(sample, own), figures.likenesses(sample[order], own), atol=1.01e-4)
