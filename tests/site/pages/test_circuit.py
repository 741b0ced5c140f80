import msgspec

from pipeline.results.layer_summary import Slice
from pipeline.site.pages import circuit
from tests.support.sites import NUMBERS


def a_slice(layer: str, filter: int, share: float = 0.1) -> Slice:
    return Slice(layer=layer, filter=filter, norm=0.5, share=share, kernel=((0.1, -0.2), (0.0, 0.3)))


def reading(atlas, *parts: Slice):
    """Return a filter of block1_conv2 that reads certain others, and its layer."""
    layer = atlas.by_name["block1_conv2"]
    return layer, msgspec.structs.replace(layer.filters[0], incoming=parts)


def test_filters_that_are_not_in_the_atlas_are_told_of_once_and_not_drawn(shown):
    outgoing = shown["block1_conv2/000.html"].view.outgoing

    assert outgoing.weights == ()
    assert outgoing.absent.startswith("Its strongest readers are not in this atlas: block2_conv1 ")
    assert outgoing.note.startswith("Filters of block2_conv1 that give it the largest weights")


def test_of_several_inputs_those_in_the_atlas_are_shown_with_what_they_read(atlas):
    layer, each = reading(atlas, *(a_slice("block1_conv1", number) for number in (9, 10, 63)))
    side = circuit.incoming(atlas, layer, each, is_shown=False)

    assert [weight.tile.label for weight in side.weights] == ["block1_conv1/9", "block1_conv1/63"]
    assert all(weight.tile.href for weight in side.weights)
    assert side.absent == "1 of its 3 strongest inputs is not in this atlas: block1_conv1 10."
    assert side.note.endswith("Together they carry 30 % of the kernel’s squared norm.")
    # They read the image, of which there are no pictures.
    assert all(weight.further == () for weight in side.weights)


def test_a_neighbour_is_shown_with_the_strongest_that_lie_beyond_it(atlas):
    numbers = NUMBERS["block1_conv2"]
    parts = [a_slice("block1_conv2", number) for number in numbers]
    tiles = circuit.further(atlas, [a_slice("block9", 1), *parts])

    assert [tile.number for tile in tiles] == numbers[: circuit.FURTHER]
    assert {tile.alt for tile in tiles} == {"block1_conv2"}


def test_the_first_layers_slices_are_red_green_and_blue(shown):
    view = shown["block1_conv1/009.html"].view
    assert [each.tile.label for each in view.incoming.weights] == ["red", "green", "blue"]
    assert view.incoming.absent == ""
    assert view.kernel_uri.startswith("data:image/png;base64,")


def test_a_filter_that_nothing_reads_feeds_nothing(atlas):
    _, each = reading(atlas)
    assert circuit.outgoing(atlas, msgspec.structs.replace(each, outgoing=())) is None
