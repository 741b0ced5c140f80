"""Networks made by their names: as Keras makes them for their published weights, without fetching those."""

import keras
import pytest
from keras.src.utils import file_utils

from pipeline.network import named


def names(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers]


def test_a_network_is_that_of_keras_without_its_classifier():
    keras.utils.clear_session(free_memory=False)
    theirs = keras.applications.MobileNetV3Small(weights=None, include_top=False)

    ours = named.make("mobilenetv3small")

    assert names(ours) == names(theirs)
    assert [each.shape for each in ours.weights] == [each.shape for each in theirs.weights]


def test_efficientnets_input_is_scaled_as_its_published_weights_want_it():
    kinds = [type(layer).__name__ for layer in named.make("efficientnetb0").layers[:4]]

    assert kinds == ["InputLayer", "Rescaling", "Normalization", "Rescaling"]


def test_a_classifier_is_there_on_demand():
    assert named.make("mobilenetv3small", include_top=True).output.shape == (None, 1000)


def test_names_do_not_depend_on_what_was_made_before():
    first = names(named.make("vgg16"))
    keras.layers.Conv2D(1, 1)
    keras.Input((8, 8, 3))

    assert names(named.make("vgg16")) == first


def test_nothing_is_fetched_and_keras_is_left_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    before = file_utils.get_file, keras.Model.load_weights

    named.make("vgg16")

    assert (file_utils.get_file, keras.Model.load_weights) == before
    assert list(tmp_path.iterdir()) == []


def test_channels_come_last_whatever_keras_is_told():
    keras.config.set_image_data_format("channels_first")
    try:
        made = named.make("vgg16")
    finally:
        keras.config.set_image_data_format("channels_last")

    assert made.input.shape == (None, None, None, 3)


@pytest.mark.parametrize("name", ["vgg16", "efficientnet-lite0"])
def test_images_may_be_of_any_size(name):
    assert named.make(name).input.shape == (None, None, None, 3)
