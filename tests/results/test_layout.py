"""Where the documents of an atlas lie: one module spells it, and the Snakefile says the same."""

import re
from pathlib import Path

import pytest

from pipeline import options
from pipeline.files import PROJECT
from pipeline.results import layout
from tests.support.workflow import REPOSITORY, Workflow

RESULTS = options.RESULTS
# How code would spell a path in there.
SPELT = re.compile(r"""results / f?["']|Path\(f?["']results""", re.IGNORECASE)


@pytest.mark.parametrize(
    "name", ["../../etc", "..", "/etc/passwd", "a/b", "", ".hidden", "-rf", "ü", "a\x00b", "x" * 300]
)
def test_a_hostile_layer_name_becomes_a_safe_path(name):
    path = layout.paths(Path("results"), name, 0).image
    assert path.parent.parent == Path("results/filters")
    assert layout._SAFE_NAME.fullmatch(path.parent.name)


def test_different_layers_get_different_paths():
    names = ["conv1", "conv 1", "conv-1", "conv/1", "conv\\1", "é", "è"]
    assert len({layout.slug(name) for name in names}) == len(names)
    assert layout.slug("block1_conv1") == "block1_conv1"


def test_the_snakefile_puts_everything_where_the_layout_says(tmp_path):
    # Of few filters in bfloat16 the finalists are looked at again.
    vgg16 = Workflow(REPOSITORY, tmp_path, {"filters": {"block1_conv1": "7"}, "precision": "bfloat16"})
    layer, image = layout.layer_paths(RESULTS, "block1_conv1"), layout.paths(RESULTS, "block1_conv1", 7)
    expected = {
        "weights": {layout.weights(RESULTS)},
        "render": {image.image, image.record, image.snapshots},
        "summary": {layer.summary, layer.responses},
        "mosaic": {layer.mosaic},
        "tiles": {layer.copies},
        "photographs": {layout.photograph_files(RESULTS), layout.samples(RESULTS)},
        "credits": {layout.photographs(RESULTS)},
        "scan": {layout.scan(RESULTS, 0)},
        "strongest": {layout.strongest(RESULTS)},
        "finals": {layout.finals(RESULTS, 0)},
        "exemplars": {layout.exemplars(RESULTS, "block1_conv1")},
        "strips": {layout.strips(RESULTS, "block1_conv1")},
        "copies": {layout.photograph_copies(RESULTS)},
        "trust": {layout.trust(RESULTS, "block1_conv1")},
        "tuning": {layout.tuning(RESULTS, "block1_conv1")},
        "quality": {layout.quality(RESULTS).figures, layout.quality(RESULTS).text},
        "map": {layout.map_folder(RESULTS)},
        "site": {layout.new_site(RESULTS)},
        "publish": {layout.site(RESULTS)},
    }

    planned = vgg16.run("--dry-run", "--quiet", "host").output

    outputs: dict[str, set[Path]] = {}
    for rule, made in re.findall(r"^(?:local)?rule (\w+):(?:\n .*)*?\n    output: (.*)$", planned, re.MULTILINE):
        # Of one that is not deleted before its job, that is said, too.
        outputs.setdefault(rule, set()).update(Path(each.removesuffix(" (update)")) for each in made.split(", "))
    assert {rule: made - outputs[rule] for rule, made in expected.items()} == {rule: set() for rule in expected}
    assert outputs.keys() == expected.keys()


def test_commands_look_for_the_weights_where_they_lie():
    assert layout.weights(RESULTS) == options.WEIGHTS


def test_nothing_else_spells_a_path_in_the_results():
    spelt = [
        f"{path.relative_to(PROJECT)}: {line.strip()}"
        for path in (PROJECT / "pipeline").rglob("*.py")
        for line in path.read_text().splitlines()
        if SPELT.search(line) and path not in (Path(layout.__file__), Path(options.__file__))
    ]

    assert spelt == []
