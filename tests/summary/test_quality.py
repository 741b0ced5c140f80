import json
import subprocess
import sys

import msgspec
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.files import PROJECT
from pipeline.results import document
from pipeline.results.layer_summary import Filter, Layer
from pipeline.results.trust import Station, Trust
from pipeline.summary import quality
from tests.support import documents

NOISE = 2.0


def a_filter(
    number: int, *, ratio: float = 8.0, own_rank: int = 1, robustness: float = 0.5, selectivity: float = 0.6
) -> Filter:
    return documents.a_filter(
        number,
        activation=ratio * NOISE,
        noise_activation=NOISE,
        robust_activation=robustness * ratio * NOISE,
        alive=ratio >= 2,
        own_rank=own_rank,
        selectivity=selectivity,
    )


def a_summary(layer: str, index: int, *filters: Filter, retried: int = 0) -> Layer:
    figures = documents.figures(filters, retried=retried)
    return documents.a_layer(layer, filters, index=index, filters_total=5000, figures=figures)


@pytest.fixture
def summaries():
    """Return two layers, the later first: 3 filters of which one is dead and one mistaken, and 2 faultless ones."""
    return [
        a_summary("late", 1, a_filter(0, robustness=0.9), a_filter(4, ratio=5, robustness=0.7, selectivity=0.2)),
        a_summary(
            "early", 0, a_filter(1), a_filter(2, ratio=1.5, own_rank=9), a_filter(3, ratio=3, own_rank=3), retried=1
        ),
    ]


def test_figures_of_layers_and_of_all_are_counted(summaries):
    found = quality.collect(summaries)

    early, late = found["layers"]
    assert (early["layer"], late["layer"]) == ("early", "late")
    counts = {key: found["total"][key] for key in ("rendered", "alive", "own_best", "own_best_top5", "retried")}
    assert counts == {"rendered": 5, "alive": 4, "own_best": 3, "own_best_top5": 4, "retried": 1}
    assert (early["rendered"], early["alive"], early["own_best"], early["own_best_top5"]) == (3, 2, 1, 2)
    assert (late["median_selectivity"], late["median_robustness"]) == (0.4, 0.8)
    # The median of all filters, not of the layers' medians.
    assert found["total"]["median_selectivity"] == 0.6


def test_failing_filters_are_all_listed_and_the_worst_come_first(summaries):
    found = quality.collect(summaries)

    assert found["failing"] == [{"layer": "early", "filter": 2}]
    assert [(each["layer"], each["filter"]) for each in found["worst"]] == [
        ("early", 2), ("early", 3), ("late", 4), ("early", 1), ("late", 0)
    ]  # fmt: skip
    assert found["worst"][0] == {"layer": "early", "filter": 2, "alive": False, "own_rank": 9, "ratio": 1.5}


def test_a_layer_whose_filters_are_all_silent_has_figures_too():
    silent = documents.a_filter(activation=0.0, noise_activation=0.0, robust_activation=0.0, alive=False)

    found = quality.collect([a_summary("only", 0, silent)])

    assert (found["total"]["own_best"], found["total"]["own_best_top5"]) == (0, 0)
    assert found["total"]["median_robustness"] is None
    assert found["worst"][0]["ratio"] == 0
    assert "only/0 (own rank 1, next to nothing on its own picture)" in quality.format_text(found)


def test_a_filter_that_only_its_picture_excites_is_the_surest_of_all():
    surest = documents.a_filter(0, noise_activation=0.0)

    found = quality.collect([a_summary("only", 0, surest, a_filter(1))])

    assert [(each["filter"], each["ratio"]) for each in found["worst"]] == [(1, 8.0), (0, None)]
    assert "only/0 (own rank 1)" in quality.format_text(found)
    json.dumps(found, allow_nan=False)


def test_the_table_has_a_row_for_each_layer_and_one_for_all_and_names_the_worst(summaries):
    lines = quality.format_text(quality.collect(summaries)).splitlines()

    assert [line.split()[0] for line in lines[:4]] == ["layer", "early", "late", "all"]
    assert lines[1].split() == ["early", "3", "66.6", "%", "33.3", "%", "66.6", "%", "0.60", "0.50", "1"]
    assert lines[4].endswith(": early/2")
    assert lines[5].startswith("least sure: early/2 (own rank 9, 1.5 × noise), early/3 (own rank 3, 3.0 × noise)")
    assert len({len(line) for line in lines[:4]}) == 1


def test_filters_of_depthwise_layers_are_summed_up_apart(summaries):
    late, early = summaries
    found = quality.collect([msgspec.structs.replace(late, depthwise=True), early])

    assert found["depthwise"] == {key: found["layers"][1][key] for key in found["depthwise"]}
    assert found["others"] == {key: found["layers"][0][key] for key in found["others"]}
    assert found["total"]["rendered"] == 5
    lines = quality.format_text(found).splitlines()
    assert [line.split("  ")[0] for line in lines[1:5]] == ["early", "late", "all but depthwise", "depthwise"]
    assert lines[3].split()[3:] == lines[1].split()[1:]


def test_an_atlas_of_depthwise_layers_alone_has_no_others(summaries):
    found = quality.collect([msgspec.structs.replace(layer, depthwise=True) for layer in summaries])

    assert "others" not in found
    assert quality.format_text(found).splitlines()[3].startswith("depthwise ")


def test_without_depthwise_layers_nothing_is_reported_apart(summaries):
    found = quality.collect(summaries)

    assert not {"others", "depthwise"} & found.keys()


def test_a_filter_that_its_own_picture_leaves_silent_is_named_in_words(summaries):
    silent = msgspec.structs.replace(summaries[0].filters[0], activation=0.0)
    summaries[0] = msgspec.structs.replace(summaries[0], filters=(silent, *summaries[0].filters[1:]))

    text = quality.format_text(quality.collect(summaries))

    assert "next to nothing on its own picture)" in text
    assert "0.0 × noise" not in text


def test_the_table_of_opposing_pictures_speaks_of_opposition(summaries):
    lines = quality.format_text(
        quality.collect([msgspec.structs.replace(layer, objective="negative_channel") for layer in summaries])
    ).splitlines()

    assert lines[0].split()[2] == "opposed"
    assert lines[4] == "failing (not 2 × the opposition on noise): early/2"


def test_all_but_one_is_not_rounded_to_all():
    many = [a_filter(number) for number in range(4223)]

    text = quality.format_text(quality.collect([a_summary("only", 0, *many, a_filter(4223, ratio=1))]))

    assert "99.9 %" in text.splitlines()[1]


def test_a_long_list_of_failing_filters_is_cut_with_its_length():
    dead = [a_filter(number, ratio=0) for number in range(20)]

    text = quality.format_text(quality.collect([a_summary("only", 0, *dead)]))

    assert "only/7 and 12 more\n" in text


def test_the_command_writes_what_it_prints(summaries, tmp_path):
    for summary in summaries:
        files.write_json(tmp_path / f"{summary.name}.json", document.to_json(summary))
    arguments = [*sorted(map(str, tmp_path.iterdir())), "--output", str(tmp_path / "out/quality.json")]

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.summary.quality", *arguments],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (tmp_path / "out/quality.txt").read_text() == quality.format_text(quality.collect(summaries))
    assert json.loads((tmp_path / "out/quality.json").read_text()) == quality.collect(summaries)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"schema": "atlas/record/1"},
            r"late\.json: schema: should be atlas/layer/1, not 'atlas/record/1': not the summary of a layer",
        ),
        ({"weights_sha256": "1" * 64}, r"late\.json: weights_sha256: 1+, but 0+ in early"),
        ({"model": "other"}, r"late\.json: model: other, but tiny in early"),
        ({"objective": "neuron"}, r"late\.json: objective: neuron, but channel in early"),
        ({"objective": "neurone"}, r"late\.json: objective: invalid enum value 'neurone'"),
        ({"measures": 99}, r"late\.json: made by measures 99, not 4, with which it cannot be compared"),
        ({"filters": [{"filter": 0}]}, r"late\.json: filters\.0\.'activation': missing"),
        ({"figures": []}, r"late\.json: figures: expected `object`"),
    ],
)
def test_what_is_no_summary_of_the_atlas_is_named(summaries, tmp_path, monkeypatch, change, message):
    late, early = summaries
    files.write_json(tmp_path / "late.json", document.to_json(late) | change)
    files.write_json(tmp_path / "early.json", document.to_json(early))
    monkeypatch.setattr(sys, "argv", ["quality", str(tmp_path / "early.json"), str(tmp_path / "late.json")])

    with pytest.raises(UserError, match=message):
        quality.main()


def test_the_documentation_names_the_keys_of_the_file(summaries):
    section = (PROJECT / "docs/formats.md").read_text().split("## quality.json")[1].split("\n## ")[0]
    documented = []
    for line in section.splitlines():
        if line.startswith("| `"):
            documented += [name.strip(" `") for name in line.split("|")[1].split(",")]

    summaries[0] = msgspec.structs.replace(summaries[0], depthwise=True)
    found = quality.collect(summaries)

    assert list(found) == documented
    assert [key for key in [*found["layers"][0], *found["worst"][0]] if key not in section] == []


def a_trust(layer: str, **changes) -> Trust:
    station = Station(layer=layer, **({"specific": 0.7, "unnatural": 2.0, "agreement": 0.3} | changes))
    values = {"model": "tiny", "weights_sha256": "0" * 64, "files_sha256": "1" * 64, "photographs": 200}
    return Trust(name=layer, filters=(0,), way=(station,), **values)


def test_layers_are_graded_against_photographs(summaries):
    figures = quality.collect(summaries, {"early": a_trust("early"), "late": a_trust("late", agreement=0.01)})
    text = quality.format_text(figures)

    early, late = figures["layers"]
    assert (early["specific"], early["unnatural"]) == ("high", "middle")
    assert (late["specific"], late["unnatural"]) == (None, None)
    lines = text.splitlines()
    assert lines[0].endswith("retried  specific  unnatural")
    assert lines[1].endswith("high     middle")
    assert lines[2].endswith("–          –")
    assert "–: fewer than 80 photographs, or too few filters, to say it" in lines


def test_where_there_are_no_photographs_no_grades_are_spoken_of(summaries):
    assert "specific" not in quality.format_text(quality.collect(summaries))
    assert "specific" not in quality.collect(summaries)["layers"][0]


def test_a_layer_that_is_not_compared_and_one_of_other_weights_are_named(summaries, tmp_path):
    paths = [tmp_path / f"{each.name}.json" for each in summaries]
    for path, each in zip(paths, summaries, strict=True):
        files.write_json(path, document.to_json(each))
    files.write_json(tmp_path / "trust.json", document.to_json(a_trust("late")))
    with pytest.raises(UserError, match=r"--trust: nothing of early; give a file for each layer, or none"):
        quality.sum_up(paths, [tmp_path / "trust.json"])

    files.write_json(tmp_path / "trust.json", document.to_json(a_trust("late")) | {"weights_sha256": "5" * 64})
    with pytest.raises(UserError, match=r"trust\.json: weights_sha256: not that of the summaries"):
        quality.sum_up(paths, [tmp_path / "trust.json"])


def test_what_photographs_reach_of_the_pictures_strength_is_said_of_each_layer(summaries):
    late, early = summaries
    shown = {
        "late": documents.what_photographs_do(late, 1.0, ratios=(0.1, 0.3)),
        "early": documents.what_photographs_do(early, 1.0, ratios=(None, None, None)),
    }

    found = quality.collect(summaries, None, shown)
    table = quality.format_text(found).splitlines()

    assert [each["median_natural_to_synthetic"] for each in found["layers"]] == [None, 0.2]
    assert table[0].endswith("natural")
    assert table[1].endswith("–")
    assert table[2].endswith("0.20")
