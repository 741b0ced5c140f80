import numpy as np
import pytest
from PIL import Image

from pipeline.originals import Original
from pipeline.results.exemplars import Exemplar
from pipeline.trust import windows
from tests.support import networks


def photograph(width: int = 320, height: int = 256, seed: int = 0) -> Original:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return Original(Image.fromarray(pixels), width, height)


def an_exemplar(field: tuple[int, int, int, int], scale_px: int = 256) -> Exemplar:
    return Exemplar(photograph=0, scale_px=scale_px, row=0, column=0, activation=1.0, field=field, patch=field)


def test_a_window_lies_around_the_field():
    original = photograph()

    found = windows.cut(original, an_exemplar((100, 60, 120, 80)), field_px=20, side=48)

    np.testing.assert_array_equal(found, np.asarray(original.picture)[46:94, 86:134])


def test_a_window_is_in_the_pixels_that_the_network_saw():
    large = photograph()
    large = Original(large.picture.resize((640, 512), Image.Resampling.NEAREST), 640, 512)

    found = windows.cut(large, an_exemplar((200, 120, 240, 160)), field_px=20, side=48)

    small = np.asarray(large.picture.resize((320, 256), Image.Resampling.LANCZOS))[46:94, 86:134]
    assert np.abs(found.astype(int) - small).mean() < 1


def test_beyond_the_photograph_a_window_shows_its_mirror_image():
    original = photograph()
    pixels = np.asarray(original.picture)

    found = windows.cut(original, an_exemplar((0, 0, 20, 20)), field_px=20, side=48)

    np.testing.assert_array_equal(found[14:, 14:], pixels[:34, :34])
    np.testing.assert_array_equal(found[:14, 14:], pixels[:14, :34][::-1])


@pytest.mark.parametrize(("field", "middle"), [((0, 100, 15, 120), (5, 110)), ((305, 100, 320, 120), (315, 110))])
def test_the_middle_of_a_field_that_the_photograph_cuts_off_is_its_own(field, middle):
    whole = (middle[0] - 10, middle[1] - 10, middle[0] + 10, middle[1] + 10)

    cut_off = windows.cut(photograph(), an_exemplar(field), field_px=20, side=48)

    pixels = np.pad(np.asarray(photograph().picture), ((64, 64), (64, 64), (0, 0)), mode="symmetric")
    left, top = whole[0] + 64 - 14, whole[1] + 64 - 14
    np.testing.assert_array_equal(cut_off, pixels[top : top + 48, left : left + 48])


@pytest.mark.parametrize("side", [48, 96, 208])
def test_a_window_has_the_side_that_is_asked_for_wherever_it_lies(side):
    random = np.random.default_rng(side)
    original = photograph(301, 257)
    for _ in range(30):
        x, y = random.uniform(0, 301), random.uniform(0, 257)
        field = (max(0, round(x - 20)), max(0, round(y - 20)), min(301, round(x + 20)), min(257, round(y + 20)))

        assert windows.cut(original, an_exemplar(field), field_px=40, side=side).shape == (side, side, 3)


def test_sides_hold_the_field_and_are_no_larger_than_the_pictures():
    chain = [("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}), ("MaxPooling2D", {})]
    network = networks.sequential(*chain * 4)

    sides = [windows.side_px(layer, 64) for layer in network.layers]

    assert [layer.receptive_field_px for layer in network.layers] == [3, 8, 18, 38]
    assert sides == [48, 48, 48, 48]
    assert windows.side_px(network.layers[-1], 32) == 32
