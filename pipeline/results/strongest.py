"""The strongest units of all filters in photographs: the table that the scan of a share of them writes, several of
which make one table of the same form.

It holds what is bounded whatever the number of photographs: of each filter its best places, each in another photograph,
and of a sample of the photographs, the first by their digests, the strongest unit of every filter.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files
from pipeline.errors import UserError
from pipeline.network import saved
from pipeline.weights import archive

# Best places of each filter that are kept: nine are shown, and what bfloat16 has confused is among the others.
KEPT = 20
# Photographs, at most, of which all strongest units are kept: 34 MB for the 4,224 filters of VGG16.
SAMPLED = 2000
# Raised when the same photographs give another table.
METHOD = 1
# What tables have in common that can be put together.
SHARED = ("model", "objective", "precision", "weights_sha256", "layers", "method")

# In place of the number of a photograph where there is none.
NONE = -1

_CURE = "delete it to make it anew"
_TEXTS = ("model", "objective", "precision", "weights_sha256")
_DIGEST_BYTES = 32
# Type and shape of each array: of so many layers, of all filters together, of the photographs in the sample.
_ARRAYS = {
    "filters": ("<i4", ("layers",)),
    "origin": ("<f4", ("layers",)),
    "value": ("<f4", ("columns", KEPT)),
    "photograph": ("<i4", ("columns", KEPT)),
    "scale_px": ("<i2", ("columns", KEPT)),
    "row": ("<i2", ("columns", KEPT)),
    "column": ("<i2", ("columns", KEPT)),
    "photographs": ("|u1", ("photographs", _DIGEST_BYTES)),
    "sampled": ("<i4", ("sampled",)),
    "method": ("<i4", (1,)),
    "sample": ("<f4", ("sampled", "columns")),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Best:
    """The best places of filters, the strongest first, each of another photograph: arrays (filters, `KEPT`).

    Attributes:
        value: activation of the unit, float32; 0 where there is no place.
        photograph: the photograph's place in the list of its table, int32; `NONE` where there is none.
        scale_px: shorter side of the photograph as the network saw it, int16.
        row, column: of the unit on the layer's map, int16.
    """

    value: np.ndarray
    photograph: np.ndarray
    scale_px: np.ndarray
    row: np.ndarray
    column: np.ndarray

    def of(self, filters: slice | np.ndarray) -> "Best":
        """Return the places of some of the filters."""
        return Best(**{name: array[filters] for name, array in vars(self).items()})


@dataclass(frozen=True, eq=False, kw_only=True)
class Strongest:
    """The strongest units of all filters of several layers, one layer after the other: a filter is a column.

    Attributes:
        model: name of the network.
        objective: what an answer is.
        precision: "float32" or "bfloat16": of the network's convolutions.
        weights_sha256: of `weights.npz`.
        layers: names of the layers.
        photographs: digests of the photographs that it is from.
        filters: how many each has, int32 (layers,).
        origin: how far the middle of what the first unit of a layer sees is from the edge of the image, in pixels,
            float32 (layers,); NaN where its units have no place.
        best: the best places of each column.
        sampled: places of the photographs in the sample, ascending, int32 (sampled,).
        sample: activation of each column's strongest unit in each of them, float32 (sampled, columns).
        method: `METHOD` of when it was made.
    """

    model: str
    objective: str
    precision: str
    weights_sha256: str
    layers: tuple[str, ...]
    photographs: tuple[str, ...]
    filters: np.ndarray
    origin: np.ndarray
    best: Best
    sampled: np.ndarray
    sample: np.ndarray
    method: int = METHOD

    def columns(self, layer: str) -> slice:
        """Return which columns are a layer's filters."""
        place = self.layers.index(layer)
        start = int(self.filters[:place].sum())
        return slice(start, start + int(self.filters[place]))


def write(path: Path, table: Strongest) -> None:
    """Write a table to `path`, whole or not at all; same table, same bytes."""
    digests = bytes.fromhex("".join(table.photographs))
    arrays: dict[str, Any] = {name: np.array(getattr(table, name)) for name in (*_TEXTS, "layers")}
    others = vars(table) | vars(table.best) | {"photographs": np.frombuffer(digests, "|u1").reshape(-1, _DIGEST_BYTES)}
    arrays |= {name: np.ascontiguousarray(others[name], dtype) for name, (dtype, _) in _ARRAYS.items()}
    with files.replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def read(path: Path) -> Strongest:
    """Return the table in the file `path`; raise `UserError` for one that is missing, damaged or no such table."""
    with _opened(path) as members:
        return _checked({name: members.array(name) for name in (*_TEXTS, "layers", *_ARRAYS)})


def read_photographs(path: Path) -> tuple[str, ...]:
    """Return the digests of the photographs that the table in the file `path` is from; raise `UserError` as `read`."""
    with _opened(path) as members:
        array = members.array("photographs")
        _check_array("photographs", array, {"photographs": len(array)})
        return _digests(array)


@contextmanager
def _opened(path: Path) -> Iterator[archive.Archive]:
    try:
        with archive.plain(path) as members:
            yield members
    except PermissionError:
        raise
    except saved.DAMAGE as error:
        raise UserError(f"{path}: no table of strongest units ({error}); {_CURE}") from None


def _checked(arrays: dict[str, np.ndarray]) -> Strongest:
    """Return the table that arrays make; raise `ValueError` where they make none."""
    texts: dict[str, Any] = {name: _text(name, arrays[name]) for name in _TEXTS}
    layers = arrays["layers"]
    if layers.dtype.kind != "U" or layers.ndim != 1:
        raise ValueError("layers are no list of names")
    sizes = {"layers": len(layers), "columns": int(arrays["filters"].sum())}
    sizes |= {name: len(arrays[name]) for name in ("photographs", "sampled")}
    for name in _ARRAYS:
        _check_array(name, arrays[name], sizes)
    if (arrays["filters"] < 1).any():
        raise ValueError("layers without filters")
    photographs = _digests(arrays["photographs"])
    sampled, number = arrays["sampled"], arrays["photograph"]
    if (np.diff(sampled) <= 0).any() or (sampled < 0).any() or (sampled >= len(photographs)).any():
        raise ValueError("a sample that is not ascending, or of other photographs")
    if (number < NONE).any() or (number >= len(photographs)).any():
        raise ValueError("places in photographs that were not shown")
    for name in ("value", "sample"):
        if not (np.isfinite(arrays[name]).all() and (arrays[name] >= 0).all()):
            raise ValueError(f"{name} holds what is no activation")
    if any((arrays[name] < 0).any() for name in ("scale_px", "row", "column")):
        raise ValueError("places that are none")
    if (np.diff(arrays["value"], axis=1) > 0).any():
        raise ValueError("places that do not go down")
    best = Best(**{name: arrays[name] for name in Best.__dataclass_fields__})
    values: dict[str, Any] = {name: arrays[name] for name in ("filters", "origin", "sampled", "sample")}
    return Strongest(
        **values,
        **texts,
        layers=tuple(map(str, layers)),
        photographs=photographs,
        best=best,
        method=int(arrays["method"][0]),
    )


def _check_array(name: str, array: np.ndarray, sizes: Mapping[str, int]) -> None:
    dtype, shape = _ARRAYS[name]
    wanted = tuple(sizes[side] if isinstance(side, str) else side for side in shape)
    if array.dtype != np.dtype(dtype) or array.shape != wanted:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, not {np.dtype(dtype)} {wanted}")


def _digests(array: np.ndarray) -> tuple[str, ...]:
    found = tuple(row.tobytes().hex() for row in array)
    if len(set(found)) < len(found):
        raise ValueError("two photographs of the same digest")
    return found


def _text(name: str, array: np.ndarray) -> str:
    if array.dtype.kind != "U" or array.ndim:
        raise ValueError(f"{name} is no text")
    return str(array)
