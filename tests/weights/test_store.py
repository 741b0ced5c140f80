"""The weights file of the workflow: written once, the same bytes every time, checked whenever it is read."""

import dataclasses
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.network.architecture import load_network
from pipeline.network.known import KNOWN
from pipeline.weights import sources, store
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


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    layers = [keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 3, name="one"), keras.layers.Conv2D(2, 3, name="two")]
    path = tmp_path_factory.mktemp("model") / "mine.keras"
    keras.Sequential(layers).save(path)
    return path


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.weights", *map(str, arguments)],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_saved_is_loaded_in_the_same_order(tmp_path, small):
    store.save(tmp_path / "w.npz", small)

    loaded = store.load(tmp_path / "w.npz")

    assert list(loaded.tensors) == ["b/kernel", "a/bias"]
    for name, value in small.tensors.items():
        assert loaded.tensors[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.tensors[name], value)
    assert (loaded.sha256, loaded.source) == (small.sha256, "a test")


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
        assert "python -m pipeline.weights makes it" in self.refusal(tmp_path / "w.npz")

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


class TestCommand:
    def test_a_keras_model_brings_its_own_weights(self, tmp_path, model):
        common = ("--model", model, "--preprocessing", "unit", "--output")

        own = command(*common, tmp_path / "own.npz", "--weights", "model")
        path = command(*common, tmp_path / "path.npz", "--weights", model)

        assert (own.returncode, path.returncode) == (0, 0), own.stderr + path.stderr
        assert (tmp_path / "own.npz").read_bytes() == (tmp_path / "path.npz").read_bytes()
        loaded = store.load(tmp_path / "own.npz")
        assert list(loaded.tensors) == ["one/kernel", "one/bias", "two/kernel", "two/bias"]
        assert loaded.sha256 in own.stdout

    def test_the_file_that_it_wrote_is_itself_a_source_with_the_same_digest(self, tmp_path, model):
        common = ("--model", model, "--preprocessing", "unit", "--output")
        command(*common, tmp_path / "own.npz", "--weights", "model")
        again = command(*common, tmp_path / "again.npz", "--weights", tmp_path / "own.npz")

        assert again.returncode == 0, again.stderr
        assert store.load(tmp_path / "again.npz").sha256 == store.load(tmp_path / "own.npz").sha256

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--weights", "nowhere.h5"], "weights: nowhere.h5: no such file"),
            (["--weights", "model"], "say imagenet"),
            (["--model", "vgg61"], "did you mean vgg16?"),
        ],
    )
    def test_a_mistake_is_one_line_and_leaves_no_file(self, tmp_path, arguments, complaint):
        done = command("--output", tmp_path / "out" / "w.npz", *arguments)

        assert done.returncode == 1
        assert complaint in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "out").exists()

    def test_imagenet_weights_are_not_offered_for_a_model_of_ones_own(self, tmp_path, model):
        done = command("--model", model, "--preprocessing", "unit", "--output", tmp_path / "w.npz")
        assert done.returncode == 1
        assert "imagenet is known for vgg16 only" in done.stderr

    def test_a_file_that_cannot_be_written_to_its_end_is_not_left_half(self, tmp_path, model):
        # A limit on the size of files stands in for a full disk: the first bytes are written, the last are not.
        code = (
            "import resource, signal; from pipeline import errors, weights;"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500));"
            "errors.run(weights.main)"
        )
        path = tmp_path / "w.npz"
        shapes = load_network(str(model), "unit").parameters
        np.savez(path, **{name: np.ones(shape) for name, shape in shapes.items()})
        arguments = ["--model", str(model), "--preprocessing", "unit", "--weights", str(path)]
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments, "--output", str(tmp_path / "out" / "w.npz")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr == "error: file too large\n"
        assert list((tmp_path / "out").iterdir()) == []

    def test_neither_tensorflow_nor_keras_is_imported(self):
        code = "import sys, pipeline.weights.__main__; print({'tensorflow', 'keras'} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "set()\n"


@pytest.fixture(scope="module")
def from_package(tmp_path_factory) -> Weights:
    """VGG16's weights as the package has them, Keras's cache being empty and its host out of reach."""
    published = KNOWN["vgg16"].imagenet
    keras = dataclasses.replace(published.keras, url="http://127.0.0.1:9/")
    network = load_network("vgg16")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        tensors, source = sources.fetch_imagenet(network, dataclasses.replace(published, keras=keras))
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
        assert shapes == load_network("vgg16").parameters
        assert loaded.sha256 == from_package.sha256

    def test_a_file_of_keras_layout_with_the_same_values_has_the_same_digest(self, from_package, tmp_path, monkeypatch):
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        published = KNOWN["vgg16"].imagenet
        path = sources.keras_cache() / published.keras.name
        path.parent.mkdir()
        with h5py.File(path, "w") as file:
            layers = [layer.name for layer in load_network("vgg16").layers]
            file.attrs["layer_names"] = [layer.encode() for layer in layers]
            for layer in layers:
                group = file.create_group(layer)
                group.attrs["weight_names"] = [f"{layer}_W_1:0".encode(), f"{layer}_b_1:0".encode()]
                group[f"{layer}_W_1:0"] = from_package.tensors[f"{layer}/kernel"]
                group[f"{layer}_b_1:0"] = from_package.tensors[f"{layer}/bias"]
        keras = dataclasses.replace(published.keras, md5=hashlib.md5(path.read_bytes()).hexdigest())
        network = load_network("vgg16")

        tensors, _ = sources.fetch_imagenet(network, dataclasses.replace(published, keras=keras, wheel=None))

        assert store.digest(tensors, network.parameters) == from_package.sha256
