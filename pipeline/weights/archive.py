"""An archive of NumPy's (`.npz`): its arrays, none of which is ever a pickle.

What an array declares is compared with what is there before anything is allocated.
"""

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pipeline import files

_ENDING = ".npy"


class Archive:
    """The arrays of an archive, by name; one of `saved.DAMAGE` is raised for what is not a plain array."""

    def __init__(self, members: zipfile.ZipFile) -> None:
        self._members = members
        self.names = tuple(name.removesuffix(_ENDING) for name in members.namelist())

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype]:
        """Return shape and type of the array `name`, which is not read."""
        with self._members.open(name + _ENDING) as member:
            shape, _, dtype = files.read_header(member)
        return shape, dtype

    def array(self, name: str) -> np.ndarray:
        """Return the array `name`, read-only."""
        with self._members.open(name + _ENDING) as member:
            shape, fortran_order, dtype = files.read_header(member)
            size = math.prod(shape) * dtype.itemsize
            if member.tell() + size != self._members.getinfo(name + _ENDING).file_size:
                raise ValueError(f"{name} does not hold the {size} bytes that it declares")
            data = member.read(size + 1)
        if len(data) != size:
            raise ValueError(f"{name} ends after {len(data)} of {size} bytes")
        if fortran_order:
            return np.frombuffer(data, dtype).reshape(shape[::-1]).T
        return np.frombuffer(data, dtype).reshape(shape)


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Yield the arrays in the file `path`; raise `UserError` where there is none, or no regular file."""
    with files.opened(path) as stream, zipfile.ZipFile(stream) as members:
        yield Archive(members)


@contextmanager
def plain(path: Path) -> Iterator[Archive]:
    """Yield the arrays in a file of the workflow's own, as `opened` does.

    Raises `ValueError` for one that is compressed, as those are not: what declares more than the file can hold would
    only eat memory.
    """
    with files.opened(path) as stream, zipfile.ZipFile(stream) as members:
        # Of all together, for several members may have the same bytes.
        left = os.fstat(stream.fileno()).st_size
        for member in members.infolist():
            left -= member.file_size
            if member.compress_type != zipfile.ZIP_STORED or left < 0:
                raise ValueError(f"{member.filename} is not stored plainly")
        yield Archive(members)
