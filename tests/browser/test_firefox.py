"""The pages in the other browser: that they open, and that what a script adds to them works there, too."""

import pytest

from tests.browser.conftest import KINDS
from tests.support import firefox

pytestmark = pytest.mark.skipif(not firefox.FIREFOX, reason="there is no Firefox; Debian's package is firefox-esr")


@pytest.fixture(scope="module")
def browser():
    with firefox.running() as browser:
        yield browser


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_from_disk_without_a_complaint_and_with_all_its_pictures(browser, folder, kind):
    browser.open("about:blank")
    browser.open(f"{folder.as_uri()}/{kind}")
    assert browser.run("return document.querySelector('h1').innerText")
    browser.run("for (const each of document.images) each.loading = 'eager'")
    browser.wait_for("[...document.images].every(each => each.complete)")
    shown = "return [...document.images].filter(each => !each.naturalWidth && each.getAttribute('src')).map(x => x.src)"
    assert browser.run(shown) == []
    assert browser.complaints() == []


def test_filters_are_found_from_disk(browser, folder):
    browser.open(f"{folder.as_uri()}/index.html")
    browser.type("#find", "conv5_2 300")
    assert browser.wait_for("document.querySelector('#hits a')?.href").endswith("/block5_conv2/300.html")
    browser.open(f"{folder.as_uri()}/search.html#q=vertical")
    assert browser.wait_for("document.querySelectorAll('#results .tiles a').length")


def test_a_layer_is_sorted_and_its_tiles_are_resized(browser, folder):
    browser.open(f"{folder.as_uri()}/block5_conv2/index.html")
    browser.run(
        "const sort = document.getElementById('sort'); sort.value = 'selectivity';"
        "sort.dispatchEvent(new Event('change'))"
    )
    browser.wait_for("document.querySelector('.tiles > a').search === '?sort=selectivity'")
    width = "document.querySelector('.tiles > a').offsetWidth"
    before = browser.run(f"return {width}")
    browser.run("const size = document.getElementById('size'); size.value = 56; size.dispatchEvent(new Event('input'))")
    assert browser.run(f"return {width}") < before


def test_the_map_is_drawn_and_lights_up_what_is_found(browser, served):
    browser.open(f"{served}/map.html")
    browser.wait_for("document.querySelector('#map-view canvas')")
    browser.type("#map-find", "vertical")
    assert "filters" in browser.wait_for("document.getElementById('map-lit').textContent")
    assert browser.complaints() == []


def test_the_film_of_a_filter_can_be_held_and_filters_be_compared(browser, folder):
    browser.open(f"{folder.as_uri()}/block5_conv2/300.html")
    browser.run(
        "const scrub = document.getElementById('scrub'); scrub.value = 1; scrub.dispatchEvent(new Event('input'))"
    )
    place = "getComputedStyle(document.getElementById('emergence')).getPropertyValue('--at')"
    assert browser.run(f"return Number({place})") == 1
    browser.open(f"{folder.as_uri()}/compare.html#block5_conv2/300,block3_conv1/159")
    browser.wait_for("document.querySelectorAll('.compare thead a').length === 2")
    assert browser.complaints() == []
