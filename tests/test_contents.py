import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from pipeline import contents
from pipeline.errors import UserError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """Return the folder of digests, empty; a file is settled at once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(contents, "SETTLED_SECONDS", -1.0)
    return tmp_path / "cache/filter-atlas/digests"


@pytest.fixture
def path(tmp_path) -> Path:
    """Return a file."""
    (tmp_path / "w.h5").write_bytes(b"weights")
    return tmp_path / "w.h5"


def true_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_digest_is_that_of_what_is_in_the_file(path):
    assert contents.digest(path) == contents.digest(path) == true_digest(path)


def test_it_is_kept_for_as_long_as_the_file_stays_as_it_is(path, cache):
    contents.digest(path)
    (kept,) = cache.iterdir()
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"sha256": "kept"}))

    assert contents.digest(path) == "kept"


def test_a_file_that_was_just_written_is_not_believed_to_stay(path, cache, monkeypatch):
    monkeypatch.setattr(contents, "SETTLED_SECONDS", 3600.0)

    contents.digest(path)

    assert list(cache.iterdir()) == []


def test_an_older_file_in_its_place_has_its_own_digest(tmp_path, path):
    before = contents.digest(path)
    older = tmp_path / "older.h5"
    older.write_bytes(b"Weights")
    os.utime(older, (1, 1))

    shutil.copy2(older, path)

    assert contents.digest(path) == true_digest(path) != before


def test_a_file_rewritten_with_its_size_and_its_times_has_its_own_digest(path):
    before, state = contents.digest(path), path.stat()
    # Clocks of file systems go in steps of some milliseconds.
    time.sleep(0.05)

    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert path.stat().st_mtime_ns == state.st_mtime_ns
    assert contents.digest(path) == true_digest(path) != before


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"key": 3}', '{"sha256": "x"}'])
def test_what_is_kept_is_read_without_trust(path, cache, damage):
    contents.digest(path)
    (kept,) = cache.iterdir()
    kept.write_text(damage)

    assert contents.digest(path) == true_digest(path)


def test_where_nothing_can_be_kept_it_is_computed(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))

    assert contents.cache_folder("digests") is None
    assert contents.digest(path) == true_digest(path)


def test_without_a_cache_of_the_users_there_is_a_folder_of_his_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    folder = contents.cache_folder("digests")

    assert folder == tmp_path / f"filter-atlas-{os.getuid()}" / "digests"
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"filter-atlas-{os.getuid()}").mkdir()
    (tmp_path / f"filter-atlas-{os.getuid()}").chmod(0o777)

    assert contents.cache_folder("digests") is None


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        contents.digest(tmp_path / "none.h5")
