"""The commands of docs/networks.md that render one filter, run as they stand there."""

import os
import re
import subprocess
import sys

from PIL import Image


def commands(repository) -> str:
    """Return the commands in the section on one filter, as a script."""
    section = (repository / "docs" / "networks.md").read_text(encoding="utf-8").split("## One filter\n")[1]
    return "\n".join(re.findall(r"^    (.+)$", section.split("\n## ")[0], re.MULTILINE))


def test_one_filter_is_rendered_as_the_page_says(repository, keras, tmp_path):
    conv = keras.layers.Conv2D(6, 3, activation="relu", name="block_3_expand")
    inner = keras.Sequential([keras.Input((32, 32, 3)), conv], name="mobilenetv2_1.00_96")
    scaled = [keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 127.5, offset=-1), inner]
    keras.Sequential(scaled).save(tmp_path / "my.keras")
    script = commands(repository)
    assert script.count(".venv/bin/python -m pipeline.") == 2

    done = subprocess.run(
        ["bash", "-e", "-c", script.replace(".venv/bin/python", sys.executable)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1, "that the network is looked through, once"
    # What the page says of where that is kept.
    assert list((tmp_path / "cache" / "filter-atlas" / "networks").iterdir())
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.mode == "RGB"
