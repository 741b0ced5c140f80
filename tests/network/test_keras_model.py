"""Loading models with Keras, and refusing in one line what cannot be loaded."""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from pipeline.errors import UserError
from pipeline.network import keras_model
from pipeline.network.graph import Graph
from tests.support.networks import randomise


def archive_of(path: Path, config: bytes, member: str = "config.json") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, config)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        keras_model.load(str(path))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"model: {path}")
    return message


def saved(path: Path, *chain: keras.Layer) -> Path:
    keras.Sequential([keras.Input((8, 8, 3)), *chain]).save(path)
    return path


@pytest.mark.parametrize("ending", keras_model.ENDINGS)
def test_a_file_that_keras_saved_is_the_model_that_it_was(tmp_path, ending):
    path = tmp_path / f"m{ending}"
    model = randomise(keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name="a")]))
    model.save(path)

    loaded = keras_model.load(str(path))

    for read, written in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(read, written)


def test_a_name_is_built(keras):
    assert [layer.name for layer in keras_model.load("vgg16").layers][:2] == ["input_layer", "block1_conv1"]


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"config": 3}',
        b'{"config": {"layers": "text"}}',
    ],
)
def test_a_keras_file_with_a_foreign_config_is_refused(tmp_path, config):
    refusal(archive_of(tmp_path / "x.keras", config))


def test_a_file_that_is_not_a_keras_file_says_how_to_make_one(tmp_path):
    (tmp_path / "text.keras").write_text("hello")
    (tmp_path / "text.h5").write_text("hello")
    archive_of(tmp_path / "empty.keras", b"", member="other")

    for name in ("text.keras", "text.h5", "empty.keras"):
        assert "save the model with model.save" in refusal(tmp_path / name)


def test_a_file_of_weights_alone_says_what_to_do_with_it(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)])
    model.save_weights(tmp_path / "m.weights.h5")

    assert "it holds weights, but no model" in refusal(tmp_path / "m.weights.h5")


def test_a_missing_file_is_named(tmp_path):
    assert "no such file" in refusal(tmp_path / "x.keras")


def test_python_code_in_a_file_is_never_run(tmp_path):
    path = saved(tmp_path / "m.keras", layers.Conv2D(2, 3), layers.Lambda(lambda x: x * 2, name="doubled"))

    assert "layer doubled is a Lambda with Python code" in refusal(path)


def test_a_class_of_somebodys_own_is_named_with_its_layer(tmp_path):
    @keras.saving.register_keras_serializable("mine")
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    path = saved(tmp_path / "m.keras", layers.Conv2D(2, 3), Twice(name="twice"))

    assert "layer twice is of a class of somebody's own" in refusal(path)


def test_a_config_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (keras_model.LARGEST_CONFIG_BYTES + 1))

    assert "config.json is implausibly large" in refusal(path)


def test_a_model_larger_than_the_memory_is_refused_before_it_is_loaded(tmp_path, monkeypatch):
    path = saved(tmp_path / "m.keras", layers.Conv2D(2, 3))
    monkeypatch.setattr(keras_model.files, "free_memory_bytes", lambda: 1000)

    assert "too large for this machine" in refusal(path)


def test_a_saved_layer_is_no_model(tmp_path):
    config = json.dumps(keras.saving.serialize_keras_object(layers.Conv2D(2, 3))).encode()

    refusal(archive_of(tmp_path / "x.keras", config))


def test_what_an_error_says_is_cut_to_one_line():
    assert keras_model.in_one_line(ValueError("a\n  b\n")) == "a b"
    assert keras_model.in_one_line(KeyError()) == "KeyError"
    assert len(keras_model.in_one_line(ValueError("x" * 1000))) == keras_model.MESSAGE_CHARACTERS


def normalised() -> keras.Model:
    keras.utils.clear_session(free_memory=False)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Normalization(mean=[0.0] * 3, variance=[1.0] * 3),
            layers.Conv2D(2, 3, name="a"),
        ]
    )


@pytest.mark.parametrize(("precision", "computes"), [("float32", "float32"), ("bfloat16", "bfloat16")])
def test_layers_compute_in_the_precision_and_keep_their_weights_in_float32(precision, computes):
    graph = keras_model.graph_with(normalised(), None, precision)

    (convolution,) = (call.operation for call in graph.calls if call.name == "a")
    assert (convolution.compute_dtype, convolution.kernel.dtype) == (computes, "float32")
    assert graph.precision == precision


def test_weights_are_put_where_their_names_say_and_the_others_stay():
    model = normalised()
    kernel = np.random.default_rng(0).random((3, 3, 3, 2), np.float32)
    before = np.asarray(Graph(model).weights()["a/bias"].value)

    graph = keras_model.graph_with(model, {"a/kernel": kernel, "nowhere": kernel}, None)

    np.testing.assert_array_equal(graph.weights()["a/kernel"].value, kernel)
    np.testing.assert_array_equal(graph.weights()["a/bias"].value, before)


def test_what_a_layer_computed_from_its_weights_follows_them():
    keras.utils.clear_session(free_memory=False)
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Normalization(name="n")])
    model.layers[0].adapt(np.zeros((4, 2, 2, 1), np.float32))

    graph = keras_model.graph_with(model, {"n/mean": np.array([3.0]), "n/variance": np.array([4.0])}, None)

    (call,) = graph.calls
    np.testing.assert_allclose(call.run([np.full((1, 2, 2, 1), 7, np.float32)])[0], 2)
