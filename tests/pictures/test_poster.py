"""The poster: all pictures on a sheet of paper."""

import re
import sys

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import UserError
from pipeline.pictures import poster
from pipeline.results import layer_summary, layout, sheets


@pytest.fixture
def run(results, monkeypatch, tmp_path):
    def run(name="poster.pdf", *more):
        output = tmp_path / name
        monkeypatch.setattr(sys, "argv", ["poster", "--results", str(results), "--output", str(output), *more])
        poster.main()
        return output

    return run


def test_a_sheet_of_paper_has_its_size_at_the_resolution_that_is_asked_for():
    assert poster.size_px("A0", 200) == (6622, 9362)
    assert poster.size_px("A4", 300) == (2480, 3508)


def test_the_pdf_is_one_page_of_the_papers_size(run):
    data = run("poster.pdf", "--paper", "A4", "--dpi", "72").read_bytes()

    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)
    assert data.startswith(b"%PDF")
    assert [float(each) * 25.4 / 72 for each in box.groups()] == pytest.approx([210, 297], abs=0.5)
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") + data.count(b"/Type /Page/") <= 1


@pytest.mark.parametrize("name", ["poster.pdf", "poster.png"])
def test_the_same_results_give_the_same_bytes(run, name):
    first = run(name, "--paper", "A4", "--dpi", "72").read_bytes()

    assert run(name, "--paper", "A4", "--dpi", "72").read_bytes() == first
    assert b"CreationDate" not in first
    assert b"ModDate" not in first


@pytest.mark.parametrize("by", sheets.ARRANGEMENTS)
def test_every_picture_is_where_the_sheet_says(results, by):
    made = sheets.read(results)
    layers = [layer_summary.read(layout.layer_paths(results, each.layer).summary) for each in made.layers]
    said = poster.Words("Title", "A line below it.", "foot")

    drawn = np.asarray(poster.draw(results, layers, made.of(by), said, (600, 848)), float)

    columns = made.of(by).columns
    rows = made.of(by).rows
    inked = np.flatnonzero((drawn[200:800] < 250).all(2).any(1))
    assert len(inked) > 100
    assert columns * rows >= 23
    # What is not paper, below the title, takes the share of the sheet that its filters have.
    assert (drawn < 245).any(2).mean() > 0.2


def test_a_long_title_is_set_smaller_and_stays_on_the_paper(run):
    picture = np.asarray(Image.open(run("poster.png", "--paper", "A4", "--dpi", "72", "--title", "A long title " * 20)))

    margin = round(picture.shape[1] * poster.MARGIN)
    assert (picture[: 2 * margin, -margin + 2 :] == 255).all()
    assert (picture[: 2 * margin] < 128).any()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("poster.svg",), r"should end in \.pdf or \.png"),
        (("poster.pdf", "--dpi", "2400"), "^dpi: should be 36 to 300, not 2400"),
        (("mistyped/poster.pdf",), "mistyped: no such folder; make it, or name another place"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_line(run, more, reason):
    with pytest.raises(UserError, match=reason):
        run(*more)


def test_without_a_map_it_is_said_which_file_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["poster", "--results", str(tmp_path), "--output", str(tmp_path / "a.pdf")])
    with pytest.raises(UserError, match=r"sheets\.json: no such file"):
        poster.main()
