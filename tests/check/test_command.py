"""What `python -m pipeline.check` says of a results directory, and what it sets aside."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pipeline import files
from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]


@pytest.fixture
def checked(atlas):
    """Return the function that runs the check on the finished atlas, with options, and gives exit code and output."""

    def run(*options):
        command = [sys.executable, "-m", "pipeline.check", "--configfile", "changed.yaml", "--cores", "1", *options]
        environment = os.environ | {"PYTHONPATH": str(atlas.project)}
        done = subprocess.run(command, cwd=atlas.directory, env=environment, capture_output=True, text=True)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


def rows(output):
    """Return the cells of the table's lines by layer: filters, whole, missing, damaged, made otherwise, and so on."""
    table = output.split("\n\n")[0].splitlines()[1:]
    return {line.split()[0]: line.replace("made otherwise", "otherwise").split()[1:] for line in table}


def test_a_finished_atlas_is_whole(checked):
    code, output = checked()

    assert code == 0
    assert rows(output) == {
        "first": ["3", "3", "0", "0", "0", "whole", "whole", "whole"],
        "second": ["4", "4", "0", "0", "0", "whole", "whole", "whole"],
        "all": ["7", "7", "0", "0", "0"],
    }
    assert "weights: whole\nquality: whole\nmap: whole\nsite: whole\n" in output


def test_settings_on_the_command_line_mean_to_the_check_what_they_mean_to_snakemake(checked):
    code, output = checked(
        "--config", "seed=00", "image_size=064", "recipe={steps: 03}", "site={title: 'A {tiny} atlas'}"
    )

    assert code == 0, output


def test_what_is_missing_is_counted(checked, atlas):
    (atlas.results / "filters/first/001.snapshots.webp").unlink()
    (atlas.results / "layers/second.response.npy").unlink()
    shutil.rmtree(atlas.results / "site")

    code, output = checked()

    assert code == 1
    assert rows(output)["first"] == ["3", "2", "1", "0", "0", "whole", "whole", "whole"]
    assert rows(output)["second"] == ["4", "4", "0", "0", "0", "missing", "whole", "whole"]
    # It is held against the rest only where that is whole.
    assert "quality: there\nmap: there\nsite: missing" in output
    assert output.splitlines()[-1].startswith("make check SET_ASIDE=yes (without make: --set-aside) renames")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("filters/second/002.png", 3),
        ("filters/second/002.json", 3),
        ("filters/second/002.snapshots.webp", 3),
        ("layers/second.json", 5),
        ("layers/second.response.npy", 5),
        ("mosaics/second.png", 6),
        ("tiles/second/000-steps.avif", 7),
        ("tiles/second/mosaic.avif", 7),
    ],
)
def test_a_truncated_file_is_named(checked, atlas, name, column):
    path = atlas.results / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    code, output = checked()

    assert code == 1
    assert name in output
    assert rows(output)["second"][column] in ("1", "damaged")
    assert rows(output)["first"] == ["3", "3", "0", "0", "0", "whole", "whole", "whole"]


def test_a_truncated_tile_of_the_map_is_named_and_the_map_made_anew(checked, atlas, finished):
    tile = atlas.results / "map/likeness/0/0-0.avif"
    tile.write_bytes(tile.read_bytes()[:100])

    code, output = checked("--set-aside")

    assert code == 1
    assert "map/likeness/0/0-0.avif: missing, empty or truncated" in output
    assert "map: damaged" in output
    run = atlas.run()
    assert run.code == 0, run.output
    made = {name: data for name, data in workflows.contents(atlas.results).items() if ".damaged" not in name}
    assert made == workflows.contents(finished.results)


@pytest.mark.parametrize("name", ["quality.json", "quality.txt", "site/data/filters.csv", "site/first/001.html"])
def test_a_truncated_end_of_the_workflow_is_named_and_made_anew(checked, atlas, finished, name):
    path = atlas.results / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    code, output = checked("--set-aside")

    assert code == 1
    assert f"{name}: cut off: " in output
    assert f"{name.split('/')[0].removesuffix('.json').removesuffix('.txt')}: damaged" in output
    assert {rule for rule, _ in atlas.plan()} <= {"quality", "site", "publish", "all"}
    run = atlas.run()
    assert run.code == 0, run.output
    made = {name: data for name, data in workflows.contents(atlas.results).items() if ".damaged" not in name}
    assert made == workflows.contents(finished.results)


@pytest.mark.parametrize("name", ["index.html", "404.html"])
def test_a_page_that_is_gone_is_named_and_a_file_of_ones_own_is_not(checked, atlas, name):
    (atlas.results / "site/CNAME").write_text("example.org\n")
    assert checked()[0] == 0
    (atlas.results / "site" / name).unlink()

    code, output = checked()

    assert code == 1
    assert "site: damaged" in output
    assert f"site/{name}: no such file" in output
    assert output.splitlines()[-1].startswith("make site builds the pages anew (without make: ")


@pytest.mark.parametrize(
    ("content", "state"), [(b"", "damaged"), (b"\x00" * 100, "damaged"), (b"<p>Mine", "made otherwise")]
)
def test_a_page_that_is_damaged_is_told_from_one_that_is_another(checked, atlas, content, state):
    (atlas.results / "site/index.html").write_bytes(content)

    code, output = checked()

    assert code == 1
    assert f"site: {state}\n" in output
    assert "results/site/index.html: " in output
    assert output.splitlines()[-1].startswith("make site builds the pages anew (without make: ")


def test_what_is_not_there_yet_is_left_to_the_next_run(checked, atlas):
    for name in ("filters", "layers", "mosaics", "tiles", "map", "site"):
        shutil.rmtree(atlas.results / name)
    for name in ("quality.json", "quality.txt"):
        (atlas.results / name).unlink()

    code, output = checked("--set-aside")

    assert code == 1
    assert output.splitlines()[-1] == "make atlas makes what is missing, and what follows from it"


def test_results_that_are_not_there_are_named_in_terms_of_all_who_ask(checked, tmp_path):
    code, output = checked("--results", str(tmp_path / "none"))

    assert (code, output) == (1, f"error: {tmp_path}/none: no such folder; make atlas builds an atlas there\n")


def test_a_site_of_another_title_is_named(checked):
    code, output = checked("--config", "site={title: Mine}")

    assert code == 1
    assert "not what these results and this configuration give" in output


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("seed=1", "seed: 0, not 1"),
        ("recipe={steps: 4}", "recipe.learning_rate"),
        ("precision=bfloat16", "precision: 'float32', not 'bfloat16'"),
        ("image_size=48", "canvas_px: 64, not 48"),
    ],
)
def test_what_was_made_otherwise_is_named_with_the_difference(checked, setting, named):
    code, output = checked("--config", setting)

    assert code == 1
    assert named in output
    assert rows(output)["all"] == ["7", "0", "0", "0", "7"]


def test_an_atlas_of_another_network_is_not_judged_but_its_configuration_asked_for(checked, atlas):
    before = workflows.contents(atlas.results)

    code, output = checked("--set-aside", "--config", "model=vgg16", "weights=imagenet", "preprocessing=auto",
                           "filters=preview")  # fmt: skip

    assert code == 1
    assert output.splitlines() == [
        "error: results: an atlas of mine, not of vgg16, which the configuration asks for; give the configuration that "
        "it was made by (make check CONFIG=…, or --configfile)"
    ]
    assert workflows.contents(atlas.results) == before


def test_a_filter_of_another_network_among_others_is_named(checked, atlas):
    path = atlas.results / "filters/first/000.json"
    files.write_json(path, json.loads(path.read_text()) | {"model": "vgg16"})

    code, output = checked()

    assert code == 1
    assert "first/000.json: model: 'vgg16', not 'mine'" in output


@pytest.mark.parametrize(("key", "value"), [("weights_sha256", "0" * 64), ("versions", {"method": 0})])
def test_other_weights_and_another_method_are_named(checked, atlas, key, value):
    path = atlas.results / "filters/first/000.json"
    record = json.loads(path.read_text())
    record[key] = record[key] | value if isinstance(value, dict) else value
    files.write_json(path, record)

    code, output = checked()

    assert code == 1
    assert rows(output)["first"][:5] == ["3", "2", "0", "0", "1"]
    assert f"first/000.json: {'method' if key == 'versions' else key}" in output


def test_with_precision_auto_the_records_of_a_layer_have_to_agree(checked, atlas):
    path = atlas.results / "filters/second/001.json"
    files.write_json(path, json.loads(path.read_text()) | {"precision": "bfloat16"})

    code, output = checked("--config", "precision=auto")

    assert code == 1
    assert rows(output)["second"][:5] == ["4", "3", "0", "0", "1"]
    assert "second/001.json: precision: 'bfloat16', not 'float32'" in output


def test_another_version_of_a_library_is_told_and_no_fault(checked, atlas):
    path = atlas.results / "filters/second/001.json"
    record = json.loads(path.read_text())
    files.write_json(path, record | {"versions": record["versions"] | {"numpy": "1.0"}})
    # The site tells of it, too.
    assert atlas.run().code == 0

    code, output = checked()

    assert code == 0
    assert "numpy 1.0, " in output


def test_filters_added_to_the_configuration_are_missing(checked):
    code, output = checked("--config", 'filters={first: "0-2", second: "0-5"}')

    assert code == 1
    assert rows(output)["second"] == ["6", "4", "2", "0", "0", "otherwise", "whole", "otherwise"]


def test_what_is_set_aside_is_made_anew_and_nothing_else(checked, atlas, finished):
    picture = atlas.results / "filters/second/002.png"
    picture.write_bytes(picture.read_bytes()[:100])
    mosaic = atlas.results / "mosaics/first.png"
    mosaic.write_bytes(b"no picture")

    code, output = checked("--set-aside")

    assert code == 1
    assert "set aside as *.damaged" in output
    assert picture.with_name("002.png.damaged").stat().st_size == 100
    assert [filter for rule, filter in atlas.plan() if rule == "render"] == ["second/002"]
    run = atlas.run()
    assert run.code == 0, run.output
    made = {name: data for name, data in workflows.contents(atlas.results).items() if ".damaged" not in name}
    assert made == workflows.contents(finished.results)
    assert checked()[0] == 0


def test_a_filter_that_is_gone_without_a_trace_is_made_anew_after_set_aside(checked, atlas):
    for path in atlas.results.glob("filters/second/002.*"):
        path.unlink()

    assert checked("--set-aside")[0] == 1

    assert [filter for rule, filter in atlas.plan() if rule == "render"] == ["second/002"]
