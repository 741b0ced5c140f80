import msgspec

from pipeline.site.pages import parts


def test_a_filter_outside_the_atlas_is_named_but_not_linked(atlas):
    tile = parts.tile(atlas.by_name["block1_conv1"], 5)
    assert (tile.label, tile.href, tile.image) == ("5", "", "")


def test_thousands_are_set_apart(atlas):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv2"], filters_total=2048)
    assert parts.rendered_words(layer) == "4 of 2,048 filters"
