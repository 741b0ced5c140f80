"""What is known of networks: those with a name, those in files, and documents that say what cannot be."""

import subprocess
import sys

import msgspec
import pytest

from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.network.catalogue import Input, load, parse
from pipeline.network.graph import Graph
from pipeline.network.known import KNOWN
from pipeline.network.survey import survey


@pytest.mark.parametrize("model", [name for name in KNOWN if (catalogue.CATALOGUES / f"{name}.json").exists()])
def test_the_catalogue_of_a_named_network_is_what_keras_says_today(keras, model):
    from pipeline.network import keras_model

    shipped = parse((catalogue.CATALOGUES / f"{model}.json").read_bytes())
    today = survey(Graph(keras_model.load(model)), model, with_effective_fields=False)

    # These were measured, on weights that are random where a network is made without a file.
    without = [msgspec.structs.replace(layer, effective_field_px=None) for layer in shipped.layers]
    assert msgspec.structs.replace(shipped, layers=tuple(without)) == today


def test_a_keras_file_is_read(keras_file):
    network = load(str(keras_file), "unit")

    assert (network.name, network.model, network.preprocessing) == ("mine", str(keras_file), "unit")
    assert [(layer.name, layer.filters, layer.sources) for layer in network.layers] == [
        ("first", 4, ()),
        ("second", 6, ("first",)),
    ]
    assert dict(network.parameters) == {
        "first/kernel": (3, 3, 3, 4), "first/bias": (4,), "second/kernel": (3, 3, 4, 6), "second/bias": (6,),
    }  # fmt: skip


def test_an_unknown_model_names_what_is_known():
    with pytest.raises(UserError, match=r"unknown model 'vgg61'; did you mean vgg16\?.*\.keras"):
        load("vgg61")


def test_a_keras_file_without_preprocessing_says_what_to_say(keras_file):
    with pytest.raises(UserError, match=r"preprocessing: say how .*caffe, tf, torch, unit, raw"):
        load(str(keras_file))


@pytest.mark.parametrize("model", ["vgg16", "mine.keras"])
def test_an_unknown_preprocessing_is_not_taken_for_another(keras_file, model):
    with pytest.raises(UserError, match=r"preprocessing: .*'cafe'; did you mean caffe\?"):
        load("vgg16" if model == "vgg16" else str(keras_file), "cafe")


def of_input(network, **changes) -> catalogue.Catalogue:
    (image,) = network.catalogue.inputs
    return msgspec.structs.replace(network.catalogue, inputs=(msgspec.structs.replace(image, **changes),))


def test_a_network_that_scales_its_images_itself_takes_them_as_they_are(tiny_network):
    assert catalogue.settle_preprocessing("m", "auto", of_input(tiny_network, scaled=True)) == "raw"


@pytest.mark.parametrize("mode", ["caffe", "torch"])
def test_what_is_for_colours_is_refused_where_an_image_has_none(tiny_network, mode):
    with pytest.raises(UserError, match=f"{mode} is for red, green and blue, and input of m has 1 channels"):
        catalogue.settle_preprocessing("m", mode, of_input(tiny_network, channels=1))


@pytest.mark.parametrize("mode", ["tf", "unit", "raw"])
def test_what_is_for_any_channels_is_taken(tiny_network, mode):
    assert catalogue.settle_preprocessing("m", mode, of_input(tiny_network, channels=1)) == mode


def test_a_layer_or_filter_that_is_not_there_is_named_with_what_is(tiny_network):
    with pytest.raises(UserError, match=r"no convolutional layer 'l3'.*\(it has l0 to l2, 2 in all\)"):
        tiny_network.layer("l3")
    with pytest.raises(UserError, match="l2 has no filter 6: its filters are 0 to 5"):
        tiny_network.check_filter("l2", 6)
    tiny_network.check_filter("l2", 5)


def test_a_document_is_read_back_as_it_was_written(tiny_network):
    assert parse(msgspec.json.encode(tiny_network.catalogue)) == tiny_network.catalogue


@pytest.mark.parametrize(
    "change",
    [
        {"sources": ("nowhere",)},
        {"input": "nowhere"},
        {"filters": 5, "groups": 2, "input_channels": 4},
        {"filters": 0},
        {"smallest_canvas_px": catalogue.LARGEST_CANVAS_PX + 1},
        {"stride_px": 0},
        {"flops_per_pixel": -1.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_document_that_says_what_cannot_be_is_refused(tiny_network, change):
    first, second = tiny_network.layers
    wrong = msgspec.structs.replace(tiny_network.catalogue, layers=(first, msgspec.structs.replace(second, **change)))

    with pytest.raises(ValueError, match=r"consistent|Expected"):
        parse(msgspec.json.encode(wrong))


@pytest.mark.parametrize("document", [b"", b"not json", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b"{}"])
def test_what_is_no_document_of_a_network_is_refused(document):
    with pytest.raises((ValueError, RecursionError)):
        parse(document)


def test_the_image_of_a_layer_is_the_input_that_it_sees(tiny_network):
    image = tiny_network.image_of("l2")

    assert isinstance(image, Input)
    assert (image.name, image.channels, image.layout) == ("input", 3, "channels_last")


def test_planning_imports_no_tensorflow(repository):
    script = (
        "import sys; from pipeline.render import request; from pipeline.config import plan; "
        "plan.plan({'filters': 'all'}); "
        "print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
