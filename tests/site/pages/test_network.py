"""What is said of the network: all that is known of one with a name, and nothing but its graph of any other."""

import dataclasses

import pytest

from pipeline.network import known
from pipeline.site.pages import guide, network


@pytest.fixture
def unknown(atlas):
    """Return an atlas of a network of somebody's own, of which nothing is known but its layers."""
    return dataclasses.replace(atlas, network=dataclasses.replace(atlas.network, model="mine.keras", name="mine"))


def test_the_architecture_is_the_networks(atlas):
    rows = list(network.architecture(atlas))
    assert len(rows) == 13
    assert (rows[0].weights, rows[0].kernel, rows[0].href) == ("1,728", "3 × 3 × 3", "block1_conv1/index.html")
    assert rows[2].href == ""


def test_weights_are_those_of_all_kernels_and_of_a_layer_that_is_called_twice_once(atlas):
    first, second, third = atlas.network.layers[:3]
    again = dataclasses.replace(second, weights=first.weights, name="block1_conv1@2")
    separable = dataclasses.replace(third, weights="separable")
    catalogue = dataclasses.replace(
        atlas.network.catalogue,
        layers=(first, again, separable),
        parameters={
            "block1_conv1/kernel": (3, 3, 3, 64),
            "block1_conv1/bias": (64,),
            "separable/depthwise_kernel": (3, 3, 4, 1),
            "separable/pointwise_kernel": (1, 1, 4, 10),
        },
    )
    odd = dataclasses.replace(atlas, network=dataclasses.replace(atlas.network, catalogue=catalogue))

    assert [row.weights for row in network.architecture(odd)] == ["1,728", "1,728", "76"]
    assert guide.how_view(odd).weights == "1,804"


def test_a_known_network_is_told_of_with_makers_year_and_what_it_learnt_from(atlas):
    told = " ".join(network.origin(atlas))

    assert "K. Simonyan and A. Zisserman" in told
    assert "University of Oxford" in told
    assert "2014" in told
    assert "1.28 million training photographs of ImageNet" in told
    assert "1,000 classes" in told
    assert network.context(atlas).startswith("VGG16, by K. Simonyan")
    assert "score for each of the 1,000 classes" in network.head(atlas)


def test_of_a_network_that_is_not_known_nothing_is_claimed(unknown):
    told = " ".join((*network.origin(unknown), network.context(unknown), network.head(unknown)))

    assert (
        told.strip()
        == "Who made mine and what it was trained on is not recorded here; the table below lists its layers."
    )


def test_weights_of_the_users_own_are_not_said_to_have_learnt_from_imagenet(atlas):
    own = dataclasses.replace(atlas, weights_are_published=False)

    told = " ".join((*network.origin(own), network.context(own)))

    assert "ImageNet" not in told
    assert "from the atlas maker’s own file" in told
    assert "as the network was published" in network.head(own)


def test_max_poolings_stand_where_maps_get_smaller(atlas):
    before = {row.name: row.before for row in network.architecture(atlas) if row.before}

    assert list(before) == ["block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"]
    assert before["block3_conv1"] == "max-pooling, 2 × 2; from here on one unit every 4 pixels"


@pytest.mark.parametrize("model", known.KNOWN)
def test_every_network_with_a_name_has_a_background(model):
    background = known.background(model)

    assert "ImageNet" in background.training
    assert "1,000 classes" in background.head
    assert 2014 <= known.credit(model).year <= 2022
    assert not background.plan.endswith(".")
