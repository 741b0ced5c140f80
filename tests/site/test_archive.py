import os
import zipfile

import pytest

from pipeline.errors import UserError
from pipeline.site import archive


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "layer").mkdir(parents=True)
    for name in ("index.html", "layer/index.html", "layer/000.avif", ".nojekyll"):
        (folder / name).write_text(name)
    return folder


def test_the_archive_holds_every_file_of_the_site(site, tmp_path):
    archive.write(site, tmp_path / "site.zip")

    with zipfile.ZipFile(tmp_path / "site.zip") as opened:
        assert opened.namelist() == [".nojekyll", "index.html", "layer/000.avif", "layer/index.html"]
        assert opened.read("layer/000.avif") == b"layer/000.avif"


def test_how_its_owner_publishes_the_site_is_not_in_the_archive(site, tmp_path):
    (site / ".git/objects").mkdir(parents=True)
    (site / ".git/objects/1").write_text("a commit")
    (site / ".gitignore").write_text("")

    archive.write(site, tmp_path / "site.zip")

    with zipfile.ZipFile(tmp_path / "site.zip") as opened:
        assert ".gitignore" in opened.namelist()
        assert not [name for name in opened.namelist() if name.startswith(".git/")]


def test_the_same_pages_give_the_same_bytes_whenever_they_were_written(site, tmp_path):
    archive.write(site, tmp_path / "one.zip")
    os.utime(site / "index.html", (1, 1))
    archive.write(site, tmp_path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_without_a_site_there_is_no_archive(tmp_path):
    with pytest.raises(UserError, match="no site is there"):
        archive.write(tmp_path / "site", tmp_path / "site.zip")

    assert not (tmp_path / "site.zip").exists()
