"""Weights files of users: every layout of Keras's, and everything that can be wrong with a file."""

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given

from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.network.catalogue import Network
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
def network(saved) -> Network:
    return catalogue.load(str(saved[0] / "model.keras"), "unit")


@pytest.fixture
def tensors(saved) -> dict[str, np.ndarray]:
    return dict(saved[1])


def refusal(path: Path, network: Network) -> str:
    with pytest.raises(UserError) as caught:
        read_tensors(path, network)
    message = str(caught.value)
    assert str(path) in message
    assert len(message.splitlines()) == 1
    return message


def legacy_h5(path: Path, tensors: dict[str, np.ndarray]) -> Path:
    """Write tensors in the layout of Keras's published files, where names within a layer mean nothing."""
    with h5py.File(path, "w") as file:
        layers = dict.fromkeys(name.split("/")[0] for name in tensors)
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer in layers:
            group = file.create_group(layer)
            own = [value for name, value in tensors.items() if name.startswith(f"{layer}/")]
            names = [f"{layer}_{'Wb'[index] if index < 2 else index}_1:0" for index in range(len(own))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, own, strict=True):
                group[name] = value
    return path


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5", "model.npz", "compressed.npz"])
def test_every_layout_gives_the_same_weights_without_the_dense_layers(saved, network, name):
    directory, tensors = saved

    found = read_tensors(directory / name, network)

    assert list(found) == list(network.parameters)
    assert "top/kernel" not in found
    for key, value in found.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, tensors[key])


def test_the_layout_of_the_published_files_is_read_by_order(tmp_path, network, tensors):
    found = read_tensors(legacy_h5(tmp_path / "old.h5", tensors), network)

    for key, value in found.items():
        np.testing.assert_array_equal(value, tensors[key])


def test_a_list_of_layers_split_over_several_attributes_is_read_whole(tmp_path, network, tensors):
    path = legacy_h5(tmp_path / "split.h5", tensors)
    with h5py.File(path, "a") as file:
        names = list(file.attrs["layer_names"])
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:2], names[2:]

    assert list(read_tensors(path, network)) == list(network.parameters)


@pytest.mark.parametrize("store", [np.float16, np.float64, ">f4"])
def test_other_floating_point_types_become_float32(tmp_path, network, tensors, store):
    path = tmp_path / "other.npz"
    np.savez(path, **{name: value.astype(store) for name, value in tensors.items()})

    found = read_tensors(path, network)

    assert all(value.dtype == np.dtype("<f4") for value in found.values())
    np.testing.assert_array_equal(found["stem/kernel"], tensors["stem/kernel"].astype(store).astype("<f4"))


def test_column_major_arrays_keep_their_values(tmp_path, network, tensors):
    path = tmp_path / "fortran.npz"
    np.savez(path, **{name: np.asfortranarray(value) for name, value in tensors.items()})

    np.testing.assert_array_equal(read_tensors(path, network)["stem/kernel"], tensors["stem/kernel"])


def write_npz(path: Path, tensors: dict[str, np.ndarray]) -> Path:
    np.savez(path, **tensors)
    return path


@pytest.mark.parametrize(("ending", "write"), [(".npz", write_npz), (".h5", legacy_h5)])
class TestWrongWeights:
    def test_missing_layers_are_named(self, tmp_path, network, tensors, ending, write):
        kept = {name: value for name, value in tensors.items() if not name.startswith("last/")}
        message = refusal(write(tmp_path / f"w{ending}", kept), network)
        assert "it has no last/kernel, last/bias" in message

    def test_a_wrong_shape_is_named_with_what_was_wanted(self, tmp_path, network, tensors, ending, write):
        tensors["middle/kernel"] = tensors["middle/kernel"][..., :4]
        message = refusal(write(tmp_path / f"w{ending}", tensors), network)
        assert "middle/kernel has shape (3, 3, 4, 4), wanted (3, 3, 4, 5)" in message

    def test_integers_are_refused(self, tmp_path, network, tensors, ending, write):
        tensors["last/bias"] = tensors["last/bias"].astype(np.int32)
        assert "last/bias is of type int32, wanted float32" in refusal(write(tmp_path / f"w{ending}", tensors), network)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_values_that_are_not_finite_are_refused(self, tmp_path, network, tensors, ending, write, value):
        tensors["last/bias"] = np.array([0, value], np.float32)
        assert "last/bias has values that are not finite" in refusal(write(tmp_path / f"w{ending}", tensors), network)

    def test_values_too_large_for_float32_are_refused(self, tmp_path, network, tensors, ending, write):
        tensors["last/bias"] = np.array([0, 1e300])
        assert "not finite" in refusal(write(tmp_path / f"w{ending}", tensors), network)

    def test_the_weights_of_another_network_are_refused(self, tmp_path, tensors, ending, write):
        message = refusal(write(tmp_path / f"w{ending}", tensors), catalogue.load("vgg16"))
        assert "not the weights of vgg16: it has no block1_conv1/kernel" in message
        assert "and 22 more" in message


def test_a_layer_with_more_tensors_than_the_network_has_is_refused(tmp_path, network, tensors):
    ordered = {}
    for name, value in tensors.items():
        ordered[name] = value
        if name == "middle/kernel":
            ordered["middle/bias"] = np.zeros(5, np.float32)

    message = refusal(legacy_h5(tmp_path / "w.h5", ordered), network)

    assert "middle has 2 tensors, wanted 1 (kernel)" in message


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5", "model.npz"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_truncated_files_are_refused(tmp_path, saved, network, name, share):
    data = (saved[0] / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])

    assert "damaged, truncated or not a" in refusal(path, network)


def test_a_flipped_bit_in_an_npz_is_noticed(tmp_path, saved, network):
    data = bytearray((saved[0] / "model.npz").read_bytes())
    data[len(data) // 3] ^= 1
    path = tmp_path / "w.npz"
    path.write_bytes(data)

    assert "damaged" in refusal(path, network)


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.weights.h5", "model.npz", "compressed.npz"])
def test_a_file_that_something_has_been_at_is_read_or_refused(saved, network, tmp_path, name):
    path = tmp_path / name

    @examples(60)
    @given(damaged((saved[0] / name).read_bytes()))
    def tried(data):
        path.write_bytes(data)
        mistake(read_tensors, path, network)

    tried()


@pytest.mark.parametrize(
    "header", ["{", "'", "{'shape': (4,), 'descr': ['a'], 'fortran_order': False}", "x()", "1" * 5000]
)
def test_a_header_that_is_not_that_of_an_array_is_refused(tmp_path, network, tensors, header):
    text = header.encode() + b"\n"
    member = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text
    path = npz_with(tmp_path / "w.npz", tensors, "stem/bias", member)

    assert "damaged" in refusal(path, network)


def test_a_missing_file_a_directory_and_an_unknown_kind_are_named(tmp_path, network):
    (tmp_path / "w.pt").write_bytes(b"x")
    (tmp_path / "d.h5").mkdir()

    assert "no such file" in refusal(tmp_path / "none.h5", network)
    assert "a directory" in refusal(tmp_path / "d.h5", network)
    assert "it must end in .h5, .weights.h5, .keras, .npz" in refusal(tmp_path / "w.pt", network)


def test_an_hdf5_file_that_is_not_keras_is_refused(tmp_path, network):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["temperature"] = [1.0, 2.0]

    assert "not one of Keras's" in refusal(tmp_path / "w.h5", network)


def npy(shape: str, *, kind: str = "<f4", data: bytes = b"", version: int = 1, padding: int = 0) -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode() + b" " * padding + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(2 if version == 1 else 4, "little") + header + data


def npz_with(path: Path, tensors: dict[str, np.ndarray], name: str, member: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, value in tensors.items():
            buffer = io.BytesIO()
            np.save(buffer, value)
            archive.writestr(f"{key}.npy", member if key == name else buffer.getvalue())
    return path


class Explosive:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


class TestHostileFiles:
    def test_a_pickle_is_never_opened(self, tmp_path, network, tensors, monkeypatch):
        monkeypatch.chdir(tmp_path)
        tensors["stem/bias"] = np.array([Explosive()] * 4, dtype=object)
        np.savez(tmp_path / "w.npz", **tensors)

        assert "pickle" in refusal(tmp_path / "w.npz", network)
        assert not (tmp_path / "exploded").exists()

    def test_a_bare_pickle_in_place_of_an_array_is_refused(self, tmp_path, network, tensors):
        path = npz_with(tmp_path / "w.npz", tensors, "stem/bias", b"\x80\x04cposix\nsystem\n.")
        assert "damaged" in refusal(path, network)

    def test_a_huge_declared_shape_is_refused_before_anything_is_allocated(self, tmp_path, network, tensors):
        path = npz_with(tmp_path / "w.npz", tensors, "stem/bias", npy("(1000000000000,)"))
        assert "stem/bias has shape (1000000000000,), wanted (4,)" in refusal(path, network)

    def test_a_negative_shape_is_refused(self, tmp_path, network, tensors):
        path = npz_with(tmp_path / "w.npz", tensors, "stem/bias", npy("(-4,)"))
        assert "damaged" in refusal(path, network)

    def test_a_member_that_unpacks_to_more_than_its_array_is_refused(self, tmp_path, network, tensors):
        path = npz_with(tmp_path / "w.npz", tensors, "stem/bias", npy("(4,)", data=bytes(50_000_000)))
        assert path.stat().st_size < 200_000
        assert "does not hold the 16 bytes" in refusal(path, network)

    def test_a_header_made_to_fill_the_memory_is_refused(self, tmp_path, network, tensors):
        path = npz_with(tmp_path / "w.npz", tensors, "stem/bias", npy("(4,)", version=2, padding=50_000_000))
        assert "array format (2, 0) is unknown" in refusal(path, network)

    def test_a_keras_file_that_unpacks_to_much_more_than_it_is_is_refused(self, tmp_path, network):
        with zipfile.ZipFile(tmp_path / "w.keras", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("model.weights.h5", bytes(50_000_000))
        assert "implausibly large" in refusal(tmp_path / "w.keras", network)

    def test_a_huge_declared_shape_in_an_hdf5_file_is_refused(self, tmp_path, network, tensors):
        path = legacy_h5(tmp_path / "w.h5", tensors)
        with h5py.File(path, "a") as file:
            del file["stem/stem_b_1:0"]
            file["stem"].create_dataset("stem_b_1:0", (10**12,), "f4", chunks=(1000,))
        assert "stem/bias has shape (1000000000000,)" in refusal(path, network)

    @pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/secret"), h5py.SoftLink("/stem/stem_b_1:0")])
    def test_links_are_not_followed(self, tmp_path, network, tensors, link):
        with h5py.File(tmp_path / "other.h5", "w") as file:
            file["secret"] = np.ones(4, np.float32)
        path = legacy_h5(tmp_path / "w.h5", tensors)
        with h5py.File(path, "a") as file:
            del file["stem/stem_b_1:0"]
            file["stem/stem_b_1:0"] = link
        assert "is a link to elsewhere" in refusal(path, network)

    def test_values_kept_in_another_file_are_not_read(self, tmp_path, network, tensors):
        (tmp_path / "secret").write_bytes(bytes(16))
        path = legacy_h5(tmp_path / "w.h5", tensors)
        with h5py.File(path, "a") as file:
            del file["stem/stem_b_1:0"]
            external = [(str(tmp_path / "secret"), 0, 16)]
            file["stem"].create_dataset("stem_b_1:0", (4,), "f4", external=external)
        assert "keeps its values in another file" in refusal(path, network)
