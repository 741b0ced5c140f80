"""The home of several atlases, in a real browser."""

import shutil
from pathlib import Path

import pytest

from pipeline.results import layout
from pipeline.site import collection
from tests.browser.test_accessibility import AXE, TAGS

KINDS = ("index.html", "404.html")


@pytest.fixture(scope="module")
def several(build, repository, tmp_path_factory) -> Path:
    """Return a site of two atlases on disk, in a folder whose name needs quoting."""
    root = tmp_path_factory.mktemp("several")
    folders = [root / name for name in ("one", "two")]
    for folder in folders:
        build(layout.site(folder), title=f"What the filters of network {folder.name} look for", author="An Author")
    atlases = collection.sources(folders)
    output = root / "sub path" / "all"
    collection.build(atlases, title="Atlases", base_url="", templates=repository / "templates", output=output)
    for folder in folders:
        shutil.rmtree(folder)
    return output


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(several, open_page, kind, scheme):
    page = open_page(f"{several.as_uri()}/{kind}", color_scheme=scheme).page
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run({ runOnly: { type: 'tag', values: tags } })", TAGS)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert found["passes"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [320, 390, 1024, 1600])
def test_no_page_is_wider_than_the_screen(several, open_page, kind, width):
    watched = open_page(f"{several.as_uri()}/{kind}", viewport={"width": width, "height": 800})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width


def test_home_opens_from_disk_without_a_complaint(several, open_page):
    watched = open_page(f"{several.as_uri()}/index.html")
    watched.scroll_through()
    assert watched.complaints == []
    assert all(request.startswith((several.as_uri(), "data:")) for request in watched.requests)


def test_without_javascript_every_atlas_is_one_link_from_the_home_of_all(several, open_page):
    watched = open_page(f"{several.as_uri()}/index.html", java_script_enabled=False)
    watched.page.click("text=What the filters of network two look for")
    assert watched.page.url == f"{several.as_uri()}/vgg16-2/index.html"
    assert watched.page.locator("h1").inner_text() == "What the filters of network two look for"
