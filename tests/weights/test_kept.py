from pipeline.weights import kept


def test_weights_and_graph_are_kept_until_others_are_asked_for(keras_file, keras_weights_file, tmp_path):
    copy = tmp_path / "copy.npz"
    copy.write_bytes(keras_weights_file.read_bytes())
    loaded = kept.load(keras_weights_file)
    graph = kept.graph(str(keras_file), loaded, "float32")

    assert kept.load(keras_weights_file) is loaded
    assert kept.graph(str(keras_file), loaded, "float32") is graph
    assert kept.graph(str(keras_file), loaded, "bfloat16").precision == "bfloat16"
    assert kept.load(copy) is not loaded
    assert kept.load(keras_weights_file) is not loaded
