"""Files as Keras saves them: sound ones pass as they are, and traps are named before anything of them is opened."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from hypothesis import given

from pipeline.files import PROJECT
from pipeline.network import saved
from tests.support.hostile import damaged, examples, mistake, refused

KERAS_2 = PROJECT / "tests" / "weights" / "data"
KINDS = ("model.keras", "model.h5", "model.weights.h5")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder in which Keras has saved a small model in each of its ways."""
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="one"), keras.layers.Dropout(0.5)])
    folder = tmp_path_factory.mktemp("saved")
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    model.save_weights(folder / "model.weights.h5")
    return folder


def refusal(path: Path) -> str:
    return refused(saved.check, path, "model")


def inside_keras(path: Path, hdf5: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a `.keras` file whose weights are the file `hdf5`."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(saved.CONFIG, "{}")
        archive.write(hdf5, saved.WEIGHTS)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_what_keras_saves_passes(folder, kind):
    saved.check(folder / kind, "model")


def test_weights_that_somebody_compressed_pass(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        values = np.random.default_rng(0).normal(size=(3, 3, 64, 64)).astype(np.float32)
        file.create_dataset("kernel", data=values, compression="gzip")

    saved.check(tmp_path / "w.h5", "weights")


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_damaged(folder, tmp_path, kind, share):
    data = (folder / kind).read_bytes()
    (tmp_path / kind).write_bytes(data[: int(len(data) * share)])

    assert ("cut off" if share else "empty") in refusal(tmp_path / kind)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "no such file" in refusal(tmp_path / "nowhere.keras")


@pytest.mark.hostile("model files")
def test_a_folder_is_not_a_file(tmp_path):
    (tmp_path / "folder.h5").mkdir()

    assert "not a file" in refusal(tmp_path / "folder.h5")


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_waits_for_a_named_pipe(tmp_path, kind):
    os.mkfifo(tmp_path / kind)

    assert "not a file" in refusal(tmp_path / kind)


@pytest.mark.hostile("model files")
def test_a_keras_file_without_weights_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr(saved.CONFIG, "{}")

    assert saved.WEIGHTS in refusal(tmp_path / "m.keras")


@pytest.mark.parametrize("name", ["keras2_functional.keras", "keras2_functional.h5"])
def test_a_file_says_that_keras_2_saved_it(name):
    assert saved.keras_version(KERAS_2 / name) == "2.21.0"


@pytest.mark.parametrize("kind", ["model.keras", "model.h5"])
def test_a_file_says_which_keras_saved_it(folder, kind):
    assert saved.keras_version(folder / kind) == keras.__version__


def test_weights_alone_do_not_say_it(folder):
    assert saved.keras_version(folder / "model.weights.h5") is None


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b'{"keras_version": 3}', b"[" * 5000])
def test_a_version_that_is_none_is_not_said(tmp_path, said):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr(saved.METADATA, said)

    assert saved.keras_version(tmp_path / "m.keras") is None


def external_link(file: h5py.File) -> None:
    file["kernel"] = h5py.ExternalLink("other.h5", "/secret")


def soft_link(file: h5py.File) -> None:
    file["layers/one"] = np.ones(4, np.float32)
    file["kernel"] = h5py.SoftLink("/layers/one")


def nested_link(file: h5py.File) -> None:
    file.create_group("layers/one/vars")["0"] = h5py.ExternalLink("other.h5", "/secret")


def values_elsewhere(file: h5py.File) -> None:
    file.create_dataset("kernel", (4,), "f4", external=[("secret", 0, 16)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (4,))
    file.create_virtual_dataset("kernel", layout)


@pytest.mark.hostile("model files")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (external_link, "kernel is a link to elsewhere"),
        (soft_link, "kernel is a link to elsewhere"),
        (nested_link, "layers/one/vars/0 is a link to elsewhere"),
        (values_elsewhere, "kernel keeps its values in another file"),
        (virtual, "kernel keeps its values in another file"),
    ],
)
@pytest.mark.parametrize("kind", ["w.h5", "w.keras"])
def test_a_way_out_of_the_file_is_refused(tmp_path, make: Callable[[h5py.File], None], reason, kind):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        make(file)
    if kind == "w.keras":
        inside_keras(tmp_path / kind, tmp_path / "w.h5")

    assert reason in refusal(tmp_path / kind)


def declaring(path: Path, shape: tuple[int, ...], count: int = 1) -> Path:
    """Write an HDF5 file that declares arrays of which it holds not one value."""
    with h5py.File(path, "w") as file:
        for number in range(count):
            file.create_dataset(f"layers/{number}", shape, "f4", chunks=(1000,) * len(shape))
    return path


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("kind", ["w.h5", "w.keras", "w.weights.h5"])
def test_a_small_file_that_declares_gigabytes_is_refused(tmp_path, kind):
    path = declaring(tmp_path / "plain.h5", (800_000_000,))
    if kind == "w.keras":
        inside_keras(tmp_path / kind, path)
    else:
        path.rename(tmp_path / kind)

    assert (tmp_path / kind).stat().st_size < 300_000
    assert "it declares implausibly much: 3,200,000,000 bytes" in refusal(tmp_path / kind)


@pytest.mark.hostile("model files")
def test_many_small_declarations_are_added_up(tmp_path):
    path = declaring(tmp_path / "w.h5", (2000,), count=2000)

    assert "it declares implausibly much" in refusal(path)


@pytest.mark.hostile("model files")
def test_one_array_under_many_names_counts_each_time(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["0"] = np.zeros(100_000, np.float32)
        for number in range(1, 100):
            file[str(number)] = file["0"]

    assert "it declares implausibly much" in refusal(tmp_path / "w.h5")


@pytest.mark.hostile("model files")
def test_a_group_that_holds_itself_does_not_make_the_search_endless(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_group("a")["b"] = file["/"]

    saved.check(tmp_path / "w.h5", "weights")


@pytest.mark.hostile("model files")
def test_a_keras_file_that_unpacks_to_much_more_than_it_is_is_refused(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["kernel"] = np.zeros(10_000_000, np.float32)

    path = inside_keras(tmp_path / "w.keras", tmp_path / "w.h5", zipfile.ZIP_DEFLATED)

    assert path.stat().st_size < 100_000
    assert "it unpacks to implausibly much" in refusal(path)


@pytest.mark.hostile("model files")
def test_what_lies_beside_the_weights_may_not_be_a_bomb_either(folder, tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes((folder / "model.keras").read_bytes())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/layers/vocabulary.txt", bytes(50_000_000))

    assert "it unpacks to implausibly much" in refusal(path)


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_something_has_been_at_passes_or_is_named(folder, tmp_path, kind):
    path = tmp_path / kind

    @examples(60)
    @given(damaged((folder / kind).read_bytes()))
    def tried(data):
        path.write_bytes(data)
        mistake(saved.check, path, "model")

    tried()
