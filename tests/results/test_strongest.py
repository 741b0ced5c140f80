import dataclasses

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.results import strongest
from pipeline.results.strongest import KEPT, NONE, Best, Strongest


def a_best(columns: int = 5, photographs: int = 3) -> Best:
    value = np.zeros((columns, KEPT), "<f4")
    value[:, :photographs] = np.arange(photographs, 0, -1)
    number = np.full((columns, KEPT), NONE, "<i4")
    number[:, :photographs] = np.arange(photographs)
    scale, row, column = (np.where(number == NONE, 0, each).astype("<i2") for each in (256, 3, 4))
    return Best(value=value, photograph=number, scale_px=scale, row=row, column=column)


def a_table(**changes) -> Strongest:
    values = {"model": "tiny", "objective": "channel", "precision": "float32"}
    values |= {"weights_sha256": "0" * 64, "photographs": ("1" * 64, "0" * 64, "f" * 64), "layers": ("a", "encoder/ü")}
    values |= {"filters": np.array([2, 3], "<i4"), "origin": np.array([0.5, np.nan], "<f4"), "best": a_best()}
    values |= {"sampled": np.array([0, 2], "<i4")}
    return Strongest(**(values | {"sample": np.ones((2, 5), "<f4")} | changes))


def test_what_is_written_is_read(tmp_path):
    strongest.write(tmp_path / "table.npz", a_table())

    found, wanted = strongest.read(tmp_path / "table.npz"), a_table()

    for name, value in vars(found).items():
        if name == "best":
            for each, array in vars(value).items():
                np.testing.assert_array_equal(array, getattr(wanted.best, each))
        else:
            np.testing.assert_array_equal(value, getattr(wanted, name))
    assert found.columns("encoder/ü") == slice(2, 5)
    assert strongest.read_photographs(tmp_path / "table.npz") == wanted.photographs


def test_the_same_table_is_the_same_bytes(tmp_path):
    for name in ("first.npz", "second.npz"):
        strongest.write(tmp_path / name, a_table())

    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def changed(**arrays: np.ndarray) -> Strongest:
    return a_table(best=dataclasses.replace(a_best(), **arrays))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        pytest.param(changed(value=-a_best().value), "no activation", id="negative"),
        pytest.param(a_table(sample=np.full((2, 5), np.nan, "<f4")), "no activation", id="not a number"),
        pytest.param(changed(value=a_best().value[:, ::-1]), "do not go down", id="ascending"),
        pytest.param(changed(row=a_best().row - 9), "places that are none", id="row"),
        pytest.param(changed(photograph=a_best().photograph + 9), "were not shown", id="photograph"),
        pytest.param(a_table(sampled=np.array([2, 0])), "not ascending", id="order"),
        pytest.param(a_table(photographs=("1" * 64,) * 3), "two photographs of the same digest", id="twice"),
        pytest.param(a_table(sampled=np.array([0, 7])), "of other photographs", id="sample"),
        pytest.param(a_table(filters=np.array([2, 4])), "value is float32 .5, 20., not float32 .6, 20.", id="filters"),
        pytest.param(a_table(layers=("a",)), "filters is int32", id="layers"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused(tmp_path, table, reason):
    strongest.write(tmp_path / "table.npz", table)

    with pytest.raises(UserError, match=rf"table\.npz: no table of strongest units \(.*{reason}.*delete it"):
        strongest.read(tmp_path / "table.npz")


@pytest.mark.parametrize("damage", ["cut off", "text", "missing", "compressed", "pickled", "an array less"])
def test_a_damaged_file_is_one_line(tmp_path, damage):
    path = tmp_path / "table.npz"
    strongest.write(path, a_table())
    if damage == "cut off":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("hello")
    elif damage == "missing":
        path.unlink()
    elif damage == "compressed":
        np.savez_compressed(path, value=np.zeros(3))
    elif damage == "pickled":
        np.savez(path, value=np.array([{}], object))
    else:
        np.savez(path, value=np.zeros(3))

    with pytest.raises(UserError, match=r"table\.npz: (no table of strongest units|no such file)"):
        strongest.read(path)
