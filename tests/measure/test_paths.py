import numpy as np
import pytest

from pipeline.measure import paths

FILTERS, PLACES, CHANNELS = 12, 8, 64


def natural(noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return what each filter likes, and profiles of its places, which are that and noise."""
    random = np.random.default_rng(seed)
    liked = random.standard_normal((FILTERS, CHANNELS))
    places = liked[:, None] + noise * random.standard_normal((FILTERS, PLACES, CHANNELS))
    return liked, 3 + places


def test_a_picture_that_is_as_the_mean_of_held_out_places_is_as_specific_as_photographs():
    liked, places = natural()
    random = np.random.default_rng(1)
    held_out = 3 + liked + random.standard_normal((FILTERS, PLACES // 2, CHANNELS)).mean(1)

    assert paths.compare(held_out, places).specific == pytest.approx(1, abs=0.1)


def test_pictures_of_other_filters_are_not_specific():
    liked, places = natural()
    found = []
    for shift in range(1, FILTERS):
        others = np.roll(3 + liked, shift, axis=0)
        # Who a picture was taken from is no other to it.
        alike = paths.likeness(others - 3, places - 3)
        taken = (np.arange(FILTERS) - shift) % FILTERS
        rest = [np.delete(row, [filter, taken[filter]]).mean() for filter, row in enumerate(alike)]
        found.append(np.mean(np.diag(alike) - rest))

    assert np.mean(found) == pytest.approx(0, abs=1e-9)
    assert np.abs(found).max() < 0.05


def test_random_pictures_are_not_specific():
    _, places = natural()
    random = np.random.default_rng(2)
    found = [paths.compare(3 + random.standard_normal((FILTERS, CHANNELS)), places).specific for _ in range(20)]

    assert np.mean(found) == pytest.approx(0, abs=0.05)


def test_a_way_that_all_pictures_share_and_no_photograph_takes_is_unnatural_and_not_specific():
    liked, places = natural()
    strange = np.zeros((FILTERS, CHANNELS))
    strange[:, :20] = 40

    found, usual = paths.compare(3 + strange, places), paths.compare(3 + liked, places)

    assert found.specific == pytest.approx(0, abs=0.05)
    assert found.unnatural > 2 * usual.unnatural


def test_a_photograph_is_as_natural_as_photographs():
    _, places = natural()

    assert paths.compare(places[:, 0], places).unnatural == pytest.approx(1, abs=0.05)


def test_a_channel_that_photographs_leave_silent_counts_but_is_not_all():
    liked, places = natural()
    silent = np.zeros((FILTERS, PLACES, 1))
    excited = paths.compare(
        np.concatenate([3 + liked, np.full((FILTERS, 1), 9.0)], 1), np.concatenate([places, silent], 2)
    )

    usual = paths.compare(3 + liked, places)

    assert usual.unnatural < excited.unnatural < 1.5 * usual.unnatural
    assert excited.specific > 0.7 * usual.specific


def test_places_that_do_not_agree_carry_no_figure_worth_the_name():
    random = np.random.default_rng(3)
    places = random.standard_normal((FILTERS, PLACES, CHANNELS))

    assert abs(paths.compare(random.standard_normal((FILTERS, CHANNELS)), places).agreement) < 0.03


def test_a_silent_layer_is_compared_without_an_error():
    found = paths.compare(np.zeros((FILTERS, CHANNELS)), np.zeros((FILTERS, PLACES, CHANNELS)))

    assert (found.specific, found.unnatural, found.agreement) == (None, 0, 0)
