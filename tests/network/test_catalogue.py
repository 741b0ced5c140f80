import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network import catalogue, document
from pipeline.network.catalogue import Catalogue


def test_the_catalogue_of_vgg16_is_the_published_one():
    network = catalogue.load("vgg16")
    layers = network.layers

    assert network.preprocessing == "caffe"
    assert [layer.name for layer in layers] == [
        f"block{block}_conv{number}" for block in range(1, 6) for number in range(1, 4 if block > 2 else 3)
    ]
    assert [layer.index for layer in layers] == list(range(13))
    assert [layer.filters for layer in layers] == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    assert sum(layer.filters for layer in layers) == 4224
    assert [layer.input_channels for layer in layers] == [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512]
    assert [layer.receptive_field_px for layer in layers] == [3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196]
    assert [layer.stride_px for layer in layers] == [1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 16]
    assert {layer.kernel_size for layer in layers} == {(3, 3)}
    assert [layer.sources for layer in layers] == [(), *((layer.name,) for layer in layers[:-1])]
    assert [layer.reads_image for layer in layers] == [True] + [False] * 12
    assert {(layer.kind, layer.readers, layer.bends, layer.groups) for layer in layers} == {
        ("Conv2D", ("relu",), True, 1)
    }


@pytest.mark.parametrize("name", sorted(path.stem for path in catalogue.CATALOGUES.iterdir()))
def test_a_shipped_catalogue_is_what_keras_builds_today(keras, name):
    from pipeline.network import keras_model
    from pipeline.network.graph import Graph
    from pipeline.network.survey import survey

    today = survey(Graph(keras_model.load(name)), name, with_effective_fields=False)
    shipped = catalogue.load(name).catalogue
    # Those were measured with the true weights.
    unmeasured = [dataclasses.replace(layer, effective_field_px=None, gradient_grain=None) for layer in shipped.layers]

    assert dataclasses.replace(shipped, layers=tuple(unmeasured)) == today
    assert all(layer.effective_field_px and layer.gradient_grain is not None for layer in shipped.layers)


def test_vgg16_has_the_published_number_of_weights():
    shapes = catalogue.load("vgg16").parameters

    assert shapes["block2_conv1/kernel"] == (3, 3, 64, 128)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 14_714_688


def test_what_a_forward_pass_costs_is_counted_up_to_one_filter(tiny_network):
    assert tiny_network.convolution_flops("l0", 8) == 2 * 8 * 8 * 9 * 3
    assert tiny_network.convolution_flops("l2", 8) == 2 * 8 * 8 * 9 * 3 * 4 + 2 * 4 * 4 * 9 * 4


def test_an_unknown_layer_suggests_the_nearest():
    with pytest.raises(UserError, match=r"'blok3_conv1'; did you mean block3_conv1\?.*13 in all"):
        catalogue.load("vgg16").layer("blok3_conv1")


@pytest.mark.parametrize("number", [-1, 64, 10**30])
def test_a_filter_out_of_range_says_the_range(number):
    network = catalogue.load("vgg16")

    with pytest.raises(UserError, match=rf"block1_conv1 has no filter {number}: its filters are 0 to 63"):
        network.check_filter("block1_conv1", number)


def test_an_unknown_model_names_what_is_known():
    with pytest.raises(UserError, match=r"unknown model 'vgg166'; did you mean vgg16\?.*\.keras"):
        catalogue.load("vgg166")


@pytest.mark.parametrize("model", ["vgg16", "mine.keras"])
def test_an_unknown_preprocessing_is_not_taken_for_another(keras_file, model):
    with pytest.raises(UserError, match=r"preprocessing: .*'cafe'; did you mean caffe\?"):
        catalogue.load("vgg16" if model == "vgg16" else str(keras_file), "cafe")


def test_a_file_is_looked_through_in_a_process_of_its_own(keras_file):
    network = catalogue.load(str(keras_file), "unit")

    assert (network.name, network.model, network.preprocessing) == ("mine", str(keras_file), "unit")
    assert [(layer.name, layer.filters, layer.sources) for layer in network.layers] == [
        ("first", 4, ()),
        ("second", 6, ("first",)),
    ]
    assert all(layer.effective_field_px <= layer.receptive_field_px for layer in network.layers)


def test_how_a_network_wants_its_input_has_to_be_said(keras_file):
    with pytest.raises(UserError, match=r"preprocessing: say how .*caffe, tf, torch, unit, raw"):
        catalogue.load(str(keras_file))


def a_catalogue(*, channels: int = 3, scaled: bool = False) -> Catalogue:
    found = catalogue.load("vgg16").catalogue
    (image,) = found.inputs
    changed = dataclasses.replace(image, channels=channels, scaled=scaled)
    return dataclasses.replace(found, inputs=(changed,))


def test_a_network_that_scales_its_input_itself_takes_it_raw():
    assert catalogue.settle_preprocessing("m", "auto", a_catalogue(scaled=True)) == "raw"
    assert catalogue.settle_preprocessing("m", "unit", a_catalogue(scaled=True)) == "unit"


def test_a_preprocessing_of_colours_is_refused_for_other_channels():
    with pytest.raises(UserError, match=r"caffe is for red, green and blue; channels of .* of m: 1; say tf, unit"):
        catalogue.settle_preprocessing("m", "caffe", a_catalogue(channels=1))

    assert catalogue.settle_preprocessing("m", "tf", a_catalogue(channels=1)) == "tf"


def test_a_document_is_read_back_as_it_was_written():
    found = catalogue.load("vgg16").catalogue

    assert catalogue.parse(document.encode(found)) == found


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"atlas/network/1"', b'"atlas/network/0"'),
        (b'"index": 3', b'"index": -3'),
        (b'"filters": 64', b'"filters": 0'),
        (b'"filters": 64', b'"filters": "64"'),
        (b'"flops_per_pixel": 54.0', b'"flops_per_pixel": -1'),
        (b'"block1_conv1"\n   ]', b'"nowhere"\n   ]'),
        (b'"input": "input_layer"', b'"input": "another"'),
        (b'"groups": 1', b'"groups": 7'),
        (b"{", b"["),
    ],
)
def test_a_document_that_is_not_right_is_not_read(right, wrong):
    data = (catalogue.CATALOGUES / "vgg16.json").read_bytes()
    assert right in data

    with pytest.raises(ValueError, match=r"."):
        catalogue.parse(data.replace(right, wrong, 1))


def test_planning_a_network_that_is_known_imports_no_tensorflow(repository):
    script = (
        "import sys; from pipeline.config import plan; from pipeline.render import request; "
        "plan.plan({'filters': 'all'}); print(any(name in sys.modules for name in ('tensorflow', 'keras', 'h5py')))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_a_layer_whose_filters_read_one_channel_each_is_depthwise(functional):
    def build(x, layers):
        x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="deep")(layers.Conv2D(4, 3, name="plain")(x))
        return layers.Conv2D(8, 3, groups=8, name="deep too")(layers.Conv2D(8, 1, groups=2, name="grouped")(x))

    network = functional(build)[1]

    assert {layer.name: layer.is_depthwise for layer in network.layers} == {
        "plain": False, "deep": True, "grouped": False, "deep too": True,
    }  # fmt: skip
    assert network.is_depthwise
    assert not catalogue.load("vgg16").is_depthwise
