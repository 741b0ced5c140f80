import numpy as np
import pytest
import tensorflow as tf

from pipeline.ascent.transform import Transform

SIZE_PX = 21


def picture() -> np.ndarray:
    return np.random.default_rng(0).random((1, SIZE_PX, SIZE_PX, 3), np.float32)


def applied(transform: Transform, image: np.ndarray, row: list[float]) -> np.ndarray:
    return transform.apply(tf.constant(image), tf.constant([row], tf.float32)).numpy()


@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, 0), (0, -4), (-7, 10)])
def test_a_shift_moves_every_pixel_and_wraps_around(down, right):
    moved = applied(Transform(SIZE_PX, 20), picture(), [down, right, 1, 0])

    np.testing.assert_array_equal(moved, np.roll(picture(), (down, right), (1, 2)))


def test_nothing_asked_for_changes_nothing():
    transform = Transform(SIZE_PX, 0)

    np.testing.assert_array_equal(transform.draw(np.random.default_rng(0), 5), [[0, 0, 1, 0]] * 5)
    np.testing.assert_array_equal(applied(transform, picture(), [0, 0, 1, 0]), picture())


def test_no_turn_and_no_scaling_leave_every_pixel_where_it_is():
    transform = Transform(SIZE_PX, 0, scale=0.1, rotation_degrees=10)

    np.testing.assert_allclose(applied(transform, picture(), [0, 0, 1, 0]), picture(), atol=1e-6)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_turn_the_picture_about_its_centre(quarters):
    transform = Transform(SIZE_PX, 0, rotation_degrees=180)

    turned = applied(transform, picture(), [0, 0, 1, quarters * np.pi / 2])

    # Rounding puts the frame a hair outside of the picture, where it may wrap around: the frame is left out.
    inner = np.s_[:, 1:-1, 1:-1]
    either = [np.rot90(picture(), sign * quarters, (1, 2)) for sign in (1, -1)]
    assert min(np.abs(turned - each)[inner].max() for each in either) < 1e-4


def test_scaling_enlarges_about_the_centre():
    spot = np.zeros((1, SIZE_PX, SIZE_PX, 3), np.float32)
    spot[0, 10, 10] = spot[0, 10, 14] = 1
    transform = Transform(SIZE_PX, 0, scale=0.5)

    larger, smaller = (applied(transform, spot, [0, 0, factor, 0])[0, 10, :, 0] for factor in (1.5, 0.5))

    assert larger[10] == smaller[10] == pytest.approx(1)
    assert (larger[16], smaller[12]) == pytest.approx((1, 1), abs=1e-4)


def test_turning_and_shifting_bring_no_foreign_colour_into_the_picture():
    grey = np.full((1, SIZE_PX, SIZE_PX, 3), 0.5, np.float32)
    transform = Transform(SIZE_PX, 8, scale=0.3, rotation_degrees=45)

    for row in transform.draw(np.random.default_rng(0), 10):
        np.testing.assert_allclose(applied(transform, grey, row.tolist()), 0.5, atol=1e-6)


@pytest.mark.parametrize("jitter_px", [1, 8, 9])
def test_draws_fill_their_ranges_and_do_not_leave_them(jitter_px):
    transform = Transform(SIZE_PX, jitter_px, scale=0.2, rotation_degrees=30)

    rows = transform.draw(np.random.default_rng(0), 2000)

    assert rows.shape == (2000, 4)
    assert rows.dtype == np.float32
    for column in (0, 1):
        expected = set(range(-(jitter_px // 2), jitter_px - jitter_px // 2 + 1))
        assert set(rows[:, column].astype(int).tolist()) == expected
    assert (rows[:, 2].min(), rows[:, 2].max()) == pytest.approx((0.8, 1.2), abs=0.01)
    assert (rows[:, 3].min(), rows[:, 3].max()) == pytest.approx((-np.pi / 6, np.pi / 6), abs=0.01)
    assert not np.array_equal(rows[:, 0], rows[:, 1])


def test_each_image_of_a_batch_moves_by_itself():
    transform = Transform(SIZE_PX, 8, scale=0.2, rotation_degrees=20)
    rows = [[2, -3, 1.1, 0.2], [-4, 0, 0.9, -0.1], [0, 0, 1, 0]]

    together = transform.apply(tf.constant(np.repeat(picture(), 3, 0)), tf.constant(rows, tf.float32))

    alone = np.concatenate([applied(transform, picture(), row) for row in rows])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_draws_depend_on_the_random_source_alone():
    transform = Transform(SIZE_PX, 8, scale=0.2)

    first, again, other = (transform.draw(np.random.default_rng(seed), 20) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_gradients_come_back_through_every_transform():
    transform = Transform(SIZE_PX, 8, scale=0.2, rotation_degrees=20)
    image = tf.constant(picture())

    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_sum(transform.apply(image, tf.constant([[2.0, -3.0, 1.1, 0.2]])))
    gradient = tape.gradient(value, image).numpy()

    # Each pixel that is seen counts by the area it covers: about factor² on the average.
    assert gradient.sum() == pytest.approx(gradient.size, rel=0.01)
    assert (gradient >= 0).all()


def test_later_steps_shift_within_their_own_range_and_the_earlier_ones_as_without_it():
    def shifts(**settled: int) -> np.ndarray:
        return Transform(SIZE_PX, 20, **settled).draw(np.random.default_rng(3), 200)[:, :2]

    settled = shifts(settled_from=120, settled_px=4)

    np.testing.assert_array_equal(settled[:120], shifts()[:120])
    assert (np.abs(settled[:120]).max(), np.abs(settled[120:]).max()) == (10, 2)
    np.testing.assert_array_equal(shifts(settled_from=120, settled_px=20), shifts())
