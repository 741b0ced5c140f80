import msgspec

from pipeline.site.pages import parts


def test_a_filter_outside_the_atlas_is_named_but_not_linked(atlas):
    tile = parts.tile(atlas.by_name["block1_conv1"], 5)
    assert (tile.label, tile.href, tile.image) == ("5", "", "")


def test_the_pictures_shown_first_are_sure_ones_that_have_much_to_see(atlas):
    layer = atlas.by_name["block1_conv2"]
    dull = {"alive": True, "own_rank": 1, "chroma": 0.1, "contrast": 0.1, "evenness": 0.5, "period_px": 160.0}
    telling = dull | {"chroma": 0.5, "contrast": 0.3, "evenness": 0.0, "period_px": 28.0, "selectivity": 0.8}
    looks = [dull | {"selectivity": 0.95}, telling, telling | {"own_rank": 2}, telling | {"alive": False}]
    layer = msgspec.structs.replace(
        layer,
        filters=tuple(msgspec.structs.replace(each, **look) for each, look in zip(layer.filters, looks, strict=True)),
    )

    assert [each.filter for each in parts.telling(layer)] == [1, 0, 2, 3]


def test_thousands_are_set_apart(atlas):
    layer = msgspec.structs.replace(atlas.by_name["block1_conv2"], filters_total=2048)
    assert parts.rendered_words(layer) == "4 of 2,048 filters"
