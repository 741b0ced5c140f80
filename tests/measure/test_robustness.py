import numpy as np
import pytest

from pipeline.measure import robustness

SIDE_PX = 64


def a_picture() -> np.ndarray:
    """Return a bright square a little off the middle of a dark picture, uint8 (64, 64, 3)."""
    picture = np.full((SIDE_PX, SIDE_PX, 3), 40, np.uint8)
    picture[20:36, 28:44] = 220
    return picture


def centre_of_light(picture: np.ndarray) -> tuple[float, float]:
    light = picture.mean(-1) - 40
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] + 0.5
    return float((light * x).sum() / light.sum()), float((light * y).sum() / light.sum())


def test_there_is_a_picture_for_each_view():
    assert robustness.views(a_picture()).shape == (len(robustness.VIEWS), SIDE_PX, SIDE_PX, 3)
    assert robustness.views(a_picture(), robustness.FEW_VIEWS).shape == (2, SIDE_PX, SIDE_PX, 3)


def test_the_view_that_moves_nothing_is_the_picture_itself():
    np.testing.assert_array_equal(robustness.views(a_picture(), [(0.0, 1.0, 0, 0)])[0], a_picture())


def test_a_view_is_moved_right_and_down():
    x, y = centre_of_light(a_picture())

    (moved,) = robustness.views(a_picture(), [(0.0, 1.0, 3, -2)])

    assert centre_of_light(moved) == pytest.approx((x + 3, y - 2), abs=0.01)


def test_a_view_is_scaled_about_the_middle():
    x, y = centre_of_light(a_picture())
    middle = SIDE_PX / 2

    (larger,) = robustness.views(a_picture(), [(0.0, 1.25, 0, 0)])

    assert centre_of_light(larger) == pytest.approx(
        (middle + 1.25 * (x - middle), middle + 1.25 * (y - middle)), abs=0.1
    )


def test_a_flat_picture_stays_flat_in_every_view():
    flat = np.full((SIDE_PX, SIDE_PX, 3), (200, 30, 90), np.uint8)

    assert np.unique(robustness.views(flat).reshape(-1, 3), axis=0).tolist() == [[200, 30, 90]]


def test_a_robust_activation_is_the_mean_over_the_views(tiny_network, tiny_tensors):
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of
    from pipeline.network.truncated import truncate

    random = np.random.default_rng(1)
    images = random.integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), np.uint8)

    found = robustness.robust_activations(truncate(tiny_network, tiny_tensors, "l2", "float32"), [5, 2], images)
    judge = Judge(tiny_network, graph_of(tiny_network, tiny_tensors), "l2", SIDE_PX)

    for value, image, filter in zip(found, images, [5, 2], strict=True):
        means = judge.to_pictures(robustness.views(image))[:, filter]
        assert value == pytest.approx(means.mean(), rel=1e-5)


def test_as_many_pictures_as_there_are_give_each_its_own(tiny_network, tiny_tensors):
    from pipeline.network.truncated import truncate

    images = np.random.default_rng(1).integers(0, 256, (7, SIDE_PX, SIDE_PX, 3), np.uint8)
    filters = [5, 2, 0, 1, 5, 3, 4]
    truncated = truncate(tiny_network, tiny_tensors, "l2", "float32")

    found = robustness.robust_activations(truncated, filters, images, seen=robustness.FEW_VIEWS)

    alone = [
        robustness.robust_activations(truncated, [number], image[None], seen=robustness.FEW_VIEWS)[0]
        for number, image in zip(filters, images, strict=True)
    ]
    assert len(images) > robustness.TOGETHER // len(robustness.FEW_VIEWS)
    assert found == pytest.approx(np.array(alone), rel=1e-5)


def test_a_robust_answer_is_that_of_the_objective(tiny_network, tiny_tensors):
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of
    from pipeline.network.truncated import truncate

    image = np.random.default_rng(1).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)

    judge, truncated = (
        Judge(tiny_network, graph_of(tiny_network, tiny_tensors), "l2", SIDE_PX),
        truncate(tiny_network, tiny_tensors, "l2", "float32"),
    )

    for objective in ("neuron", "negative_channel"):
        found = robustness.robust_activations(truncated, [5], image[None], objective=objective)
        expected = judge.to_pictures(robustness.views(image), objective=objective)
        assert found[0] == pytest.approx(expected[:, 5].mean(), rel=1e-5)


def test_both_precisions_agree(tiny_network, tiny_tensors):
    from pipeline.network.truncated import truncate

    images = np.random.default_rng(1).integers(0, 256, (1, SIDE_PX, SIDE_PX, 3), np.uint8)

    def activations(precision: str) -> np.ndarray:
        truncated = truncate(tiny_network, tiny_tensors, "l2", precision)
        return np.array([robustness.robust_activations(truncated, [number], images)[0] for number in range(6)])

    exact, rounded = activations("float32"), activations("bfloat16")

    # Of the filters that answer: what is next to nothing rounds to anything.
    answering = exact > exact.max() / 10
    assert answering.any()
    assert (exact != rounded).any()
    assert rounded[answering] == pytest.approx(exact[answering], rel=0.03)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_every_channel_is_seen_in_the_same_views(channels):
    picture = a_picture()
    found = robustness.views(np.repeat(picture[..., :1], channels, axis=2))

    assert found.shape[-1] == channels
    assert np.array_equal(found, np.repeat(robustness.views(picture)[..., :1], channels, axis=3))
