"""What is known of named networks: all of it in one place, and right of the networks themselves."""

import re

import pytest

from pipeline.config import schema
from pipeline.files import PROJECT
from pipeline.network import known
from pipeline.network.catalogue import PREPROCESSING_MODES, load
from pipeline.network.known import KNOWN


@pytest.mark.parametrize("model", KNOWN)
def test_a_named_network_stands_in_one_module_of_the_code(model):
    modules = (PROJECT / "pipeline").rglob("*.py")

    naming = [path.name for path in modules if re.search(model, path.read_text(encoding="utf-8"))]

    assert naming == ["known.py"]


def test_the_configuration_names_the_default_and_no_other():
    assert schema.load()["properties"]["model"]["default"] == known.DEFAULT
    assert known.DEFAULT in KNOWN


@pytest.mark.parametrize("model", KNOWN)
def test_a_named_network_is_wanted_in_a_way_that_is_known(model):
    assert KNOWN[model].preprocessing in PREPROCESSING_MODES
    assert load(model).preprocessing == KNOWN[model].preprocessing


@pytest.mark.parametrize("model", KNOWN)
def test_a_showcase_is_of_filters_that_the_network_has(model):
    network = load(model)

    for layer, filters in known.showcase(model).items():
        for filter in filters:
            network.check_filter(layer, filter)


def test_a_network_without_a_name_has_no_makers_and_no_showcase():
    assert known.display_name("mine") == "mine"
    assert known.credit("mine") is None
    assert known.showcase("mine") == {}


def test_a_named_network_is_called_as_its_makers_do():
    assert known.display_name("vgg16") == "VGG16"
    assert known.credit("vgg16").authors == "K. Simonyan and A. Zisserman"
