"""The pages of photographs, on an atlas that was shown made-up ones."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from msgspec import structs

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.results import exemplars
from pipeline.site import addresses
from pipeline.site import build as site
from pipeline.site.build import Site
from pipeline.site.pages import photographs
from tests.support import shown
from tests.support.markup import documents
from tests.support.sites import BASE, NUMBERS

VGG16 = catalogue.load("vgg16")


@pytest.fixture(scope="module")
def show(results, tmp_path_factory):
    """Return a function that gives results, and the atlas in them, that was shown so many photographs."""

    def show(count: int, *, pixels: bool = True):
        folder = tmp_path_factory.mktemp("shown") / "results"
        shutil.copytree(results, folder)
        layers = atlases.read(folder, folder / "weights.npz", VGG16, list(NUMBERS)).layers
        shown.write(folder, VGG16, layers, count, pixels=pixels)
        return folder, atlases.read(folder, folder / "weights.npz", VGG16, list(NUMBERS), with_photographs=True)

    return show


@pytest.fixture(scope="module")
def few(show):
    return show(12)


@pytest.fixture(scope="module")
def pages(few):
    return {page.path: page for page in photographs.photograph_pages(few[1], with_patches=True)}


@pytest.fixture(scope="module")
def built(few, repository, tmp_path_factory):
    folder, atlas = few
    output = tmp_path_factory.mktemp("built") / "site"
    site.build(atlas, Site(base_url=BASE), results=folder, templates=repository / "templates", output=output)
    return output


def test_an_atlas_that_was_shown_none_has_no_such_pages(atlas):
    assert list(photographs.photograph_pages(atlas, with_patches=True)) == []


def test_every_photograph_has_a_page_and_is_turned_to_from_its_neighbours(pages):
    assert list(pages) == [photographs.INDEX, *(f"photographs/{number:03}.html" for number in range(12))]
    first, second, last = (pages[f"photographs/{number:03}.html"].view for number in (0, 1, 11))
    assert (first.previous, last.next) == (None, None)
    assert second.previous == ("Sea & <sky>", "photographs/000.html")
    assert second.next == ("Cat", "photographs/002.html")


def test_a_photograph_shows_the_filters_of_each_layer_that_it_excites_most_for_their_size(few, pages):
    natural = few[1].natural
    for number in range(12):
        for each in pages[f"photographs/{number:03}.html"].view.layers:
            made, columns = natural.layers[each.name], natural.strongest.columns(each.name)
            shares = {
                filter.filter: natural.strongest.sample[number, columns][filter.filter] / filter.natural
                for filter in made.filters
            }
            own = {filter.filter: filter.natural_to_synthetic for filter in made.filters}
            wanted = sorted(shares, key=lambda filter: (-shares[filter], -own[filter]))[: photographs.FILTERS]
            assert [tile.number for tile in each.tiles] == wanted


def test_a_layer_in_which_it_excites_nothing_is_left_out(pages):
    assert [each.name for each in pages["photographs/000.html"].view.layers] == list(NUMBERS)[:-1]
    assert [each.name for each in pages["photographs/001.html"].view.layers] == list(NUMBERS)


def test_a_filters_strongest_photograph_reaches_all_of_it(few, pages):
    best = few[1].natural.layers["block1_conv1"].by_number[9].exemplars[0].photograph
    tiles = pages[f"photographs/{best:03}.html"].view.layers[0].tiles

    assert "9 · 100 %" in [tile.label for tile in tiles]


def test_places_are_framed_where_the_filters_own_pages_show_them(few, pages, built):
    natural, documents_ = few[1].natural, documents(built)
    for number in range(12):
        path = f"photographs/{number:03}.html"
        for each in pages[path].view.layers:
            made = natural.layers[each.name].by_number
            is_a_patch = [
                number in {exemplar.photograph for exemplar in made[tile.number].exemplars} for tile in each.tiles
            ]
            assert list(map(bool, each.frames or [""] * len(each.tiles))) == is_a_patch
            # The field is 10 to 30 px of 640 by 480.
            assert set(each.frames) <= {"", "left:1.56%;top:2.08%;width:3.12%;height:4.17%"}
        framed = [each for each in documents_[path].all("img") if "with the places framed" in (each["alt"] or "")]
        assert len(framed) == sum(bool(each.frames) for each in pages[path].view.layers)


def test_nothing_is_framed_where_the_photograph_is_not_shown(few):
    pages = photographs.photograph_pages(few[1], with_patches=False)
    views = [page.view for page in pages if page.template == "photograph.html"]

    assert not any(layer.frames for view in views for layer in view.layers)
    assert not any("ramed" in view.note for view in views)


def test_the_foot_of_pages_speaks_of_credits_where_somebody_gave_some(few, repository, tmp_path):
    folder, atlas = few
    said = "Photographs: see the licence of each."
    bare = [structs.replace(each, author=None, licence=None) for each in atlas.natural.collection.photographs]
    collection = structs.replace(atlas.natural.collection, photographs=tuple(bare))
    nobodys = dataclasses.replace(atlas, natural=dataclasses.replace(atlas.natural, collection=collection))
    for each, output in ((atlas, tmp_path / "a"), (nobodys, tmp_path / "b")):
        site.build(each, Site(), results=folder, templates=repository / "templates", output=output)

    assert said in documents(tmp_path / "a")["index.html"].text
    assert said not in documents(tmp_path / "b")["index.html"].text


def test_whose_it_is_stands_on_its_page_and_in_the_table(built):
    pages = documents(built)
    for page in (pages["photographs/000.html"], pages["photographs/index.html"]):
        assert "Ann" in page.text
        hrefs = [each.get("href") for each in page.all("a")]
        assert {"https://creativecommons.org/licenses/by/4.0/", "https://www.example.org/sea?a=1&b=2"} <= set(hrefs)
    assert "Source: her own." in pages["photographs/002.html"].text
    assert "By" not in pages["photographs/001.html"].text.split("pixels.")[0].split("000001.jpg")[-1]


def test_every_address_leads_somewhere_from_disk_too(built):
    pages = documents(built)
    ids = {page.path.resolve(): set(page.ids()) for page in pages.values()}
    for page in pages.values():
        for address in page.addresses():
            if not address.startswith(("http", "data:")):
                path, anchor = page.target(address)
                path = path / "index.html" if path.is_dir() and address.endswith("/") else path
                assert path.exists(), address
                # What is compared is named there, not marked.
                assert not anchor or anchor in ids[path] or path.name == "compare.html"


def test_pictures_say_what_they_show_and_are_small(built):
    picture = documents(built)["photographs/000.html"].all("img")[0]

    assert picture["alt"] == "Photograph: Sea & <sky>"
    assert (int(picture["width"]), int(picture["height"])) == (480, 360)
    assert max(path.stat().st_size for path in (built / "photographs").glob("*.avif")) <= 20_000


def test_they_are_in_the_navigation_the_search_and_the_sitemap(built):
    pages = documents(built)
    index = (built / photographs.INDEX).resolve()
    assert all(
        index in {page.target(each)[0] for each in page.addresses()}
        for page in pages.values()
        if page.path.name != "404.html"
    )
    search = json.loads((built / "assets/search.js").read_text().removeprefix("window.ATLAS=").removesuffix(";\n"))
    assert search["photographs"][0] == ["photographs/000.html", "Sea & <sky>"]
    assert f"{BASE}/photographs/011.html" in (built / "sitemap.xml").read_text()


def test_patches_lead_to_the_pages_of_their_photographs(built):
    page = documents(built)["block1_conv1/009.html"]
    linked = {path.name for path, _ in map(page.target, page.addresses()) if path.parent.name == "photographs"}

    assert len(linked - {"index.html"}) == exemplars.EXEMPLARS


def test_where_patches_are_not_published_no_pixel_is(few, repository, tmp_path):
    folder, atlas = few
    settings = Site(publish_patches=False)
    site.build(atlas, settings, results=folder, templates=repository / "templates", output=tmp_path / "site")

    assert list((tmp_path / "site" / "photographs").glob("*.avif")) == []
    assert list((tmp_path / "site").rglob("*-photographs.avif")) == []
    pages = documents(tmp_path / "site")
    assert "Ann" in pages["photographs/000.html"].text
    assert all("photographs/0" not in (each.get("src") or "") for page in pages.values() for each in page.all("img"))


def test_nobody_learns_where_the_folder_lies_on_its_owners_machine(built):
    said = b"".join(path.read_bytes() for path in built.rglob("*") if path.suffix in (".html", ".json", ".js", ".csv"))

    assert b"somebody" not in said
    assert b'"folder":"pictures"' in said


@pytest.fixture(scope="module")
def many(show):
    return show(2300, pixels=False)


def test_of_thousands_those_with_most_patches_have_pages_and_the_others_lists(many):
    atlas = many[1]
    pages = {page.path: page for page in photographs.photograph_pages(atlas, with_patches=False)}
    listed = [path for path in pages if "list" in path]

    assert len(pages) == 1 + exemplars.PAGED + len(listed)
    assert listed == ["photographs/list-0.html", "photographs/list-1.html", "photographs/list-2.html"]
    assert [href for _, href in pages[photographs.INDEX].view.others] == listed
    rows = [row.number for path in [photographs.INDEX, *listed] for row in pages[path].view.rows]
    assert sorted(rows) == list(range(2300))
    # All with a patch are among the first, here.
    patches = [row.patches for path in listed for row in pages[path].view.rows]
    assert max(patches) == 0


def test_each_of_thousands_is_led_to_by_an_address_of_its_own(many):
    natural = many[1].natural
    pages = {page.path: page for page in photographs.photograph_pages(many[1], with_patches=False)}
    for number in range(2300):
        path, _, anchor = addresses.photograph_href(natural, number).partition("#")
        if anchor:
            assert anchor == f"p{number}"
            assert number in [row.number for row in pages[path].view.rows]
        else:
            assert pages[path].view.about.number == number


def test_a_photograph_outside_the_sample_shows_the_filters_with_a_patch_of_it(many):
    natural = many[1].natural
    sampled = set(natural.strongest.sampled.tolist())
    excited = photographs._by_exemplars(many[1])
    outside = [number for number in natural.paged if number not in sampled]
    for number in outside:
        for layer in many[1].layers:
            shares = photographs._shares(natural, layer, number, excited)
            of_layer = natural.layers[layer.name].by_number
            places = excited.get(number, {}).get(layer.name, {})
            assert shares == {filter: each.activation / of_layer[filter].natural for filter, each in places.items()}


def test_a_missing_copy_is_named_with_what_makes_it(few, repository, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(few[0], folder)
    (folder / "photographs" / "copies" / "003.avif").unlink()

    with pytest.raises(site.UserError, match=r"003\.avif: no such file; python -m pipeline\.photographs\.copies makes"):
        site.build(few[1], Site(), results=folder, templates=repository / "templates", output=tmp_path / "site")


def test_shares_of_a_coarser_scan_stay_within_the_whole(few):
    natural = few[1].natural
    louder = dataclasses.replace(natural.strongest, sample=natural.strongest.sample * np.float32(1.5))
    shares = photographs._shares(dataclasses.replace(natural, strongest=louder), few[1].layers[0], 3, {})

    assert max(shares.values()) == 1
