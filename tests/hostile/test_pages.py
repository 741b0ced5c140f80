"""Texts of the configuration in the pages: whatever they say, they are text there, and nothing else."""

import functools
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import formatting
from pipeline.files import PROJECT
from pipeline.network import catalogue
from pipeline.network.known import credit
from pipeline.results import atlas as atlases
from pipeline.results.atlas import Atlas
from pipeline.site import contents, publishing
from pipeline.site.build import Renderer, Site, names
from pipeline.site.pages.page import Page
from tests.support import synthetic
from tests.support.hostile import examples

pytestmark = pytest.mark.hostile("texts in pages")

NUMBERS = {"block1_conv1": [0, 9]}
HARMLESS = "x"
PIECES = st.sampled_from(
    [*"\"'<>&`=/\\{}[]()%;:#-", "<script>", "</script>", "</title>", "<!--", "-->", "]]>", "<![CDATA[", "onerror=",
     "javascript:", "data:text/html,", "{{ 7*7 }}", "{% raw %}", "&lt;", "&#60;", "\u2028", "\u202e", "\t", " "]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=6), min_size=1, max_size=8).map("".join).filter(str.strip)


class _Parts(HTMLParser):
    """What a page is made of, but for its texts and the values of its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attributes]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory) -> Atlas:
    folder = tmp_path_factory.mktemp("results")
    synthetic.make_results(folder, catalogue.load("vgg16"), NUMBERS)
    network = catalogue.load("vgg16")
    return atlases.read(folder, folder / "weights.npz", network, list(NUMBERS), with_photographs=True)


@pytest.fixture(scope="module")
def pages(atlas) -> dict[str, Page]:
    """Return one page of each kind, by its template."""
    shown = contents.site_pages(atlas, HARMLESS, HARMLESS, with_patches=True)
    return {page.template: page for page in shown}


def rendered(atlas: Atlas, page: Page, text: str, templates: Path = PROJECT / "templates") -> list[object]:
    site = Site(title=text, author=text, description=text, licence=text, base_url="https://example.org/a")
    known = {"network": text, "credit": credit("vgg16"), "weights_source": text, "weights_are_published": False}
    known |= {"search_example": text, "has_photographs": True, "photographs_are_credited": True}
    renderer = Renderer(site, templates, **names(atlas, site, text) | known)
    renderer.environment.globals.update(size=lambda path: "1 kB", rows=lambda path: 1)
    return _Parts(renderer.render(page)).found


def test_any_text_is_text_in_every_kind_of_page(atlas, pages):
    harmless = functools.cache(lambda template: rendered(atlas, pages[template], HARMLESS))

    @examples(40)
    @given(st.sampled_from(sorted(pages)), TEXTS.filter(lambda text: not formatting.not_for_a_page(text)))
    def tried(template, text):
        assert rendered(atlas, pages[template], text) == harmless(template)

    tried()


@examples(300)
@given(TEXTS.filter(lambda text: not formatting.not_for_a_page(text)))
def test_any_text_is_text_in_what_language_models_read(atlas, pages, text):
    words = publishing.llms("https://example.org/a", text, text, atlas, [pages["layer.html"]])
    title, _, summary, *_ = words.split("\n")
    assert not set("<>`[]") & set(title.removeprefix("# ") + summary.removeprefix("> "))
    assert words.count("\n## ") == 2
