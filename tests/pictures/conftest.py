"""What the map and the poster are made from: the pictures of two layers."""

import pytest

from pipeline.network import catalogue
from tests.support import synthetic

NUMBERS = {"block1_conv2": [0, 5, 63], "block2_conv1": list(range(20))}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    network = catalogue.load("vgg16")
    synthetic.make_results(folder, network, NUMBERS)
    for name, numbers in NUMBERS.items():
        synthetic.write_renders(folder, network, network.layer(name), numbers)
    return folder
