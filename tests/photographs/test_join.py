import dataclasses
import sys

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.photographs import join, places, shares
from pipeline.results import layout, strongest


def write_shares(shown, count: int, folder) -> list:
    paths = [folder / f"{each}.npz" for each in range(count)]
    for each, path in enumerate(paths):
        strongest.write(path, shown.scanned(shares.digests(shown.listed.photographs, each, count)))
    return paths


@pytest.mark.parametrize("count", [1, 3, 4, 8])
def test_the_table_is_the_same_whatever_the_shares(shown, whole, tmp_path, count):
    paths = write_shares(shown, count, tmp_path)

    strongest.write(tmp_path / "joined.npz", join.numbered(join.joined(paths), shown.digests))

    strongest.write(tmp_path / "at once.npz", whole)
    assert (tmp_path / "joined.npz").read_bytes() == (tmp_path / "at once.npz").read_bytes()


def test_of_equally_strong_units_the_same_are_kept_whatever_the_shares_and_the_names(shown, tmp_path):
    digests = [f"{each:064x}" for each in range(2 * strongest.KEPT)]
    tables = []
    for part in (digests[0::2], digests[1::2]):
        blank = shown.blank(part)
        flat = np.broadcast_to(np.arange(len(part)), (shown.columns, len(part)))
        best = places.best(np.ones(flat.shape), flat, *[np.ones(flat.shape, int)] * 3)
        tables.append(dataclasses.replace(blank, best=best))
        strongest.write(tmp_path / f"{len(tables)}.npz", tables[-1])

    found = join.joined([tmp_path / "1.npz", tmp_path / "2.npz"])

    kept = [found.photographs[each] for each in found.best.photograph[0]]
    assert kept == digests[: strongest.KEPT]
    renamed = join.numbered(found, digests[::-1])
    assert [renamed.photographs[each] for each in renamed.best.photograph[0]] == kept


def test_of_more_than_belong_into_the_sample_the_first_by_their_digests_stay(shown, tmp_path, monkeypatch):
    monkeypatch.setattr(strongest, "SAMPLED", 3)
    paths = write_shares(shown, 2, tmp_path)

    found = join.joined(paths)

    assert found.photographs == tuple(sorted(shown.digests))
    assert found.sampled.tolist() == [0, 1, 2]
    for row, digest in zip(found.sample, found.photographs, strict=False):
        np.testing.assert_array_equal(row, shown.scanned([digest]).sample[0])


def test_however_many_tables_are_held_at_a_time_the_same_places_are_kept(shown, tmp_path, monkeypatch):
    paths = write_shares(shown, 8, tmp_path)
    expected = join.joined(paths)
    monkeypatch.setattr(join, "_HELD", 2)

    found = join.joined(paths)

    for name, array in vars(found.best).items():
        np.testing.assert_array_equal(array, getattr(expected.best, name))


def test_photographs_are_numbered_as_they_are_listed(shown, whole):
    for number, digest in enumerate(shown.digests):
        alone = shown.scanned([digest])
        np.testing.assert_array_equal(whole.sample[number], alone.sample[0])
        mine = (whole.best.photograph == number) & (whole.best.value > 0)
        np.testing.assert_array_equal(whole.best.value[mine], alone.best.value[:, 0][mine.any(1)])


def test_shares_of_different_things_are_not_joined(shown, whole, tmp_path):
    for name, other in {
        "precision": dataclasses.replace(whole, precision="bfloat16"),
        "weights_sha256": dataclasses.replace(whole, weights_sha256="f" * 64),
        "not another share": whole,
    }.items():
        strongest.write(tmp_path / "0.npz", whole)
        strongest.write(tmp_path / "1.npz", other)
        with pytest.raises(UserError, match=rf"1\.npz: {name}"):
            join.joined([tmp_path / "0.npz", tmp_path / "1.npz"])


def run(shown, monkeypatch, shares: int, output) -> None:
    arguments = ["--results", str(shown.results), "--shares", str(shares), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["join", *arguments])
    join.main()


def test_the_command_joins_all_shares(shown, whole, monkeypatch, tmp_path):
    write_shares(shown, 4, layout.scan(shown.results, 0).parent)

    run(shown, monkeypatch, 4, tmp_path / "strongest.npz")

    np.testing.assert_array_equal(strongest.read(tmp_path / "strongest.npz").best.value, whole.best.value)
    with pytest.raises(UserError, match="not of the 6 photographs that are listed; delete the folder"):
        run(shown, monkeypatch, 2, tmp_path / "strongest.npz")
