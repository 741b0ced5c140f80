import hashlib
import subprocess

import msgspec
import numpy as np
import pytest
from PIL import Image

from pipeline import images
from pipeline.errors import UserError
from pipeline.results import layout
from pipeline.site import downloads
from tests.support.markup import Document
from tests.support.sites import NUMBERS


def test_every_picture_lies_beside_its_copy_as_it_was_measured(plain, results):
    for layer, numbers in NUMBERS.items():
        for number in numbers:
            published = plain / layer / f"{number:03}.png"
            measured = layout.paths(results, layer, number).image
            assert published.samefile(measured) or published.read_bytes() == measured.read_bytes()
            assert published.with_suffix(".avif").is_file()


def test_a_filters_page_links_it_under_a_name_that_says_what_it_shows(plain):
    page = Document(plain / "block3_conv1" / "159.html")
    links = {(each["href"], each["download"]) for each in page.all("a") if "download" in each}

    assert links == {("159.png", "vgg16-block3_conv1-159.png")}
    assert "lossless" in page.text
    assert "smaller copy" in page.text


def test_downloads_are_checked_with_the_usual_tool(plain, tmp_path):
    layer = "block3_conv1"
    for number in NUMBERS[layer]:
        (tmp_path / f"vgg16-{layer}-{number:03}.png").write_bytes((plain / layer / f"{number:03}.png").read_bytes())
    listed = (plain / f"data/layers/{layer}.sha256").read_text()

    subprocess.run(["sha256sum", "--check", "--quiet"], input=listed, cwd=tmp_path, text=True, check=True)
    assert listed.count("\n") == len(NUMBERS[layer])


def test_the_digest_of_a_record_is_that_of_the_published_pixels(plain, atlas):
    with Image.open(plain / "block1_conv2" / "002.png") as picture:
        pixels = np.asarray(picture)

    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    assert digest == atlas.records["block1_conv2"][2].image_sha256
    assert digest in Document(plain / "block1_conv2" / "002.html").text


def test_without_originals_there_are_none_and_nothing_leads_to_them(build, tmp_path):
    site = build(tmp_path / "site", originals=False)

    assert not [*site.glob("block*/*.png"), *site.glob("data/layers/*.sha256")]
    pages = [Document(path) for path in site.glob("block*/*.html")]
    assert not [each for page in pages for each in page.all("a") if each["href"].endswith((".png", ".sha256"))]
    assert not [each for page in pages for each in page.all("script") if "originals" in each["src"]]


def test_pictures_in_false_colours_are_published_with_all_their_channels(atlas):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv1"], image_channels=5)

    assert downloads.endings(layer) == (".png", "-channels.png")
    assert downloads.name("mine", layer, 7, downloads.CHANNELS) == "mine-block1_conv1-007-channels.png"


def test_names_of_downloads_are_safe_whatever_network_and_layer_are_called(atlas):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv1"], name="encoder/../stem")
    name = downloads.name("my net/2", layer, 0)

    assert layout.slug(name.removesuffix(".png")) == name.removesuffix(".png")


def test_a_picture_that_is_missing_is_named(atlas, tmp_path):
    (tmp_path / "block1_conv1").mkdir()

    with pytest.raises(UserError, match=r"000\.png: no such file; render it, or say site\.originals: false"):
        downloads.write(tmp_path, tmp_path / "results", "vgg16", atlas.by_name["block1_conv1"])


def test_a_false_colour_picture_is_one_that_is_neither_grey_nor_in_colours():
    assert [images.is_false_colour(channels) for channels in (1, 2, 3, 4)] == [False, True, False, True]
