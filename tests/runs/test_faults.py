"""What the workflow does when the world fails it: after a rerun, the bytes are those of an undisturbed run."""

import os
import shutil
import signal
import subprocess

import pytest
from PIL import Image

from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]

# More than the weights and one filter take, less than two: two that fill it to the last page leave none for a log.
LITTLE_SPACE = "60k"
MUCH_SPACE = "64m"


def test_a_deleted_file_is_made_again_and_nothing_else_rendered(atlas, finished):
    filters = atlas.results / "filters/second"
    (filters / "001.png").unlink()
    assert atlas.plan() == workflows.jobs(["second/001"], ["second"])
    before = workflows.marks(atlas.results / "filters")

    run = atlas.run("results/filters/second/001.png")

    assert run.code == 0, run.output
    written = workflows.rewritten(before, workflows.marks(atlas.results / "filters"))
    assert written == {f"second/001{ending}" for ending in (".png", ".json", ".snapshots.webp")}
    assert workflows.contents(atlas.results) == workflows.contents(finished.results)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("layers/first.response.npy", "summary"), ("mosaics/first.png", "mosaic"), ("tiles/first", "tiles")],
)
def test_a_deleted_file_of_a_layer_is_made_again_from_the_same_pictures(atlas, name, rule):
    lost = atlas.results / name
    lost.rename(atlas.directory / "lost")

    planned = atlas.plan()

    assert (rule, "first") in planned
    assert set(planned) <= set(workflows.jobs(layers=["first"]))


def test_a_failed_filter_fails_alone_and_a_rerun_makes_it(atlas, finished):
    filters = atlas.results / "filters/second"
    for name in ("001", "003"):
        for path in filters.glob(f"{name}.*"):
            path.unlink()
    # A folder in the record's place is what even root cannot write over.
    obstacle = filters / "001.json/obstacle"
    obstacle.parent.mkdir()
    obstacle.touch()

    failed = atlas.run()

    assert failed.code != 0
    assert [line for line in failed.errors() if "001.json" in line] == failed.errors() != []
    expected = workflows.contents(finished.results)
    made = workflows.contents(atlas.results)
    assert made["filters/second/003.png"] == expected["filters/second/003.png"]
    assert not workflows.half_written(atlas.directory)

    obstacle.unlink()
    obstacle.parent.rmdir()
    assert atlas.plan() == workflows.jobs(["second/001"], ["second"])
    run = atlas.run()

    assert run.code == 0, run.output
    assert workflows.contents(atlas.results) == expected


def test_damaged_and_foreign_files_are_named_set_aside_and_made_anew(atlas, finished):
    filters = atlas.results / "filters"
    truncated, foreign, record = filters / "first/001.png", filters / "second/002.png", filters / "second/000.json"
    half_written = filters / "second/001.json"
    truncated.write_bytes(truncated.read_bytes()[:500])
    Image.new("RGB", (30, 20), "red").save(foreign)
    record.write_text('{"schema": "another"}')
    half_written.write_bytes(half_written.read_bytes()[: half_written.stat().st_size // 2])
    damage = {path: path.read_bytes() for path in (truncated, foreign, record, half_written)}

    failed = atlas.run()

    assert failed.code != 0
    assert "Traceback" not in failed.output
    first, second = sorted(failed.errors(), key=lambda line: "second" in line)
    assert "first/001.png" in first
    assert "second/002.png" in second
    assert "second/000.json" in second
    assert "second/001.json: not valid JSON" in second
    for path, data in damage.items():
        aside = path.with_name(f"{path.name}.damaged")
        assert aside.read_bytes() == data
    damaged = ["first/001", "second/000", "second/001", "second/002"]
    assert atlas.plan() == workflows.jobs(damaged, ["first", "second"])

    atlas.assert_run_gives(finished)


@pytest.fixture
def little_disk(fresh):
    """Return the function that grows the small disk on which the results of `fresh` are."""
    fresh.results.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={LITTLE_SPACE}", "none", fresh.results]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk can be mounted by root alone, and not in every container")
    try:
        yield lambda: subprocess.run(["mount", "-o", f"remount,size={MUCH_SPACE}", fresh.results], check=True)
    finally:
        subprocess.run(["umount", "--lazy", fresh.results], check=True)


def test_a_full_disk_is_named_and_what_is_finished_is_kept(fresh, finished, little_disk):
    expected = workflows.contents(finished.results)

    failed = fresh.run(cores=1)

    assert failed.code != 0
    assert "error: " in failed.output
    assert "no space left on the disk" in failed.output
    assert "Traceback" not in failed.output
    kept = workflows.contents(fresh.results)
    assert kept
    assert kept == {name: expected[name] for name in kept}
    assert not workflows.half_written(fresh.directory)

    little_disk()
    before = workflows.marks(fresh.results)
    run = fresh.run()

    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == expected
    after = workflows.marks(fresh.results)
    assert not {name for name in kept if before[name] != after[name]}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_run_that_is_ended_half_way_is_finished_by_another(fresh, finished, number):
    target = "results/layers/second.json"
    process = fresh.start(target, cores=1)
    # The scheduler takes the filters of a layer in any order.
    pictures = fresh.results / "filters/second/[0-9]*.png"
    workflows.wait_for(pictures, process)
    assert len(list(pictures.parent.glob(pictures.name))) < 4

    # Ctrl-C reaches all that the terminal runs; kill, by hand or for want of memory, the workflow alone.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    ended = workflows.finish(process)

    assert ended.code != 0
    workflows.wait_until_idle(fresh.directory)
    run = fresh.run(target, cores=1)
    assert run.code == 0, run.output
    assert ("a run that was killed left its lock behind; it is removed" in run.output) == (number == signal.SIGKILL)
    made, expected = workflows.contents(fresh.results), workflows.contents(finished.results)
    assert made == {name: expected[name] for name in made}
    assert len(made) == 1 + 4 * 3 + 2
    assert not workflows.half_written(fresh.directory)


def site_of(workflow: workflows.Workflow) -> dict[str, str]:
    return {name: data for name, data in workflows.contents(workflow.results).items() if name.startswith("site/")}


@pytest.mark.parametrize("changed", ["a title", "a template"])
def test_a_site_that_cannot_be_made_leaves_the_published_one_and_is_made_by_the_next_run(
    fresh, finished, changed, tmp_path
):
    fresh = workflows.Workflow(
        shutil.copytree(fresh.project, tmp_path / "project"), tmp_path / "run", fresh.configuration
    )
    shutil.copytree(finished.directory, fresh.directory, symlinks=True)
    published = site_of(fresh)
    changes = {"site": {"title": "Another"}} if changed == "a title" else {}
    style, tiles = fresh.project / "templates/style.css", fresh.results / "tiles/first/000.avif"
    if changed == "a template":
        style.write_text(style.read_text() + "/* Another */\n")
    tiles.rename(tiles.with_name("lost"))

    failed = fresh.run(**changes)

    assert failed.code != 0
    assert "000.avif: no such file" in failed.output
    assert site_of(fresh) == published != {}
    assert not (fresh.results / "site.new").exists()

    tiles.with_name("lost").rename(tiles)
    run = fresh.run(**changes)

    assert run.code == 0, run.output
    name = "site/index.html" if changed == "a title" else "site/assets/style.css"
    assert "Another" in (fresh.results / name).read_text()
    assert not (fresh.results / "site.new").exists()
    assert fresh.plan(**changes) == []


def test_output_that_is_deleted_leaves_what_is_somebodys_own_and_nothing_else(atlas):
    own = atlas.results / "logs/notes.txt"
    own.write_text("mine")

    run = atlas.run("--delete-all-output")

    assert run.code == 0, run.output
    assert [path for path in atlas.results.rglob("*") if not path.is_dir()] == [own]
    own.unlink()
    assert atlas.run("--delete-all-output").code == 0
    assert not atlas.results.exists()


def test_a_run_that_is_asked_for_mosaics_prints_no_table(atlas):
    (atlas.results / "mosaics/first.png").unlink()

    run = atlas.run("--until", "mosaic")

    assert run.code == 0, run.output
    assert "least sure:" not in run.output
