import pytest

from pipeline.site import contents
from tests.support.sites import NUMBERS


@pytest.fixture(scope="module")
def shown(atlas):
    return {page.path: page for page in contents.site_pages(atlas, "Title", "Description")}


def test_filters_are_turned_in_order_and_on_into_the_next_layer(shown):
    first, middle, last = (shown[f"block1_conv1/{number:03}.html"].view for number in (0, 9, 63))
    assert first.previous is None
    assert middle.previous == ("0", "block1_conv1/000.html")
    assert middle.next == ("63", "block1_conv1/063.html")
    assert last.next == ("block1_conv2/0", "block1_conv2/000.html")


def test_home_comes_first_and_a_layers_filters_follow_it(shown):
    expected = ["index.html"]
    for layer, numbers in NUMBERS.items():
        expected += [f"{layer}/index.html", *(f"{layer}/{number:03}.html" for number in numbers)]

    assert list(shown) == expected
    assert {page.template for page in shown.values()} == {"home.html", "layer.html", "filter.html"}
