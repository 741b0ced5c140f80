import sys

import numpy as np
import pytest
from PIL import Image

from pipeline import files
from pipeline.errors import UserError
from pipeline.originals import Original
from pipeline.photographs import strips
from pipeline.results import document, layout
from tests.photographs.conftest import drawn
from tests.results.test_exemplars import a_filter, an_exemplar, the_exemplars


def halves(colour: int) -> Original:
    """A photograph of 200 × 100, decoded at half its size: left black, right of a grey."""
    pixels = np.zeros((50, 100, 3), np.uint8)
    pixels[:, 50:] = colour
    return Original(Image.fromarray(pixels), 200, 100)


def test_a_patch_is_cut_from_the_photograph_where_its_box_is():
    left = strips.patch(halves(200), an_exemplar(patch=(0, 0, 80, 80)))
    right = strips.patch(halves(200), an_exemplar(patch=(120, 20, 200, 100)))

    assert left.shape == right.shape == (64, 64, 3)
    assert (left == 0).all()
    assert (right == 200).all()


def test_each_photograph_is_opened_once_and_patches_keep_their_order():
    opened = []

    def open(number: int) -> Original:
        opened.append(number)
        return halves(100 + number)

    right = (120, 20, 200, 100)
    exemplars = {
        3: [an_exemplar(2, patch=right), an_exemplar(0, patch=right)],
        7: [an_exemplar(0, patch=right)],
        8: [],
    }

    found = strips.cut(exemplars, open)

    assert opened == [0, 2]
    assert {filter: [int(patch[0, 0, 0]) for patch in patches] for filter, patches in found.items()} == {
        3: [102, 100],
        7: [100],
        8: [],
    }


def test_strips_are_small_avif_files_one_for_each_filter_that_is_excited(tmp_path):
    photograph = drawn(0, (900, 700))
    exemplars = {4: [an_exemplar(number, patch=(0, 0, 500, 500)) for number in range(9)], 12: []}

    strips.write(tmp_path, exemplars, lambda number: Original(photograph, 900, 700))

    assert [path.name for path in tmp_path.iterdir()] == ["004.avif"]
    with Image.open(tmp_path / "004.avif") as strip:
        assert strip.size == (9 * 64, 64)
    assert (tmp_path / "004.avif").stat().st_size <= strips.LARGEST_BYTES


def run(shown, monkeypatch, **changes) -> None:
    of = {"name": "b", "files_sha256": files.digest(layout.photograph_files(shown.results))}
    found = the_exemplars(**(of | {"filters": (a_filter(0), a_filter(3, exemplars=()))} | changes))
    files.write_json(layout.exemplars(shown.results, "b"), document.to_json(found))
    monkeypatch.setattr(sys, "argv", ["strips", "--results", str(shown.results), "--layer", "b"])
    strips.main()


def test_the_command_writes_a_strip_of_each_filter_that_is_excited_and_again_the_same(shown, monkeypatch):
    written = []
    for _ in range(2):
        run(shown, monkeypatch)
        written.append({path.name: path.read_bytes() for path in layout.strips(shown.results, "b").iterdir()})

    assert list(written[0]) == ["000.avif"]
    assert written[0] == written[1]


@pytest.mark.parametrize("changes", [{"name": "a"}, {"files_sha256": "f" * 64}])
def test_exemplars_of_something_else_are_named(shown, monkeypatch, changes):
    with pytest.raises(UserError, match=r"b\.json: (layer|files_sha256): .*, not .*; delete it to make it anew"):
        run(shown, monkeypatch, **changes)
