"""The atlas of VGG16 with its real weights: one filter of each layer, and those that stay dead in other tools."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.support import workflow as workflows
from tests.support.workflow import REPOSITORY, Workflow

pytest_plugins = ["tests.support.workflow_fixtures"]
pytestmark = pytest.mark.real

FILTERS = {
    "block1_conv1": "10",
    "block1_conv2": "20",
    "block2_conv1": "30",
    "block2_conv2": "77",
    "block3_conv1": "159",
    "block3_conv2": "50",
    "block3_conv3": "41",
    "block4_conv1": "243",
    "block4_conv2": "60",
    "block4_conv3": "70",
    # keras-team/keras#18334: these two never got a gradient there.
    "block5_conv1": "11",
    "block5_conv2": "80",
    "block5_conv3": "1",
}
# From the random start to the last step: the least of these 13 grows thirtyfold.
GROWTH = 10


@pytest.fixture(scope="session")
def real_weights(tmp_path_factory):
    """Return VGG16's published weights, as the command of the workflow finds them."""
    path = tmp_path_factory.mktemp("real") / "weights.npz"
    subprocess.run([sys.executable, "-m", "pipeline.weights", "--output", path], cwd=REPOSITORY, check=True)
    return path


@pytest.fixture(scope="session")
def real_atlas(real_weights, tmp_path_factory):
    """Return the finished workflow of one filter of every layer of VGG16."""
    workflow = Workflow(REPOSITORY, tmp_path_factory.mktemp("real-atlas"), {"filters": FILTERS})
    workflow.results.mkdir()
    # In the place of what `rule weights` would fetch once more.
    shutil.copy2(real_weights, workflow.results / "weights.npz")
    assert ("weights", "") not in workflow.plan()
    run = workflow.run()
    assert run.code == 0, run.output
    return workflow


@pytest.fixture(params=FILTERS)
def summary(request, real_atlas):
    """Return the summary of each of the 13 layers."""
    return json.loads((real_atlas.results / f"layers/{request.param}.json").read_text())


def test_the_filter_is_alive(summary):
    assert summary["figures"]["alive"] == summary["figures"]["rendered"] == 1
    (filter,) = summary["filters"]
    assert filter["activation"] >= 2 * filter["noise_activation"] > 0


def test_the_ascent_raises_the_filters_own_activation(summary, real_atlas):
    name = f"filters/{summary['layer']}/{int(FILTERS[summary['layer']]):03}.json"
    record = json.loads((real_atlas.results / name).read_text())

    assert record["weights_sha256"] == summary["weights_sha256"]
    assert record["last_activation"] > GROWTH * record["first_activation"]
    assert record["activations"][-1] > record["activations"][1]


def test_the_site_has_all_13_layers_and_no_broken_link(real_atlas):
    site = real_atlas.results / "site"

    assert {page.parent.name for page in site.glob("*/index.html")} >= set(FILTERS)
    assert workflows.broken_links(site) == []
    assert real_atlas.plan() == []


def test_the_places_in_photographs_are_what_the_network_answers_there(summary, real_atlas):
    from pipeline import originals
    from pipeline.network import catalogue
    from pipeline.network.truncated import truncate
    from pipeline.results import exemplars, layout, photographs
    from pipeline.weights import store

    (filter,) = exemplars.read(layout.exemplars(real_atlas.results, summary["layer"])).filters
    collection = photographs.read(layout.photographs(real_atlas.results))
    loaded = store.load(layout.weights(real_atlas.results))
    network = truncate(catalogue.load("vgg16"), loaded.tensors, summary["layer"], "float32")
    for exemplar in filter.exemplars[:2]:
        original = originals.read(
            photographs.original(real_atlas.results, collection, exemplar.photograph), originals.DECODED_PX
        )
        views = originals.views(original.width_px, original.height_px)
        (view,) = (each for each in views if each.scale_px == exemplar.scale_px)
        responses = network.responses(originals.seen(original, view)[None] / np.float32(255)).numpy()[0]
        own = responses[..., filter.filter]

        assert own[exemplar.row, exemplar.column] == pytest.approx(exemplar.activation, rel=1e-3)


def test_photographs_excite_early_layers_as_their_pictures_do_and_late_ones_less(real_atlas):
    from pipeline.results import exemplars, layout

    shares = [
        exemplars.read(layout.exemplars(real_atlas.results, layer)).filters[0].natural_to_synthetic for layer in FILTERS
    ]

    # Measured on 8 to 9 filters a layer and 14 photographs: medians from 0.95 down to 0.05.
    assert min(shares[:2]) > 0.5
    assert max(shares[-3:]) < 0.3
