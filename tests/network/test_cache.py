"""Catalogues are made once for each file, and a damaged one is made again."""

import json
import os

import pytest

from pipeline.errors import UserError
from pipeline.network import cache
from pipeline.network.catalogue import parse


@pytest.fixture
def kept_in(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "filter-atlas" / "networks"


def test_a_catalogue_is_made_once_and_again_only_where_it_is_damaged(kept_in, keras_file, capfd):
    first = cache.of_file(keras_file, parse)
    made = capfd.readouterr().err
    again = cache.of_file(keras_file, parse)
    unsaid = capfd.readouterr().err
    (document,) = kept_in.iterdir()
    document.write_bytes(document.read_bytes()[:-20])
    mended = cache.of_file(keras_file, parse)

    assert [layer.name for layer in first.layers] == ["first", "second"]
    assert str(keras_file) in made
    assert unsaid == ""
    assert first == again == mended
    assert parse(document.read_bytes()) == first


def test_what_is_kept_is_found_by_what_is_in_the_file_and_not_by_its_name(kept_in, keras_file, tmp_path, capfd):
    other = tmp_path / "other.keras"
    other.write_bytes(keras_file.read_bytes())

    found = cache.of_file(keras_file, parse)
    capfd.readouterr()

    assert cache.of_file(other, parse) == found
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("kept_in")
def test_what_keras_says_of_a_file_is_the_whole_message(tmp_path):
    path = tmp_path / "text.keras"
    path.write_text("hello")

    with pytest.raises(UserError, match=r"^model: .*text\.keras: not a \.keras file; save .*model\.save") as caught:
        cache.of_file(path, parse)

    assert "\n" not in str(caught.value)


def test_a_missing_file_or_a_directory_is_named(tmp_path):
    (tmp_path / "d.keras").mkdir()

    with pytest.raises(UserError, match=r"^model: .*x\.keras: no such file"):
        cache.of_file(tmp_path / "x.keras", parse)
    with pytest.raises(UserError, match=r"^model: .*d\.keras: not a file"):
        cache.of_file(tmp_path / "d.keras", parse)


def test_a_cache_that_cannot_be_written_is_replaced_by_a_folder_of_this_users_alone(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path))

    folder = cache._folder()

    assert folder == tmp_path / f"filter-atlas-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    with pytest.raises(UserError, match="of this user's alone"):
        cache._folder()


def test_a_catalogue_that_is_kept_is_json(kept_in, keras_file):
    cache.of_file(keras_file, parse)

    (document,) = kept_in.iterdir()
    assert json.loads(document.read_bytes())["schema"] == "atlas/network/1"
