import dataclasses

import msgspec

from pipeline.site.pages import guide


def test_the_method_is_told_as_the_recipe_has_it():
    fourier = " ".join(guide.method({"parameterisation": "fourier", "jitter_px": 8, "leak": 0.1}))
    pixels = " ".join(guide.method({"parameterisation": "pixels", "jitter_px": 0, "leak": 0.0}))
    assert "Fourier" in fourier
    assert "shifted" in fourier
    assert "0.1 times" in fourier
    assert pixels == "The picture is changed pixel by pixel."


def test_the_architecture_is_the_networks(atlas):
    rows = list(guide.architecture(atlas))
    assert len(rows) == 13
    assert (rows[0].weights, rows[0].kernel, rows[0].href) == ("1,728", "3 × 3 × 3", "block1_conv1/index.html")
    assert rows[2].href == ""


def test_where_responses_are_taken_is_counted(atlas):
    assert list(guide.responses(atlas)) == [("the convolution’s own output, before ReLU", "in every layer")]


def test_the_example_of_a_network_of_other_images_speaks_of_no_colours():
    assert "colours" in " ".join(guide.method({"parameterisation": "fourier"}))
    assert "colours" not in " ".join(guide.method({"parameterisation": "fourier"}, image_channels=5))


def test_weights_are_those_of_all_kernels_and_of_a_layer_that_is_called_twice_once(atlas):
    first, second, third = atlas.network.layers[:3]
    again = msgspec.structs.replace(second, weights=first.weights, name="block1_conv1@2")
    separable = msgspec.structs.replace(third, weights="separable")
    catalogue = msgspec.structs.replace(
        atlas.network.catalogue,
        layers=(first, again, separable),
        parameters={
            "block1_conv1/kernel": (3, 3, 3, 64),
            "block1_conv1/bias": (64,),
            "separable/depthwise_kernel": (3, 3, 4, 1),
            "separable/pointwise_kernel": (1, 1, 4, 10),
        },
    )
    odd = dataclasses.replace(atlas, network=dataclasses.replace(atlas.network, catalogue=catalogue))

    assert [row.weights for row in guide.architecture(odd)] == ["1,728", "1,728", "76"]
    assert guide.how_view(odd).weights == "1,804"


def test_the_vocabulary_is_explained_as_far_as_pictures_are_described_by_it():
    coloured, grey, false = ({each.term: each.value for each in guide.vocabulary({channels})} for channels in (3, 1, 5))

    assert list(coloured) == ["scale", "direction", "pattern", "relief", "colour", "vividness", "lightness"]
    assert coloured["scale"] == "tiny, fine, coarse, large"
    assert grey["colour"] == "black, grey, white"
    assert "vividness" not in grey
    assert list(false) == ["scale", "direction", "pattern"]
