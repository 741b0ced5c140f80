from pathlib import Path

import axe_playwright_python
import pytest

from tests.browser.conftest import KINDS

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_violation(folder, open_page, kind, scheme):
    page = open_page(f"{folder.as_uri()}/{kind}", color_scheme=scheme).page
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run({ runOnly: { type: 'tag', values: tags } })", TAGS)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert found["passes"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_contrast_is_that_of_the_highest_grade(folder, open_page, kind, scheme):
    page = open_page(f"{folder.as_uri()}/{kind}", color_scheme=scheme).page
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run({ runOnly: { type: 'rule', values: ['color-contrast-enhanced'] } })")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_the_results_of_a_search(folder, open_page, scheme):
    page = open_page(f"{folder.as_uri()}/index.html", color_scheme=scheme).page
    page.fill("#find", "vertical")
    page.locator("#hits a").first.wait_for()
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run({ runOnly: { type: 'tag', values: tags } })", TAGS)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_nothing_moves_for_those_who_asked_for_less_motion(folder, open_page):
    page = open_page(f"{folder.as_uri()}/block1_conv1/000.html", reduced_motion="reduce").page
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(each => parseFloat(getComputedStyle(each).transitionDuration) > 0"
        " || getComputedStyle(each).scrollBehavior === 'smooth').length"
    )
    assert moving == 0
