"""Catalogues are made once for what is in a file, in a process of their own."""

import subprocess

import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.network import cache, catalogue


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "filter-atlas" / "networks"


@pytest.fixture
def runs(monkeypatch):
    """Return a list that grows by what is run in a process of its own."""
    runs = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **settings: runs.append(1) or run(*arguments, **settings))
    return runs


def test_a_catalogue_is_made_once_and_again_where_it_is_damaged(keras_file, kept, runs):
    first = cache.of_file(keras_file, catalogue.parse)
    (path,) = kept.iterdir()

    assert cache.of_file(keras_file, catalogue.parse) == first
    assert runs == [1]
    path.write_text(path.read_text()[:-40])
    assert cache.of_file(keras_file, catalogue.parse) == first
    assert runs == [1, 1]


def test_before_a_catalogue_is_made_it_is_said_once_how_long_that_takes(keras_file, kept, capsys):
    for _ in range(2):
        cache.of_file(keras_file, catalogue.parse)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"looking through {keras_file} with Keras, once, ")
    assert "minutes where it is very deep" in line


def test_another_version_of_keras_makes_its_own(keras_file, kept, monkeypatch):
    cache.of_file(keras_file, catalogue.parse)
    monkeypatch.setattr(cache.importlib.metadata, "version", lambda package: "99.0")

    cache.of_file(keras_file, catalogue.parse)

    assert len(list(kept.iterdir())) == 2


def test_where_nothing_can_be_kept_a_catalogue_is_made_each_time(keras_file, runs, monkeypatch):
    monkeypatch.setattr(files, "cache_folder", lambda name: None)

    assert cache.of_file(keras_file, catalogue.parse) == cache.of_file(keras_file, catalogue.parse)
    assert runs == [1, 1]


def test_what_cannot_be_looked_through_is_one_line_and_leaves_nothing(kept, tmp_path):
    path = tmp_path / "x.keras"
    path.write_text("hello")

    with pytest.raises(UserError, match=rf"^model: {path}: not a \.keras file, but something else"):
        cache.of_file(path, catalogue.parse)

    assert list(kept.iterdir()) == []


def test_a_process_that_was_killed_is_one_line(kept, monkeypatch):
    monkeypatch.setattr(
        subprocess, "run", lambda *arguments, **settings: subprocess.CompletedProcess(arguments, -9, "", "")
    )

    with pytest.raises(UserError, match=r"looking through it was ended by signal 9: too large for the memory"):
        cache.of_known("vgg16", catalogue.parse)
