import pytest

from tests.browser.conftest import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_from_disk_without_a_complaint(folder, open_page, kind):
    watched = open_page(f"{folder.as_uri()}/{kind}")
    watched.scroll_through()
    assert watched.complaints == []
    assert all(request.startswith((folder.as_uri(), "data:")) for request in watched.requests)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_under_a_sub_path_without_a_complaint(served, open_page, kind):
    watched = open_page(f"{served}/{kind}")
    watched.scroll_through()
    assert watched.complaints == []
    assert all(request.startswith((served, "data:")) for request in watched.requests)


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_of_a_page_is_shown(folder, open_page, kind):
    watched = open_page(f"{folder.as_uri()}/{kind}")
    watched.scroll_through()
    # Those of a view that is not the one shown are only loaded when they are asked for.
    broken = watched.page.evaluate(
        "async () => { const all = [...document.images].filter(each => each.getAttribute('src'));"
        "all.forEach(each => { each.loading = 'eager'; });"
        "await Promise.allSettled(all.map(each => each.decode()));"
        "return all.filter(each => !each.naturalWidth).map(each => each.src); }"
    )
    assert broken == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [320, 390, 1024, 1600])
def test_no_page_is_wider_than_the_screen(folder, open_page, kind, width):
    watched = open_page(f"{folder.as_uri()}/{kind}", viewport={"width": width, "height": 800})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_a_page_comes_up(served, open_page, kind, width):
    watched = open_page(f"{served}/{kind}", viewport={"width": width, "height": 800})
    watched.page.wait_for_load_state("networkidle")

    # Where something is searched for, the list of words makes room for what is found.
    assert watched.moved() < (0.1 if "#q=" in kind else 0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_without_javascript_a_page_offers_nothing_that_needs_it(folder, open_page, kind):
    watched = open_page(f"{folder.as_uri()}/{kind}", java_script_enabled=False)
    for tag in ("input", "select", "button"):
        for control in watched.page.locator(tag).all():
            assert not control.is_visible()
    assert watched.page.locator("h1").is_visible()
    assert watched.complaints == []


def test_without_javascript_every_filter_is_two_links_from_home(folder, open_page):
    watched = open_page(f"{folder.as_uri()}/index.html", java_script_enabled=False)
    watched.page.click("li.layer a >> text=block5_conv2")
    watched.page.click("id=300")
    assert watched.page.locator("h1").inner_text() == "block5_conv2 / 300"


def test_a_hostile_title_is_shown_and_not_run(build, open_page, tmp_path):
    hostile = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }}"
    settings = dict.fromkeys(("title", "author", "description", "licence"), hostile)
    output = build(tmp_path / "site", **settings, base_url="https://example.org/a")
    for kind in ("index.html", "block5_conv2/300.html", "block1_conv1/index.html"):
        watched = open_page(f"{output.as_uri()}/{kind}")
        # Home has it as its heading, the other pages as the way there.
        assert hostile in watched.page.locator("h1" if kind == "index.html" else "header .title").inner_text()
        assert watched.complaints == []
        assert all(request.startswith((output.as_uri(), "data:")) for request in watched.requests)


def test_printing_a_layer_keeps_the_pictures_and_drops_the_controls(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/index.html").page
    page.emulate_media(media="print")
    assert page.locator(".tiles img").first.is_visible()
    assert not page.locator(".finder").is_visible()
    assert not page.locator("#sort").is_visible()
