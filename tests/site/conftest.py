"""What the tests of the site share: the results of a small atlas, and sites that are built from them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.results.atlas import Atlas
from pipeline.site import build as site
from pipeline.site.build import Site
from tests.support import synthetic
from tests.support.sites import BASE, NUMBERS


@pytest.fixture(scope="session")
def results(tmp_path_factory) -> Path:
    """Return results of the filters in `NUMBERS`; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("results")
    synthetic.make_results(folder, catalogue.load("vgg16"), NUMBERS)
    return folder


@pytest.fixture(scope="session")
def atlas(results) -> Atlas:
    """Return the atlas that stands in `results`."""
    return atlases.read(results, results / "weights.npz", catalogue.load("vgg16"), list(NUMBERS), is_shown=True)


@pytest.fixture(scope="session")
def build(results, atlas, repository) -> Callable[..., Path]:
    """Return a function that builds the site of `atlas`, with settings, into a folder, and gives the folder back."""

    def build(output: Path, **settings) -> Path:
        site.build(atlas, Site(**settings), results=results, templates=repository / "templates", output=output)
        return output

    return build


@pytest.fixture(scope="session")
def plain(build, tmp_path_factory) -> Path:
    """Return a site without a public address."""
    return build(tmp_path_factory.mktemp("plain") / "site", title="A title", author="An Author", licence="CC BY 4.0")


@pytest.fixture(scope="session")
def public(build, tmp_path_factory) -> Path:
    """Return the site as it is published at `BASE`."""
    return build(tmp_path_factory.mktemp("public") / "site", base_url=BASE)
