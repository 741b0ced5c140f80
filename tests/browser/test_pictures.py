"""Pictures first: what a visitor sees of them before scrolling, how large, and what can be taken home."""

import hashlib
import io
import zipfile

import pytest

PHONE = {"width": 390, "height": 844}
LAYER = "block3_conv1"

# Of every picture of a filter on the page: its name, its side on the screen, its own, how it is drawn, and where.
PICTURES = r"""() => [...document.images]
  .filter(each => /\/\d+\.avif$/.test(each.currentSrc))
  .map(each => [
    each.currentSrc.split("/").slice(-2).join("/"), each.getBoundingClientRect().width, each.naturalWidth,
    getComputedStyle(each).imageRendering, each.getBoundingClientRect().bottom,
  ])"""


@pytest.mark.parametrize("viewport", [PHONE, {"width": 1440, "height": 900}])
def test_the_first_screen_of_home_shows_pictures(served, open_page, viewport):
    page = open_page(f"{served}/index.html", viewport=viewport).page

    seen = [each for each in page.evaluate(PICTURES) if each[4] <= viewport["height"]]
    assert len(seen) == len(page.query_selector_all(".plate")) >= 3


@pytest.mark.parametrize("width", [390, 1440, 2560])
@pytest.mark.parametrize("name", ["index.html", "block1_conv1/000.html", "block5_conv2/300.html"])
def test_pictures_are_smooth_and_at_most_three_times_their_size(served, open_page, name, width):
    page = open_page(f"{served}/{name}", viewport={"width": width, "height": 900}).page

    found = page.evaluate(PICTURES)
    assert found
    assert {rendering for _, _, _, rendering, _ in found} == {"auto"}
    assert all(side <= 3 * own for _, side, own, _, _ in found)


def test_kernels_keep_their_squares(served, open_page):
    page = open_page(f"{served}/block1_conv1/index.html").page

    assert page.eval_on_selector(".kernels img", "each => getComputedStyle(each).imageRendering") == "pixelated"


def test_home_reaches_from_margin_to_margin(served, open_page):
    page = open_page(f"{served}/index.html", viewport={"width": 1440, "height": 900}).page
    ends = {
        selector: max(page.eval_on_selector_all(selector, "all => all.map(e => e.getBoundingClientRect().right)"))
        for selector in (".plates", ".plate:nth-child(3) img", ".band img", ".block", ".facts")
    }

    assert max(ends.values()) - min(ends.values()) < 1


def test_a_picture_in_a_band_leads_to_its_filter(served, open_page):
    page = open_page(f"{served}/index.html").page
    band = page.locator(".layer", has_text=LAYER).locator(".band img")
    band.scroll_into_view_if_needed()
    box = band.bounding_box()

    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(f"**/{LAYER}/036.html")


def test_with_the_keyboard_a_layer_is_one_stop(served, open_page):
    page = open_page(f"{served}/index.html").page
    page.locator(".layer > a").first.focus()
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent").startswith(LAYER)


def test_a_layers_originals_come_in_one_archive_as_they_are_on_the_site(served, folder, open_page):
    watched = open_page(f"{served}/{LAYER}/index.html")
    assert not [address for address in watched.loaded if "zip.js" in address]
    with watched.page.expect_download() as waiting:
        watched.page.click("#originals button")
    download = waiting.value
    data = download.path().read_bytes()

    assert download.suggested_filename == f"vgg16-{LAYER}.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        listed = archive.read(f"vgg16-{LAYER}/vgg16-{LAYER}.sha256").decode().splitlines()
        assert len(listed) == len(archive.namelist()) - 1 == len([*(folder / LAYER).glob("*.png")])
        for line in listed:
            digest, name = line.split()
            assert hashlib.sha256(archive.read(f"vgg16-{LAYER}/{name}")).hexdigest() == digest
    assert watched.complaints == []


def test_a_page_from_disk_offers_no_archive_of_what_lies_beside_it(folder, open_page):
    page = open_page((folder / LAYER / "index.html").as_uri()).page

    assert not page.is_visible("#originals")
