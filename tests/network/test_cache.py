import os
import subprocess

import pytest

from pipeline.errors import UserError
from pipeline.network import cache, catalogue


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "filter-atlas" / "networks"


def test_a_catalogue_is_made_once_and_again_where_it_is_damaged_or_the_file_is_another(keras_file, kept, monkeypatch):
    first = cache.catalogue_of(keras_file)
    (path,) = kept.iterdir()
    runs = []
    run = subprocess.run

    monkeypatch.setattr(subprocess, "run", lambda *arguments, **settings: runs.append(1) or run(*arguments, **settings))

    assert cache.catalogue_of(keras_file) == first
    assert runs == []
    path.write_text(path.read_text()[:-40])
    assert cache.catalogue_of(keras_file) == first
    assert runs == [1]


def test_what_cannot_be_looked_through_is_one_line_and_leaves_nothing(kept, tmp_path):
    path = tmp_path / "x.keras"
    path.write_text("hello")

    with pytest.raises(UserError, match=rf"^model: {path}: not a \.keras file; save the model"):
        cache.catalogue_of(path)

    assert list(kept.iterdir()) == []


def test_a_process_that_was_killed_is_one_line(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(cache.sys, "executable", "/bin/sh")
    monkeypatch.setattr(
        subprocess, "run", lambda *arguments, **settings: subprocess.CompletedProcess(arguments, -9, "", "")
    )

    with pytest.raises(UserError, match=r"looking through it was ended by signal 9: too large for the memory"):
        cache.kept("key", "m")


def test_where_the_cache_cannot_be_written_a_temporary_folder_of_the_users_own_keeps_it(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path))

    folder = cache._folder()

    assert folder == tmp_path / f"filter-atlas-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_temporary_folder_that_others_may_write_to_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / f"filter-atlas-{os.getuid()}").mkdir(mode=0o755)

    with pytest.raises(UserError, match="should be a folder of this user's alone; set XDG_CACHE_HOME"):
        cache._folder()


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(UserError, match=r"model: .*x\.keras: no such file"):
        catalogue.load(str(tmp_path / "x.keras"), "unit")
