"""EfficientNet-Lite0 by its plan: layers, sizes, and the names of its weights. What it sees is in tests/real."""

import keras
import numpy as np
import pytest

from pipeline.network.efficientnet_lite0 import BLOCKS, CANVAS_PX, STAGES, EfficientNetLite0, name_in_torch
from pipeline.network.graph import Graph


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return EfficientNetLite0()


def test_it_has_the_published_number_of_weights(network):
    trained = sum(np.prod(each.shape) for each in network.trainable_weights)

    assert trained == 4_652_008


def test_it_has_a_convolution_to_look_around_in_each_of_sixteen_blocks(network):
    depthwise = [layer.name for layer in network.layers if isinstance(layer, keras.layers.DepthwiseConv2D)]

    assert len(BLOCKS) == sum(stage.blocks for stage in STAGES) == 16
    assert depthwise == [f"{block}_depthwise" for block in BLOCKS]


def test_its_last_map_is_a_thirty_second_of_the_image(network):
    assert network.get_layer("head_relu").output.shape == (None, CANVAS_PX // 32, CANVAS_PX // 32, 1280)


def test_without_classifier_it_takes_images_of_any_size():
    assert EfficientNetLite0(include_top=False).output.shape == (None, None, None, 1280)


def test_what_comes_into_a_block_is_added_where_the_block_changes_no_shape(network):
    added = [layer.name for layer in network.layers if isinstance(layer, keras.layers.Add)]

    assert added == [f"{block}_add" for block in BLOCKS if not block.endswith("a")]


def test_every_weight_has_a_name_of_its_own_in_pytorchs_file(network):
    names = [name_in_torch(name) for name in Graph(network).weights()]

    assert len(set(names)) == len(names) == 247
    assert names[0] == "_conv_stem.weight"
    assert "_blocks.0._depthwise_conv.weight" in names
    assert "_blocks.15._bn2.running_var" in names
    assert names[-2:] == ["_fc.weight", "_fc.bias"]
