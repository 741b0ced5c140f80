import hashlib
import json
import os
import shutil
import stat
import time
from pathlib import Path

import pytest

from pipeline import errors, files
from pipeline.errors import UserError


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_what_is_written_replaces_what_was_there(tmp_path):
    path = tmp_path / "deep" / "er" / "x.bin"

    files.write_bytes(path, b"one")
    files.write_bytes(path, b"two")

    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["x.bin"]


def test_what_a_killed_process_has_left_half_written_is_removed_and_nothing_else(tmp_path):
    others = [".tmp-ab_cd012-my-x.json", ".tmp-ab_cd012-y.json", "x.json", "tmp-x.json", "a.tmp-1-x.json"]
    for name in (".tmp-ab_cd012-x.json", ".tmp-zzzzzzzz-x.json", *others):
        (tmp_path / name).write_text("{")

    files.remove_half_written(tmp_path / "x.json")
    files.remove_half_written(tmp_path / "not" / "there.json")

    assert names(tmp_path) == sorted(others)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with files.replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.png"]


def test_a_file_that_cannot_be_made_is_named_as_it_was_asked_for():
    with pytest.raises(OSError, match="cannot be written") as caught:
        files.write_bytes(Path("/proc/x.png"), b"new")

    assert errors.describe_os_error(caught.value) == "/proc/x.png: cannot be written (no such file or directory)"


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    with files.replacing(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".png")

    assert path.read_bytes() == b"new"


def test_others_may_read_what_the_umask_lets_them(tmp_path):
    before = os.umask(0o022)
    try:
        files.write_bytes(tmp_path / "x", b"")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644


def test_json_comes_back_as_it_was_and_with_the_same_bytes(tmp_path):
    value = {"b": [1, 2.5, None], "a": "grün", "nested": {"z": True}}

    files.write_json(tmp_path / "one.json", value)
    files.write_json(tmp_path / "two.json", json.loads(json.dumps(value)))

    assert files.read_json(tmp_path / "one.json") == value
    assert list(files.read_json(tmp_path / "one.json")) == ["b", "a", "nested"]
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_values_that_are_not_json_are_refused_and_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})

    assert names(tmp_path) == []


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_bytes_that_are_not_json_are_the_users_mistake(tmp_path, data):
    (tmp_path / "x.json").write_bytes(data)

    with pytest.raises(UserError, match=r"x\.json: not valid JSON"):
        files.read_json(tmp_path / "x.json")


def test_a_missing_json_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"x\.json: no such file"):
        files.read_json(tmp_path / "x.json")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """Return the folder of digests, empty; a file is settled at once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(files, "SETTLED_SECONDS", -1.0)
    return tmp_path / "cache/filter-atlas/digests"


@pytest.fixture
def path(tmp_path, cache) -> Path:
    """Return a file."""
    (tmp_path / "w.h5").write_bytes(b"weights")
    return tmp_path / "w.h5"


def true_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_digest_is_that_of_what_is_in_the_file(path):
    assert files.digest(path) == files.digest(path) == true_digest(path)


def test_it_is_kept_for_as_long_as_the_file_stays_as_it_is(path, cache):
    files.digest(path)
    (kept,) = cache.iterdir()
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"sha256": "kept"}))

    assert files.digest(path) == "kept"


def test_a_file_that_was_just_written_is_not_believed_to_stay(path, cache, monkeypatch):
    monkeypatch.setattr(files, "SETTLED_SECONDS", 3600.0)

    files.digest(path)

    assert list(cache.iterdir()) == []


def test_an_older_file_in_its_place_has_its_own_digest(tmp_path, path):
    before = files.digest(path)
    older = tmp_path / "older.h5"
    older.write_bytes(b"Weights")
    os.utime(older, (1, 1))

    shutil.copy2(older, path)

    assert files.digest(path) == true_digest(path) != before


def test_a_file_rewritten_with_its_size_and_its_times_has_its_own_digest(path):
    before, state = files.digest(path), path.stat()
    # Clocks of file systems go in steps of some milliseconds.
    time.sleep(0.05)

    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert path.stat().st_mtime_ns == state.st_mtime_ns
    assert files.digest(path) == true_digest(path) != before


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"key": 3}', '{"sha256": "x"}'])
def test_what_is_kept_is_read_without_trust(path, cache, damage):
    files.digest(path)
    (kept,) = cache.iterdir()
    kept.write_text(damage)

    assert files.digest(path) == true_digest(path)


def test_where_nothing_can_be_kept_it_is_computed(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))

    assert files.cache_folder("digests") is None
    assert files.digest(path) == true_digest(path)


def test_without_a_cache_of_the_users_there_is_a_folder_of_his_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    folder = files.cache_folder("digests")

    assert folder == tmp_path / f"filter-atlas-{os.getuid()}" / "digests"
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"filter-atlas-{os.getuid()}").mkdir()
    (tmp_path / f"filter-atlas-{os.getuid()}").chmod(0o777)

    assert files.cache_folder("digests") is None


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        files.digest(tmp_path / "none.h5")


def test_a_link_is_neither_linked_nor_copied(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to("secret")

    with pytest.raises(UserError, match="link: a link, which is not published"):
        files.link_or_copy(tmp_path / "link", tmp_path / "published")
    assert not (tmp_path / "published").exists()
