import dataclasses
import sys

import msgspec
import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.photographs import exemplars, finals
from pipeline.results import document, layer_summary, layout, strongest
from pipeline.results import exemplars as documents
from pipeline.results.exemplars import EXEMPLARS, FEWEST_PHOTOGRAPHS
from tests.photographs.conftest import LAYERS
from tests.support.documents import a_filter, a_layer

RENDERED = {"a": (0, 2), "b": (0, 1, 2, 3, 4)}
AS_JSON = '{"a": "0,2", "b": "0-4"}'


def a_summary(shown, name: str, numbers) -> layer_summary.Layer:
    layer = shown.network.layer(name)
    return a_layer(
        name,
        [a_filter(number, strongest_unit=0.0 if number == 4 else 10.0) for number in numbers],
        filters_total=layer.filters,
        weights_sha256=shown.weights.sha256,
        model=shown.network.name,
    )


def described(shown, table, name: str = "b", rendered=RENDERED) -> documents.Exemplars:
    best = table.best.of(table.columns(name))
    summary = a_summary(shown, name, rendered[name])
    return exemplars.describe(shown.network, summary, shown.listed.photographs, "1" * 64, table, best, rendered)


def test_the_exemplars_are_the_best_places_of_the_table(shown, whole):
    found = described(shown, whole)

    assert (found.photographs, found.sampled, [each.filter for each in found.filters]) == (6, 6, [0, 1, 2, 3, 4])
    for each in found.filters:
        column = whole.columns("b").start + each.filter
        excited = int((whole.sample[:, column] > 0).sum())
        assert len(each.exemplars) == min(EXEMPLARS, excited)
        for place, exemplar in enumerate(each.exemplars):
            assert np.float32(exemplar.activation) == whole.best.value[column, place]
            assert exemplar.photograph == whole.best.photograph[column, place]
            shown_as = shown.listed.photographs[exemplar.photograph]
            for left, top, right, bottom in (exemplar.field, exemplar.patch):
                assert 0 <= left < right <= shown_as.width_px
                assert 0 <= top < bottom <= shown_as.height_px
        assert np.float32(each.natural) == whole.sample[:, column].max()
        assert sum(each.histogram) == 6


def test_natural_is_held_against_the_strongest_unit_of_the_picture(shown, whole):
    found = described(shown, whole)

    assert found.by_number[0].natural_to_synthetic == pytest.approx(found.by_number[0].natural / 10, rel=1e-3)
    # Filter 4 is silent on its own picture.
    assert found.by_number[4].natural_to_synthetic is None


def test_with_few_photographs_nothing_is_said_of_likeness(shown, whole):
    found = described(shown, whole)

    assert found.families == ()
    assert all(each.alike == () for each in found.filters)


def many(shown, whole, count: int = FEWEST_PHOTOGRAPHS):
    """The table as if more photographs had been shown; in each, filter 1 of b answers as 0 of a does."""
    sample = np.random.default_rng(0).random((count, shown.columns)).astype("<f4")
    sample[:, whole.columns("b").start + 1] = sample[:, 0]
    return dataclasses.replace(whole, sample=sample, sampled=np.arange(count, dtype="<i4"))


def test_with_enough_photographs_filters_of_all_layers_are_compared(shown, whole):
    found = described(shown, many(shown, whole))

    nearest = found.by_number[1].alike[0]
    assert (nearest.layer, nearest.filter, nearest.similarity) == ("a", 0, 1)
    # Filter 1 of a is not rendered: there is no page to lead to.
    assert all((each.layer, each.filter) != ("a", 1) for filter in found.filters for each in filter.alike)


def test_families_need_two_dozen_filters(functional, show):
    model, network = functional(lambda x, layers: layers.Conv2D(30, 3, name="b")(layers.Conv2D(2, 1, name="a")(x)))
    wide = show(model, network, sizes=((256, 256), (300, 256)))
    rendered = {"a": (0, 1), "b": tuple(range(30))}
    table = many(wide, wide.table())

    found = described(wide, table, rendered=rendered)

    assert len(found.families) == 7
    assert sorted(each for family in found.families for each in family.members) == list(range(30))
    assert document.to_json(described(wide, table, rendered=rendered)) == document.to_json(found)
    assert described(wide, table, name="a", rendered=rendered).families == ()


def put_before(shown, table) -> None:
    strongest.write(layout.strongest(shown.results), table)
    for name, numbers in RENDERED.items():
        path = layout.layer_paths(shown.results, name).summary
        files.write_json(path, document.to_json(a_summary(shown, name, numbers)))


def run(shown, monkeypatch, *options: str, layer: str = "b", rendered: str = AS_JSON) -> documents.Exemplars:
    arguments = [
        *("--model", shown.network.model, "--preprocessing", "unit", "--results", str(shown.results)),
        *("--layer", layer, "--rendered", rendered, *options),
    ]
    monkeypatch.setattr(sys, "argv", ["exemplars", *arguments])
    exemplars.main()
    return documents.read(layout.exemplars(shown.results, layer))


def test_the_command_writes_of_which_photographs_the_document_is(shown, whole, monkeypatch):
    put_before(shown, whole)

    for layer in LAYERS:
        found = run(shown, monkeypatch, layer=layer)

        assert (found.name, found.photographs) == (layer, len(shown.digests))
        assert found.files_sha256 == files.digest(layout.photograph_files(shown.results))


def test_the_command_writes_the_same_bytes_again(shown, whole, monkeypatch):
    put_before(shown, whole)
    written = []
    for _ in range(2):
        run(shown, monkeypatch)
        written.append(layout.exemplars(shown.results, "b").read_bytes())

    assert written[0] == written[1]


def test_after_a_scan_in_bfloat16_the_finals_are_what_is_shown(shown, whole, monkeypatch):
    rough = shown.table(precision="bfloat16")
    put_before(shown, rough)
    again = [shown.digests[each] for each in finals.finalists(rough, RENDERED)]
    for share, digests in enumerate((again[:2], again[2:])):
        strongest.write(layout.finals(shown.results, share), shown.scanned(digests, sampled=0))

    found = run(shown, monkeypatch, "--shares", "2")

    exact = described(shown, whole)
    for each in found.filters:
        assert each.exemplars == exact.by_number[each.filter].exemplars


@pytest.mark.parametrize(
    ("changes", "rendered", "reason"),
    [
        ({"weights_sha256": "f" * 64}, AS_JSON, "b: weights_sha256"),
        ({"objective": "neuron"}, AS_JSON, "b: objective"),
        ({"photographs": tuple(f"{each:064x}" for each in range(6))}, AS_JSON, "b: photographs"),
        ({}, '{"b": "0-3"}', "b: filters: 0-3, not 0-4"),
    ],
)
def test_what_does_not_belong_together_is_one_line(shown, whole, monkeypatch, changes, rendered, reason):
    put_before(shown, dataclasses.replace(whole, **changes))

    with pytest.raises(UserError, match=reason):
        run(shown, monkeypatch, rendered=rendered)


def test_a_document_is_read_as_it_was_written(shown, whole, tmp_path):
    found = described(shown, whole)
    files.write_json(tmp_path / "b.json", document.to_json(found))

    assert msgspec.to_builtins(documents.read(tmp_path / "b.json")) == msgspec.to_builtins(found)
