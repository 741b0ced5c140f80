import xml.etree.ElementTree as ElementTree

import pytest

from pipeline.site import publishing
from tests.support.markup import documents
from tests.support.sites import BASE, NUMBERS


def test_with_a_base_address_pages_name_themselves_and_the_sitemap_lists_them(public):
    pages = {name for name in documents(public) if name != "404.html"}
    tree = ElementTree.parse(public / "sitemap.xml")
    listed = {each.text for each in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    assert listed == {f"{BASE}/{name.removesuffix('index.html')}" for name in pages}
    for name, document in documents(public).items():
        canonical = [each["href"] for each in document.all("link") if each["rel"] == "canonical"]
        assert canonical == ([] if name == "404.html" else [f"{BASE}/{name.removesuffix('index.html')}"])
    assert f"Sitemap: {BASE}/sitemap.xml" in (public / "robots.txt").read_text()


def test_there_is_no_feed_for_nothing_in_it_could_be_new(public):
    assert not (public / "feed.xml").exists()
    for document in documents(public).values():
        assert not [each for each in document.all("link") if each["rel"] == "alternate"]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("index.html", "/"),
        ("a/index.html", "/a/"),
        ("index.html#layers", "/#layers"),
        ("a b/0.html#x", "/a%20b/0.html#x"),
    ],
)
def test_a_public_address_keeps_its_fragment(path, address):
    assert publishing.absolute(BASE, path) == BASE + address


def test_hosts_are_told_not_to_process_the_files(plain):
    assert (plain / ".nojekyll").is_file()


def test_llms_txt_leads_to_every_layer(plain):
    text = (plain / "llms.txt").read_text()
    assert "(photographs/index.html)" in text
    for layer in NUMBERS:
        assert f"[{layer}]({layer}/index.html)" in text
