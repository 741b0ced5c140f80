import gzip
import urllib.request

import pytest

from bench import pages
from pipeline.errors import UserError

REPORT = {
    "categories": {
        name: {"score": 0.985, "auditRefs": [{"id": "a", "weight": 1}, {"id": "b", "weight": 0}]}
        for name in pages.SCORES
    },
    "audits": {"a": {"title": "Small taps", "score": 0.5, "displayValue": "3 found"}, "b": {"title": "x", "score": 0}},
}


def test_of_a_site_one_page_of_each_kind_is_judged_and_of_layers_the_heaviest(tmp_path):
    for folder, size in (("light", 1), ("heavy", 9)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "index.html").write_text("x" * size)
        (tmp_path / folder / "mosaic.avif").touch()
        (tmp_path / folder / "007.html").touch()

    assert pages.pages(tmp_path)[:3] == ["index.html", "heavy/index.html", "heavy/007.html"]
    with pytest.raises(UserError, match=r"no site$"):
        pages.pages(tmp_path / "light")


def test_texts_are_served_compressed_and_pictures_as_they_are(tmp_path):
    (tmp_path / "index.html").write_text("<p>é")
    (tmp_path / "a.avif").write_bytes(b"picture")
    with pages.served(tmp_path) as address:
        with urllib.request.urlopen(f"{address}/") as page:
            assert page.headers["Content-Type"] == "text/html; charset=utf-8"
            assert gzip.decompress(page.read()).decode() == "<p>é"
        with urllib.request.urlopen(f"{address}/a.avif") as picture:
            assert picture.read() == b"picture"


def test_scores_are_of_a_hundred_and_what_weighs_nothing_takes_no_points():
    assert pages.scores(REPORT) == [98] * 4
    assert [*pages.lost(REPORT)] == [f"{name}: Small taps 3 found" for name in pages.SCORES]
