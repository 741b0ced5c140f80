"""What the workflow does with a folder of photographs: it shows them to the network, and renders nothing anew."""

import shutil

import numpy as np
import pytest

from pipeline import selection
from pipeline.results import exemplars, layer_summary, layout, strongest
from tests.photographs.conftest import drawn
from tests.support import workflow as workflows
from tests.support.workflow import FILTERS, Workflow, checked

pytest_plugins = ["tests.support.workflow_fixtures"]

LAYERS = list(FILTERS)
OF_LAYERS = [(rule, layer) for rule in ("exemplars", "strips", "trust") for layer in LAYERS]
OF_PHOTOGRAPHS = sorted(
    [("photographs", ""), ("credits", ""), ("scan", "0"), ("strongest", ""), *OF_LAYERS, ("copies", "")]
)
NAMES = {"quayside {3}.png": (300, 260), "b.jpg": (640, 480), "deeper/c.webp": (260, 520)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of three drawn photographs, whose name tries Snakemake and the shell."""
    folder = tmp_path_factory.mktemp("photographs") / "mine {layer} $(id) 'n"
    folder.mkdir()
    for number, (name, size) in enumerate(NAMES.items()):
        (folder / name).parent.mkdir(exist_ok=True)
        drawn(number, size).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def looked_at(finished, folder, tmp_path_factory) -> Workflow:
    """Return a finished workflow whose network has been shown the photographs; to be copied, not run."""
    workflow = finished.copy(tmp_path_factory.mktemp("looked-at") / "run")
    workflow.configuration = dict(workflow.configuration) | {"photographs": str(folder)}
    run = workflow.run()
    assert run.code == 0, run.output
    return workflow


@pytest.fixture
def atlas(looked_at, tmp_path) -> Workflow:
    return looked_at.copy(tmp_path / "run")


def rules(plan) -> list[tuple[str, str]]:
    """Return the jobs of a plan but for those that follow whatever was made."""
    return [job for job in plan if job[0] not in ("all", "publish", "site", "quality", "map")]


def test_every_filter_gets_the_patches_that_excite_it(looked_at):
    for layer, filters in FILTERS.items():
        found = exemplars.read(layout.exemplars(looked_at.results, layer))
        summary = layer_summary.read(layout.layer_paths(looked_at.results, layer).summary)
        assert found.photographs == 3
        assert [each.filter for each in found.filters] == list(selection.parse_filters(filters))
        for each in found.filters:
            assert layout.strip(looked_at.results, layer, each.filter).exists() == bool(each.exemplars)
            synthetic = summary.by_number[each.filter].strongest_unit
            if synthetic:
                assert each.natural_to_synthetic == pytest.approx(each.natural / synthetic, rel=1e-3)
    assert looked_at.plan() == []


def test_photographs_that_are_added_to_an_atlas_render_nothing(finished, looked_at, tmp_path):
    before = finished.copy(tmp_path / "run")

    assert rules(before.plan(photographs=looked_at.configuration["photographs"])) == [*OF_PHOTOGRAPHS, ("tuning", "")]


def test_a_new_photograph_is_shown_and_renders_nothing(atlas, folder, tmp_path):
    larger = tmp_path / "larger"
    shutil.copytree(folder, larger)
    drawn(9, (400, 300)).save(larger / "d.png")

    assert rules(atlas.plan(photographs=str(larger))) == OF_PHOTOGRAPHS


def test_a_photograph_that_is_called_otherwise_is_not_looked_at_again(atlas, folder, looked_at, tmp_path):
    renamed = tmp_path / "renamed"
    shutil.copytree(folder, renamed)
    (renamed / "b.jpg").rename(renamed / "z.jpg")
    table = layout.scan(atlas.results, 0)
    before = table.read_bytes()

    run = atlas.run(photographs=str(renamed))

    assert run.code == 0, run.output
    assert "nothing is done again" in (atlas.results / "logs/scan/0.log").read_text()
    assert table.read_bytes() == before
    # It is the last of the list now.
    was, is_ = (strongest.read(layout.strongest(each.results)) for each in (looked_at, atlas))
    assert [is_.photographs.index(each) for each in was.photographs] == [2, 0, 1]
    assert atlas.plan(photographs=str(renamed)) == []


def test_a_run_says_which_files_were_left_out(atlas, folder, tmp_path):
    with_another = tmp_path / "more"
    shutil.copytree(folder, with_another)
    (with_another / "broken.jpg").touch()

    run = atlas.run(photographs=str(with_another))

    said = "photographs: one file left out: broken.jpg: no picture that can be read (of no known kind)"
    assert run.code == 0, run.output
    assert said in run.output


def test_patches_that_are_not_to_be_published_show_nothing_to_the_network_again(atlas):
    site = dict(atlas.configuration["site"]) | {"publish_patches": False}

    assert rules(atlas.plan(site=site)) == []


def test_patches_that_are_no_longer_published_leave_the_site(atlas):
    site = dict(atlas.configuration["site"]) | {"publish_patches": False}
    pictures = layout.site(atlas.results) / "photographs"
    assert len(list(pictures.glob("*.avif"))) == len(NAMES)

    run = atlas.run(site=site)

    assert run.code == 0, run.output
    assert list(pictures.glob("*.avif")) == []
    assert list(layout.site(atlas.results).rglob("*-photographs.avif")) == []
    assert len(list(pictures.glob("0*.html"))) == len(NAMES)


def test_the_check_knows_the_site_with_its_photographs(looked_at):
    found = checked(looked_at)

    assert "site: whole" in found
    assert "quality: whole" in found


def test_other_credits_are_taken_up_and_the_network_is_shown_nothing(atlas, folder):
    (folder / "credits.csv").write_text("file,title\nb.jpg,Sea\n")
    try:
        planned = rules(atlas.plan())
    finally:
        (folder / "credits.csv").unlink()

    assert planned == [("credits", "")]


def test_a_folder_that_is_gone_is_one_line(atlas, tmp_path):
    run = atlas.run("--dry-run", photographs=str(tmp_path / "gone"))

    assert run.errors() == [
        f"error: photographs: {tmp_path}/gone: no such folder; say samples, none, or the path of a folder"
    ]


def test_a_wrong_table_of_credits_is_one_line_before_any_work(atlas, folder):
    (folder / "credits.csv").write_text("file,title\nc.jpg,Sea\n")
    try:
        run = atlas.run("--dry-run")
    finally:
        (folder / "credits.csv").unlink()

    assert run.errors() == [
        f"error: {folder}/credits.csv: line 2: c.jpg: no such photograph in the folder; did you mean b.jpg?"
    ]


def test_an_interrupted_scan_is_continued_and_gives_the_same(atlas, looked_at):
    layout.exemplars(atlas.results, "second").unlink()
    layout.strongest(atlas.results).unlink()
    layout.scan(atlas.results, 0).unlink()
    shutil.rmtree(layout.strips(atlas.results, "second"))

    atlas.assert_run_gives(looked_at)


def test_after_a_scan_in_bfloat16_what_may_be_shown_is_looked_at_again(fresh, tmp_path):
    # More photographs than nine of the one filter.
    for number in range(10):
        drawn(number, (260, 260)).save(tmp_path / f"{number}.png")
    target = layout.exemplars(fresh.results, "first").relative_to(fresh.directory)
    changes = {"filters": {"first": "0"}, "precision": "bfloat16", "photographs": str(tmp_path)}

    run = fresh.run(str(target), **changes)

    assert run.code == 0, run.output
    again = strongest.read(layout.finals(fresh.results, 0))
    (shown,) = exemplars.read(layout.exemplars(fresh.results, "first")).filters
    assert (again.precision, strongest.read(layout.scan(fresh.results, 0)).precision) == ("float32", "bfloat16")
    assert np.float32(shown.natural) == again.best.value[0, 0]


def test_the_check_looks_at_what_photographs_say(atlas):
    head, first, *_ = workflows.checked(atlas).splitlines()
    assert head.split()[-6:] == ["summary", "mosaic", "tiles", "exemplars", "trust", "tuning"]
    assert first.split()[-6:] == ["whole"] * 6
    layout.strip(atlas.results, "first", 0).write_bytes(b"")
    layout.exemplars(atlas.results, "second").write_text("{}")
    layout.trust(atlas.results, "second").unlink()

    output = workflows.checked(atlas)

    rows = [line.split()[-3:] for line in output.splitlines()[1:3]]
    assert rows == [["damaged", "whole", "whole"], ["damaged", "missing", "whole"]]
    assert "strips/first/000.avif: missing, empty or truncated" in output
