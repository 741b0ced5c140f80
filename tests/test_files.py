import json
import os
import stat
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
