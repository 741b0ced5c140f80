import io
import json
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.network import keras_model
from pipeline.network import saved as saved_files
from pipeline.network.graph import Graph
from tests.support.networks import randomise, tensors_of


def archive_of(path: Path, content: bytes, member: str = "config.json") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def saved(keras, folder: Path, *chain, name: str = "x.keras") -> Path:
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv"), *chain])
    model.save(folder / name)
    return folder / name


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        keras_model.load(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["x.keras", "x.h5", "x.hdf5"])
def test_a_whole_model_is_loaded_whatever_keras_saved_it_as(keras, tmp_path, name):
    model = randomise(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv")]))
    model.save(tmp_path / name)

    loaded = keras_model.load(str(tmp_path / name))

    assert tensors_of(loaded).keys() == tensors_of(model).keys()
    for weight, value in tensors_of(loaded).items():
        np.testing.assert_array_equal(value, tensors_of(model)[weight])


def test_weights_are_put_in_by_their_names_and_the_rest_stays(keras, functional):
    model, _ = functional(lambda x, layers: layers.Conv2D(2, 3, name="b")(layers.Conv2D(2, 3, name="a")(x)))
    before = tensors_of(model)
    ones = np.ones((3, 3, 3, 2), np.float32)

    graph = keras_model.graph_with(model, {"a/kernel": ones, "other": ones}, None)

    np.testing.assert_array_equal(tensors_of(model)["a/kernel"], ones)
    np.testing.assert_array_equal(tensors_of(model)["b/kernel"], before["b/kernel"])
    assert graph.precision is None


def test_what_a_normalisation_divides_by_follows_its_weights(keras):
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, keras.layers.Normalization(name="n")(image))
    tensors = {"n/mean": np.array([2.0]), "n/variance": np.array([4.0])}

    graph = keras_model.graph_with(model, tensors, None)

    assert np.unique(graph.calls[0].run([6 * keras.ops.ones((1, 4, 4, 1))])[0]).tolist() == [2.0]


def test_layers_compute_in_the_precision_asked_for_and_keep_their_weights(keras, functional):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model, _ = functional(lambda x, layers: layers.Conv2D(2, 3, name="a")(x))
    finally:
        keras.config.set_dtype_policy("float32")

    for precision, wanted in ((None, "float16"), ("float32", "float32"), ("bfloat16", "bfloat16")):
        graph = keras_model.graph_with(model, None, precision)
        assert graph.calls[0].operation.compute_dtype == wanted
        assert graph.weights()["a/kernel"].dtype == "float32"


def test_names_do_not_depend_on_what_was_made_before(keras, tmp_path):
    path = saved(keras, tmp_path, keras.layers.ReLU())
    keras.layers.ReLU(), keras.layers.ReLU()

    first, second = (Graph(keras_model.load(str(path))) for _ in range(2))

    assert [call.name for call in first.calls] == [call.name for call in second.calls]


def test_a_lambda_with_code_is_named_and_never_run(keras, tmp_path):
    for name in ("x.keras", "x.h5"):
        path = saved(keras, tmp_path, keras.layers.Lambda(lambda x: x * 2, name="twice"), name=name)
        assert "layer twice is a Lambda with Python code in it, which is never run" in refusal(path)


def test_a_class_of_somebodys_own_is_named_even_where_it_poses_as_kerass(keras, tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    class Conv2D(keras.layers.Conv2D):
        pass

    path = saved(keras, tmp_path, Conv2D(2, 3, name="odd"))

    message = refusal(path)

    assert "layer odd is of a class of somebody's own (mine>Conv2D)" in message
    assert "keras.Model(model.inputs, layer.output)" in message


def test_a_function_of_somebodys_own_is_named_with_its_layer(keras, tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    def wave(x):
        return keras.ops.sin(x)

    path = saved(keras, tmp_path, keras.layers.Activation(wave, name="act"))

    assert "layer act uses a function of somebody's own (mine>wave)" in refusal(path)


def test_a_model_of_somebodys_own_class_is_refused_with_the_way_out(keras, tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    class Net(keras.Model):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.conv = keras.layers.Conv2D(2, 3)

        def call(self, x):
            return self.conv(x)

    net = Net(name="net")
    net(keras.ops.ones((1, 8, 8, 3)))
    net.save(tmp_path / "x.keras")

    assert "save a model made of Keras's own layers with keras.Model(inputs, outputs)" in refusal(tmp_path / "x.keras")


def test_what_keras_does_not_know_is_refused_in_its_own_words(keras, tmp_path):
    path = saved(keras, tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'"Conv2D"', b'"Conv4D"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    assert "cannot load it" in refusal(path)
    assert "Conv4D" in refusal(path)


@pytest.mark.parametrize("name", ["keras2_functional.keras", "keras2_functional.h5"])
def test_a_model_of_keras_2_that_keras_3_does_not_load_is_named_for_what_it_is(name):
    path = PROJECT / "tests" / "weights" / "data" / name

    assert "saved by Keras 2.21.0" in refusal(path)
    assert "give this file as `weights:`" in refusal(path)


def test_a_model_whose_file_leaves_layers_as_they_were_made_is_refused(keras, tmp_path, monkeypatch):
    path = saved(keras, tmp_path)
    load = keras.saving.load_model

    def load_with_a_warning(*arguments: object, **settings: object) -> object:
        # What Keras says where layers lie in lists of lists, which files of an older Keras have not.
        warnings.warn("Skipping nested container at 'rows/container': no matching group found.", stacklevel=1)
        return load(*arguments, **settings)

    monkeypatch.setattr(keras.saving, "load_model", load_with_a_warning)

    assert "it does not hold all weights of its layers" in refusal(path)


def test_weights_alone_are_not_taken_for_a_model(keras, tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    model.save_weights(tmp_path / "x.weights.h5")

    assert "it holds weights, but no model" in refusal(tmp_path / "x.weights.h5")


@pytest.mark.parametrize(
    "config",
    [
        b"", b"not json", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b'{"config": 3}',
        b'{"config": {"layers": "text"}}', b'{"class_name": "Functional", "config": {}, "module": "keras"}',
        b'{"config": {"layers": [{"class_name": "Conv2D", "config": []}]}}',
        b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": 1}]}}',
    ],
)  # fmt: skip
def test_a_file_with_a_foreign_configuration_is_refused(tmp_path, config):
    refusal(archive_of(tmp_path / "x.keras", config))


def test_a_file_that_is_none_of_kerass_says_how_to_make_one(tmp_path):
    (tmp_path / "text.keras").write_text("hello")
    (tmp_path / "text.h5").write_text("hello")
    archive_of(tmp_path / "empty.keras", b"", member="other")

    for name in ("text.keras", "text.h5"):
        assert "by how it begins: give a file that Keras saved" in refusal(tmp_path / name)
    assert "not a .keras file (\"There is no item named 'config.json' in the archive\")" in refusal(
        tmp_path / "empty.keras"
    )


def test_a_missing_file_or_a_folder_is_named(tmp_path):
    (tmp_path / "d.keras").mkdir()

    assert "no such file" in refusal(tmp_path / "x.keras")
    assert "not a file" in refusal(tmp_path / "d.keras")


def test_a_configuration_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(saved_files, "LARGEST_CONFIG_BYTES", 10)

    assert "implausibly large" in refusal(archive_of(tmp_path / "x.keras", b" " * 11))


def test_weights_that_unpack_to_gigabytes_are_not_unpacked(keras, tmp_path):
    path = saved(keras, tmp_path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", bytes(100 * 2**20))

    assert "it unpacks to implausibly much" in refusal(path)


def test_a_model_that_was_copied_in_part_is_to_be_copied_again(keras, tmp_path):
    path = saved(keras, tmp_path)
    path.write_bytes(path.read_bytes()[:2000])

    assert "damaged or cut off: it ends without the directory that a zip file ends with: copy or" in refusal(path)


def test_a_link_out_of_the_file_is_not_followed(keras, tmp_path):
    path = saved(keras, tmp_path)
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["kernel"] = np.ones((3, 3, 3, 2), np.float32)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(members["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "kernel")
    members["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    assert "is a link to elsewhere" in refusal(path)


def test_a_model_larger_than_the_memory_is_refused_before_it_is_read(keras, tmp_path, monkeypatch):
    path = saved(keras, tmp_path)
    monkeypatch.setattr(files, "free_memory_bytes", lambda: 10_000)

    assert "too large for this machine: loading it takes about 0.0 GB of memory, and 0.0 GB are free" in refusal(path)


def test_a_quantised_model_is_refused(keras, tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3), keras.layers.Dense(4, name="dense")])
    model.quantize("int8")
    model.save(tmp_path / "x.keras")

    with pytest.raises(UserError, match=r"layer dense is quantised"):
        keras_model.graph_with(keras_model.load(str(tmp_path / "x.keras")), None, "float32")


def test_a_configuration_is_looked_through_however_deep_it_is(tmp_path):
    deep = {"class_name": "mine>X", "config": {"name": "inside"}}
    for _ in range(200):
        deep = {"config": {"layers": [deep]}}

    assert "layer inside is of a class" in refusal(archive_of(tmp_path / "x.keras", json.dumps(deep).encode()))


def test_an_optimiser_of_somebodys_own_does_not_matter(keras, tmp_path):
    @keras.saving.register_keras_serializable(package="mine")
    class Descent(keras.optimizers.SGD):
        pass

    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv")])
    model.compile(Descent(), loss="mse")
    model.save(tmp_path / "x.keras")
    keras.saving.get_custom_objects().clear()

    assert [layer.name for layer in keras_model.load(str(tmp_path / "x.keras")).layers] == ["conv"]


def test_what_keras_makes_weights_by_is_there(keras):
    made: list[tuple[int, ...]] = []
    original = keras.Variable._initialize_with_initializer
    try:
        keras.Variable._initialize_with_initializer = lambda variable, initializer: (
            made.append(variable._shape), original(variable, initializer)
        )  # fmt: skip
        keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    finally:
        keras.Variable._initialize_with_initializer = original

    assert made == [(3, 3, 3, 2), (2,)]


def test_a_model_whose_layers_declare_more_than_its_file_holds_is_refused_before_it_is_made(keras, tmp_path):
    path = saved(keras, tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'"filters": 2', b'"filters": 200000000')
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)

    assert "its layers declare implausibly many weights: more than 20 times what a file of" in refusal(path)
