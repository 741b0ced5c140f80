from PIL import Image

from bench import exemplars
from pipeline.results.exemplars import EXEMPLARS
from tests.support import documents


def test_each_block_gives_filters_spread_over_its_layers():
    layers = [
        documents.what_photographs_do(documents.a_layer(name, [documents.a_filter(i) for i in range(8)]), 1.0)
        for name in ("block1_conv1", "block1_conv2", "block2_conv1")
    ]

    first, second = exemplars.chosen(layers)

    assert {layer.name for layer, _ in first} == {"block1_conv1", "block1_conv2"}
    assert {layer.name for layer, _ in second} == {"block2_conv1"}
    assert len(first) == len(second) == exemplars.FILTERS


def test_the_sheet_has_two_columns_with_a_row_for_each_filter():
    row = Image.new("RGB", ((EXEMPLARS + 1) * exemplars.TILE_PX + exemplars.GAP_PX, 80), "red")

    drawn = exemplars.sheet([[row] * 3, [row] * 2])

    assert drawn.height == 3 * (80 + exemplars.GAP_PX)
    assert drawn.width == 2 * row.width + 4 * exemplars.GAP_PX
