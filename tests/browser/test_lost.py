"""The page for addresses that lead nowhere, as a host would show it."""

import http.server
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serving


@pytest.fixture(scope="module")
def hosted(folder) -> Iterator[str]:
    """Return the address of the site on a host that shows 404.html wherever there is nothing."""
    lost = (folder / "404.html").read_bytes()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def send_error(self, code: int, *_) -> None:
            is_page = self.path.rpartition("/")[2].endswith(".html")
            self.send_response(code)
            self.send_header("Content-Type", "text/html" if is_page else "text/plain")
            self.end_headers()
            self.wfile.write(lost if is_page else b"")

        def log_message(self, *_) -> None:
            pass

    with serving(Handler, folder) as address:
        yield address


@pytest.mark.parametrize("path", ["x.html", "block5_conv2/999.html", "a/b/c/d.html"])
def test_without_a_base_address_it_finds_its_way_from_any_depth(hosted, open_page, path):
    page = open_page(f"{hosted}/{path}").page
    page.wait_for_function("document.documentElement.classList.contains('js')")
    page.click("text=All layers")
    page.wait_for_url(f"{hosted}/index.html")


def test_it_says_which_filters_a_layer_has(hosted, open_page):
    page = open_page(f"{hosted}/block5_conv2/999.html").page
    expect(page.locator("#results .advice a")).to_have_text("block5_conv2 has filters 0 to 511")
    page.click("#results .advice a")
    page.wait_for_url("**/search.html#q=block5_conv2")


def test_the_old_address_of_filter_404_leads_to_its_page(hosted, open_page):
    page = open_page(f"{hosted}/block5_conv2/404.html").page
    expect(page.locator("#results .tiles a")).to_have_count(1)
    page.click("#results .tiles a")
    page.wait_for_url("**/block5_conv2/filter-404.html")


def test_of_an_address_that_says_nothing_nothing_is_suggested(hosted, open_page):
    page = open_page(f"{hosted}/qwxyz.html").page
    page.wait_for_function("window.ATLAS && document.documentElement.classList.contains('js')")
    assert not page.locator("#results").is_visible()
