import numpy as np
import pytest

from pipeline.measure import matrix

# Three pictures of four channels; channel 2 was not rendered.
RENDERED = np.array([0, 1, 3])
RESPONSES = np.array([[8, 1, 5, 0], [2, 6, 5, 0], [0, 7, 5, 0]], np.float32)
NOISE = np.array([[1, 4, 2, 0], [3, 2, 2, 0]], np.float32)


def test_own_rank_counts_the_pictures_that_excite_a_filter_more():
    assert matrix.own_ranks(RESPONSES, RENDERED).tolist() == [1, 2, 3]


def test_a_picture_that_leaves_its_own_filter_silent_has_the_last_place():
    silent = np.array([[0, 1, 0], [0, 5, 2], [0, 3, 0]], np.float32)

    # The first is silent on all, the last on its own alone.
    assert matrix.own_ranks(silent, np.arange(3)).tolist() == [3, 1, 3]
    assert matrix.own_ranks(silent[:1], np.arange(1)).tolist() == [1]


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ([[9, 1, 1], [1, 9, 1], [1, 1, 9]], []),
        # Another picture does as much for the second filter as its own: both pictures decide.
        ([[9, 1, 1], [1, 9, 1], [1, 8.95, 9]], [1, 2]),
        ([[9, 1, 1], [1, 9, 1], [1, 9.05, 9]], [1, 2]),
        ([[9, 1, 1], [1, 9, 1], [1, 9.2, 9]], []),
        # Twice the noise, by a hair.
        ([[9, 1, 1], [1, 9, 1], [1, 1, 2.01]], [2]),
        # Silent on all.
        ([[9, 1, 0], [1, 9, 0], [1, 1, 0]], [2]),
    ],
)
def test_rows_are_in_doubt_that_decide_narrowly(responses, expected):
    noise = np.ones((2, 3), np.float32)

    found = matrix.doubtful(np.array(responses, np.float32), noise, np.arange(3), 0.01)

    assert found.tolist() == expected


def test_rows_in_doubt_are_those_of_rendered_filters_alone():
    responses = np.array([[9, 1, 9], [9, 1, 9]], np.float32)

    assert matrix.doubtful(responses, np.ones((1, 3), np.float32), np.array([0, 1]), 0.01).tolist() == [0, 1]
    assert matrix.doubtful(responses[:1], np.ones((1, 3), np.float32), np.array([2]), 0.01).tolist() == []


def test_selectivity_compares_the_own_picture_with_the_others():
    assert matrix.selectivities(RESPONSES, RENDERED) == pytest.approx([(8 - 1) / (8 + 1), (6 - 4) / (6 + 4), 0])


def test_selectivity_is_zero_without_other_pictures():
    assert matrix.selectivities(RESPONSES[:1], RENDERED[:1]).tolist() == [0]


def test_alive_asks_for_twice_the_noise():
    found = matrix.figures(RESPONSES, NOISE, RENDERED)
    assert [each.alive for each in found] == [True, True, False]
    assert [each.noise_activation for each in found] == pytest.approx([2, 3, 0.1])


def test_a_silent_filter_is_not_alive_even_where_noise_is_silent():
    assert matrix.alive(np.zeros(1, np.float32), np.zeros(1, np.float32)).tolist() == [False]


def test_pictures_with_the_same_effect_are_similar():
    rows = np.array([[9, 9, 0, 0], [0, 0, 9, 9], [8, 9, 0, 1], [1, 0, 8, 9]], np.float32)
    found = matrix.figures(rows, NOISE, np.arange(4))
    assert [each.similar[0][0] for each in found] == [2, 3, 0, 1]
    assert found[0].similar[0][1] > 0.9
    assert found[0].similar[-1][1] < -0.9


def test_similar_filters_are_named_by_their_number_and_exclude_the_own():
    found = matrix.figures(RESPONSES, NOISE, RENDERED)
    assert [{number for number, _ in each.similar} for each in found] == [{1, 3}, {0, 3}, {0, 1}]


def test_equally_similar_filters_come_by_number_and_at_most_eight():
    rows = np.tile(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), (6, 6))
    found = matrix.figures(rows, rows[:1], np.arange(12))
    assert [number for number, _ in found[11].similar] == [1, 3, 5, 7, 9, 0, 2, 4]
