"""What users' mistakes look like in the workflow: one line, before any work where that can be."""

import shutil

import numpy as np
import pytest

from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]
pytestmark = pytest.mark.hostile("whole commands")

VGG16 = {"model": "vgg16", "preprocessing": "auto", "weights": "imagenet", "filters": "preview", "layers": "all"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"sed": 1}, "unknown key 'sed'; did you mean seed?", id="unknown key"),
        pytest.param({"recipe": {"step": 9}}, "recipe: unknown key 'step'; did you mean steps?", id="unknown setting"),
        pytest.param({"seed": "abc"}, "seed: should be a whole number, not abc", id="wrong type"),
        pytest.param({"filters": None}, "filters: should be preview or all or a mapping, not nothing", id="blank"),
        pytest.param(
            {"site": {"base_url": "example.org"}}, "; write an address like https://example.org/atlas/", id="no address"
        ),
        pytest.param({"filters": {}}, "filters: should not be empty: it should be like {block1_conv1: 0-7}", id="none"),
        pytest.param({"layers": {}}, "changed.yaml: layers: should be all or a list, not {}", id="no layers"),
        pytest.param({"layers": ["frist"]}, "no convolutional layer 'frist'; did you mean first?", id="layer"),
        pytest.param({"filters": {"secnd": 1}}, "filters: mine has no convolutional layer 'secnd'", id="of filters"),
        pytest.param(
            {"filters": {"second": "2-6"}}, "second has no filter 6: its filters are 0 to 5", id="filter out of range"
        ),
        pytest.param(VGG16 | {"image_size": 12}, "image_size: 12 is too small for block4_conv1", id="image_size"),
        pytest.param({"model": "nowhere/mine.keras"}, "model: nowhere/mine.keras: no such file in ", id="no model"),
        pytest.param({"weights": "nowhere/mine.h5"}, "weights: nowhere/mine.h5: no such file in ", id="no weights"),
        pytest.param({"weights": "/dev/zero"}, "weights: /dev/zero: a folder or a device, not a", id="no regular file"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(fresh, changes, message):
    run = fresh.run(**changes)

    assert run.code != 0
    assert len(run.errors()) == 1, run.output
    assert message in run.errors()[0]
    assert "Traceback" not in run.output
    assert not fresh.results.exists()


@pytest.mark.parametrize("command", ["own", "given"])
def test_a_key_that_is_given_twice_is_named_with_its_lines(fresh, tmp_path, command):
    if command == "own":
        fresh.project = shutil.copytree(fresh.project, tmp_path / "project")
        path = fresh.project / "config.yaml"
        path.write_text(path.read_text() + "seed: 1\n")
        first = path.read_text().splitlines().index("seed: 0") + 1
        arguments = []
    else:
        path = tmp_path / "mine.yaml"
        path.write_text("seed: 1\nprecision: float32\nseed: 2\n")
        first, arguments = 1, ["--configfile", str(path)]

    run = fresh.run(*arguments)

    assert run.code != 0
    assert run.errors() == [
        f"error: {path}: seed: given twice, in lines {first} and {path.read_text().count(chr(10))}; keep one"
    ]
    assert "Traceback" not in run.output
    assert not fresh.results.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("seed: 0123\n", "line 1: 0123: a number does not begin with 0; write 123", id="octal"),
        pytest.param(
            "a: &a {x: 1}\n"
            + "".join(
                f"b{n}: &b{n} {{x: *{'ab'[n > 0]}{n - 1 if n else ''}, y: *{'ab'[n > 0]}{n - 1 if n else ''}}}\n"
                for n in range(40)
            ),
            "line 1: a: anchors and aliases are not read; write the value out",
            id="bomb",
        ),
        pytest.param("recipe: &a {base: *a}\n", "line 1: a: anchors and aliases are not read", id="turning"),
        pytest.param("[" * 10_000_000, "10,000,000 bytes, and a configuration has at most 131,072", id="10 MB"),
        pytest.param(
            "__use_yte__: true\nweights: ?__import__('os').mkdir('results')\n",
            "unknown key '__use_yte__'",
            id="template",
        ),
    ],
)
def test_what_the_projects_configuration_may_not_hold_is_one_line_before_snakemake_reads_it(
    fresh, tmp_path, text, message
):
    fresh.project = shutil.copytree(fresh.project, tmp_path / "project")
    (fresh.project / "config.yaml").write_text(text)

    run = fresh.run()

    assert run.code != 0
    assert len(run.errors()) == 1, run.output
    assert run.errors()[0].startswith(f"error: {fresh.project}/config.yaml: {message}")
    assert "Traceback" not in run.output
    assert not fresh.results.exists()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("layers={}", "--config: layers: should be all or a list, not {}"),
        ("filters={first: &x [1], second: *x}", "--config: filters: line 1: x: anchors and aliases are not read"),
        ("filters={first: 1, first: 2}", "--config: filters: first: given twice, in lines 1 and 1; keep one"),
        ('site={"base_url": "https://example.org/?token=x"}', "site.base_url: it has a query (?) or a fragment (#)"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_before_any_work(fresh, setting, message):
    run = fresh.run("--config", setting)

    assert run.code != 0
    assert len(run.errors()) == 1, run.output
    assert run.errors()[0].startswith(f"error: {message}")
    assert not fresh.results.exists()


def test_an_empty_configuration_of_the_project_is_one_line(fresh, tmp_path):
    fresh.project = shutil.copytree(fresh.project, tmp_path / "project")
    (fresh.project / "config.yaml").write_text("# nothing\n")

    run = fresh.run()

    assert run.code != 0
    assert len(run.errors()) == 1, run.output
    assert "config.yaml: empty; give at least one key, such as `filters: preview`" in run.errors()[0]


def test_a_truncated_model_is_one_line_before_any_work(fresh, keras_file, tmp_path):
    truncated = tmp_path / "truncated.keras"
    truncated.write_bytes(keras_file.read_bytes()[:2000])

    run = fresh.run(model=str(truncated))

    assert run.code != 0
    assert run.errors() == [
        f"error: model: {truncated}: damaged or cut off: it ends without the directory that a zip file ends with: "
        "copy or download it again"
    ]
    assert not fresh.results.exists()


def test_weights_that_are_not_all_there_are_one_line_before_any_work(fresh, keras_weights_file, tmp_path):
    truncated = tmp_path / "truncated.npz"
    truncated.write_bytes(keras_weights_file.read_bytes()[:1500])

    run = fresh.run(weights=str(truncated))

    assert run.code != 0
    assert len(run.errors()) == 1, run.output
    assert run.errors()[0].startswith(f"error: weights: {truncated}: damaged or cut off: ")
    assert "rule weights" not in run.output
    assert not fresh.results.exists()


def test_a_picture_too_small_for_its_layer_is_warned_of_once(fresh):
    # Each job reads the Snakefile again, in such a mode.
    modes = {mode: fresh.run("--dry-run", "--mode", mode, **VGG16, image_size=64) for mode in ("default", "subprocess")}

    warnings = {mode: [line for line in run.output.splitlines() if "warning" in line] for mode, run in modes.items()}
    (line,) = warnings["default"]
    assert line.startswith("warning: image_size: 64 pixels are fewer than a unit makes use of in 5 of 13 layers")
    assert warnings["subprocess"] == []


def test_weights_of_another_network_are_one_line_and_start_no_render(fresh, tmp_path):
    # Its layers have the right names and other shapes.
    path = tmp_path / "foreign.npz"
    shapes = {"first/kernel": (5, 5, 3, 4), "first/bias": (4,), "second/kernel": (3, 3, 4, 6), "second/bias": (6,)}
    np.savez(path, **{name: np.zeros(shape, np.float32) for name, shape in shapes.items()})

    run = fresh.run(weights=str(path))

    assert run.code != 0
    assert len(run.errors()) == 1, run.output
    assert str(path) in run.errors()[0]
    assert "first/kernel has shape" in run.errors()[0]
    assert "Traceback" not in run.output
    assert workflows.contents(fresh.results) == {}
    assert not workflows.half_written(fresh.directory)
