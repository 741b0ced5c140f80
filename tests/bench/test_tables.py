import dataclasses
import json
import sys
import time
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from bench import ROOT, full, machine, mosaics, quality, sheet, speed, table, workflow
from pipeline.config import schema
from pipeline.measure import robustness
from pipeline.network.truncated import truncate
from pipeline.results import layout

# For a process to start, or to end, on a machine that has other work.
PATIENCE_SECONDS = 60

CPUINFO = """processor\t: 0
model name\t: A Processor @ 3 GHz
flags\t\t: fpu avx2 avx512f amx_bf16 ht

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""


def test_the_machine_is_described_by_its_first_processor_and_the_flags_that_matter():
    assert machine.parse_cpuinfo(CPUINFO) == ("A Processor @ 3 GHz", ("avx2", "avx512f", "amx_bf16"))


def test_a_machine_that_says_nothing_of_itself_is_described_as_such():
    assert machine.parse_cpuinfo("") == ("", ())
    assert machine.parse_meminfo("") is None


def test_memory_is_given_in_bytes_of_a_thousand():
    assert machine.parse_meminfo("MemFree: 1 kB\nMemTotal:   1000000 kB\n") == pytest.approx(1.024)


def test_the_machine_line_does_not_tell_whose_it_is():
    import platform

    assert platform.node() not in machine.describe().line().split()


def test_a_table_lines_up_numbers_on_the_right_and_words_on_the_left():
    text = table.render(["what", "figure"], [["loop", 0.5], ["whole", 1234.5], ["none", None]])

    assert text.splitlines() == ["what   figure", "-----  ------", "loop      0.5", "whole   1,234", "none        –"]


def test_a_run_is_configured_by_nothing_but_what_the_benchmark_says(tmp_path):
    workflow.configure(tmp_path, {"filters": {"block1_conv1": [0, 3]}, "weights": "w.npz"})

    settings = json.loads((tmp_path / workflow.CONFIGURATION).read_text())
    assert settings["filters"] == {"block1_conv1": [0, 3]}
    assert settings["weights"] == "w.npz"
    assert settings.keys() == schema.defaults(schema.load()).keys() - {"container", "preprocessing", "site"}


def test_a_run_works_in_its_own_directory(tmp_path):
    command = workflow.command(tmp_path, 3, "--dry-run")

    assert command[command.index("--directory") + 1] == str(tmp_path)
    assert command[command.index("--configfile") + 1] == str(tmp_path / workflow.CONFIGURATION)
    assert command[command.index("--cores") + 1] == "3"
    assert command[-1] == "--dry-run"


def test_the_first_finishes_do_not_count_as_what_a_filter_costs():
    assert workflow.steady_seconds([0.0, 100.0, 102.0, 104.0], 1) == 2.0


def test_too_few_finishes_are_refused():
    with pytest.raises(ValueError, match="too few"):
        workflow.steady_seconds([0.0, 1.0], 1)


def test_an_interruption_does_not_count_in_the_rate_of_a_layer():
    finishes = [*range(10), *range(1_000_000, 1_000_010)]

    assert full.rate(finishes) == pytest.approx(1.0)


def test_a_single_filter_has_no_rate():
    assert full.rate([5.0]) is None


def test_the_floor_is_the_bare_loops_of_all_filters_shared_by_the_cores():
    costs = [full.LayerCost("a", 10, None, 2.0), full.LayerCost("b", 5, None, 4.0)]

    assert full.floor_seconds(costs, 2) == 20.0


def test_cheap_filters_are_measured_in_larger_numbers_than_dear_ones():
    assert speed.choose_count(0.01, 2) > speed.choose_count(1.0, 2) >= speed.WHOLE_MULTIPLE


def test_silence_of_the_peer_gives_no_ratio():
    assert speed.ratio_of_means(np.array([1.0]), np.array([0.0])) is None
    assert speed.ratio_of_means(np.array([1.0, 3.0]), np.array([1.0])) == 2.0


def test_a_sample_spreads_from_the_first_filter_to_the_last():
    assert quality.sample(512, 3) == (0, 256, 511)
    assert quality.sample(4, 16) == (0, 1, 2, 3)


def test_seeds_agree_on_a_filter_when_the_second_picture_beats_the_first_pictures_of_all_others():
    first = np.array([[5.0, 1.0], [4.0, 1.0]])
    second = np.array([[4.5, 0.0], [0.0, 0.5]])

    assert quality.agreement(first, second).tolist() == [True, False]


def test_a_filter_silent_on_their_picture_alone_counts_as_better_and_on_both_as_equal():
    ours, theirs = np.array([2.0, 0.0, 3.0]), np.array([1.0, 0.0, 0.0])

    assert quality.median_ratio(ours, theirs) == 2.0


def test_a_median_that_is_not_finite_is_none():
    assert quality.median_ratio(np.array([1.0]), np.array([0.0])) is None


def measured(way: str, filters: list[int], robust: list[float]) -> quality.Measured:
    verdicts = np.ones((2, len(filters)), bool)
    return quality.Measured(
        way=way,
        layer="block1_conv1",
        filters=np.array(filters),
        images=np.zeros((len(filters), 8, 8, 3), np.uint8),
        alive=verdicts,
        own_best=verdicts,
        top5=verdicts,
        robust=np.array([robust, robust]),
        agrees=verdicts[0],
        fine=np.full((2, len(filters)), 0.25),
        on_axes=np.full((2, len(filters)), 0.1),
        seconds=1.0,
    )


def test_recipes_are_compared_over_the_filters_that_both_have():
    classic = measured("classic", [0, 1, 2], [1.0, 1.0, 1.0])
    fewer = measured("default", [1], [7.0])

    assert quality.robust_ratio([fewer], [classic]) == 7.0


def test_what_an_interrupted_run_measured_is_not_measured_again(tmp_path, monkeypatch):
    way = quality.Way("classic", "classic", "float32")
    calls = []

    def measure(*arguments: Any) -> quality.Measured:
        calls.append(arguments)
        return measured("classic", [0, 3], [1.0, 2.0])

    monkeypatch.setattr(quality, "measure", measure)
    first = quality.recall_or_measure(way, "block1_conv1", (0, 3), tmp_path)
    again = quality.recall_or_measure(way, "block1_conv1", (0, 3), tmp_path)
    quality.recall_or_measure(way, "block1_conv1", (0, 4), tmp_path)
    quality.recall_or_measure(dataclasses.replace(way, recipe="default"), "block1_conv1", (0, 3), tmp_path)

    assert calls[1:] == [(way, "block1_conv1", (0, 4)), (dataclasses.replace(way, recipe="default"), *calls[0][1:])]
    for field in dataclasses.fields(first):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(first, field.name))


def test_the_summary_has_a_row_for_each_group_and_recipe():
    results = [measured("classic", [0, 1], [1.0, 2.0]), measured("default", [0, 1], [2.0, 6.0])]
    results[1] = dataclasses.replace(results[1], alive=np.array([[True, False], [True, True]]))

    rows = quality.summarise(results, quality.groups_of(["block1_conv1"]))

    assert [(row["layers"], row["recipe"]) for row in rows[:2]] == [
        ("block1_conv1", "classic"),
        ("block1_conv1", "default"),
    ]
    assert rows[1]["found %"] == 75.0
    assert rows[1]["robust ÷ classic"] == 2.5
    assert {row["layers"] for row in rows} == {"block1_conv1", "block1", "all"}


def test_the_contact_sheet_leaves_a_place_empty_where_there_is_no_picture():
    white = np.full((8, 8, 3), 255, np.uint8)

    image = np.asarray(sheet.draw({"a": [white, None]}, ["x/1", "y/2"]))

    middle = sheet.TITLE_PX + sheet.TILE_PX // 2
    assert tuple(image[middle, sheet.NAME_PX + sheet.TILE_PX // 2]) == (255, 255, 255)
    assert tuple(image[middle, sheet.NAME_PX + sheet.TILE_PX * 3 // 2]) == sheet.GROUND


def test_the_first_view_of_a_picture_is_the_picture_itself():
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)

    assert np.array_equal(robustness.views(picture)[0], picture)


def test_a_view_is_shifted_by_what_it_says():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[32, 32] = 255
    at = next(index for index, view in enumerate(robustness.VIEWS) if view[:2] == (-3.0, 1.03))

    seen = robustness.views(picture)[at].astype(float).sum(-1)

    _, _, right, down = robustness.VIEWS[at]
    row, column = np.unravel_index(seen.argmax(), seen.shape)
    assert abs(row - 32 - down) <= 1
    assert abs(column - 32 - right) <= 1


def test_a_flat_picture_stays_flat_in_every_view():
    picture = np.full((64, 64, 3), 77, np.uint8)

    assert (robustness.views(picture) == 77).all()


def test_robust_activation_is_that_of_each_pictures_own_filter(tiny_network, tiny_tensors):
    pictures = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), np.uint8)

    truncated = truncate(tiny_network, tiny_tensors, "l2", "float32")

    both = robustness.robust_activations(truncated, (3, 5), pictures)
    alone = robustness.robust_activations(truncated, (5,), pictures[1:])

    assert both.shape == (2,)
    assert both[1] == pytest.approx(alone[0], rel=1e-5)
    assert both[0] != both[1]


def test_the_mosaic_of_a_layer_stands_beside_the_classic_one(tmp_path):
    for recipe, value in (("default", 250), ("classic", 40)):
        for filter in range(mosaics.FILTERS):
            path = layout.paths(tmp_path / recipe, "tiny", filter).image
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (32, 32), (value, filter, 0)).save(path)
    left, right = (mosaics.grid(tmp_path / name, "tiny", range(mosaics.FILTERS)) for name in ("default", "classic"))

    sheet = np.asarray(mosaics.side_by_side("tiny", left, right))

    lowest = sheet.shape[0] - mosaics.TILE_PX // 2
    assert tuple(sheet[lowest, left.width - mosaics.TILE_PX // 2]) == (250, mosaics.FILTERS - 1, 0)
    assert tuple(sheet[lowest, -mosaics.TILE_PX // 2]) == (40, mosaics.FILTERS - 1, 0)


def test_processes_of_a_benchmark_end_with_it_when_it_is_killed():
    code = "import os, time; from bench import loop; loop.in_new_process(time.sleep, 1000)"
    benchmark = psutil.Popen([sys.executable, "-c", f"if __name__ == '__main__':\n {code}"], cwd=ROOT)
    deadline = time.monotonic() + PATIENCE_SECONDS
    # The executor's own helper, which sees to resources, and the process that does the work.
    while len(started := benchmark.children(recursive=True)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)

    benchmark.kill()
    benchmark.wait()

    assert len(started) == 2
    _, left = psutil.wait_procs(started, PATIENCE_SECONDS)
    assert not left


def test_the_ratio_of_loops_weighs_each_layer_by_its_filters():
    def took(way: str, layer: str, seconds: float) -> quality.Measured:
        return dataclasses.replace(measured(way, [0], [1.0]), layer=layer, seconds=seconds)

    results = [took("a", "x", 1.0), took("a", "y", 4.0), took("b", "x", 1.0), took("b", "y", 2.0)]

    assert quality.loop_ratio(results, {"x": 100, "y": 25}, "b", "a") == 150 / 200
    assert quality.loop_ratio(results, {"x": 100, "z": 25}, "b", "a") is None
