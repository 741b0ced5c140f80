from pipeline.site.pages import guide


def test_the_method_is_told_as_the_recipe_has_it():
    fourier = " ".join(guide.method({"parameterisation": "fourier", "jitter_px": 8, "leak": 0.1}))
    pixels = " ".join(guide.method({"parameterisation": "pixels", "jitter_px": 0, "leak": 0.0}))
    assert "Fourier" in fourier
    assert "shifted" in fourier
    assert "0.1 times" in fourier
    assert pixels == "The picture is changed pixel by pixel."


def test_where_responses_are_taken_is_counted(atlas):
    assert list(guide.responses(atlas)) == [("the convolution’s own output, before ReLU", "in every layer")]


def test_the_example_of_a_network_of_other_images_speaks_of_no_colours():
    assert "colours" in " ".join(guide.method({"parameterisation": "fourier"}))
    assert "colours" not in " ".join(guide.method({"parameterisation": "fourier"}, image_channels=5))


def test_the_vocabulary_is_explained_as_far_as_pictures_are_described_by_it():
    coloured, grey, false = ({each.term: each.value for each in guide.vocabulary({channels})} for channels in (3, 1, 5))

    assert list(coloured) == ["scale", "direction", "pattern", "relief", "colour", "vividness", "lightness"]
    assert coloured["scale"] == "tiny, fine, coarse, large"
    assert grey["colour"] == "black, grey, white"
    assert "vividness" not in grey
    assert list(false) == ["scale", "direction", "pattern"]


def test_every_setting_of_the_recipe_is_explained(atlas):
    told = guide.how_view(atlas).recipe

    assert [each.term for each in told if not each.note] == []
    assert "steps" in [each.term for each in told]
