"""Files of Keras's weights: read as Keras reads them, and found where they are a part of a larger model."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hypothesis import given

from pipeline.errors import UserError
from pipeline.network import named
from pipeline.network.graph import Graph
from pipeline.weights import keras_file
from tests.support.hostile import damaged, examples, mistake

DATA = Path(__file__).parent / "data"
WAYS = ("whole.keras", "whole.h5", "only.weights.h5")


def fill(model: keras.Model, seed: int = 0) -> keras.Model:
    """Give a model random weights, all different."""
    random = np.random.default_rng(seed)
    for variable in model.weights:
        if keras.backend.is_float_dtype(variable.dtype):
            variable.assign(np.abs(random.normal(size=variable.shape)) + 0.1)
    return model


def save(model: keras.Model, folder: Path, way: str) -> Path:
    path = folder / way
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_weights(path) if way.endswith(".weights.h5") else model.save(path)
    return path


def small() -> keras.Model:
    """Return a model with weights of several kinds."""
    keras.utils.clear_session(free_memory=False)
    image = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, name="stem")(image)
    x = keras.layers.BatchNormalization(name="stem_norm")(x)
    x = keras.layers.DepthwiseConv2D(3, name="look")(x)
    x = keras.layers.SeparableConv2D(5, 3, name="separable")(x)
    x = keras.layers.PReLU(shared_axes=[1, 2], name="bend")(x)
    return keras.Model(image, keras.layers.Conv2D(2, 1, use_bias=False, name="last")(x))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    """Return the path of the file of `small`, with weights that are in no other file."""
    return str(save(fill(small(), seed=99), tmp_path_factory.mktemp("model"), "small.keras"))


def weights_of(model: keras.Model) -> Mapping[str, np.ndarray]:
    """Return the numbers of a model that training makes, by name: not the states of its generators."""
    found = Graph(model).weights().items()
    return {name: variable.numpy() for name, variable in found if keras.backend.is_float_dtype(variable.dtype)}


def assert_same(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    assert expected
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def refusal(path: Path, model: str) -> str:
    with pytest.raises(UserError) as caught:
        keras_file.read(path, model)
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize("way", WAYS)
def test_weights_of_every_kind_are_read_from_every_file(tmp_path, model, way):
    other = fill(small(), seed=1)

    assert_same(keras_file.read(save(other, tmp_path, way), model), weights_of(other))


def test_the_file_of_a_model_gives_its_own_weights(model):
    assert_same(keras_file.read(Path(model), model), weights_of(fill(small(), seed=99)))


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("vgg16", "whole.keras"),
        ("vgg16", "only.weights.h5"),
        ("mobilenetv3small", "whole.h5"),
        ("mobilenetv3small", "only.weights.h5"),
        ("efficientnetb0", "whole.h5"),
        ("efficientnet-lite0", "whole.keras"),
    ],
)
def test_a_named_network_takes_the_files_of_its_own_kind(tmp_path, name, way):
    saved = fill(named.make(name))

    assert_same(keras_file.read(save(saved, tmp_path, way), name), weights_of(saved))


@pytest.mark.parametrize(
    ("name", "way"),
    [("mobilenetv2", "whole.keras"), ("mobilenetv2", "whole.h5"), ("inceptionv3", "whole.h5")],
)
def test_a_file_with_the_classifier_is_taken_too(tmp_path, name, way):
    saved = fill(named.make(name, include_top=True))

    found = keras_file.read(save(saved, tmp_path, way), name)

    assert_same(found, {key: value for key, value in weights_of(saved).items() if not key.startswith("predictions/")})


def test_layers_are_matched_by_their_order_as_keras_does_it_whatever_the_session_named_them(tmp_path):
    network = named.make("inceptionv3")
    # A second one in the same session: its layers are conv2d_94, conv2d_95, …
    saved = fill(keras.applications.InceptionV3(weights=None, include_top=False))

    found = keras_file.read(save(saved, tmp_path, "whole.h5"), "inceptionv3")

    assert saved.layers[1].name == "conv2d_94"
    assert_same(found, dict(zip(weights_of(network), weights_of(saved).values(), strict=True)))


def flat(base: keras.Model) -> keras.Model:
    """Return a model that goes on where another ends."""
    x = keras.layers.GlobalAveragePooling2D()(base.output)
    return keras.Model(base.input, keras.layers.Dense(3, name="mine")(x))


def nested(base: keras.Model, name: str = "base") -> keras.Model:
    """Return a model that has another as one of its layers, behind layers of its own."""
    image = keras.Input((*base.input.shape[1:3], 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(keras.layers.RandomFlip()(image))
    x = keras.layers.Conv2D(3, 1, name="before")(x)
    base.name = name
    x = keras.layers.GlobalAveragePooling2D()(base(x))
    return keras.Model(image, keras.layers.Dense(3)(keras.layers.Dropout(0.2)(x)))


def half_frozen(base: keras.Model) -> keras.Model:
    """Return a nested model of whose base the first half does not learn: its weights are then listed behind."""
    for layer in base.layers[: len(base.layers) // 2]:
        layer.trainable = False
    return nested(base)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("around", [flat, nested, half_frozen])
def test_a_network_is_found_inside_the_model_that_was_made_of_it(tmp_path, model, around, way):
    base = small()
    whole = fill(around(base), seed=5)

    assert_same(keras_file.read(save(whole, tmp_path, way), model), weights_of(base))


def test_a_named_network_is_found_inside_the_model_that_was_made_of_it(tmp_path):
    base = named.make("mobilenetv3small")
    whole = fill(half_frozen(base))

    assert_same(keras_file.read(save(whole, tmp_path, "whole.h5"), "mobilenetv3small"), weights_of(base))


@pytest.mark.parametrize("way", WAYS)
def test_a_network_that_is_inside_twice_is_refused_by_name(tmp_path, model, way):
    image = keras.Input((16, 16, 3))
    left, right = small(), small()
    left.name, right.name = "left", "right"
    both = fill(keras.Model(image, keras.layers.Add()([left(image), right(image)])))

    message = refusal(save(both, tmp_path, way), model)

    assert "holds small several times: left, right" in message


@pytest.mark.parametrize("name", ["functional.keras", "functional.h5", "functional.weights.h5"])
def test_the_weights_of_keras_2_are_read_as_keras_3_reads_them(tmp_path, name):
    keras.utils.clear_session(free_memory=False)
    image = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, name="c1")(image)
    x = keras.layers.Conv2D(5, 3, name="c2")(keras.layers.BatchNormalization(name="n1")(x))
    model = save(keras.Model(image, keras.layers.DepthwiseConv2D(3, name="d1")(x)), tmp_path, "model.keras")

    found = keras_file.read(DATA / f"keras2_{name}", str(model))

    truth = np.load(DATA / "keras2.npz")
    assert len(truth.files) == 10
    for key in truth.files:
        np.testing.assert_array_equal(found[key.replace("depthwise_", "")], truth[key])


def rename(path: Path, name: str) -> Path:
    return path.rename(path.with_name(name))


@pytest.mark.parametrize(("way", "name"), [("whole.h5", "w.weights.h5"), ("only.weights.h5", "w.h5")])
def test_a_file_that_was_renamed_is_read_by_what_is_in_it(tmp_path, model, way, name):
    other = fill(small(), seed=1)

    assert_same(keras_file.read(rename(save(other, tmp_path, way), name), model), weights_of(other))


def test_the_layout_of_the_published_files_is_read_by_order(tmp_path, model):
    other = fill(small(), seed=1)
    path = save(other, tmp_path, "whole.h5")
    with h5py.File(path, "r") as whole, h5py.File(tmp_path / "old.h5", "w") as old:
        root = whole["model_weights"]
        names = list(root.attrs["layer_names"])
        # A list that is too long for one attribute is split; a layer's weights have names that mean nothing.
        old.attrs["layer_names0"], old.attrs["layer_names1"] = names[:3], names[3:]
        for name in names:
            group = old.create_group(name)
            group.attrs["weight_names"] = [f"{n}_W:0" for n in range(len(root[name].attrs["weight_names"]))]
            for n, weight in enumerate(root[name].attrs["weight_names"]):
                group[f"{n}_W:0"] = root[name][weight][()]

    assert_same(keras_file.read(tmp_path / "old.h5", model), weights_of(other))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16"])
def test_weights_of_every_precision_come_as_float32(tmp_path, policy):
    keras.utils.clear_session(free_memory=False)
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="one", dtype=policy)]
    saved = fill(keras.Sequential(layers))
    path = save(saved, tmp_path, "m.keras")

    found = keras_file.read(path, str(path))["one/kernel"]

    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.asarray(keras.ops.cast(saved.layers[0].kernel, "float32")))


def without_last(model: keras.Model) -> keras.Model:
    return keras.Model(model.input, model.layers[-2].output)


def other_shapes(model: keras.Model) -> keras.Model:
    return keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 5, name="stem")])


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", [without_last, other_shapes])
def test_the_weights_of_another_network_are_refused(tmp_path, model, change: Callable, way):
    path = save(fill(change(small())), tmp_path, way)

    assert "not the weights of small" in refusal(path, model)


@pytest.mark.hostile("weights files")
def test_an_hdf5_file_that_is_not_keras_is_refused(tmp_path, model):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["temperature"] = [1.0, 2.0]

    assert "not the weights of small" in refusal(tmp_path / "w.h5", model)


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_truncated_files_are_refused(tmp_path, model, way, share):
    path = save(small(), tmp_path, way)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    assert ("cut off" if share else "empty") in refusal(path, model)


def test_what_a_look_through_finds_is_said_of_the_weights(tmp_path, model):
    path = save(small(), tmp_path, "only.weights.h5")
    with h5py.File(path, "a") as file:
        file["layers/more"] = h5py.ExternalLink("other.h5", "/secret")

    assert "layers/more is a link to elsewhere" in refusal(path, model)


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_something_has_been_at_is_read_or_refused(tmp_path, model, way):
    data = save(small(), tmp_path, way).read_bytes()
    path = tmp_path / f"tried-{way}"

    @examples(40)
    @given(damaged(data))
    def tried(changed):
        path.write_bytes(changed)
        mistake(keras_file.read, path, model)

    tried()


def test_nothing_is_left_in_the_temporary_directory(tmp_path, model, monkeypatch):
    path = save(fill(nested(small())), tmp_path, "whole.h5")
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    keras_file.read(path, model)

    assert list(folder.iterdir()) == []
