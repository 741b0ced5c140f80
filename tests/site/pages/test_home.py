from pipeline.site.pages import home


def test_blocks_follow_the_strides_of_the_layers(atlas):
    titles = [(title, note, [layer.name for layer in group]) for title, note, group in home.blocks(atlas)]
    assert titles == [
        ("Block 1", "a unit at every pixel", ["block1_conv1", "block1_conv2"]),
        ("Block 3", "a unit every 4 pixels", ["block3_conv1"]),
    ]
