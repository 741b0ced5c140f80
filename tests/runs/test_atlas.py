"""What the workflow does: all of an atlas, and after a change only what depends on it."""

import json
import os
import re
import shutil
from collections import Counter

import pytest

from pipeline import selection
from pipeline.pool import client
from tests.support import workflow as workflows
from tests.support.workflow import FILTERS, OF_LAYER, REPOSITORY, Workflow, jobs

pytest_plugins = ["tests.support.workflow_fixtures"]

RENDERED = [f"{layer}/{number:03}" for layer, text in FILTERS.items() for number in selection.parse_filters(text)]
LAYERS = list(FILTERS)
CHAIN = {
    "weights": 1,
    "summary": 13,
    "mosaic": 13,
    "tiles": 13,
    "quality": 1,
    "map": 1,
    "site": 1,
    "publish": 1,
    "all": 1,
}
# Few photographs are looked at in float32 at once, and so not again.
OF_PHOTOGRAPHS = {"photographs": 1, "credits": 1, "scan": 1, "strongest": 1, "tuning": 1}
OF_PHOTOGRAPHS |= {"exemplars": 13, "strips": 13, "copies": 1, "trust": 13}


def test_the_preview_of_vgg16_has_8_filters_a_layer_and_the_showcase(tmp_path):
    vgg16 = Workflow(REPOSITORY, tmp_path, {"filters": "preview"})

    planned = Counter(rule for rule, _ in vgg16.plan())

    assert planned == CHAIN | OF_PHOTOGRAPHS | {"render": 13 * 8 + 4}


def test_the_full_atlas_of_vgg16_has_a_job_for_each_of_its_filters(tmp_path):
    vgg16 = Workflow(REPOSITORY, tmp_path, {"filters": "all"})

    # The table alone: 4,224 paragraphs take seconds to print.
    counted = workflows.counts(vgg16.run("--dry-run").output)

    rules = CHAIN | OF_PHOTOGRAPHS | {"render": 4224}
    assert counted == rules | {"total": sum(rules.values())}
    assert not vgg16.results.exists()


def test_without_photographs_nothing_is_planned_for_them(tmp_path):
    vgg16 = Workflow(REPOSITORY, tmp_path, {"filters": {"block1_conv1": "0"}, "photographs": "none"})

    assert not {rule for rule, _ in vgg16.plan()} & OF_PHOTOGRAPHS.keys()


def test_every_file_of_the_formats_is_made(finished):
    of_filters = [f"filters/{each}{ending}" for each in RENDERED for ending in (".png", ".json", ".snapshots.webp")]
    of_layers = [
        name
        for layer in LAYERS
        for name in (f"layers/{layer}.json", f"layers/{layer}.response.npy", f"mosaics/{layer}.png", f"tiles/{layer}")
    ]

    for name in ["weights.npz", *of_filters, *of_layers, "quality.json", "quality.txt", "site/index.html"]:
        assert (finished.results / name).exists(), name
    assert not workflows.half_written(finished.directory)
    # The pool has ended with the workflow that started it.
    assert not workflows.processes_in(finished.directory)


def test_a_run_ends_with_the_table_of_its_figures(finished, atlas):
    (atlas.results / "quality.json").unlink()
    shutil.rmtree(atlas.results / "site")

    run = atlas.run()

    table = (finished.results / "quality.txt").read_text()
    assert run.code == 0, run.output
    assert table in run.output
    assert [line.split()[0] for line in table.splitlines()[:4]] == ["layer", *LAYERS, "all"]


def test_every_link_of_the_site_leads_somewhere(finished):
    pages = list((finished.results / "site").rglob("*.html"))

    assert len(pages) > len(RENDERED)
    assert workflows.broken_links(finished.results / "site") == []


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "index.html").write_text('<a href="gone.html"></a><a href="#gone"></a><img src="icon.svg">')
    (tmp_path / "icon.svg").touch()

    assert workflows.broken_links(tmp_path) == ["index.html: gone.html", "index.html: #gone"]


def test_a_record_says_how_the_picture_was_made(finished):
    record = json.loads((finished.results / "filters/second/003.json").read_text())

    assert (record["layer"], record["filter"], record["canvas_px"], record["seed"]) == ("second", 3, 64, 0)
    assert record["recipe"]["steps"] == 3


def test_after_a_finished_run_there_is_nothing_to_do(atlas):
    assert atlas.plan() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"recipe": {"steps": 4}}, jobs(RENDERED, LAYERS), id="steps"),
        pytest.param({"seed": 1}, jobs(RENDERED, LAYERS), id="seed"),
        pytest.param({"precision": "bfloat16"}, jobs(RENDERED, LAYERS), id="precision"),
        pytest.param({"image_size": 48}, jobs(RENDERED, LAYERS), id="image_size"),
        pytest.param(
            {"filters": FILTERS | {"second": "0-5"}}, jobs(["second/004", "second/005"], ["second"]), id="add"
        ),
        pytest.param({"filters": FILTERS | {"second": "0-2"}}, jobs((), ["second"]), id="filter left out"),
        pytest.param(
            {"layers": ["second"], "filters": {"second": "0-3"}},
            sorted([*jobs(), ("map", ""), ("quality", "")]),
            id="layer left out",
        ),
        pytest.param({"site": {"title": "Another"}}, jobs(), id="site"),
    ],
)
def test_a_change_makes_anew_what_depends_on_it(atlas, changes, expected):
    assert atlas.plan(**changes) == expected


def test_an_older_file_in_the_place_of_the_weights_makes_all_anew(project, configuration, keras_file, keras, tmp_path):
    weights = tmp_path / "mine.keras"
    shutil.copy2(keras_file, weights)
    own = Workflow(project, tmp_path / "run", configuration | {"weights": str(weights), "filters": {"first": "0"}})
    assert own.run().code == 0
    assert own.plan() == []
    older = keras.saving.load_model(keras_file)
    older.get_layer("first").bias.assign_add([1.0, 1.0, 1.0, 1.0])
    older.save(tmp_path / "older.keras")
    os.utime(tmp_path / "older.keras", (1, 1))

    # As `cp -p`, `rsync -a` and `tar x` do it.
    shutil.copy2(tmp_path / "older.keras", weights)

    assert own.plan() == sorted([("weights", ""), *jobs(["first/000"], ["first"])])
    assert "mine.keras as it is now" in workflows.checked(own)
    assert own.run().code == 0
    assert own.plan() == []
    assert "weights: whole" in workflows.checked(own)


def test_an_added_layer_leaves_the_files_of_the_others_alone(one_layer, finished):
    files = workflows.rewritten(workflows.marks(one_layer.results), workflows.marks(finished.results))
    # A copy has other inodes: what matters is when a file was written.
    before = {name: written for name, (_, written) in workflows.marks(one_layer.results).items()}
    after = {name: written for name, (_, written) in workflows.marks(finished.results).items()}
    written = {name for name in files if before.get(name) != after[name]}

    made = {name for name in written if not name.startswith(("site/", "logs/", "map/", "quality."))}
    assert made
    assert all("second" in name for name in made)
    assert "site/index.html" in written


def test_another_title_writes_the_pages_and_nothing_else(atlas):
    before = workflows.marks(atlas.results)

    run = atlas.run(site={"title": "Another title"})

    assert run.code == 0, run.output
    written = workflows.rewritten(before, workflows.marks(atlas.results))
    assert {name.split("/")[0] for name in written - {"logs/site.log", "logs/publish.log"}} == {"site"}
    assert "Another title" in (atlas.results / "site/index.html").read_text()


def test_what_is_its_owners_stays_in_the_published_site_when_it_is_made_anew(atlas, tmp_path):
    extra = tmp_path / "my {extra} files"
    extra.mkdir()
    (extra / "robots-too.txt").write_text("hello")
    site = atlas.results / "site"
    (site / "CNAME").write_text("example.org")
    (site / "talks").mkdir()
    (site / "talks/slides.txt").write_text("mine")

    run = atlas.run(site={"title": "Another title", "extra": str(extra)})

    assert run.code == 0, run.output
    assert "Another title" in (site / "index.html").read_text()
    assert (site / "CNAME").read_text() == "example.org"
    assert (site / "talks/slides.txt").read_text() == "mine"
    assert (site / "robots-too.txt").read_text() == "hello"
    assert atlas.plan(site={"title": "Another title", "extra": str(extra)}) == []

    (extra / "robots-too.txt").rename(extra / "renamed.txt")
    assert atlas.run(site={"title": "Another title", "extra": str(extra)}).code == 0
    assert (site / "renamed.txt").is_file()
    assert (site / "CNAME").is_file()
    assert not (site / "robots-too.txt").exists()


def test_a_folder_in_the_place_of_the_site_that_is_no_site_is_not_replaced(atlas):
    site = atlas.results / "site"
    shutil.rmtree(site)
    site.mkdir()
    (site / "thesis.tex").write_text("mine")

    run = atlas.run(site={"title": "Another title"})

    assert run.code != 0
    assert "not a site of this project's" in (atlas.results / "logs/site.log").read_text()
    assert (site / "thesis.tex").read_text() == "mine"


def test_code_and_templates_render_nothing_anew(atlas):
    templates = atlas.project / "templates"
    for path in [atlas.project / "Snakefile", *(atlas.project / "pipeline").rglob("*.py")]:
        path.touch()
    assert atlas.plan() == []

    page, style = templates / "home.html", templates / "style.css"
    times = [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in (page, style)]
    page.write_text(page.read_text() + "<!-- changed -->\n")
    style.write_text(style.read_text() + "/* changed */\n")
    try:
        assert atlas.plan() == jobs()
    finally:
        for path, time, data in times:
            path.write_bytes(data)
            os.utime(path, ns=(time, time))


def test_a_run_without_a_pool_from_another_directory_gives_the_same_bytes(fresh, finished, tmp_path):
    fresh.environment[client.ADDRESS] = client.OFF
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    names = ["filters/first/000.png", "filters/second/003.png"]

    run = fresh.run(*(f"results/{name}" for name in names), cwd=elsewhere)

    assert run.code == 0, run.output
    assert list(elsewhere.iterdir()) == []
    made, expected = workflows.contents(fresh.results), workflows.contents(finished.results)
    assert len(made) == 1 + 2 * 3
    assert made == {name: expected[name] for name in made}


def test_a_chain_run_at_once_on_one_core_gives_the_bytes_of_one_run_in_parts_on_two(fresh, finished):
    run = fresh.run(cores=1)

    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)


def test_every_rule_of_a_layer_is_planned_for_a_fresh_atlas(fresh):
    planned = Counter(rule for rule, _ in fresh.plan())

    assert planned == {
        "weights": 1,
        "render": 7,
        "quality": 1,
        "map": 1,
        "site": 1,
        "publish": 1,
        "all": 1,
    } | dict.fromkeys(OF_LAYER, 2)


def test_make_site_makes_a_site_anew_whose_pages_are_not_what_they_were(finished, atlas):
    (atlas.results / "site/index.html").write_text("x")
    assert atlas.plan() == []
    (options,) = re.findall(r"^\t\$\(SNAKEMAKE\) (--forcerun .*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)

    run = atlas.run(*options.split())

    assert run.code == 0, run.output
    assert workflows.contents(atlas.results) == workflows.contents(finished.results)
