"""The steps by which many photographs are measured, with a few."""

from bench import many
from pipeline.config import plan
from pipeline.photographs import shares
from pipeline.results import layout, photographs, strongest


def test_every_step_from_the_folder_to_the_places_of_a_layer_is_taken(tmp_path):
    originals, results, count = tmp_path / "originals", tmp_path / "results", 150
    parts = plan.shares(count)
    many.draw(originals, count)

    assert many.planned(originals) == f"{parts} shares"
    assert many.gathered(originals, results) == f"{count} listed"
    many.answered(results, parts)
    assert many.joined(results, parts).endswith(f", {count} in the sample")
    assert many.again(results, parts) == "512 filters of block5_conv3"

    listed = photographs.read_files(layout.photograph_files(results))
    assert strongest.read(layout.strongest(results)).photographs == listed.digests
    last = shares.digests(listed.photographs, parts - 1, parts)
    assert many.shared(results, parts) == f"{len(last)} in the last, {len(last)} of them in the sample"


def test_what_a_step_takes_is_measured():
    said, seconds, worked, peak_gb = many.measured(lambda: "done")

    assert said == "done"
    assert seconds >= 0 <= worked
    assert peak_gb > 0.01
