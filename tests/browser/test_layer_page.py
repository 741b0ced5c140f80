"""The page of a layer as its visitors use it: order, size, keys, mosaic."""

import re

import pytest
from playwright.sync_api import expect

LAYER = "block5_conv2/index.html"
TILES = "[...document.querySelectorAll('.tiles > a')].map(each => Number(each.id))"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def wait_until_sorted(page) -> None:
    page.wait_for_function("window.ATLAS_SORT && document.querySelector('.run h3').hidden")


@pytest.mark.parametrize("settings", [PHONE, {"viewport": {"width": 1280, "height": 800}}])
def test_the_first_screen_shows_pictures(folder, open_page, settings):
    page = open_page(f"{folder.as_uri()}/{LAYER}", **settings).page
    box = page.locator(".tiles img").first.bounding_box()
    assert box["y"] + box["height"] < 0.7 * settings["viewport"]["height"]


@pytest.mark.parametrize("order", ["hue", "period", "orientation", "selectivity", "ratio"])
def test_a_layer_is_sorted_and_its_address_says_so(folder, open_page, order):
    page = open_page(f"{folder.as_uri()}/{LAYER}").page
    page.select_option("#sort", order)
    wait_until_sorted(page)
    assert page.evaluate(TILES) == page.evaluate(f"ATLAS_SORT.{order}")
    assert page.url.endswith(f"/index.html?sort={order}")
    assert page.locator(".jump").is_hidden()
    page.select_option("#sort", "filter")
    assert page.evaluate(TILES) == list(range(512))
    assert page.url.endswith("/index.html")
    assert page.locator(".jump").is_visible()


@pytest.mark.parametrize("site", ["folder", "served"])
def test_an_order_is_taken_from_the_address_followed_by_filters_and_found_again(request, open_page, site):
    root = request.getfixturevalue(site)
    root = root if site == "served" else root.as_uri()
    page = open_page(f"{root}/{LAYER}?sort=selectivity").page
    wait_until_sorted(page)
    first, second, third = page.evaluate("ATLAS_SORT.selectivity.slice(0, 3)")
    assert page.input_value("#sort") == "selectivity"

    page.locator(".tiles > a").nth(1).click()
    page.wait_for_url(re.compile(rf"/{second:03}\.html\?sort=selectivity$"))
    expect(page.locator("a[rel=prev]").first).to_have_accessible_name(f"Previous: {first}")
    expect(page.locator("a[rel=next]")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(rf"/{third:03}\.html\?sort=selectivity$"))
    expect(page.locator("a[rel=next]").first).not_to_have_accessible_name(f"Next: {third + 1}")
    page.locator("a[rel=up]").click()
    wait_until_sorted(page)
    assert page.url.endswith(f"/index.html?sort=selectivity#{third}")
    assert page.evaluate(TILES)[:3] == [first, second, third]
    expect(page.locator(f"id={third}")).to_be_in_viewport()


def test_an_order_that_there_is_not_is_no_order(folder, open_page):
    watched = open_page(f"{folder.as_uri()}/{LAYER}?sort=taste")
    assert watched.page.evaluate(TILES) == list(range(512))
    assert watched.complaints == []


def test_the_size_of_tiles_is_chosen_and_kept(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{LAYER}", **PHONE).page
    columns = "getComputedStyle(document.querySelector('.tiles')).gridTemplateColumns.split(' ').length"
    assert page.evaluate(columns) == 4
    page.locator("#size").fill("56")
    assert page.evaluate(columns) == 5
    page.reload()
    assert page.evaluate(columns) == 5
    assert page.input_value("#size") == "56"


def test_the_bar_stays_on_screen_and_hides_no_tile_that_an_anchor_leads_to(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{LAYER}#300", **PHONE).page
    page.wait_for_function("document.getElementById('300').getBoundingClientRect().top < innerHeight")
    page.wait_for_timeout(300)
    bar, tile = page.locator(".controls").bounding_box(), page.locator("id=300").bounding_box()
    assert bar["y"] == 0
    assert tile["y"] >= bar["y"] + bar["height"]


def test_tiles_are_one_stop_of_the_keyboard_and_the_arrow_keys_move_among_them(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{LAYER}").page
    focused = "document.activeElement.id"
    across = page.evaluate("getComputedStyle(document.querySelector('.tiles')).gridTemplateColumns.split(' ').length")
    assert page.locator(".tiles > a[tabindex='0']").count() == 1
    page.locator(".tiles > a").first.focus()
    for key, place in (("ArrowRight", 1), ("ArrowDown", 1 + across), ("ArrowLeft", across), ("ArrowUp", 0)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == str(place)
    page.keyboard.press("End")
    assert page.evaluate(focused) == "511"
    assert page.url.endswith(LAYER)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "511"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.tiles')") is None


@pytest.mark.parametrize("script", [True, False])
def test_a_click_on_the_mosaic_leads_to_the_filter_that_stands_there(folder, open_page, script):
    # Where the page scrolls smoothly, a click would be where the picture was.
    page = open_page(f"{folder.as_uri()}/{LAYER}", java_script_enabled=script, reduced_motion="reduce").page
    page.get_by_role("link", name="Mosaic", exact=True).click()
    expect(page.locator(".whole img")).to_be_visible()
    expect(page.locator(".tiles").first).to_be_hidden()
    expect(page.locator("#sort")).to_be_hidden()
    # The ninth of the second row of 32.
    sheet = page.locator(".whole img")
    shown = sheet.bounding_box()
    width, height = (int(sheet.get_attribute(name)) for name in ("width", "height"))
    x, y = 24 + 8.5 * 120, height - 14.5 * (height - 80) / 16
    sheet.click(position={"x": shown["width"] * x / width, "y": shown["height"] * y / height}, force=True)
    page.wait_for_url("**/block5_conv2/040.html*")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_mosaic_is_scrolled_within_the_page_and_not_with_it(folder, open_page, width):
    page = open_page(f"{folder.as_uri()}/{LAYER}#mosaic", viewport={"width": width, "height": 700}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".whole").bounding_box()["width"] >= 900


def test_in_print_a_layer_is_its_pictures(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{LAYER}").page
    page.emulate_media(media="print")
    assert page.locator(".controls").is_hidden()
    assert page.locator(".tiles img").first.is_visible()
