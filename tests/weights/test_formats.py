"""Weights files as users have them: of every kind the same weights, and one line for what is wrong."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.network.container import ENDINGS
from pipeline.weights.formats import read_tensors
from tests.support.hostile import damaged, examples, mistake


@pytest.fixture(scope="module")
def saved(tmp_path_factory, keras):
    """A small model as Keras itself saves it, with all that an atlas must skip, and its true weights."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    pixels = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, name="stem")(pixels)
    x = layers.BatchNormalization(name="stem_norm")(x)
    x = layers.Conv2D(5, 3, use_bias=False, activation="relu", name="middle")(x)
    x = layers.BatchNormalization(name="middle_norm", scale=False)(x)
    x = layers.Conv2D(2, 1, name="last")(x)
    x = layers.Dense(3, name="top")(layers.Flatten()(x))
    model = keras.Model(pixels, x)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    model.compile("sgd", "mse")
    directory = tmp_path_factory.mktemp("saved")
    model.save(directory / "model.keras")
    model.save(directory / "model.h5")
    model.save_weights(directory / "model.weights.h5")
    tensors = {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}
    np.savez(directory / "model.npz", **tensors)
    np.savez_compressed(directory / "compressed.npz", **tensors)
    return directory, tensors


@pytest.fixture
def model(saved) -> str:
    return str(saved[0] / "model.keras")


@pytest.fixture
def tensors(saved) -> dict[str, np.ndarray]:
    return dict(saved[1])


def read(path: Path, model: str) -> dict[str, np.ndarray]:
    return read_tensors(path, catalogue.load(model, "auto" if model == "vgg16" else "unit"), model)


def refusal(path: Path, model: str) -> str:
    with pytest.raises(UserError) as caught:
        read(path, model)
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) == 1
    return message


def written(path: Path, tensors: dict[str, np.ndarray]) -> Path:
    np.savez(path, **tensors)
    return path


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5", "model.npz", "compressed.npz"])
def test_every_layout_gives_the_same_weights_without_the_dense_layers(saved, model, name):
    directory, tensors = saved

    found = read(directory / name, model)

    assert list(found) == list(catalogue.load(model, "unit").parameters)
    assert "top/kernel" not in found
    for key, value in found.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, tensors[key])


@pytest.mark.parametrize("store", [np.float16, np.float64, ">f4"])
def test_other_floating_point_types_become_float32(tmp_path, model, tensors, store):
    path = written(tmp_path / "other.npz", {name: value.astype(store) for name, value in tensors.items()})

    found = read(path, model)

    assert all(value.dtype == np.dtype("<f4") for value in found.values())
    np.testing.assert_array_equal(found["stem/kernel"], tensors["stem/kernel"].astype(store).astype("<f4"))


@pytest.mark.hostile("weights files")
def test_missing_layers_are_named(tmp_path, model, tensors):
    kept = {name: value for name, value in tensors.items() if not name.startswith("last/")}

    assert "it has no last/kernel, last/bias" in refusal(written(tmp_path / "w.npz", kept), model)


@pytest.mark.hostile("weights files")
def test_a_wrong_shape_is_named_with_what_was_wanted(tmp_path, model, tensors):
    tensors["middle/kernel"] = tensors["middle/kernel"][..., :4]

    message = refusal(written(tmp_path / "w.npz", tensors), model)

    assert "middle/kernel has shape (3, 3, 4, 4), wanted (3, 3, 4, 5)" in message


@pytest.mark.hostile("weights files")
def test_integers_are_refused(tmp_path, model, tensors):
    tensors["last/bias"] = tensors["last/bias"].astype(np.int32)

    message = refusal(written(tmp_path / "w.npz", tensors), model)

    assert "last/bias is of type int32, wanted float32" in message


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_in_float32_are_refused(tmp_path, model, tensors, value):
    tensors["last/bias"] = np.array([0, value])

    message = refusal(written(tmp_path / "w.npz", tensors), model)

    assert "last/bias has values that are not finite" in message


@pytest.mark.hostile("weights files")
def test_values_of_keras_own_files_must_be_finite_too(tmp_path, model):
    keras = pytest.importorskip("keras")
    broken = keras.saving.load_model(model)
    broken.get_layer("last").bias.assign([0, np.nan])
    broken.save(tmp_path / "broken.keras")

    assert refusal(tmp_path / "broken.keras", model).startswith(
        f"weights: {tmp_path}/broken.keras: last/bias has values that are not finite"
    )


def test_of_values_in_the_models_own_file_no_weights_file_is_blamed(tmp_path, model):
    keras = pytest.importorskip("keras")
    broken = keras.saving.load_model(model)
    broken.get_layer("last").bias.assign([0, np.nan])
    path = tmp_path / "broken.keras"
    broken.save(path)

    assert refusal(path, str(path)).startswith(f"model: {path}: last/bias has values that are not finite")


@pytest.mark.hostile("weights files")
def test_the_weights_of_another_network_are_refused(tmp_path, tensors):
    message = refusal(written(tmp_path / "w.npz", tensors), "vgg16")

    assert "not the weights of vgg16: it has no block1_conv1/kernel" in message
    assert "and 22 more" in message


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused(tmp_path, saved, model, share):
    data = (saved[0] / "model.npz").read_bytes()
    path = tmp_path / "w.npz"
    path.write_bytes(data[: int(len(data) * share)])

    assert ("cut off" if share else "empty") in refusal(path, model)


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("name", ["model.npz", "compressed.npz"])
def test_a_file_that_something_has_been_at_is_read_or_refused(saved, model, tmp_path, name):
    path = tmp_path / name

    @examples(60)
    @given(damaged((saved[0] / name).read_bytes()))
    def tried(data):
        path.write_bytes(data)
        mistake(read, path, model)

    tried()


@pytest.mark.hostile("weights files")
def test_a_missing_file_a_folder_and_an_unknown_kind_are_named(tmp_path, model):
    (tmp_path / "w.pt").write_bytes(b"x")
    (tmp_path / "d.h5").mkdir()

    assert "no such file" in refusal(tmp_path / "none.h5", model)
    assert "no such file" in refusal(tmp_path / "none.npz", model)
    assert "not a file" in refusal(tmp_path / "d.h5", model)
    assert "it must end in .keras, .h5, .weights.h5, .npz" in refusal(tmp_path / "w.pt", model)


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("ending", ENDINGS)
def test_nobody_waits_for_a_named_pipe(tmp_path, model, ending):
    os.mkfifo(tmp_path / f"w{ending}")

    assert "not a file" in refusal(tmp_path / f"w{ending}", model)
