"""Parts of files of weights: which there are, and what is written of them; test_keras_file.py lets Keras load them."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from pipeline.weights import parts


def small() -> keras.Model:
    layers = [
        keras.Input((8, 8, 3)),
        keras.layers.Conv2D(2, 3, name="one"),
        keras.layers.BatchNormalization(name="two"),
    ]
    return keras.Sequential(layers, name="inner")


def outer() -> keras.Model:
    image = keras.Input((8, 8, 3))
    return keras.Model(image, keras.layers.Conv2D(4, 1, name="after")(small()(image)))


@pytest.mark.parametrize(("name", "legacy"), [("w.h5", True), ("w.weights.h5", False)])
def test_a_layout_is_told_by_what_is_in_the_file(tmp_path, name, legacy):
    model = small()
    model.save(tmp_path / name) if legacy else model.save_weights(tmp_path / name)

    assert parts.is_legacy(tmp_path / name) == legacy


@pytest.mark.parametrize("name", ["w.h5", "w.weights.h5"])
def test_a_nested_model_is_a_part_under_its_own_name(tmp_path, name):
    model = outer()
    model.save(tmp_path / name) if name == "w.h5" else model.save_weights(tmp_path / name)

    found = dict(parts.of(tmp_path / name, small()))

    assert list(found) == ["inner"]
    assert found["inner"].parent == tmp_path


def test_a_legacy_part_lists_the_layers_of_the_network_in_its_order(tmp_path):
    outer().save(tmp_path / "w.h5")

    ((_, part),) = parts.of(tmp_path / "w.h5", small())

    with h5py.File(part) as file:
        assert list(file.attrs["layer_names0"]) == ["one", "two"]
        assert [len(file[name].attrs["weight_names"]) for name in ("one", "two")] == [2, 4]


def test_a_network_of_more_layers_than_an_attribute_holds_is_written_whole(tmp_path):
    layers = [keras.Input((8, 8, 3)), *(keras.layers.Conv2D(1, 1, name=f"layer{number:04}") for number in range(900))]
    many = keras.Sequential([*layers], name="inner")
    image = keras.Input((8, 8, 3))
    keras.Model(image, many(image)).save(tmp_path / "w.h5")

    ((_, part),) = parts.of(tmp_path / "w.h5", many)

    many.layers[-1].kernel.assign(np.full((1, 1, 1, 1), 7))
    many.load_weights(part)
    assert many.layers[-1].kernel.numpy().item() != 7


def test_a_file_without_the_network_has_no_part(tmp_path):
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="else")]).save(tmp_path / "w.h5")

    assert list(parts.of(Path(tmp_path / "w.h5"), small())) == []
