import time

import pytest

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.site import build
from pipeline.site.build import Site
from tests.support import budgets, synthetic

# The goal, on two cores.
MOST_SECONDS = 60


@pytest.fixture(scope="module")
def whole_atlas(tmp_path_factory, repository):
    """Return the site of all filters of VGG16, and the seconds that building it took."""
    results = tmp_path_factory.mktemp("whole")
    network = catalogue.load("vgg16")
    synthetic.make_results(results, network, {layer.name: range(layer.filters) for layer in network.layers})
    # Of the processor, for other tests run beside this one.
    start = time.process_time()
    names = [layer.name for layer in network.layers]
    atlas = atlases.read(results, results / "weights.npz", network, names)
    build.build(atlas, Site(), results=results, templates=repository / "templates", output=results / "site")
    return results / "site", time.process_time() - start


def test_the_whole_atlas_is_built_within_a_minute(whole_atlas):
    folder, seconds = whole_atlas
    assert len(list(folder.rglob("*.html"))) > 4224
    assert seconds < MOST_SECONDS


def test_every_budget_is_kept_by_the_whole_atlas(whole_atlas):
    folder, _ = whole_atlas
    assert [str(budget) for budget in budgets.measure(folder) if not budget.is_kept] == []


def test_a_budget_that_is_exceeded_says_so():
    budget = budgets.Budget("home", 301 * budgets.KIB, 300, budgets.KIB, "KiB")
    assert not budget.is_kept
    assert str(budget).endswith("OVER")
