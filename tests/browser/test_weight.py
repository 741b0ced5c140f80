"""What a browser really loads of the heaviest page, and when."""

import pytest

from tests.browser.conftest import Watched
from tests.support.budgets import KIB

HEAVIEST = "block5_conv2/index.html"


def loaded(watched: Watched) -> int:
    """Return the bytes that were loaded so far."""
    watched.page.wait_for_load_state("networkidle")
    return sum(watched.loaded.values())


def test_a_layer_of_512_filters_shows_itself_after_300_kib(served, open_page):
    # Half of it is the page itself, with a tile and a place on the mosaic for each filter, before any compression.
    watched = open_page(f"{served}/{HEAVIEST}")
    assert loaded(watched) <= 300 * KIB


def test_a_layer_of_512_filters_weighs_at_most_a_megabyte_and_a_half(served, open_page):
    watched = open_page(f"{served}/{HEAVIEST}")
    watched.scroll_through()
    assert len([address for address in watched.loaded if "-thumb." in address]) == 512
    assert loaded(watched) <= 1536 * KIB


def test_the_search_is_loaded_only_when_it_is_used(served, open_page):
    watched = open_page(f"{served}/index.html")
    loaded(watched)
    assert not [address for address in watched.loaded if address.endswith("search.js")]
    watched.page.focus("#find")
    watched.page.wait_for_function("window.ATLAS")
    assert [address for address in watched.loaded if address.endswith("search.js")]


@pytest.mark.parametrize("kind", [HEAVIEST, "block5_conv2/300.html", "index.html"])
def test_the_scripts_of_a_page_weigh_at_most_ten_kib(served, open_page, kind):
    watched = open_page(f"{served}/{kind}")
    loaded(watched)
    scripts = {address: size for address, size in watched.loaded.items() if address.partition("?")[0].endswith(".js")}
    assert scripts
    assert sum(scripts.values()) <= 10 * KIB
