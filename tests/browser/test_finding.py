import re

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("words", ["block3_conv1/159", "b3c1 159", "block3_conv1 159", "B3C1/159", "b3 c1 #159"])
def test_a_filter_is_jumped_to_by_its_name_however_short(folder, open_page, words):
    page = open_page(f"{folder.as_uri()}/index.html").page
    page.fill("#find", words)
    # Before the index is there, Enter leads to the page of searches.
    page.wait_for_function("Boolean(window.atlas?.search)")
    page.press("#find", "Enter")
    page.wait_for_url("**/block3_conv1/159.html")


def test_a_layer_is_jumped_to_by_its_name(folder, open_page):
    page = open_page(f"{folder.as_uri()}/how-to-read.html").page
    page.fill("#find", "b5c2")
    # Before the index is there, Enter leads to the page of searches.
    page.wait_for_function("Boolean(window.atlas?.search)")
    page.press("#find", "Enter")
    page.wait_for_url("**/block5_conv2/index.html")


def test_words_find_the_filters_that_look_so(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    page.fill("#find", "vertical blue")
    expect(page.locator("#hits a").first).to_be_visible()
    texts = [text for text in page.locator("#hits a").all_inner_texts() if not text.startswith("All ")]
    assert texts
    assert all("vertical" in text and "blue" in text for text in texts)
    expect(page.locator("#hits [role=status]")).to_have_text(re.compile(r"\d+ found"))


def test_a_photograph_is_found_by_its_name(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    page.fill("#find", "sample 3")
    expect(page.locator("#hits a")).to_have_count(1)
    expect(page.locator("#hits a").first).to_contain_text("photograph")
    page.press("#find", "Enter")
    page.wait_for_url("**/photographs/003.html")


def test_what_is_not_there_is_said_to_be_not_there_with_what_may_have_been_meant(folder, open_page):
    page = open_page(f"{folder.as_uri()}/index.html").page
    page.fill("#find", "block5_conv2 999")
    expect(page.locator("#hits [role=status]")).to_have_text("Nothing found")
    expect(page.locator("#hits a").first).to_have_text("block5_conv2 has filters 0 to 511")
    page.press("#find", "Enter")
    page.wait_for_url("**/search.html#q=block5_conv2+999")
    expect(page.locator("#results [role=status]")).to_contain_text("Nothing found for “block5_conv2 999”")
    expect(page.locator("#results .advice a")).to_have_text("block5_conv2 has filters 0 to 511")


def test_hits_are_chosen_with_the_arrow_keys_and_closed_with_escape(folder, open_page):
    page = open_page(f"{folder.as_uri()}/index.html").page
    page.fill("#find", "b5c2 30")
    page.fill("#find", "block5_conv2")
    expect(page.locator("#hits a").first).to_be_visible()
    field = page.locator("#find")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "hits-1")
    expect(page.locator("#hits-1")).to_have_attribute("aria-selected", "true")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.fill("#find", "block5_conv2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/block5_conv2/000.html")


def test_words_lead_to_all_hits_at_an_address_that_can_be_shared(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html").page
    page.fill("#find", "vertical")
    page.press("#find", "Enter")
    page.wait_for_url("**/search.html#q=vertical")
    expect(page.locator("#results .tiles a").first).to_be_visible()
    told = page.locator("#results [role=status]").inner_text()
    assert told == f"{page.locator('#results .tiles a').count():,} filters for “vertical”"
    expect(page.locator("#all-words")).to_be_hidden()
    shared = open_page(f"{folder.as_uri()}/search.html#q=vertical").page
    expect(shared.locator("#results [role=status]")).to_have_text(told)


def test_before_the_index_is_there_the_form_leads_to_the_hits_all_the_same(folder, open_page):
    page = open_page(f"{folder.as_uri()}/search.html?q=vertical").page
    expect(page.locator("#results .tiles a").first).to_be_visible()


def test_hits_are_walked_through_with_the_arrow_keys(folder, open_page):
    page = open_page(f"{folder.as_uri()}/search.html#q=block5_conv2").page
    tiles = page.locator("#results .tiles a")
    expect(tiles.first).to_be_visible()
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement === document.querySelectorAll('#results .tiles a')[1]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement === document.querySelectorAll('#results .tiles a')[0]")


def test_a_word_that_is_chosen_joins_the_others_and_leaves_again(folder, open_page):
    page = open_page(f"{folder.as_uri()}/search.html").page
    words = page.locator("[data-word]").evaluate_all("all => all.map(each => each.dataset.word)")
    page.click(f"[data-word={words[0]}]")
    page.wait_for_url(f"**#q={words[0]}")
    page.click(f"[data-word={words[1]}]")
    page.wait_for_url(f"**#q={words[0]}+{words[1]}")
    page.click(f"[data-word={words[0]}]")
    page.wait_for_url(f"**#q={words[1]}")


def test_without_javascript_every_word_leads_to_filters_that_have_it(folder, open_page):
    page = open_page(f"{folder.as_uri()}/search.html", java_script_enabled=False).page
    page.locator(".chips a").first.click()
    assert "#word-" in page.url
    assert page.locator("#all-words .row a").first.is_visible()


def test_the_field_is_large_enough_that_phones_do_not_zoom_in_on_it(folder, open_page):
    page = open_page(f"{folder.as_uri()}/index.html").page
    assert page.evaluate("parseFloat(getComputedStyle(document.getElementById('find')).fontSize)") >= 16


def test_the_finder_is_there_where_the_media_query_for_scripts_is_not_known(served, open_page):
    watched = open_page("about:blank")
    watched.page.route(
        "**/style.css*",
        lambda route: route.fulfill(
            response=(got := route.fetch()), body=got.text().replace("(scripting: enabled)", "(x)")
        ),
    )
    watched.page.goto(f"{served}/index.html")
    expect(watched.page.locator("#find")).to_be_visible()


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
