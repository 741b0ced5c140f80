"""The assembled folder: packages come from an apt-get that stands in for Debian's, and are unpacked from folders."""

import csv
import hashlib
import os
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.photographs import credits, debian, licences
from pipeline.photographs.debian import Cleared
from tests.photographs.test_rcc import an_rcc

# "apt-get download NAME" makes NAME.deb of what there is of it; "dpkg-deb -x NAME.deb TARGET" makes a copy of that.
APT = """#!/bin/sh
[ -d "$PACKAGES/$2" ] || { echo "E: Unable to locate package $2" >&2; exit 100; }
echo "$2" > "$2.deb"
"""
DPKG = '#!/bin/sh\ncp -r "$PACKAGES/$(cat "$2")" "$3"\n'

PLAIN, INSIDE = b"a wallpaper", b"an animal"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


LISTED = [
    Cleared("walls", "usr/sea.jpg", sha256(PLAIN), "walls/sea.jpg", "Sea, evening", "Ann", "CC0 1.0", "nowhere"),
    Cleared("walls", "usr/gone.jpg", sha256(PLAIN), "walls/gone.jpg", "Gone", "Ann", "CC0 1.0", "nowhere"),
    Cleared("walls", "usr/other.jpg", sha256(PLAIN), "walls/other.jpg", "Other", "Ann", "CC0 1.0", "nowhere"),
    Cleared("game", "usr/x.rcc:pictures/cat.webp", sha256(INSIDE), "game/cat.webp", "Cat", "Bo", "CC BY 4.0", "here"),
    Cleared("newer", "usr/new.jpg", sha256(b"new"), "newer/new.jpg", "New", "Cy", "CC0 1.0", "there"),
]


@pytest.fixture
def packages(tmp_path, monkeypatch) -> Path:
    """Return the folder of what apt-get has; the list is a short one."""
    tools, folder = tmp_path / "bin", tmp_path / "packages"
    tools.mkdir()
    for name, text in (("apt-get", APT), ("dpkg-deb", DPKG)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("PACKAGES", str(folder))
    monkeypatch.setattr(debian, "cleared", lambda: LISTED)
    for name, data in {
        "walls/usr/sea.jpg": PLAIN,
        "walls/usr/other.jpg": b"another",
        "game/usr/x.rcc": an_rcc({"cat.webp": INSIDE, "secret.webp": b"not cleared"}),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def made(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_what_is_listed_with_its_digest_is_taken_and_the_rest_is_said(packages, tmp_path, capsys):
    counts = debian.assemble(tmp_path / "photographs")

    found = made(tmp_path / "photographs")
    assert counts == {"game": 1, "walls": 1}
    assert {name: data for name, data in found.items() if name != "credits.csv"} == {
        "game/cat.webp": INSIDE,
        "walls/sea.jpg": PLAIN,
    }
    said = capsys.readouterr().out
    assert "newer: left out: apt-get: E: Unable to locate package newer\n" in said
    assert "walls: 2 not in this version, or another file: walls/gone.jpg, walls/other.jpg\n" in said


def test_the_credits_are_read_as_those_of_any_folder(packages, tmp_path):
    debian.assemble(tmp_path / "photographs")

    found = credits.read(tmp_path / "photographs" / "credits.csv", ["game/cat.webp", "walls/sea.jpg"])

    assert found["walls/sea.jpg"] == credits.Credit("Sea, evening", "Ann", "CC0 1.0", "nowhere")
    assert found["game/cat.webp"].licence == "CC BY 4.0"


def test_it_may_be_made_again_but_not_over_a_folder_of_somebodys(packages, tmp_path):
    debian.assemble(tmp_path / "photographs")
    debian.assemble(tmp_path / "photographs")
    (tmp_path / "photographs" / "mine.jpg").touch()

    with pytest.raises(UserError, match=r"holds other files, such as mine\.jpg; name a folder of its own"):
        debian.assemble(tmp_path / "photographs")
    assert (tmp_path / "photographs" / "mine.jpg").exists()


def test_without_apt_one_line_says_what_else_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UserError, match=r"apt-get is not on this system; .* to a folder of your own"):
        debian.assemble(tmp_path / "photographs")


def test_where_apt_has_none_of_them_nothing_is_made(packages, tmp_path):
    packages.rename(tmp_path / "elsewhere")

    with pytest.raises(UserError, match="none of the packages can be fetched; run apt-get update"):
        debian.assemble(tmp_path / "photographs")
    assert not (tmp_path / "photographs").exists()


def test_every_photograph_of_the_true_list_has_a_free_licence_and_somebody_to_name():
    listed = debian.cleared()

    assert len(listed) == 269
    assert len({each.file for each in listed}) == len({each.sha256 for each in listed}) == len(listed)
    free = {"Public domain", "CC0 1.0", "CC BY 2.0", "CC BY 3.0", "CC BY 4.0", "CC BY-SA 3.0", "CC BY-SA 4.0"}
    assert {each.licence for each in listed} == free
    assert all(licences.named(each.licence) == each.licence for each in listed)
    assert all(each.title and each.author and each.source.startswith("https://") for each in listed)


def test_the_true_list_is_a_table_of_credits_that_may_be_read(tmp_path):
    listed = debian.cleared()
    debian._write_credits(tmp_path / "credits.csv", listed)

    assert len(credits.read(tmp_path / "credits.csv", {each.file for each in listed})) == len(listed)
    with debian.LIST.open(encoding="utf-8", newline="") as stream:
        assert [row["file"] for row in csv.DictReader(stream)] == sorted(each.file for each in listed)
