import os

import numpy as np
import pytest
from PIL import Image

from pipeline import files
from pipeline.errors import UserError
from pipeline.photographs import folder
from pipeline.results import document, layout
from tests.photographs.test_duplicates import a_scene


def save(path, seed: int, size: tuple[int, int] = (320, 240), **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    a_scene(seed).resize(size).save(path, **options)


def names(collection) -> list[str]:
    return [each.file for each in collection.photographs]


def left_out(collection) -> dict[str, str]:
    return {each.file: each.why for each in collection.left_out}


def test_photographs_of_every_kind_in_every_folder_are_listed_by_name(tmp_path):
    for seed, name in enumerate(["b.JPG", "a.png", "sub/deep er/c.webp", "sub/d.avif", "ü.jpeg"]):
        save(tmp_path / name, seed)
    (tmp_path / "notes.txt").write_text("no photograph")

    found = folder.gather(tmp_path)

    assert names(found) == ["a.png", "b.JPG", "sub/d.avif", "sub/deep er/c.webp", "ü.jpeg"]
    assert (found.source, found.folder, found.left_out) == ("folder", str(tmp_path), ())
    assert {(each.width_px, each.height_px) for each in found.photographs} == {(320, 240)}


def test_hidden_files_are_passed_over_and_folders_that_lead_round_in_circles_too(tmp_path):
    save(tmp_path / "a.jpg", 0)
    save(tmp_path / ".thumbnails" / "b.jpg", 1)
    save(tmp_path / "._a.jpg", 2, format="JPEG")
    (tmp_path / "again").symlink_to(tmp_path)

    assert names(folder.gather(tmp_path)) == ["a.jpg"]


def test_a_file_that_cannot_be_shown_is_left_out_with_the_reason(tmp_path):
    save(tmp_path / "good.jpg", 0)
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "gone.png").symlink_to("nowhere")
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    save(tmp_path / "tiny.png", 1, size=(300, 63))

    found = folder.gather(tmp_path)

    assert names(found) == ["good.jpg"]
    assert left_out(found) == {
        "empty.jpg": "no picture that can be read (of no known kind)",
        "gone.png": "no such file",
        "pipe.jpg": "not a file",
        "text.png": "no picture that can be read (of no known kind)",
        "tiny.png": "300 × 63 pixels: no side should be shorter than 64",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_left_out(tmp_path):
    save(tmp_path / "good.jpg", 0)
    save(tmp_path / "secret.jpg", 1)
    (tmp_path / "secret.jpg").chmod(0)

    assert left_out(folder.gather(tmp_path)) == {"secret.jpg": "permission denied"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\nb.jpg", r"a\nb.jpg"),
        (b"caf\xe9.jpg", r"caf\udce9.jpg"),
        (b"\x1b[31m.jpg", r"\x1b[31m.jpg"),
        ("gpj.\u202ea.jpg".encode(), r"gpj.\u202ea.jpg"),
    ],
)
def test_a_name_that_no_page_can_hold_is_left_out_and_shown_escaped(tmp_path, name, shown):
    save(tmp_path / "good.jpg", 0)
    a_scene(1).save(tmp_path / os.fsdecode(name), "JPEG")

    (found,) = folder.gather(tmp_path).left_out

    assert found.file == shown
    assert "has no place in a page; rename it" in found.why


@pytest.mark.parametrize(
    "name", ["<script>alert(1)<", "a&b", "a b", '"', "'; rm -rf ~", "$(id)", "{layer}", "-rf", "\\"]
)
def test_a_name_that_only_looks_dangerous_is_a_name(tmp_path, name):
    save(tmp_path / f"{name}.jpg", 0)

    assert names(folder.gather(tmp_path)) == [f"{name}.jpg"]


def test_of_those_that_look_alike_the_largest_stays(tmp_path):
    save(tmp_path / "a.jpg", 0, size=(160, 120))
    save(tmp_path / "b.png", 0, size=(320, 240))
    save(tmp_path / "c.webp", 0, size=(320, 240))
    save(tmp_path / "other.jpg", 1)

    found = folder.gather(tmp_path)

    assert names(found) == ["b.png", "other.jpg"]
    assert left_out(found) == {"a.jpg": "looks like b.png", "c.webp": "looks like b.png"}


def test_the_same_folder_gives_the_same_list(tmp_path):
    for seed in range(3):
        save(tmp_path / f"{seed}.jpg", seed)

    assert folder.gather(tmp_path) == folder.gather(tmp_path)


def test_a_folder_with_nothing_to_show_is_one_line(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").touch()

    with pytest.raises(UserError) as caught:
        folder.gather(tmp_path)

    assert str(caught.value) == (
        f"photographs: {tmp_path}: none of its 2 files can be used: a.png: 8 × 8 pixels: no side should be shorter "
        "than 64; b.jpg: no picture that can be read (of no known kind)"
    )


def test_a_folder_without_photographs_says_which_files_would_be_some(tmp_path):
    (tmp_path / "a.gif").touch()

    with pytest.raises(
        UserError, match=r"no photograph in it: no file that ends in \.jpg, \.jpeg, \.png, \.webp, \.avif"
    ):
        folder.gather(tmp_path)


def listed(tmp_path, *names: str):
    """List a folder of a photograph and of files that are none."""
    save(tmp_path / "pictures" / "good.jpg", 0)
    for name in names:
        (tmp_path / "pictures" / name).touch()
    files.write_json(layout.photograph_files(tmp_path), document.to_json(folder.gather(tmp_path / "pictures")))
    return tmp_path


def test_it_is_said_which_files_were_left_out_and_why(tmp_path):
    assert folder.left_out(listed(tmp_path, "b.jpg")) == (
        "photographs: one file left out: b.jpg: no picture that can be read (of no known kind)"
    )


def test_of_many_files_that_were_left_out_the_first_are_named_and_where_the_list_is(tmp_path):
    said = folder.left_out(listed(tmp_path, *(f"{number}.png" for number in range(5))))

    assert said.startswith("photographs: 5 files left out: 0.png: ")
    assert said.count("no picture that can be read") == 3
    assert said.endswith(f"; all are listed in {tmp_path}/photographs/files.json")


def test_where_nothing_was_left_out_or_nothing_is_listed_nothing_is_said(tmp_path):
    assert folder.left_out(tmp_path) == ""
    assert folder.left_out(listed(tmp_path)) == ""
