"""What the tests of the pages share: an atlas with a layer of many filters, and its pages before they are rendered."""

import shutil
from collections.abc import Mapping

import pytest

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.results.atlas import Atlas
from pipeline.site import contents
from pipeline.site.pages import home
from pipeline.site.pages.page import Page
from tests.support import shown as made_up
from tests.support import synthetic
from tests.support.sites import NUMBERS

MANY = NUMBERS | {"block3_conv1": range(0, 256, 2)}


@pytest.fixture(scope="session")
def atlas(tmp_path_factory) -> Atlas:
    """Return the atlas of the filters in `MANY`."""
    folder = tmp_path_factory.mktemp("results")
    synthetic.make_results(folder, catalogue.load("vgg16"), MANY)
    return atlases.read(folder, folder / "weights.npz", catalogue.load("vgg16"), list(MANY))


@pytest.fixture(scope="session")
def seen(results, tmp_path_factory) -> Atlas:
    """Return an atlas that was shown twelve photographs."""
    folder = tmp_path_factory.mktemp("seen") / "results"
    shutil.copytree(results, folder)
    layers = atlases.read(folder, folder / "weights.npz", catalogue.load("vgg16"), list(NUMBERS)).layers
    made_up.write(folder, catalogue.load("vgg16"), layers)
    return atlases.read(folder, folder / "weights.npz", catalogue.load("vgg16"), list(NUMBERS), with_photographs=True)


@pytest.fixture(scope="session")
def shown(atlas) -> Mapping[str, Page]:
    """Return the pages of layers and filters by their paths."""
    highlights = home.highlights(atlas, ())
    return {page.path: page for page in contents.site_pages(atlas, "Title", "Description", highlights)}
