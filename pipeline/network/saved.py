"""A file as Keras saves it (`.keras`, `.h5`, `.weights.h5`), looked through before Keras opens it.

What such a file declares, a program that opens it allocates. So that a small file cannot ask for a large memory, what
it declares is compared with what it has; a link out of the file is refused, and so is whatever is not a regular file.
Nothing is unpickled, and no array is read.
"""

import errno
import json
import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from pipeline.errors import UserError
from pipeline.network import container

# The member of a `.keras` file that holds its weights, in HDF5.
WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
METADATA = "metadata.json"

# A description of a network larger than this is not one: VGG16's is 27 kB, EfficientNetV2-L's 1.5 MB.
LARGEST_CONFIG_BYTES = 64 * 2**20
# Weights hardly compress (Keras does not even try), so what grows more than this many times is a trap.
LARGEST_EXPANSION = 20

# What the libraries raise on files that are truncated, scrambled or of another kind.
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    EOFError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
# Characters of what a library says of it that are passed on.
_LONGEST_REASON = 200


def check(path: Path, key: str) -> None:
    """Raise `UserError`, in one line that begins with `key`, unless Keras may open the file `path`.

    Raises it for a file that is missing, damaged, no regular file, not of its kind, or that declares more than it has.
    """
    with readable(path, key):
        if path.suffix != ".keras":
            _check_hdf5(path, path)
            return
        with tempfile.TemporaryDirectory() as folder:
            unpack(path, Path(folder, WEIGHTS))


@contextmanager
def readable(path: Path, key: str) -> Iterator[None]:
    """Turn what goes wrong inside into `UserError`: in one line that begins with `key`, that the file is damaged."""
    container.check(path, key)
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise UserError(f"{key}: {path}: damaged, or not a {path.suffix} file ({reason})") from None


@contextmanager
def archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield the zip file that a `.keras` file is; raise one of `DAMAGE` for one that unpacks to implausibly much."""
    with zipfile.ZipFile(path) as members:
        # Of all members, for Keras unpacks what lies beside the weights.
        if sum(member.file_size for member in members.infolist()) > LARGEST_EXPANSION * path.stat().st_size:
            raise ValueError("it unpacks to implausibly much")
        if CONFIG in members.namelist() and members.getinfo(CONFIG).file_size > LARGEST_CONFIG_BYTES:
            raise ValueError(f"its {CONFIG} is implausibly large")
        yield members


def unpack(path: Path, target: Path) -> None:
    """Write the HDF5 file that `path` is, or has in it if it is a `.keras` file, to `target`.

    Raises one of `DAMAGE` for a file that Keras must not open.
    """
    if path.suffix == ".keras":
        with archive(path) as members, members.open(WEIGHTS) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    else:
        shutil.copyfile(path, target)
    _check_hdf5(target, path)


def keras_version(path: Path) -> str | None:
    """Return which version of Keras saved a file that passes `check`, None where it does not say."""
    try:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as members:
                said = json.loads(members.read(METADATA)).get("keras_version")
        else:
            with h5py.File(path, "r", locking=False) as file:
                said = file.attrs.get("keras_version", file.get("model_weights", file).attrs.get("keras_version"))
    except (AttributeError, *DAMAGE):
        return None
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{text:.20}" if isinstance(text, str) else None


def _check_hdf5(path: Path, origin: Path) -> None:
    """Raise one of `DAMAGE` for an HDF5 file that declares more than the file that it came in, `origin`, can hold."""
    size = origin.stat().st_size
    # Without locking: file systems of clusters often refuse locks, and the file is only read.
    with h5py.File(path, "r", locking=False) as file:
        links: list[tuple[str, object]] = []
        # Nothing may go wrong while the library walks: it would lose the reason.
        file.visititems_links(lambda name, link: links.append((name, link)))
        declared = 0
        for name, link in links:
            declared += _declared_bytes(file, name, link)
            if declared > LARGEST_EXPANSION * size:
                raise ValueError(f"it declares implausibly much: {declared:,} bytes up to {name:.80}")


def _declared_bytes(file: h5py.File, name: str, link: object) -> int:
    if not isinstance(link, h5py.HardLink):
        raise ValueError(f"{name:.80} is a link to elsewhere")
    found = file[name]
    if not isinstance(found, h5py.Dataset):
        return 0
    if found.is_virtual or found.external:
        raise ValueError(f"{name:.80} keeps its values in another file")
    return int(found.nbytes)
