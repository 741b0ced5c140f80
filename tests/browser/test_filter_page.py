"""The page of a filter as its visitors use it: film, toggles, keys, texts to copy."""

import re

import pytest
from playwright.sync_api import expect

FILTER = "block5_conv2/300.html"
PLACE = "Number(getComputedStyle(document.getElementById('emergence')).getPropertyValue('--at'))"
RADII = "[...document.querySelectorAll('#emergence circle')].map(each => parseFloat(getComputedStyle(each).r))"


@pytest.fixture
def page(folder, open_page):
    return open_page(f"{folder.as_uri()}/{FILTER}").page


def test_the_picture_is_in_the_first_screen_and_at_most_three_times_its_size(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html", viewport={"width": 390, "height": 844}).page
    picture = page.locator(".framed img")
    box = picture.bounding_box()
    assert box["y"] + box["height"] < 844
    assert box["width"] <= 3 * int(picture.get_attribute("width"))


def test_how_a_picture_emerged_is_a_film_that_runs_while_it_is_seen(page):
    page.locator("#emergence").scroll_into_view_if_needed()
    page.wait_for_function(f"{PLACE} === 1")
    page.wait_for_function(f"{PLACE} === 2")
    assert page.locator(".film").bounding_box()["width"] == 240
    page.click("#play")
    held = page.evaluate(PLACE)
    page.wait_for_timeout(900)
    assert page.evaluate(PLACE) == held == int(page.input_value("#scrub"))
    page.click("#play")
    page.wait_for_function(f"{PLACE} !== {held}")


def test_the_slider_moves_film_mark_and_curve_together(page):
    page.locator("#scrub").fill("2")
    assert page.evaluate(PLACE) == 2
    assert page.inner_text("#play") == "Play"
    radii = page.evaluate(RADII)
    assert [radius > 4 for radius in radii] == [place == 2 for place in range(len(radii))]
    position = page.evaluate("getComputedStyle(document.querySelector('.film')).objectPosition")
    assert float(position.split("%")[0]) == pytest.approx(100 * 2 / (len(radii) - 1))
    # The film may have begun to run where the slider came into view, and its last frame is yet to be drawn over.
    page.wait_for_function(
        "() => { const mark = document.querySelector('.strip i');"
        "return Math.abs(mark.offsetLeft - 2 * mark.offsetWidth) < 2; }"
    )


def test_the_film_stands_still_for_those_who_asked_for_less_motion(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{FILTER}", reduced_motion="reduce").page
    page.locator("#emergence").scroll_into_view_if_needed()
    expect(page.locator("#play")).to_be_hidden()
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.evaluate(PLACE) == int(page.get_attribute("#scrub", "max"))
    page.locator("#scrub").fill("0")
    assert page.evaluate(PLACE) == 0


def test_without_a_script_the_strip_is_there_and_no_film(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{FILTER}", java_script_enabled=False).page
    assert page.locator(".strip img").is_visible()
    assert page.locator(".film").is_hidden()


def test_pixels_are_shown_on_request_and_on_the_next_page_too(page):
    rendering = "getComputedStyle(document.querySelector('.framed img')).imageRendering"
    assert page.evaluate(rendering) == "auto"
    page.click("#pixels")
    assert page.evaluate(rendering) == "pixelated"
    expect(page.locator("#pixels")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/301.html")
    assert page.evaluate(rendering) == "pixelated"
    page.click("#pixels")
    assert page.evaluate(rendering) == "auto"


def test_the_frame_is_hidden_by_the_keyboard_too(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html", reduced_motion="reduce").page
    opacity = "getComputedStyle(document.querySelector('.frame')).opacity"
    assert page.evaluate(opacity) == "1"
    page.focus("#unframed")
    page.keyboard.press("Enter")
    assert page.evaluate(opacity) == "0"


def test_at_the_top_of_the_page_the_up_key_leads_to_the_layer_and_elsewhere_it_scrolls(page):
    page.evaluate("scrollTo({ top: 400, behavior: 'instant' })")
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(200)
    assert page.url.endswith(FILTER)
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.keyboard.press("ArrowUp")
    page.wait_for_url("**/block5_conv2/index.html#300")


def test_the_way_on_stands_at_the_end_too_and_leads_into_the_next_layer(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block3_conv1/159.html").page
    links = page.locator("a[rel=next]")
    expect(links).to_have_count(2)
    expect(links.last).to_have_accessible_name("Next: block5_conv2/0")
    links.last.click()
    page.wait_for_url("**/block5_conv2/000.html")


def test_what_is_cited_is_copied(served, open_page):
    page = open_page(f"{served}/{FILTER}", permissions=["clipboard-read", "clipboard-write"]).page
    page.locator(".share summary").click()
    entry = page.locator(".copyable", has_text="BibTeX")
    entry.get_by_role("button").click()
    expect(entry.get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("@misc{")


def test_what_is_compared_is_remembered_four_at_most(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block5_conv2/000.html").page
    for number in range(5):
        page.goto(f"{folder.as_uri()}/block5_conv2/{number:03}.html")
        page.click("#compare")
        page.wait_for_url(re.compile(r"/compare\.html#"))
    names = [f"block5_conv2/{number}" for number in range(1, 5)]
    assert page.url.endswith(f"#{','.join(names)}")


@pytest.mark.parametrize("kept", ["", "{", "null", "7", '"a"', '{"a": 1}'])
def test_what_another_page_left_where_the_list_is_kept_does_no_harm(folder, open_page, kept):
    watched = open_page(f"{folder.as_uri()}/{FILTER}")
    watched.page.evaluate("kept => localStorage.setItem('atlas-compare', kept)", kept)
    watched.page.click("#compare")
    watched.page.wait_for_url("**/compare.html#block5_conv2/300")
    # Pictures of the page that is left may be on their way still.
    assert [each for each in watched.complaints if not each.startswith("failed: ")] == []


def test_from_disk_a_picture_opens_beside_the_page(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{FILTER}").page
    with page.expect_popup():
        page.click(".actions a[download]")
    assert page.url.endswith(FILTER)


@pytest.mark.parametrize("media", [{"media": "print"}, {"forced_colors": "active"}])
def test_signs_and_colours_are_told_where_backgrounds_are_not(folder, open_page, media):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    page.emulate_media(**media)
    for mark in (".sign.pos", ".swatch"):
        style = page.locator(mark).first.evaluate(
            "each => [getComputedStyle(each).backgroundColor, getComputedStyle(each).printColorAdjust]"
        )
        assert style[0] not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")
        assert style[1] == "exact"
