"""Filters side by side."""

from playwright.sync_api import expect

PAIR = "compare.html#block5_conv2/300,block3_conv1/159"


def names(page) -> list[str]:
    return page.locator(".compare thead a").all_inner_texts()


def test_filters_in_the_address_stand_side_by_side_from_disk(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{PAIR}").page
    expect(page.locator(".compare thead a")).to_have_count(2)
    assert names(page) == ["block5_conv2/300", "block3_conv1/159"]
    terms = page.locator(".compare tbody th").all_inner_texts()
    assert {"Looks", "In photographs", "Selectivity", "Receptive field"} <= set(terms)
    assert page.locator(".compare tbody tr").first.locator("td").count() == 2


def test_a_filter_is_added_moved_and_removed_and_the_address_follows(folder, open_page):
    page = open_page(f"{folder.as_uri()}/{PAIR}").page
    expect(page.locator(".compare thead a")).to_have_count(2)
    page.fill("#other", "conv5_2 7")
    page.press("#other", "Enter")
    expect(page.locator(".compare thead a")).to_have_count(3)
    assert page.url.endswith("#block5_conv2/300,block3_conv1/159,block5_conv2/7")
    page.click("text=← >> nth=0")
    expect(page.locator(".compare thead a").first).to_have_text("block3_conv1/159")
    page.get_by_role("button", name="Remove block5_conv2/300").click()
    expect(page.locator(".compare thead a")).to_have_count(2)
    assert page.url.endswith("#block3_conv1/159,block5_conv2/7")


def test_what_was_put_there_before_is_there_again(served, open_page):
    page = open_page(f"{served}/{PAIR}").page
    expect(page.locator(".compare thead a")).to_have_count(2)
    page.get_by_role("button", name="Remove block5_conv2/300").click()
    page.goto(f"{served}/index.html")
    page.goto(f"{served}/compare.html")
    expect(page.locator(".compare thead a")).to_have_text(["block3_conv1/159"])


def test_there_is_room_for_four(folder, open_page):
    four = ",".join(f"block5_conv2/{number}" for number in range(5))
    page = open_page(f"{folder.as_uri()}/compare.html#{four}").page
    expect(page.locator(".compare thead a")).to_have_count(4)
    page.fill("#other", "b5c2 99")
    page.press("#other", "Enter")
    expect(page.locator("#add [role=status]")).to_contain_text("room for 4")


def test_what_is_not_in_the_atlas_is_named_and_nothing_in_an_address_is_run(folder, open_page):
    watched = open_page(f"{folder.as_uri()}/compare.html#block9/1,<img src=x onerror=alert(1)>/2,block5_conv2/300")
    expect(watched.page.locator(".compare thead a")).to_have_count(1)
    expect(watched.page.locator("#add [role=status]")).to_contain_text("block9/1")
    assert watched.complaints == []


def test_before_any_is_chosen_there_is_an_example(folder, open_page):
    page = open_page(f"{folder.as_uri()}/compare.html").page
    page.click("#example a")
    expect(page.locator(".compare thead a")).to_have_count(2)
