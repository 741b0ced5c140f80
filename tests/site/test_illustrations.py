import numpy as np

from pipeline.site import illustrations


def test_a_response_is_brightest_where_the_picture_is_like_the_kernel():
    card = np.zeros((9, 9, 3), np.uint8)
    card[:, 5:] = 255
    kernel = np.repeat(np.array([[-1.0, 0.0, 1.0]] * 3)[..., None], 3, axis=2)
    response = illustrations.response(card, kernel)
    assert response.shape == (7, 7)
    assert response[3].tolist() == [0, 0, 0, 255, 255, 0, 0]


def test_telling_kernels_are_strong_and_unlike():
    random = np.random.default_rng(0)
    strong = random.standard_normal((4, 3, 3, 3))
    kernels = np.concatenate([strong, strong[:1] * 0.5, random.standard_normal((5, 3, 3, 3)) * 1e-3])
    assert sorted(illustrations.telling_kernels(kernels)) == [0, 1, 2, 3]


def test_the_grey_card_is_grey_and_has_the_same_lightness():
    grey, card = illustrations.grey_test_card(), illustrations.test_card()

    assert np.ptp(grey, axis=2).max() == 0
    assert abs(grey.mean() - card.mean()) < 0.5


def test_of_no_kernels_none_is_telling():
    assert illustrations.telling_kernels(np.zeros((0, 3, 3, 3))) == []


def test_a_kernel_is_told_by_what_it_finds():
    yellow = np.broadcast_to([0.5, 0.5, -0.5], (3, 3, 3))
    bright = np.full((3, 3, 3), 0.3)
    upright = np.repeat(np.array([[-1.0, 0, 1]] * 3)[..., None], 3, axis=2)
    spot = np.repeat(np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])[..., None], 3, axis=2)

    assert illustrations.kernel_words(yellow) == "yellow areas"
    assert illustrations.kernel_words(bright) == "light areas"
    assert illustrations.kernel_words(-bright) == "dark areas"
    assert illustrations.kernel_words(upright) == "vertical edges"
    assert illustrations.kernel_words(upright.transpose(1, 0, 2)) == "horizontal edges"
    assert illustrations.kernel_words(spot) == "lines and spots"


def test_a_kernel_of_one_weight_is_a_colour():
    assert illustrations.kernel_words(np.array([[[1.0, 0, 0]]])) == "red areas"


def test_the_icon_of_phones_has_no_transparent_corner():
    assert illustrations.icon().shape == (180, 180, 3)
