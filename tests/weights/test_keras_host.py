"""Keras's weights files: from its cache, from its host (a server of our own here), and what can go wrong on the way."""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from pipeline.weights import download, keras_host
from pipeline.wheels import SourceError
from tests.support import published


@pytest.fixture
def host(host):
    """Return the host, which serves the file of the weights."""
    host.body = published.keras_bytes()
    return host


def test_a_file_in_the_cache_is_read_there(cache):
    cache.mkdir(parents=True)
    (cache / "tiny.h5").write_bytes(published.keras_bytes())

    found = keras_host.from_cache(published.keras_file("http://127.0.0.1:9/"), Path.read_bytes)

    assert found == published.keras_bytes()


def test_a_file_that_is_not_in_the_cache_is_not_there(cache):
    with pytest.raises(SourceError, match="not there"):
        keras_host.from_cache(published.keras_file("http://127.0.0.1:9/"), Path.read_bytes)


def test_another_file_in_its_place_is_refused_by_its_digest(cache):
    cache.mkdir(parents=True)
    (cache / "tiny.h5").write_bytes(published.keras_bytes()[:-7])

    with pytest.raises(SourceError, match=r"md5 .* damaged, or another file"):
        keras_host.from_cache(published.keras_file("http://127.0.0.1:9/"), Path.read_bytes)


@pytest.mark.parametrize("answer", ["whole", "unsized"])
def test_a_download_goes_into_the_cache(cache, host, answer):
    file = published.keras_file(f"{host.url}/{answer}/tiny.h5")

    assert keras_host.from_host(file, Path.read_bytes) == published.keras_bytes()
    assert [path.name for path in cache.iterdir()] == ["tiny.h5"]
    assert keras_host.from_cache(file, Path.read_bytes) == published.keras_bytes()
    assert host.requests == 1


@pytest.mark.parametrize("digest", [hashlib.sha256(published.keras_bytes()).hexdigest(), None])
def test_a_digest_may_be_a_longer_one_or_missing(cache, host, digest):
    file = dataclasses.replace(published.keras_file(f"{host.url}/whole/tiny.h5"), digest=digest)

    assert keras_host.from_host(file, Path.read_bytes) == published.keras_bytes()


def test_a_longer_digest_is_compared_too(cache, host):
    file = dataclasses.replace(published.keras_file(f"{host.url}/whole/tiny.h5"), digest="0" * 64)

    with pytest.raises(SourceError, match=rf"sha256 .*, wanted {'0' * 64}"):
        keras_host.from_host(file, Path.read_bytes)


def test_the_sentence_says_the_digest_or_that_there_is_none():
    file = published.keras_file("https://host/tiny.h5")
    without = dataclasses.replace(file, digest=None)

    assert keras_host.sentence(file) == f"Keras's file tiny.h5, md5 {file.digest}, from https://host/tiny.h5"
    assert keras_host.sentence(without) == "Keras's file tiny.h5, of which it has no digest, from https://host/tiny.h5"


def test_a_cache_that_cannot_be_written_does_not_stop_the_download(tmp_path, monkeypatch, host):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))

    found = keras_host.from_host(published.keras_file(f"{host.url}/whole/tiny.h5"), Path.read_bytes)

    assert found == published.keras_bytes()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("short", "ended after"),
        ("wrong", "md5"),
        ("none", "HTTP 404"),
        ("stall", "stood still for 0.3 s after 1000 bytes"),
    ],
)
def test_a_host_that_fails_leaves_nothing_in_the_cache(cache, host, answer, reason):
    with pytest.raises(SourceError, match=reason):
        keras_host.from_host(published.keras_file(f"{host.url}/{answer}/tiny.h5"), Path.read_bytes)

    assert list(cache.iterdir()) == []


def test_a_host_that_never_answers_is_given_up_in_time(cache, host, monkeypatch):
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(download, "STALL_SECONDS", 30.0)

    with pytest.raises(SourceError, match=r"no answer within 0\.2 s"):
        keras_host.from_host(published.keras_file(f"{host.url}/silent/tiny.h5"), Path.read_bytes)


def test_an_answer_without_end_is_cut_off(cache, host, monkeypatch):
    monkeypatch.setattr(download, "LARGEST_BYTES", 500)

    with pytest.raises(SourceError, match="larger than any weights file"):
        keras_host.from_host(published.keras_file(f"{host.url}/unsized/tiny.h5"), Path.read_bytes)
