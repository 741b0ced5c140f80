"""The map, as a visitor uses it: from disk, by mouse, by keyboard, by touch, and without a script."""

import re

import pytest
from playwright.sync_api import Page, expect

from pipeline.results.sheets import TILE_PX
from tests.browser.conftest import NUMBERS

ALL = sum(map(len, NUMBERS.values()))
CELL = f"""(name) => {{
    const [layer, number] = name.split("/");
    const index = ATLAS_MAP.layers.findIndex(each => each.name === layer);
    const filters = ATLAS_MAP.layers[index].filters;
    const place = Array.isArray(filters) ? filters.indexOf(Number(number)) : Number(number);
    const by = document.querySelector("[name=by]:checked").value;
    const sheet = ATLAS_MAP.sheets.find(each => each.by === by);
    const cell = sheet.cells[index][place];
    const [column, row] = [cell % sheet.columns, Math.floor(cell / sheet.columns)];
    const [right, down] = row < sheet.fold ? [column, row] : [column + sheet.columns + 2, row - sheet.fold];
    return [(right + .5) / sheet.columns, (down + .5) / sheet.columns, {TILE_PX} / sheet.columns];
}}"""


def opened(open_page, address: str, **settings):
    watched = open_page(address, **settings)
    watched.page.wait_for_function("window.ATLAS_MAP && document.querySelector('#map').dataset.tiles === 'shown'")
    return watched


def where(page: Page, name: str) -> tuple[float, float]:
    """Return where on the screen the middle of a filter's cell is."""
    x, y, _ = page.evaluate(CELL, name)
    return page.evaluate(
        "([x, y]) => { const view = window.atlas.map;"
        "const at = view.viewport.pixelFromPoint(new OpenSeadragon.Point(x, y), true);"
        "const box = view.element.getBoundingClientRect(); return [box.left + at.x, box.top + at.y]; }",
        [x, y],
    )


def settled(page: Page) -> None:
    page.wait_for_function("document.querySelector('#map').dataset.tiles === 'shown'")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_disk_without_a_complaint_or_a_request_to_elsewhere(folder, open_page, scheme):
    watched = opened(open_page, f"{folder.as_uri()}/map.html", color_scheme=scheme)

    assert watched.complaints == []
    assert all(request.startswith((folder.as_uri(), "data:")) for request in watched.requests)
    assert [request for request in watched.requests if "/map/layers/" in request]


@pytest.mark.parametrize(("width", "height", "parts"), [(1440, 600, 2), (390, 844, 1)])
def test_in_a_wide_window_the_lower_layers_stand_beside_the_upper_ones(folder, open_page, width, height, parts):
    page = opened(open_page, f"{folder.as_uri()}/map.html", viewport={"width": width, "height": height}).page

    assert page.evaluate("window.atlas.map.world.getItemCount()") == parts


def test_zooming_in_leads_to_the_filters_own_picture(folder, open_page):
    watched = opened(open_page, f"{folder.as_uri()}/map.html")
    page = watched.page
    x, y = where(page, "block3_conv1/159")
    page.mouse.move(x, y)
    for _ in range(20):
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(60)
    settled(page)

    assert [request for request in watched.requests if request.endswith("/block3_conv1/159.avif")]
    assert watched.complaints == []


def test_the_pointer_names_the_filter_and_a_click_leads_to_it(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html").page
    x, y = where(page, "block5_conv2/300")

    page.mouse.move(x, y)

    expect(page.locator("#map-card b")).to_have_text("block5_conv2/300")
    expect(page.locator("#map-card small")).not_to_be_empty()
    page.mouse.click(x, y)
    page.wait_for_url("**/block5_conv2/300.html")


def test_by_likeness_the_same_filter_is_elsewhere_and_leads_to_the_same_page(folder, open_page):
    watched = opened(open_page, f"{folder.as_uri()}/map.html")
    page = watched.page
    before = where(page, "block5_conv2/300")

    page.check("[name=by][value=likeness]")
    settled(page)
    after = where(page, "block5_conv2/300")

    assert after != before
    assert page.url.endswith("map.html#by=likeness")
    assert [request for request in watched.requests if "/map/likeness/" in request]
    assert watched.complaints == []
    page.mouse.click(*after)
    page.wait_for_url("**/block5_conv2/300.html")


def test_a_search_lights_up_what_it_finds_and_dims_the_rest(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html").page
    shade = """() => {
        const over = document.querySelector("#map-over");
        const all = over.getContext("2d").getImageData(0, 0, over.width, over.height).data;
        return all.filter((value, place) => place % 4 === 3 && value > 200).length / (all.length / 4);
    }"""
    assert page.evaluate(shade) < 0.1

    page.fill("#map-find", "vertical blue")

    expect(page.locator("#map-lit")).to_have_text(re.compile(rf"^\d+ of {ALL} filters$"))
    assert page.evaluate(shade) > 0.5
    page.fill("#map-find", "")
    expect(page.locator("#map-lit")).to_have_text("")
    assert page.evaluate(shade) < 0.1


def test_the_address_says_what_is_lit_and_how_it_is_arranged(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html#q=vertical+blue&by=likeness").page

    expect(page.locator("#map-lit")).to_have_text(re.compile(rf"^\d+ of {ALL} filters$"))
    expect(page.locator("#map-find")).to_have_value("vertical blue")
    expect(page.locator("[name=by][value=likeness]")).to_be_checked()


def test_what_is_not_there_is_said_to_be_not_there(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html#q=zebra").page

    expect(page.locator("#map-lit")).to_have_text("Nothing found")
    expect(page.locator("#map-lit button")).to_have_count(0)


def test_what_may_have_been_meant_is_offered_and_lit(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html#q=vertcal").page

    page.get_by_role("button", name="Did you mean vertical?").click()

    expect(page.locator("#map-find")).to_have_value("vertical")
    expect(page.locator("#map-lit")).to_have_text(re.compile(rf"^\d+ of {ALL} filters$"))


def test_enter_goes_from_hit_to_hit(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html").page
    page.fill("#map-find", "vertical blue")
    expect(page.locator("#map-lit")).to_contain_text("filters")

    names = []
    for _ in range(3):
        page.press("#map-find", "Enter")
        names.append(page.locator("#map-card b").inner_text())

    assert len(set(names)) == 3


def test_the_keyboard_chooses_zooms_and_opens(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html").page
    page.locator("[role=application]").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator("#map-card b").inner_text()
    page.keyboard.press("ArrowRight")
    second = page.locator("#map-card b").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")

    assert page.locator("#map-card b").inner_text() == first != second
    page.keyboard.press("Enter")
    layer, number = first.split("/")
    page.wait_for_url(f"**/{layer}/{int(number):03}.html")


def test_a_tap_names_a_filter_and_another_opens_it(folder, open_page):
    page = opened(open_page, f"{folder.as_uri()}/map.html", has_touch=True, viewport={"width": 390, "height": 844}).page
    x, y = where(page, "block5_conv2/300")

    page.touchscreen.tap(x, y)

    expect(page.locator("#map-card b")).to_have_text("block5_conv2/300")
    page.wait_for_timeout(400)
    page.touchscreen.tap(x, y)
    page.wait_for_url("**/block5_conv2/300.html")


def test_coming_back_the_map_is_as_it_was_left(served, open_page):
    page = opened(open_page, f"{served}/map.html").page
    page.click("#map-in")
    page.click("#map-in")
    page.wait_for_timeout(900)
    zoom = page.evaluate("window.atlas.map.viewport.getZoom()")
    page.locator(".map-layers a").first.click()
    page.wait_for_url("**/block1_conv1/index.html")
    page.go_back()
    page.wait_for_function("document.querySelector('#map')?.dataset.tiles === 'shown'")

    assert page.evaluate("window.atlas.map.viewport.getZoom()") == pytest.approx(zoom, rel=0.01)


def test_without_a_script_one_picture_shows_the_layers_and_leads_to_them(folder, open_page):
    watched = open_page(f"{folder.as_uri()}/map.html", java_script_enabled=False)

    assert watched.page.locator(".map-plain img").is_visible()
    assert not watched.page.locator("#map").is_visible()
    watched.page.locator(".map-plain a", has_text="block5_conv2").click()
    watched.page.wait_for_url("**/block5_conv2/index.html")
    assert watched.complaints == []


def test_no_other_page_loads_the_viewer(folder):
    for page in folder.rglob("*.html"):
        assert ("openseadragon" in page.read_text(encoding="utf-8")) == (page.name == "map.html"), page
