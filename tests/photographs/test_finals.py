import dataclasses
import sys

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.photographs import finals, join, scan
from pipeline.results import layout, strongest
from tests.photographs.conftest import LAYERS
from tests.results.test_strongest import a_best, a_table


def a_doubtful_table(values: list[float], **changes):
    """A table in bfloat16 of one filter whose best places, in as many photographs, are so strong."""
    best = a_best(columns=1, photographs=len(values))
    best.value[0, : len(values)] = values
    digests = tuple(f"{each:064x}" for each in range(len(values)))
    table = {"precision": "bfloat16", "layers": ("a",), "filters": np.array([1]), "best": best, "photographs": digests}
    return a_table(**(table | changes))


def test_what_may_be_among_the_nine_is_looked_at_again():
    table = a_doubtful_table([100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 89, 80])

    assert finals.finalists(table, {"a": (0,)}).tolist() == list(range(11))


def test_of_fewer_photographs_all_are_that_excite_the_filter():
    assert finals.finalists(a_doubtful_table([5, 0.1]), {"a": (0,)}).tolist() == [0, 1]


def test_what_was_exact_is_not_looked_at_again():
    table = dataclasses.replace(a_doubtful_table([5, 4]), precision="float32")

    assert finals.finalists(table, {"a": (0,)}).size == 0


def test_only_rendered_filters_have_finals():
    table = a_table(precision="bfloat16")
    table.best.photograph[3:] = strongest.NONE
    table.best.value[3:] = 0

    assert finals.finalists(table, {"encoder/ü": (1, 2)}).size == 0
    assert finals.finalists(table, {"encoder/ü": (0,)}).tolist() == [0, 1, 2]
    assert finals.columns(table, {"a": (1,), "encoder/ü": (0, 2)}).tolist() == [1, 2, 4]


@pytest.mark.parametrize("text", ["", "[]", "{", "3", '{"a": {}}', '{"c": "0"}', '{"a": "9"}'])
def test_what_names_no_filters_of_the_network_is_one_line(shown, text):
    with pytest.raises(UserError, match=r"--rendered|filters|no convolutional layer"):
        finals.parse_rendered(text, shown.network)


def run(shown, monkeypatch, share: int, output):
    arguments = [
        *("--model", shown.network.model, "--preprocessing", "unit"),
        *("--weights", str(layout.weights(shown.results)), "--results", str(shown.results)),
        *("--rendered", '{"a": "0-2", "b": "0-4"}', "--share", str(share), "--shares", "2"),
        *("--output", str(output)),
    ]
    monkeypatch.setattr(sys, "argv", ["finals", *arguments])
    finals.main()
    return strongest.read(output)


def test_after_a_scan_in_bfloat16_the_finals_are_what_float32_gives(shown, whole, monkeypatch, tmp_path):
    rough = shown.table(precision="bfloat16")
    strongest.write(layout.strongest(shown.results), rough)

    paths = [tmp_path / "0.npz", tmp_path / "1.npz"]
    tables = [run(shown, monkeypatch, share, path) for share, path in enumerate(paths)]

    assert [table.precision for table in tables] == ["float32", "float32"]
    assert tables[0].layers == LAYERS
    assert not tables[0].sampled.size
    again = finals.finalists(rough, {"a": (0, 1, 2), "b": (0, 1, 2, 3, 4)})
    merged = join.joined(paths)
    assert set(merged.photographs) == {shown.digests[each] for each in again}
    best = join.numbered(merged, shown.digests).best
    np.testing.assert_array_equal(best.value, whole.best.value)
    np.testing.assert_array_equal(best.photograph, whole.best.photograph)
    np.testing.assert_array_equal(best.row, whole.best.row)


def test_photographs_that_were_looked_at_again_stay_looked_at(shown, monkeypatch, tmp_path):
    strongest.write(layout.strongest(shown.results), shown.table(precision="bfloat16"))
    run(shown, monkeypatch, 0, tmp_path / "0.npz")
    before = (tmp_path / "0.npz").read_bytes()
    monkeypatch.setattr(scan, "Scanner", None)
    # As where a stronger photograph has come: fewer of these may be among the nine.
    monkeypatch.setattr(finals, "finalists", lambda table, rendered: np.arange(0))

    run(shown, monkeypatch, 0, tmp_path / "0.npz")

    assert (tmp_path / "0.npz").read_bytes() == before
