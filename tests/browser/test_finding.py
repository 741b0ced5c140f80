import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("words", ["block3_conv1/159", "b3c1 159", "block3_conv1 159", "B3C1/159", "b3 c1 #159"])
def test_a_filter_is_jumped_to_by_its_name_however_short(folder, open_page, words):
    page = open_page(f"{folder.as_uri()}/index.html").page
    page.fill("#find", words)
    page.press("#find", "Enter")
    page.wait_for_url("**/block3_conv1/159.html")


def test_a_layer_is_jumped_to_by_its_name(folder, open_page):
    page = open_page(f"{folder.as_uri()}/how-to-read.html").page
    page.fill("#find", "b5c2")
    page.press("#find", "Enter")
    page.wait_for_url("**/block5_conv2/index.html")


def test_words_find_the_filters_that_look_so(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    page.fill("#find", "vertical blue")
    texts = page.locator("#found li").all_inner_texts()
    expect(page.locator("#found li").first).to_be_visible()
    texts = page.locator("#found li").all_inner_texts()
    assert texts
    assert all("vertical" in text and "blue" in text for text in texts)
    expect(page.locator("#found [role=status]")).to_have_text(re.compile(r"\d+ found"))


def test_a_photograph_is_found_by_its_name(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    page.fill("#find", "sample 3")
    expect(page.locator("#found li")).to_have_count(1)
    expect(page.locator("#found li").first).to_contain_text("photograph")
    page.press("#find", "Enter")
    page.wait_for_url("**/photographs/003.html")


def test_what_is_not_there_is_said_to_be_not_there(folder, open_page):
    page = open_page(f"{folder.as_uri()}/index.html").page
    page.fill("#find", "zebra")
    expect(page.locator("#found [role=status]")).to_have_text("Nothing found")
    page.press("#find", "Enter")
    assert page.url.endswith("/index.html")


def test_results_are_walked_with_the_arrow_keys_and_closed_with_escape(folder, open_page):
    page = open_page(f"{folder.as_uri()}/index.html").page
    page.fill("#find", "stripes")
    expect(page.locator("#found li").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement === document.querySelectorAll('#found a')[1]")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "find"


def test_random_leads_to_a_filter(folder, open_page):
    page = open_page(f"{folder.as_uri()}/data/index.html").page
    page.click("#random")
    page.wait_for_url(re.compile(r"/block\d_conv\d/\d{3}\.html$"))


def test_arrow_keys_turn_the_pages_of_filters(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block5_conv2/300.html").page
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/block5_conv2/301.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/block5_conv2/300.html")


def test_arrow_keys_move_the_cursor_while_typing(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block5_conv2/300.html").page
    page.fill("#find", "ab")
    page.press("#find", "ArrowLeft")
    page.wait_for_timeout(100)
    assert page.url.endswith("/300.html")


def test_the_first_stop_of_the_keyboard_skips_to_the_content(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block3_conv1/index.html").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_every_stop_of_the_keyboard_is_seen(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")


def test_an_anchor_leads_to_the_tile_of_a_filter(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block5_conv2/index.html#300").page
    page.wait_for_function(
        "() => { const box = document.getElementById('300').getBoundingClientRect();"
        "return box.top >= 0 && box.bottom <= innerHeight; }"
    )
