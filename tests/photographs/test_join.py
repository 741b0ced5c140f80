import dataclasses
import sys

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.photographs import join, scan
from pipeline.results import layout, strongest


def write_shares(shown, shares: int, folder) -> list:
    paths = []
    for each in range(shares):
        numbers = scan.share(each, shares, len(shown.collection.photographs))
        paths.append(folder / f"{each}.npz")
        strongest.write(paths[-1], shown.table(numbers=numbers))
    return paths


@pytest.mark.parametrize("shares", [1, 4, 8])
def test_the_table_is_the_same_whatever_the_shares(shown, whole, tmp_path, shares):
    paths = write_shares(shown, shares, tmp_path)

    strongest.write(tmp_path / "joined.npz", join.joined(paths))

    strongest.write(tmp_path / "at once.npz", whole)
    assert (tmp_path / "joined.npz").read_bytes() == (tmp_path / "at once.npz").read_bytes()


def test_shares_of_different_things_are_not_joined(shown, whole, tmp_path):
    for name, other in {
        "precision": dataclasses.replace(whole, precision="bfloat16"),
        "collection_sha256": dataclasses.replace(whole, collection_sha256="f" * 64),
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
    write_shares(shown, 3, layout.scan(shown.results, 0).parent)

    run(shown, monkeypatch, 3, tmp_path / "strongest.npz")

    np.testing.assert_array_equal(strongest.read(tmp_path / "strongest.npz").best.value, whole.best.value)
    with pytest.raises(UserError, match="of 6 photographs 4 have been looked at"):
        run(shown, monkeypatch, 2, tmp_path / "strongest.npz")
