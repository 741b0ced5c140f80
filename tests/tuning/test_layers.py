"""The tuning of layers as documents."""

import pytest

from pipeline.results import document
from pipeline.tuning.layers import tunings
from pipeline.weights import store
from tests.support.networks import functional, tensors_of


def build(images, layers):
    first = layers.Conv2D(4, 3, activation="relu", name="first")(images)
    return layers.Conv2D(3, 3, activation="relu", name="second")(first)


def made(channels=3, objective="channel"):
    model, network = functional(build, channels=channels)
    tensors = tensors_of(model)
    loaded = store.Weights(tensors, store.digest(tensors, tensors), "a test")
    return list(tunings(network, loaded, ["first", "second"], "float32", objective))


def test_every_filter_of_every_layer_is_told_of():
    first, second = made()

    assert (first.name, second.name) == ("first", "second")
    assert (len(first.filters), len(second.filters)) == (4, 3)
    assert any(each.is_tuned and each.by_axis for each in first.filters)
    assert all(len(each.flat) == 14 for each in first.filters)


def test_the_same_weights_give_the_same_documents():
    assert [document.to_line(each) for each in made()] == [document.to_line(each) for each in made()]


def test_what_opposes_a_filter_is_told_of_where_pictures_do():
    (raised, _), (opposed, _) = made(), made(objective="negative_channel")

    assert [each.strongest for each in raised.filters] != [each.strongest for each in opposed.filters]
    assert opposed.objective == "negative_channel"


def test_a_grey_network_has_no_colours():
    first, _ = made(channels=1)

    assert first.hues == ()
    assert all(each.axis is None and each.by_axis == () and len(each.flat) == 2 for each in first.filters)


@pytest.mark.parametrize("channels", [2, 4])
def test_nothing_is_told_of_images_that_gratings_cannot_be_drawn_on(channels):
    assert made(channels=channels) == []
