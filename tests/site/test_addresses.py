import msgspec
import pytest

from pipeline.site import addresses


def test_a_reserved_name_gets_a_folder_of_its_own(atlas):
    layer = msgspec.structs.replace(atlas.layers[0], name="Data")
    assert addresses.folder(layer) == "Data-layer"


@pytest.mark.parametrize(
    ("number", "ending", "address"),
    [
        (7, ".html", "007.html"),
        (511, "-thumb.avif", "511-thumb.avif"),
        (1023, "", "1023"),
        # Hosts show a page called 404.html for addresses that lead nowhere.
        (404, ".html", "filter-404.html"),
        (404, ".avif", "404.avif"),
        (1404, ".html", "1404.html"),
    ],
)
def test_what_belongs_to_a_filter_lies_in_its_layers_folder_under_its_number(atlas, number, ending, address):
    assert addresses.filter_path(atlas.layers[0], number, ending) == f"block1_conv1/{address}"


def test_no_page_of_a_photograph_is_called_as_the_page_for_lost_addresses_is():
    assert addresses.photograph_path(404) == "photographs/photograph-404.html"
    assert addresses.photograph_path(404, ".avif") == "photographs/404.avif"
