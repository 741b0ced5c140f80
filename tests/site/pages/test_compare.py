from pipeline.site.pages import compare, glossary


def test_every_filter_has_a_value_for_every_term(atlas):
    for layer in atlas.layers:
        told = compare.figures(atlas, layer)
        assert len(told["values"]) == len(told["patches"]) == len(layer.filters)
        assert {len(values) for values in told["values"]} == {len(told["terms"])}
        assert all(isinstance(value, str) and value for values in told["values"] for value in values)


def test_patches_are_shown_where_they_are_published(seen):
    layer = seen.layers[0]

    assert any(compare.figures(seen, layer)["patches"])
    assert not any(compare.figures(seen, layer, with_patches=False)["patches"])


def test_without_photographs_nothing_is_said_of_them(atlas, seen):
    term = ("Natural ÷ synthetic", "natural-synthetic")
    assert term in compare.figures(seen, seen.layers[0])["terms"]
    assert term not in compare.figures(atlas, atlas.layers[0])["terms"]


def test_every_term_leads_to_an_entry_of_the_glossary(seen):
    anchors = {each.anchor for each in glossary.entries(seen)} | {""}
    assert {about for _, about in compare.figures(seen, seen.layers[0])["terms"]} <= anchors


def test_the_example_is_two_filters_of_a_layer(atlas):
    view = compare.compare_view(atlas)

    first, second = view.example.partition("#")[2].split(",")
    assert first != second
    assert first.partition("/")[0] == second.partition("/")[0]
    assert view.example_words == f"{first} and {second}"
