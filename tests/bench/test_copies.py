import io

import numpy as np
import pytest
from PIL import Image

from bench import copies
from pipeline import images
from pipeline.network import catalogue
from pipeline.pictures import web
from pipeline.results import atlas as atlases
from pipeline.results import layout
from tests.support import synthetic

LAYER, NUMBERS = "block1_conv1", [0, 9]


class Brightness:
    """Filters that all answer to the mean of a picture."""

    def to_pictures(self, pictures, *, objective):
        return np.repeat(pictures.mean((1, 2, 3))[:, None], 64, 1).astype(np.float32)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    synthetic.make_results(folder, catalogue.load("vgg16"), {LAYER: NUMBERS})
    return folder


def rows(results, encoders):
    layer = atlases.read_layer(results, LAYER)
    return [
        dict(zip(copies.HEADER, row, strict=True))
        for row in copies.measured(results, layer, NUMBERS, Brightness(), encoders)
    ]


def black(picture):
    return images.encode(Image.new("RGB", picture.size), 50)


def test_a_row_says_what_copies_weigh_how_like_they_are_and_what_they_keep(results):
    site, lost = rows(results, copies.encoders([]) | {"black": black})

    sizes = [layout.paths(results, LAYER, number).image.stat().st_size for number in NUMBERS]
    assert site["PNG kB"] == pytest.approx(np.mean(sizes) / 1000)
    assert site["least dB"] >= web.LEAST_DB
    assert 98 < site["least %"] <= site["kept %"] < 102
    assert lost["kept %"] < 2 < 10 < site["copy kB"]
    assert lost["PSNR dB"] < 15


def test_of_every_quality_there_is_a_row_for_the_best_look_and_one_for_the_least_error(results):
    found = rows(results, copies.encoders([30, 90]))

    assert [row["copy"] for row in found] == ["30 look", "90 look", "30 error", "90 error"]
    assert found[0]["copy kB"] < found[1]["copy kB"] < found[3]["copy kB"]
    assert found[0]["PSNR dB"] < found[1]["PSNR dB"] < found[3]["PSNR dB"]


def test_a_grey_copy_is_seen_as_the_mean_of_its_colours():
    data = io.BytesIO()
    Image.new("RGB", (8, 8), (30, 60, 90)).save(data, "PNG")

    assert copies.decoded(data.getvalue(), 1).tolist() == np.full((8, 8, 1), 60).tolist()
