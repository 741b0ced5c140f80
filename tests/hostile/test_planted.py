"""Links, named pipes, devices and folders in the place of files: none is waited for, and none is published.

Results come from elsewhere, too: in an archive, from another machine. A link among them could publish what only their
reader may read.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.network import catalogue, container, saved
from pipeline.pictures import web
from pipeline.results import atlas as atlases
from pipeline.results import layout, published
from pipeline.site import archive, build, collection
from pipeline.site.build import Site
from pipeline.summary import quality
from pipeline.weights import formats, store
from tests.support import synthetic
from tests.support.hostile import mistake

pytestmark = pytest.mark.hostile("links, pipes, devices and folders in the place of files")

NUMBERS = {"block1_conv1": [0, 1], "block1_conv2": [2, 3]}
LAYER = "block1_conv1"
SECRET = b"the key of a stranger"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return results of a small atlas, of which each test has a copy."""
    folder = tmp_path_factory.mktemp("whole") / "results"
    synthetic.make_results(folder, catalogue.load("vgg16"), NUMBERS)
    return folder


@pytest.fixture
def results(whole, tmp_path) -> Path:
    return shutil.copytree(whole, tmp_path / "results")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_folder(path: Path) -> None:
    path.mkdir()


def itself(path: Path) -> None:
    path.symlink_to(path)


def nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


PLANTED = (a_pipe, a_device, a_folder, itself, nowhere)


def read_and_build(results: Path, output: Path, templates: Path) -> int:
    shown = atlases.read(
        results, results / "weights.npz", catalogue.load("vgg16"), list(NUMBERS), with_photographs=True
    )
    return build.build(shown, Site(), results=results, templates=templates, output=output)


def of_the_site(results: Path) -> list[str]:
    """Return the files of results that the site is made of, one of each kind."""
    return [
        "weights.npz",
        f"layers/{LAYER}.json",
        f"layers/{LAYER}.response.npy",
        f"filters/{LAYER}/000.json",
        f"tiles/{LAYER}/band.avif",
        f"tiles/{LAYER}/mosaic.avif",
        f"tiles/{LAYER}/000.avif",
        f"tiles/{LAYER}/001-thumb.avif",
        f"tiles/{LAYER}/001-steps.avif",
        f"photographs/layers/{LAYER}.json",
        "photographs/collection.json",
        "photographs/strongest.npz",
        f"tuning/{LAYER}.json",
        f"trust/{LAYER}.json",
        *(str(next((results / folder).rglob("*.avif")).relative_to(results)) for folder in ("photographs/strips",)),
    ]


def test_every_kind_of_file_is_tried(whole, tmp_path, repository):
    assert [name for name in of_the_site(whole) if not (whole / name).is_file()] == []
    assert read_and_build(whole, tmp_path / "site", repository / "templates") > 0


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("place", range(15))
def test_what_is_no_file_is_named_and_no_site_is_made(results, tmp_path, repository, plant, place):
    path = results / of_the_site(results)[place]
    path.unlink()
    plant(path)

    said = mistake_or_os_error(lambda: read_and_build(results, tmp_path / "site", repository / "templates"))

    assert path.name in said
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("place", range(15))
def test_a_link_to_a_file_of_the_right_kind_is_read_or_refused_but_not_published(results, tmp_path, repository, place):
    path = results / of_the_site(results)[place]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    said = mistake_or_os_error(lambda: read_and_build(results, tmp_path / "site", repository / "templates"))

    assert path.name in said or not links_in(tmp_path / "site")


@pytest.mark.parametrize("place", range(15))
def test_a_link_to_a_secret_is_refused(results, tmp_path, repository, place):
    path = results / of_the_site(results)[place]
    (tmp_path / "secret").write_bytes(SECRET)
    path.unlink()
    path.symlink_to(tmp_path / "secret")

    assert path.name in mistake(read_and_build, results, tmp_path / "site", repository / "templates")
    assert not (tmp_path / "site").exists()


def test_results_on_another_disk_are_published(results, tmp_path, repository):
    for name in ("tiles", "layers"):
        (results / name).rename(tmp_path / name)
        (results / name).symlink_to(tmp_path / name)

    assert read_and_build(results, tmp_path / "site", repository / "templates") > 0
    assert links_in(tmp_path / "site") == []


@pytest.mark.parametrize(
    "write",
    [
        lambda path: np.save(path, np.array([[print, len]], dtype=object), allow_pickle=True),
        lambda path: np.save(path, np.zeros((2, 63), np.float32)),
        lambda path: np.save(path, np.zeros((2, 64))),
        lambda path: path.write_bytes(path.read_bytes() + SECRET),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(SECRET),
    ],
    ids=["objects", "too narrow", "too precise", "with something after it", "truncated", "empty", "a text"],
)
def test_a_response_matrix_that_is_none_is_not_published(results, tmp_path, repository, write):
    path = layout.layer_paths(results, LAYER).responses
    write(path)

    assert path.name in mistake(read_and_build, results, tmp_path / "site", repository / "templates")


@pytest.mark.parametrize("place", ["index.html", "data/filters.csv", ".nojekyll", "new", "block1_conv1/new"])
def test_a_link_in_a_site_gets_into_no_archive_and_no_collection(results, tmp_path, repository, place):
    site = layout.site(results)
    read_and_build(results, site, repository / "templates")
    (tmp_path / "secret").write_bytes(SECRET)
    (site / place).unlink(missing_ok=True)
    (site / place).symlink_to(tmp_path / "secret")

    assert "a link" in mistake(archive.write, site, tmp_path / "site.zip")
    assert "a link" in mistake(
        lambda: collection.build(
            [collection.Source(results, site, published.read_about(site), "vgg16")],
            title="x",
            base_url="",
            templates=repository / "templates",
            output=tmp_path / "collection",
        )
    )
    assert not (tmp_path / "site.zip").exists()
    assert not (tmp_path / "collection").exists()


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("name", ["w.npz", "w.h5", "w.weights.h5", "m.keras", "m.hdf5"])
def test_a_model_or_weights_file_that_is_none_is_refused_at_once(tmp_path, plant, name):
    path = tmp_path / name
    plant(path)
    network = catalogue.load("vgg16")

    for read in (
        lambda: container.check(path, "weights"),
        lambda: saved.check(path, "weights"),
        lambda: formats.read_tensors(path, network, "vgg16"),
        lambda: store.load(path),
        lambda: files.digest(path),
        lambda: catalogue.load(str(path), "unit") if name in ("m.keras", "m.hdf5") else container.check(path, "model"),
    ):
        assert name in mistake_or_os_error(read)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("name", [f"filters/{LAYER}/000.json", f"filters/{LAYER}/000.png", f"mosaics/{LAYER}.png"])
def test_what_is_no_file_makes_no_tiles(results, tmp_path, plant, name):
    _with_renders(results)
    (results / name).unlink(missing_ok=True)
    plant(results / name)

    assert Path(name).name in mistake_or_os_error(lambda: web.make(results, LAYER, NUMBERS[LAYER], tmp_path / "tiles"))
    assert not (tmp_path / "tiles").exists()


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_what_is_no_summary_makes_no_table(results, plant):
    path = layout.layer_paths(results, LAYER).summary
    path.unlink()
    plant(path)

    assert path.name in mistake_or_os_error(lambda: quality.sum_up([path], [], []))


def _with_renders(results: Path) -> None:
    network = catalogue.load("vgg16")
    synthetic.write_renders(results, network, network.layer(LAYER), NUMBERS[LAYER])


def links_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_symlink()]


def mistake_or_os_error(read: Callable[[], object]) -> str:
    """Return the one line that a command would print: of a mistake, or of what the system says."""
    try:
        return mistake(read)
    except OSError as error:
        return str(UserError(f"{error.filename}: {error.strerror}"))
