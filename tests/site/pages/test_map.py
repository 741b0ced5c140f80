"""The page of the map, and what its script is told."""

import pytest

from pipeline.results.sheets import Members, Sheet, Sheets
from pipeline.site.pages import map as map_page


@pytest.fixture
def made(atlas) -> Sheets:
    counts = [len(layer.filters) for layer in atlas.layers]
    rows = [(128 * place, 128 * place + count) for place, count in enumerate(counts)]
    cells = tuple(tuple(range(128 + first, 128 + end)) for first, end in rows)
    return Sheets(
        weights_sha256=atlas.weights_sha256,
        layers=tuple(Members(layer=layer.name, filters=layer.numbers) for layer in atlas.layers),
        sheets=tuple(Sheet(arrangement=each, columns=128, rows=4, cells=cells) for each in ("layers", "likeness")),
    )


def test_the_page_says_how_many_filters_there_are_of_which_network(atlas, made):
    page = map_page.map_page(atlas, made, "image")

    assert page.path == "map.html"
    assert "all 135 filters of VGG16" in page.description


def test_where_no_script_runs_a_layers_block_leads_to_it(atlas, made):
    blocks = map_page.map_page(atlas, made, "image").view.layers

    assert [(each.name, each.left, each.top, each.width, each.height) for each in blocks] == [
        ("block1_conv1", 0.0, 25.0, 2.34, 25.0),
        ("block1_conv2", 0.0, 50.0, 3.12, 25.0),
        ("block3_conv1", 0.0, 75.0, 100.0, 25.0),
    ]
    assert blocks[0].href == "block1_conv1/index.html"


def test_the_script_is_told_the_filters_and_their_cells(atlas, made):
    data = map_page.script_data(atlas, made)

    assert [layer["filters"] for layer in data["layers"]][:2] == [(0, 9, 63), 4]
    assert [sheet["by"] for sheet in data["sheets"]] == ["layers", "likeness"]
    assert data["sheets"][0]["cells"] == made.sheets[0].cells
    assert data["sheets"][0]["levels"] == 6
