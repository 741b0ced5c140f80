"""A file of weights or of a model from outside: whether it is of its kind, and all there, told in milliseconds.

Such a file is a zip file (`.keras`, `.npz`) or HDF5 (`.h5`, `.hdf5`). How it begins tells the kind, and each of the two
says somewhere how far it reaches; nothing else is read, and no library for them is needed. So every plan can ask, and
a file that was copied in part, or is something else, is told before any job.
"""

import zipfile
from pathlib import Path
from typing import IO

from pipeline import files
from pipeline.errors import UserError, describe_os_error

_ZIP, _HDF5 = "a zip file", "an HDF5 file"
_KINDS = {".keras": _ZIP, ".h5": _HDF5, ".hdf5": _HDF5, ".npz": _ZIP}
ENDINGS = (".keras", ".h5", ".weights.h5", ".npz")

_ZIP_BEGINS, _HDF5_BEGINS = b"PK", b"\x89HDF\r\n\x1a\n"
_LFS_BEGINS = b"version https://git-lfs.github.com/"
_PAGE_BEGINS = (b"<!doctype html", b"<html")
# Before HDF5's own bytes there may be others, as many as twice 512, twice that, and so on.
_FIRST_BLOCK_BYTES = 512
# Of the block that HDF5's own bytes begin with, by its version: where it says how many bytes an address has, and where
# its addresses are. The third of them is where the file ends.
_ADDRESSES = {0: (13, 24), 1: (13, 28), 2: (9, 12), 3: (9, 12)}
_BLOCK_BYTES = 64

_AGAIN = "copy or download it again"


def check(path: Path, key: str) -> None:
    """Raise `UserError`, in one line that begins with `key`, unless `path` is a file of its kind that is all there.

    What is in it may still be damaged: that shows only when all of it is read.
    """
    try:
        with files.opened(path) as stream:
            reason = _fault(stream, path)
    except (UserError, OSError) as error:
        said = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise UserError(f"{key}: {said}") from None
    if reason:
        raise UserError(f"{key}: {path}: {reason}")


def _fault(stream: IO[bytes], path: Path) -> str:
    """Return what is wrong with an opened file, nothing where nothing is."""
    if path.suffix not in _KINDS:
        return f"unknown kind of file, it must end in {', '.join(ENDINGS)}"
    size = stream.seek(0, 2)
    stream.seek(0)
    begins = stream.read(_FIRST_BLOCK_BYTES)
    if not begins:
        return f"empty: {_AGAIN}"
    if begins.startswith(_LFS_BEGINS):
        return "a pointer of Git LFS, not the file itself: `git lfs pull` fetches that"
    if begins.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_BEGINS):
        return "a web page, not the file itself: download that, from its own address"
    place = _hdf5_place(stream, size)
    found = _ZIP if begins.startswith(_ZIP_BEGINS) else _HDF5 if place is not None else ""
    wanted = _KINDS[path.suffix]
    if found == wanted == _ZIP:
        return _fault_of_zip(stream)
    if found == wanted and place is not None:
        return _fault_of_hdf5(stream, place, size)
    seems = f"not a {path.suffix} file, but {found or 'something else'}, by how it begins"
    return f"{seems}: give a file that {'NumPy' if path.suffix == '.npz' else 'Keras'} saved"


def _fault_of_zip(stream: IO[bytes]) -> str:
    try:
        with zipfile.ZipFile(stream):
            return ""
    # NotImplementedError is for versions of the format that there are not.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return f"damaged or cut off: it ends without the directory that a zip file ends with: {_AGAIN}"


def _hdf5_place(stream: IO[bytes], size: int) -> int | None:
    """Return where HDF5's own bytes begin, None where there are none."""
    place = 0
    while place < size:
        stream.seek(place)
        if stream.read(len(_HDF5_BEGINS)) == _HDF5_BEGINS:
            return place
        place = 2 * place or _FIRST_BLOCK_BYTES
    return None


def _fault_of_hdf5(stream: IO[bytes], place: int, size: int) -> str:
    stream.seek(place)
    block = stream.read(_BLOCK_BYTES)
    if len(block) < _BLOCK_BYTES:
        return f"cut off after {size} bytes: {_AGAIN}"
    # A version that is not known is the library's to refuse.
    if block[8] in _ADDRESSES:
        width_at, addresses_at = _ADDRESSES[block[8]]
        width = block[width_at]
        end = int.from_bytes(block[addresses_at + 2 * width : addresses_at + 3 * width], "little")
        if end > size:
            return f"cut off: {size:,} of its {end:,} bytes are there: {_AGAIN}"
    return ""
