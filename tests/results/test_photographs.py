import hashlib
import json

import msgspec
import pytest

from pipeline.errors import UserError
from pipeline.results import document, layout, photographs
from pipeline.results.photographs import Collection, File, Files, LeftOut, Photograph


def a_photograph(file: str = "a.jpg", **changes) -> Photograph:
    values = {"title": None, "author": None, "licence": None, "licence_url": None, "source": None}
    digest = hashlib.sha256(file.encode("utf-8", "surrogateescape")).hexdigest()
    return Photograph(**({"file": file, "sha256": digest, "width_px": 640, "height_px": 480} | values | changes))


def a_collection(*files: str, **changes) -> Collection:
    values = {"source": "folder", "folder": "pictures", "left_out": (LeftOut(file="x", why="empty"),)}
    return Collection(**(values | {"photographs": tuple(map(a_photograph, files or ("a.jpg",)))} | changes))


def read_back(tmp_path, collection: Collection) -> Collection:
    path = layout.photographs(tmp_path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document.to_json(collection)))
    return photographs.read(path)


def test_a_collection_is_read_as_it_was_written(tmp_path):
    collection = a_collection("a.jpg", "b/c d.png")

    assert read_back(tmp_path, collection) == collection


@pytest.mark.parametrize("files", [("b.jpg", "a.jpg"), ("a.jpg", "a.jpg")])
def test_numbers_are_places_in_the_order_of_files(tmp_path, files):
    with pytest.raises(UserError, match=r"photographs: not ascending by file; delete it"):
        read_back(tmp_path, a_collection(*files))


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../a.jpg", "a/../../b.jpg", "..", ".", "a//b.jpg", "a/", "", "a\0b", "a/./b", "\n/../b"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, file):
    with pytest.raises(UserError, match=r"photographs\.0\.file: "):
        read_back(tmp_path, a_collection(file))


@pytest.mark.parametrize("file", ["a.jpg", "..a.jpg", "a/.b..jpg", "ü/ø.png", "a\\..\\b.jpg"])
def test_names_that_only_look_odd_are_names(tmp_path, file):
    assert read_back(tmp_path, a_collection(file)).photographs[0].file == file


@pytest.mark.parametrize("changes", [{"folder": None}, {"source": "samples"}])
def test_a_folder_is_named_and_samples_have_none(tmp_path, changes):
    with pytest.raises(UserError, match="folder: should be null for samples"):
        read_back(tmp_path, a_collection(**changes))


def test_a_collection_without_photographs_is_none(tmp_path):
    with pytest.raises(UserError, match="photographs: expected `array` of length >= 1"):
        read_back(tmp_path, msgspec.structs.replace(a_collection(), photographs=()))


def test_a_photograph_is_called_by_its_title_else_by_its_file():
    assert a_photograph("a.jpg", title="A cat").name == "A cat"
    assert a_photograph("a.jpg").name == "a.jpg"


def the_files(*files: str, **changes) -> Files:
    values = {"source": "folder", "folder": "pictures", "left_out": ()}
    several = (a_photograph(file) for file in files)
    listed = tuple(File(file=each.file, sha256=each.sha256, width_px=64, height_px=64) for each in several)
    return Files(**(values | {"photographs": listed} | changes))


def test_a_list_of_files_is_read_as_it_was_written_and_says_nothing_of_credits(tmp_path):
    files = the_files("a.jpg", "b/c d.png")
    path = layout.photograph_files(tmp_path)
    path.parent.mkdir()
    path.write_text(json.dumps(document.to_json(files)))

    assert photographs.read_files(path) == files
    assert set(document.to_json(files)["photographs"][0]) == {"file", "sha256", "width_px", "height_px"}


def test_no_two_photographs_are_the_same(tmp_path):
    with pytest.raises(UserError, match=r"photographs: two of the same digest; delete it"):
        read_back(tmp_path, a_collection(photographs=tuple(a_photograph(each, sha256="0" * 64) for each in "ab")))


def test_files_lie_in_the_folder_or_among_the_samples(tmp_path):
    samples = the_files("a.jpg", source="samples", folder=None)

    assert photographs.original(tmp_path, samples, 0) == layout.samples(tmp_path) / "a.jpg"
    assert str(photographs.original(tmp_path, the_files("b/a.jpg"), 0)) == "pictures/b/a.jpg"
