import json

import pytest

from pipeline.errors import UserError
from pipeline.results import document, layout, published
from pipeline.results.published import Collection, Example, Maker, Member, Published, Sureness, Totals
from tests.support.documents import SHA256

MAKER = Maker(authors="A", institution="I", url="https://example.org/a", licence=None, licence_url=None)
SAID = Published(
    title="T", language="en", author="", licence="", base_url="", network="N", credit=MAKER,
    weights_are_published=True, weights_sha256=SHA256,
    totals=Totals(
        layers=1,
        layers_total=2,
        filters=3,
        filters_total=4,
        shares=(Sureness(depthwise=False, filters=3, alive=3, compared=3, own_best=2),),
    ),
    examples=(Example(layer="l", filter=0, page="l/000.html", picture="l/000.avif", canvas_px=32, description="d"),),
)  # fmt: skip


def written(tmp_path, value):
    path = layout.about(tmp_path)
    path.parent.mkdir()
    path.write_text(json.dumps(value))
    return tmp_path


def test_what_a_site_says_is_read_back(tmp_path):
    assert published.read_about(written(tmp_path, document.to_json(SAID))) == SAID


@pytest.mark.parametrize("page", ["../up/000.html", "/etc/000.html", "javascript:alert(1)", "l/000.html\n", "l/x.html"])
def test_a_page_outside_the_site_is_refused(tmp_path, page):
    value = document.to_json(SAID)
    value["examples"][0]["page"] = page

    with pytest.raises(UserError, match=r"atlas\.json: examples"):
        published.read_about(written(tmp_path, value))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", ""])
def test_an_address_that_is_none_of_the_web_is_refused(tmp_path, url):
    value = document.to_json(SAID)
    value["credit"]["url"] = url

    with pytest.raises(UserError, match=r"credit\.url"):
        published.read_about(written(tmp_path, value))


@pytest.mark.parametrize("folder", ["..", "", ".git", "a/b", "A", "x-"])
def test_a_collection_names_folders_of_its_own_alone(tmp_path, folder):
    value = document.to_json(Collection(title="T", atlases=(Member(folder="x", network="N", title="T"),)))
    value["atlases"][0]["folder"] = folder
    layout.collection(tmp_path).write_text(json.dumps(value))

    with pytest.raises(UserError, match=r"atlases\.0\.folder"):
        published.read_collection(tmp_path)
