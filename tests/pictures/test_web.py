import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pipeline import files, images
from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.pictures import web
from pipeline.results import layout, record
from tests.support import synthetic
from tests.support.documents import a_record

LAYER = "block2_conv1"
NUMBERS = [0, 5, 127]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    network = catalogue.load("vgg16")
    synthetic.write_renders(folder, network, network.layer(LAYER), NUMBERS)
    web.make(folder, LAYER, NUMBERS, folder / "tiles" / LAYER)
    return folder


def sizes(folder):
    found = {}
    for path in sorted(folder.iterdir()):
        with Image.open(path) as picture:
            found[path.name] = picture.size
    return found


def test_every_filter_gets_a_picture_a_thumbnail_and_a_strip(results):
    side = synthetic.canvas(catalogue.load("vgg16").layer(LAYER))
    steps = len(synthetic.STEPS)
    expected = {}
    for number in NUMBERS:
        expected[f"{number:03}.avif"] = (side, side)
        expected[f"{number:03}-thumb.avif"] = (min(side, web.THUMBNAIL_PX),) * 2
        strip_side = min(side, layout.SNAPSHOT_PX)
        expected[f"{number:03}-steps.avif"] = (steps * strip_side, strip_side)
    expected["band.avif"] = (3 * layout.LARGEST_BAND_TILE_PX, layout.LARGEST_BAND_TILE_PX)
    found = sizes(results / "tiles" / LAYER)
    assert {name: size for name, size in found.items() if name != "mosaic.avif"} == expected
    assert "mosaic.avif" in found


def test_the_web_copy_shows_the_same_picture(results):
    _, original = record.read(layout.paths(results, LAYER, 5))
    _, other = record.read(layout.paths(results, LAYER, 0))
    with Image.open(results / "tiles" / LAYER / "005.avif") as picture:
        copy = np.asarray(picture, np.float64)
    assert np.corrcoef(copy.ravel(), original.ravel())[0, 1] > 0.5
    assert np.corrcoef(copy.ravel(), other.ravel())[0, 1] < 0.25


def test_tiles_are_the_same_bytes_every_time(results, tmp_path):
    web.make(results, LAYER, NUMBERS, tmp_path / "again")
    for path in (results / "tiles" / LAYER).iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_a_picture_that_is_not_the_records_stops_the_layer_and_keeps_the_old_tiles(results, tmp_path):
    output = tmp_path / "tiles"
    web.make(results, LAYER, [0], output)
    before = sizes(output)
    image = layout.paths(results, LAYER, 127).image
    kept = image.read_bytes()
    try:
        image.write_bytes(layout.paths(results, LAYER, 0).image.read_bytes())
        with pytest.raises(UserError, match=r"127\.png"):
            web.make(results, LAYER, NUMBERS, output)
    finally:
        image.write_bytes(kept)
    assert sizes(output) == before
    assert [path.name for path in tmp_path.iterdir()] == ["tiles"]


@pytest.mark.parametrize("damage", [b"", b"RIFF", "missing"])
def test_damaged_snapshots_are_named(results, tmp_path, damage):
    strip = layout.paths(results, LAYER, 5).snapshots
    kept = strip.read_bytes()
    try:
        strip.unlink() if damage == "missing" else strip.write_bytes(damage)
        with pytest.raises(UserError, match=r"005\.snapshots\.webp"):
            web.make(results, LAYER, NUMBERS, tmp_path / "tiles")
    finally:
        strip.write_bytes(kept)


def test_the_band_shows_all_of_a_few_and_an_even_sample_of_many():
    assert layout.band_sample([3]) == [3]
    assert layout.band_sample(range(9)) == list(range(9))
    assert len(layout.band_sample(range(23))) == layout.BAND_COLUMNS
    many = layout.band_sample(range(512))
    assert len(many) == 2 * layout.BAND_COLUMNS
    assert many[0] == 0
    assert set(np.diff(many)) == {21, 22}


@pytest.mark.parametrize("tiles", [1, 6, 8, 9, 12, 24])
def test_a_band_of_half_a_dozen_pictures_or_more_is_as_wide_as_one_of_many(tiles):
    columns, rows, side = layout.band_grid(tiles)

    assert columns * rows >= tiles
    assert columns * side <= layout.BAND_PX
    if tiles >= 6:
        assert columns * side > 0.98 * layout.BAND_PX


def test_copies_are_as_much_like_their_pictures_as_is_promised(results):
    for number in NUMBERS:
        _, original = record.read(layout.paths(results, LAYER, number))
        with Image.open(results / "tiles" / LAYER / f"{number:03}.avif") as copy:
            assert images.decibels(original, np.asarray(copy)) >= web.LEAST_DB


def test_a_large_band_is_compressed_until_it_fits():
    noise = np.random.default_rng(0).integers(0, 256, (72, 72 * 12, 3), np.uint8)
    first, *_ = web.BAND_QUALITIES
    assert len(images.encode(Image.fromarray(noise), first)) > 30_000
    assert len(images.encode_within(Image.fromarray(noise), web.BAND_QUALITIES, 30_000)) <= 30_000


def test_the_command_line_writes_the_folder_that_it_is_told(results, tmp_path):
    command = [
        sys.executable,
        "-m",
        "pipeline.pictures.web",
        "--results",
        results,
        "--layer",
        LAYER,
        "--filters",
        "0,5",
    ]
    subprocess.run([*command, "--output", tmp_path / "out"], check=True)
    assert (tmp_path / "out" / "005-thumb.avif").is_file()
    assert not (tmp_path / "out" / "127.avif").exists()


def test_all_channels_of_a_picture_in_false_colours_are_shown(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 5), np.uint8)
    made = a_record(
        canvas_px=48, image_channels=5, image_sha256=record.image_digest(image), filter=0, layer="conv1",
        snapshot_steps=(1,),
    )  # fmt: skip
    shown = images.shown(image)
    record.write(layout.paths(tmp_path, "conv1", 0), made, image, [shown])
    files.write_bytes(layout.layer_paths(tmp_path, "conv1").mosaic, images.png(shown))

    web.make(tmp_path, "conv1", [0], tmp_path / "tiles")

    assert set(layout.copies([0], with_channels=True)) == set(sizes(tmp_path / "tiles"))
    assert sizes(tmp_path / "tiles")["000-channels.avif"] == (5 * 48, 48)
