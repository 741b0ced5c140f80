import xml.etree.ElementTree as ElementTree

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


def test_the_feed_has_one_entry_for_each_layer(public):
    items = ElementTree.parse(public / "feed.xml").findall("channel/item")
    assert [item.findtext("title") for item in items] == list(NUMBERS)
    assert items[0].findtext("link") == f"{BASE}/block1_conv1/"


def test_hosts_are_told_not_to_process_the_files(plain):
    assert (plain / ".nojekyll").is_file()


def test_llms_txt_leads_to_every_layer(plain):
    text = (plain / "llms.txt").read_text()
    assert "(photographs/index.html)" in text
    for layer in NUMBERS:
        assert f"[{layer}]({layer}/index.html)" in text
