import sys

import pytest
from PIL import Image

from pipeline import images
from pipeline.photographs import copies
from pipeline.results import exemplars, layout
from tests.photographs.conftest import drawn
from tests.results.test_exemplars import the_exemplars


@pytest.fixture
def pretended(shown, monkeypatch):
    """Let every layer have exemplars that name no photograph."""
    monkeypatch.setattr(exemplars, "read", lambda path: the_exemplars())
    return shown


def test_every_photograph_with_a_page_has_a_small_copy(pretended, tmp_path):
    assert copies.write(pretended.results, ["a"], tmp_path / "copies") == 6

    for number, photograph in enumerate(pretended.listed.photographs):
        path = tmp_path / "copies" / layout.photograph_copy(pretended.results, number).name
        assert path.stat().st_size <= copies.LARGEST_BYTES
        with Image.open(path) as picture:
            assert max(picture.size) == min(copies.SIDE_PX, max(photograph.width_px, photograph.height_px))


def test_even_noise_is_held_to_its_bytes():
    data = images.encode_within(drawn(0, (480, 480)), copies.QUALITIES, copies.LARGEST_BYTES)

    assert len(data) <= copies.LARGEST_BYTES


def test_of_more_than_have_pages_only_those_are_copied(pretended, tmp_path, monkeypatch):
    monkeypatch.setattr(exemplars, "PAGED", 2)

    copies.write(pretended.results, ["a"], tmp_path / "copies")

    # Number 0 is in the exemplars of both filters; of the others, which are in none, the first.
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["000.avif", "001.avif"]


def test_the_command_makes_them(pretended, tmp_path, monkeypatch, capsys):
    arguments = ["x", "--results", str(pretended.results), "--layers", "a", "b", "--output", str(tmp_path / "copies")]
    monkeypatch.setattr(sys, "argv", arguments)

    copies.main()

    assert capsys.readouterr().out == f"{tmp_path}/copies: 6 copies\n"
