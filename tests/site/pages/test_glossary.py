from pipeline.site.pages import glossary

# What the terms of figures on other pages lead to.
LINKED = {
    "activation", "bias", "channel", "effective-field", "filter", "found", "layer", "max-pooling", "orientation",
    "own-best", "period", "receptive-field", "response-matrix", "robustness", "selectivity", "similar", "unit",
}  # fmt: skip
OF_PHOTOGRAPHS = {"natural-synthetic", "specific", "unnatural"}


def test_every_term_has_an_anchor_of_its_own_and_a_meaning_that_is_a_sentence(seen):
    entries = glossary.entries(seen)

    anchors = [each.anchor for each in entries]
    assert len(anchors) == len(set(anchors))
    assert set(anchors) >= LINKED | OF_PHOTOGRAPHS
    assert [each.term for each in entries if not each.meaning.endswith(".")] == []


def test_terms_are_in_alphabetical_order(atlas):
    terms = [each.term.lower() for each in glossary.entries(atlas)]
    assert terms == sorted(terms)


def test_without_photographs_nothing_is_explained_that_needs_them(atlas):
    anchors = {each.anchor for each in glossary.entries(atlas)}

    assert anchors >= LINKED
    assert anchors.isdisjoint(OF_PHOTOGRAPHS)
