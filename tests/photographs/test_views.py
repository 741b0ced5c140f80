import dataclasses

import numpy as np
import pytest
from PIL import Image

from pipeline import originals
from pipeline.network import catalogue
from pipeline.network.catalogue import ConvLayer
from pipeline.originals import Original
from pipeline.photographs import views

VGG16 = catalogue.load("vgg16")


def layer(name: str = "block1_conv1", **changes) -> ConvLayer:
    return dataclasses.replace(VGG16.layer(name), **changes)


def test_vgg16_sees_photographs_whole_at_two_scales():
    assert views.views(VGG16.layers, 1600, 1200) == originals.views(1600, 1200)


def test_a_network_that_wants_other_multiples_is_shown_the_middle():
    found = views.views([layer(canvas_multiple_px=64), layer()], 1300, 1000)

    assert [(each.width_px, each.height_px) for each in found] == [(320, 256), (640, 512)]
    for each, whole in zip(found, originals.views(1300, 1000), strict=True):
        left, top, right, bottom = each.box
        assert (left + right, top + bottom) == (1300, 1000)
        # Nothing is stretched that was not before.
        assert (right - left) / each.width_px == pytest.approx((whole.box[2] - whole.box[0]) / whole.width_px)


@pytest.mark.parametrize(
    ("changes", "side"),
    [
        ({"only_canvas_px": 299, "smallest_canvas_px": 299, "canvas_multiple_px": 299}, 299),
        ({"smallest_canvas_px": 300, "canvas_multiple_px": 64}, 320),
    ],
)
def test_a_network_of_one_size_or_large_ones_is_shown_the_middle_square(changes, side):
    (found,) = views.views([layer(), layer(**changes)], 900, 600)

    assert (found.width_px, found.height_px, found.scale_px) == (side, side, side)
    assert found.box == (150, 0, 750, 600)


def test_a_small_field_is_shown_with_24_pixels_around_it():
    view = originals.views(1024, 512)[1]

    field, patch = views.boxes(view, layer(), 0.5, row=100, column=300)

    # Of 3 pixels, in the middle of 24, all in pixels of the photograph, here the network's.
    assert field == (299, 99, 302, 102)
    assert patch == (288, 88, 312, 112)


def test_at_the_edge_the_patch_is_moved_inside_and_the_field_is_cut_off():
    view = originals.views(1024, 512)[1]

    field, patch = views.boxes(view, layer("block3_conv3"), 2.0, row=2, column=255)

    assert field == (1002, 0, 1024, 30)
    assert patch == (984, 0, 1024, 40)


def test_a_field_larger_than_the_photograph_shows_its_middle_square():
    view = originals.views(384, 256)[0]

    field, patch = views.boxes(
        view, layer(receptive_field_px=800, effective_field_px=None, stride_px=32), 16.0, row=4, column=5
    )

    assert field == (0, 0, 384, 256)
    assert patch == (48, 0, 304, 256)


def test_a_unit_without_a_place_sees_all():
    view = originals.views(384, 256)[0]

    field, patch = views.boxes(view, layer(), float("nan"), row=0, column=0)

    assert field == (0, 0, 384, 256)
    assert patch == (64, 0, 320, 256)


@pytest.mark.parametrize("size", [(1500, 1000), (1000, 3000), (640, 500)])
@pytest.mark.parametrize("name", ["block1_conv2", "block4_conv1"])
def test_where_a_unit_looks_in_the_photograph_is_what_the_network_saw_there(size, name):
    dot = np.zeros((size[1], size[0], 3), np.uint8)
    place = (size[0] // 2 + 40, size[1] // 2 - 60)
    dot[place[1] - 8 : place[1] + 8, place[0] - 8 : place[0] + 8] = 255
    original = Original(Image.fromarray(dot), *size)
    described = layer(name)
    origin = 2 ** int(name[5]) / 4
    for view in views.views([described], *size):
        seen = originals.seen(original, view)[..., 0].astype(float)
        rows, columns = np.nonzero(seen > seen.max() / 2)
        row = round((rows.mean() + 0.5 - origin) / described.stride_px)
        column = round((columns.mean() + 0.5 - origin) / described.stride_px)

        field, patch = views.boxes(view, described, origin, row, column)

        scale = size[0] / view.width_px if size[0] <= size[1] else size[1] / view.height_px
        for box in (field, patch):
            assert box[0] <= place[0] <= box[2]
            assert box[1] <= place[1] <= box[3]
        middle = ((field[0] + field[2]) / 2, (field[1] + field[3]) / 2)
        assert np.abs(np.subtract(middle, place)).max() <= (described.stride_px / 2 + 1) * scale
