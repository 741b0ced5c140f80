import dataclasses
import os
import sys

import numpy as np
import pytest

from pipeline import originals
from pipeline.errors import UserError
from pipeline.photographs import scan, shares
from pipeline.results import layout, photographs, strongest
from tests.photographs.conftest import LAYERS, SIZES


def everything(shown) -> dict[str, list[tuple[float, int, int, int, int]]]:
    """Of each filter ("a/0") all that the network says, unit by unit: of each photograph the strongest unit."""
    import tensorflow as tf

    from pipeline.network import taps
    from pipeline.network.truncated import truncate

    found: dict[str, list[tuple[float, int, int, int, int]]] = {}
    for layer in LAYERS:
        network = truncate(shown.network, shown.weights.tensors, layer, "float32")
        margin = taps.margin(shown.network.layer(layer))
        for number in range(len(shown.digests)):
            original = originals.read(photographs.original(shown.results, shown.listed, number))
            units = {filter: [] for filter in range(shown.network.layer(layer).filters)}
            for view in originals.views(original.width_px, original.height_px):
                image = tf.constant(originals.seen(original, view)[None], tf.float32) / 255.0
                (responses,) = network.responses(image).numpy()
                for row in range(margin, responses.shape[0] - margin):
                    for filter in units:
                        line = responses[row, margin : responses.shape[1] - margin, filter]
                        column = int(line.argmax())
                        units[filter].append((float(line[column]), view.scale_px, row, column + margin))
            for filter, of_filter in units.items():
                value, scale, row, column = max(of_filter, key=lambda unit: unit[0])
                found.setdefault(f"{layer}/{filter}", []).append((max(0.0, value), number, scale, row, column))
    return {name: sorted(places, key=lambda place: -place[0]) for name, places in found.items()}


def test_the_table_is_what_looking_at_every_unit_gives(shown, whole):
    expected = everything(shown)

    place = 0
    for layer in LAYERS:
        assert whole.columns(layer).start == place
        for filter in range(shown.network.layer(layer).filters):
            best = whole.best.of(slice(place, place + 1))
            place += 1
            places = [each for each in expected[f"{layer}/{filter}"] if each[0] > 0]
            assert best.value[0, : len(places)] == pytest.approx([each[0] for each in places], rel=1e-3)
            for name, wanted in zip(
                ("photograph", "scale_px", "row", "column"),
                list(zip(*places, strict=True))[1:],
                strict=True,
            ):
                assert getattr(best, name)[0, : len(places)].tolist() == list(wanted)
            assert (best.photograph[0, len(places) :] == strongest.NONE).all()
    assert place == shown.columns


def test_the_sample_holds_the_strongest_unit_of_every_filter(shown, whole):
    expected = everything(shown)

    for place, name in enumerate(expected):
        by_photograph = sorted(expected[name], key=lambda each: each[1])
        assert whole.sample[:, place] == pytest.approx([each[0] for each in by_photograph], rel=1e-3)
    assert whole.sampled.tolist() == list(range(len(SIZES)))


def test_in_bfloat16_nearly_the_same_is_found(shown, whole):
    found = shown.table(precision="bfloat16")

    np.testing.assert_allclose(found.sample, whole.sample, rtol=0.03, atol=0.02)
    assert found.precision == "bfloat16"


def test_a_share_without_photographs_starts_no_network(shown, monkeypatch):
    monkeypatch.setattr(scan, "Scanner", None)

    empty = shown.scanned([])

    assert empty.photographs == ()
    assert empty.sample.size == 0
    assert (empty.best.photograph == strongest.NONE).all()


def test_however_many_are_held_at_a_time_the_same_places_are_kept(shown, whole, monkeypatch):
    monkeypatch.setattr(scan, "HELD", 2)

    found = shown.table()

    for name in ("value", "photograph", "scale_px", "row", "column"):
        np.testing.assert_array_equal(getattr(found.best, name), getattr(whole.best, name))


def test_a_network_of_grey_images_sees_photographs_in_grey(functional, show):
    model, network = functional(
        lambda x, layers: layers.Conv2D(2, 1, name="b")(layers.Conv2D(2, 1, name="a")(x)), channels=1
    )
    grey = show(model, network, sizes=((256, 256),))

    found = grey.table()

    original = originals.read(photographs.original(grey.results, grey.listed, 0))
    colours = np.asarray(originals.seen(original, originals.views(256, 256)[0]), np.float64) @ [0.299, 0.587, 0.114]
    kernel, bias = grey.weights.tensors["a/kernel"][0, 0, 0], grey.weights.tensors["a/bias"]
    expected = np.maximum(0, np.stack([colours[1:-1, 1:-1] / 255 * each for each in kernel], -1).max((0, 1)) + bias)
    assert found.sample[0, :2] == pytest.approx(expected, abs=0.01)


def test_images_that_no_photograph_can_be_are_refused(functional):
    _, network = functional(lambda x, layers: layers.Conv2D(2, 3, name="a")(x), channels=5)

    with pytest.raises(UserError, match="takes images of 5 channels, which no photograph has; say none"):
        scan.check_channels(network, ["a"])


def test_a_network_of_one_size_is_shown_the_middle_in_that_size(functional, show):
    def build(x, layers):
        return layers.Conv2D(2, 3, name="b")(layers.Reshape((40, 40, 3))(layers.Conv2D(3, 1, name="a")(x)))

    model, network = functional(build, size=40)
    only = show(model, network, sizes=((300, 260),))

    found = only.table()

    assert set(found.best.scale_px[found.best.value > 0].tolist()) == {40}
    assert found.best.row.max() < 40


def run(shown, monkeypatch, output, **changes: str) -> None:
    options = {"weights": str(layout.weights(shown.results)), "share": "1", "shares": "2", "precision": "float32"}
    options |= {"model": shown.network.model, "preprocessing": "unit", "results": str(shown.results)} | changes
    arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
    monkeypatch.setattr(sys, "argv", ["scan", "--layers", *LAYERS, *arguments, "--output", str(output)])
    scan.main()


def test_the_command_writes_the_table_of_a_share_and_writes_it_again_the_same(shown, monkeypatch, tmp_path):
    for name in ("first.npz", "second.npz"):
        run(shown, monkeypatch, tmp_path / name)

    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    found = strongest.read(tmp_path / "first.npz")
    assert found.photographs == shares.digests(shown.listed.photographs, 1, 2)
    assert found.sampled.tolist() == list(range(len(found.photographs)))


def test_a_table_of_the_same_photographs_is_marked_as_new_and_nothing_is_looked_at(shown, monkeypatch, tmp_path):
    output = tmp_path / "1.npz"
    run(shown, monkeypatch, output)
    before = output.read_bytes()
    os.utime(output, (1, 1))
    monkeypatch.setattr(scan, "Scanner", None)

    run(shown, monkeypatch, output)

    assert output.read_bytes() == before
    assert output.stat().st_mtime > 1


@pytest.mark.parametrize(
    "change",
    [
        {"photographs": ("0" * 64,)},
        {"weights_sha256": "0" * 64},
        {"precision": "bfloat16"},
        {"method": strongest.METHOD + 1},
        {"layers": ("a", "c")},
        {"objective": "neuron"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_table_of_something_else_is_made_anew(shown, tmp_path, change):
    wanted = shown.blank(shown.digests[:1])
    strongest.write(tmp_path / "same.npz", wanted)
    strongest.write(tmp_path / "other.npz", dataclasses.replace(wanted, **change))

    assert scan.is_made(tmp_path / "same.npz", wanted)
    assert not scan.is_made(tmp_path / "other.npz", wanted)


def test_a_table_that_is_damaged_or_lacks_some_of_the_sample_is_made_anew(shown, tmp_path):
    strongest.write(tmp_path / "whole.npz", shown.blank(sampled=2))
    (tmp_path / "damaged.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:-100])

    assert not scan.is_made(tmp_path / "whole.npz", shown.blank(sampled=3))
    assert scan.is_made(tmp_path / "whole.npz", shown.blank(sampled=1))
    assert not scan.is_made(tmp_path / "damaged.npz", shown.blank(sampled=2))
    assert not scan.is_made(tmp_path / "missing.npz", shown.blank(sampled=2))


def test_what_was_looked_at_besides_may_stay_where_that_is_allowed(shown, tmp_path):
    first, second, third = shown.digests[:3]
    strongest.write(tmp_path / "two.npz", shown.blank([first, second], sampled=0))
    wanted = shown.blank([first], sampled=0)

    assert scan.is_made(tmp_path / "two.npz", wanted, [second, third])
    assert not scan.is_made(tmp_path / "two.npz", wanted, [third])
    assert not scan.is_made(tmp_path / "two.npz", shown.blank([first, third], sampled=0), [second])
