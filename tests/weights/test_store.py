"""The weights file of the workflow: written once, the same bytes every time, checked whenever it is read."""

import dataclasses
import hashlib
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.network.known import KNOWN
from pipeline.weights import keras_host, sources, store
from pipeline.weights.store import Weights

# Values of Keras's file that others have published, as far as they print them.
PUBLISHED_VALUES = [
    ("block1_conv1/kernel", (0, 0, 0, 0), 0.42947057),
    ("block1_conv1/kernel", (0, 0, 1, 0), 0.55037946),
    ("block1_conv1/bias", (0,), 0.73429835),
    ("block1_conv1/bias", (25,), 0.7446502),
    ("block1_conv2/kernel", (2, 2, 63, 63), 0.016082443),
    ("block2_conv1/bias", (1,), 0.06440781),
    ("block5_conv1/kernel", (1, 0, 63, 269), -0.011236359),
    ("block5_conv2/bias", (510,), 0.23517226),
    ("block5_conv3/kernel", (0, 2, 0, 400), -0.008714244),
]


@pytest.fixture
def small() -> Weights:
    random = np.random.default_rng(0)
    tensors = {
        "b/kernel": random.normal(size=(3, 3, 2, 4)).astype(np.float32),
        "a/bias": random.normal(size=4).astype(np.float32),
    }
    return Weights(tensors, store.digest(tensors, tensors), "a test")


def test_what_is_saved_is_loaded_in_the_same_order(tmp_path, small):
    store.save(tmp_path / "w.npz", small)

    loaded = store.load(tmp_path / "w.npz")

    assert list(loaded.tensors) == ["b/kernel", "a/bias"]
    for name, value in small.tensors.items():
        assert loaded.tensors[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.tensors[name], value)
    assert (loaded.sha256, loaded.source) == (small.sha256, "a test")


def test_what_was_in_the_files_of_the_users_is_kept(tmp_path, small):
    made = dataclasses.replace(small, contents={"model": "1" * 64, "weights": "2" * 64})

    store.save(tmp_path / "w.npz", made)

    assert store.load(tmp_path / "w.npz").contents == made.contents


def test_weights_without_files_of_the_users_have_no_keys_for_them(tmp_path, small):
    store.save(tmp_path / "w.npz", small)

    with np.load(tmp_path / "w.npz") as archive:
        assert [name for name in archive.files if "/" not in name] == ["sha256", "source"]
    assert store.load(tmp_path / "w.npz").contents == {}


def test_loaded_weights_cannot_be_changed_by_mistake(tmp_path, small):
    store.save(tmp_path / "w.npz", small)

    with pytest.raises(ValueError, match="read-only"):
        store.load(tmp_path / "w.npz").tensors["a/bias"][0] = 1


def test_the_same_weights_give_the_same_bytes(tmp_path, small):
    store.save(tmp_path / "one.npz", small)
    store.save(tmp_path / "two.npz", small)

    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_the_digest_depends_on_values_shapes_names_and_order_but_not_on_memory_layout(small):
    tensors = small.tensors
    kernel = tensors["b/kernel"]

    def digest(changed, order=("b/kernel", "a/bias")):
        return store.digest({**tensors, **changed}, order)

    assert digest({"b/kernel": np.asfortranarray(kernel)}) == small.sha256
    assert digest({"b/kernel": kernel.astype(">f4")}) == small.sha256
    others = {
        digest({"b/kernel": kernel.reshape(3, 3, 4, 2)}),
        digest({"a/bias": np.nextafter(tensors["a/bias"], np.float32(9))}),
        digest({}, ("a/bias", "b/kernel")),
        digest({"c/bias": tensors["a/bias"]}, ("b/kernel", "c/bias")),
    }
    assert len(others | {small.sha256}) == 5


class TestDamagedFiles:
    def refusal(self, path: Path) -> str:
        with pytest.raises(UserError) as caught:
            store.load(path)
        assert str(path) in str(caught.value)
        return str(caught.value)

    def test_a_missing_file_is_named_with_the_way_to_make_it(self, tmp_path):
        path = tmp_path / "w.npz"
        assert f"python -m pipeline.weights --output {path} makes it" in self.refusal(path)

    @pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
    def test_a_truncated_file_is_refused(self, tmp_path, small, share):
        path = tmp_path / "w.npz"
        store.save(path, small)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

        assert "damaged" in self.refusal(path)

    def test_a_flipped_bit_is_noticed(self, tmp_path, small):
        path = tmp_path / "w.npz"
        store.save(path, small)
        data = bytearray(path.read_bytes())
        data[data.index(small.tensors["a/bias"].tobytes())] ^= 1
        path.write_bytes(data)

        assert "damaged" in self.refusal(path)

    def test_values_changed_behind_the_back_of_their_digest_are_noticed(self, tmp_path, small):
        tensors = {**small.tensors, "a/bias": np.zeros(4, np.float32)}
        store.save(tmp_path / "w.npz", dataclasses.replace(small, tensors=tensors))

        assert "not those of its digest" in self.refusal(tmp_path / "w.npz")

    def test_a_foreign_archive_is_refused(self, tmp_path, small):
        np.savez(tmp_path / "w.npz", **small.tensors)
        assert "sha256" in self.refusal(tmp_path / "w.npz")

    def test_a_pickle_is_refused(self, tmp_path, small):
        np.savez(tmp_path / "w.npz", **small.tensors, sha256=np.array([{}], object), source=np.array(""))
        assert "pickle" in self.refusal(tmp_path / "w.npz")

    def test_a_compressed_archive_is_refused_unread(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a/bias.npy", bytes(50_000_000))
        assert "not stored plainly" in self.refusal(tmp_path / "w.npz")


@pytest.fixture(scope="module")
def from_package(tmp_path_factory) -> Weights:
    """VGG16's weights as the package has them, Keras's cache being empty and its host out of reach."""
    published = KNOWN["vgg16"].imagenet
    keras = dataclasses.replace(published.keras, url="http://127.0.0.1:9/")
    network = catalogue.load("vgg16")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        tensors, source = sources.fetch_imagenet(network, "vgg16", dataclasses.replace(published, keras=keras))
    return Weights(tensors, store.digest(tensors, network.parameters), source)


@pytest.mark.real
class TestRealWeights:
    @pytest.mark.parametrize(("name", "place", "value"), PUBLISHED_VALUES)
    def test_the_package_holds_the_values_published_of_keras_file(self, from_package, name, place, value):
        assert from_package.tensors[name][place] == np.float32(value)

    def test_they_are_all_of_the_network_and_survive_the_file(self, from_package, tmp_path):
        store.save(tmp_path / "w.npz", from_package)

        loaded = store.load(tmp_path / "w.npz")

        shapes = {name: tensor.shape for name, tensor in loaded.tensors.items()}
        assert shapes == catalogue.load("vgg16").parameters
        assert loaded.sha256 == from_package.sha256

    def test_a_file_of_keras_layout_with_the_same_values_has_the_same_digest(self, from_package, tmp_path, monkeypatch):
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        published = KNOWN["vgg16"].imagenet
        path = keras_host.cached(published.keras)
        path.parent.mkdir()
        with h5py.File(path, "w") as file:
            layers = [layer.name for layer in catalogue.load("vgg16").layers]
            file.attrs["layer_names"] = [layer.encode() for layer in layers]
            for layer in layers:
                group = file.create_group(layer)
                group.attrs["weight_names"] = [f"{layer}_W_1:0".encode(), f"{layer}_b_1:0".encode()]
                group[f"{layer}_W_1:0"] = from_package.tensors[f"{layer}/kernel"]
                group[f"{layer}_b_1:0"] = from_package.tensors[f"{layer}/bias"]
        keras = dataclasses.replace(published.keras, digest=hashlib.md5(path.read_bytes()).hexdigest())
        network = catalogue.load("vgg16")

        tensors, _ = sources.fetch_imagenet(network, "vgg16", dataclasses.replace(published, keras=keras, wheel=None))

        assert store.digest(tensors, network.parameters) == from_package.sha256
