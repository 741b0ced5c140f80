"""Files of weights and models from outside: what is whole passes, and what is not is told without being read."""

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given

from pipeline.files import PROJECT
from pipeline.network import container
from tests.support.hostile import damaged, examples, mistake, refused

ENDINGS = (".keras", ".npz", ".h5", ".weights.h5", ".hdf5")


def whole(path: Path, **settings: object) -> Path:
    """Write a small file of the kind that its name says."""
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    if path.suffix in (".keras", ".npz"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("kernel", values.tobytes())
    else:
        with h5py.File(path, "w", **settings) as file:
            file["kernel"] = values
    return path


def refusal(path: Path) -> str:
    return refused(container.check, path, "weights")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_whole_file_passes(tmp_path, ending):
    container.check(whole(tmp_path / f"w{ending}"), "weights")


@pytest.mark.parametrize("settings", [{"libver": "latest"}, {"libver": "v108"}, {"userblock_size": 1024}])
def test_every_version_of_hdf5_passes_whole_and_is_told_where_it_is_cut(tmp_path, settings):
    path = whole(tmp_path / "w.h5", **settings)
    container.check(path, "weights")
    data = path.read_bytes()

    path.write_bytes(data[:-1])

    assert f"cut off: {len(data) - 1:,} of its {len(data):,} bytes are there" in refusal(path)


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_file_that_was_copied_in_part_is_cut_off_and_is_to_be_copied_again(tmp_path, ending, share):
    path = whole(tmp_path / f"w{ending}")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    assert "cut off" in refusal(path)
    assert refusal(path).endswith("copy or download it again")


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a pointer of Git LFS"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page, not the file itself"),
        (b"<HTML><body>404", "a web page, not the file itself"),
        (b"hello", ", but something else, by how it begins"),
    ],
)
def test_what_was_saved_in_a_files_place_is_called_what_it_is(tmp_path, ending, content, message):
    path = tmp_path / f"w{ending}"
    path.write_bytes(content)

    assert message in refusal(path)


@pytest.mark.hostile("model files")
def test_a_file_under_the_ending_of_the_other_kind_is_called_what_it_is(tmp_path):
    whole(tmp_path / "zip.npz").rename(tmp_path / "zip.h5")
    whole(tmp_path / "hdf5.h5").rename(tmp_path / "hdf5.keras")

    assert refusal(tmp_path / "zip.h5").endswith("a zip file, by how it begins: give a file that Keras saved")
    assert refusal(tmp_path / "hdf5.keras").endswith("an HDF5 file, by how it begins: give a file that Keras saved")


@pytest.mark.hostile("model files")
def test_an_ending_that_is_none_of_these_is_told_those_that_are(tmp_path):
    (tmp_path / "w.pt").write_bytes(b"PK")

    assert "it must end in .keras, .h5, .weights.h5, .npz" in refusal(tmp_path / "w.pt")


def test_a_large_file_is_told_as_fast_as_a_small_one(tmp_path):
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(10, np.float32)
    # A hole: bytes that nobody has to write.
    with path.open("r+b") as stream:
        stream.truncate(2**40)

    started = time.perf_counter()
    container.check(path, "weights")

    assert time.perf_counter() - started < 0.3


def test_no_library_is_loaded_for_it(tmp_path):
    path = whole(tmp_path / "w.h5")
    code = (
        "import sys; from pathlib import Path; from pipeline.network import container; "
        "container.check(Path(sys.argv[1]), 'weights'); print({'h5py', 'keras', 'tensorflow'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code, path], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


@pytest.mark.hostile("model files")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_file_that_something_has_been_at_passes_or_is_named(tmp_path, ending):
    path = whole(tmp_path / f"w{ending}")

    @examples(100)
    @given(damaged(path.read_bytes()))
    def tried(data):
        path.write_bytes(data)
        mistake(container.check, path, "weights")

    tried()
