from pathlib import Path

import pytest

from bench import growth


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("block1_conv1/007.html", "pages of filters"),
        ("block1_conv1/filter-404.html", "pages of filters"),
        ("block1_conv1/007-photographs.avif", "strips of patches"),
        ("block1_conv1/index.html", "other pages"),
        ("photographs/007.html", "pages of photographs"),
        ("photographs/007.avif", "copies of photographs"),
        ("data/tuning.csv", "data"),
        ("search.js", "other files"),
    ],
)
def test_every_file_of_a_site_is_of_one_kind(path, kind):
    assert growth.kind(Path(path)) == kind
