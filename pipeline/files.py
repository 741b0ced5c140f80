"""Files and folders: written so that nobody ever sees half of one, read without waiting, and told apart by what is in
them.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline.errors import UserError, in_one_line

if TYPE_CHECKING:
    import numpy as np

# Where Snakefile, config.yaml and templates/ lie: around this package in the repository, in it where it is installed.
_PACKAGE = Path(__file__).parent
PROJECT = _PACKAGE.parent if (_PACKAGE.parent / "Snakefile").is_file() else _PACKAGE / "project"

# Bytes of the largest file that is read whole: the summary of a layer of 5,000 filters has 30 MB, and JSON takes
# twenty times its size in memory.
LARGEST_BYTES = 64 * 2**20

# A file that has just been written may be written again before its times show it.
SETTLED_SECONDS = 2.0

# How the names of files and folders begin that are not whole yet.
_TEMPORARY = ".tmp-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success, remove it on failure.

    The temporary name ends like `path`, so libraries that choose a format by the ending choose right.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_TEMPORARY, suffix="-" + path.name, dir=path.parent)
    except OSError as error:
        raise _of(path, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes private files; results are to be read by others (a web server, a colleague).
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _of(path: Path, error: OSError) -> OSError:
    """Return an error of the file that is wanted, not of one that nobody asked for."""
    return OSError(error.errno, f"cannot be written ({error.strerror})", str(path))


def check_place(path: Path) -> None:
    """Raise `UserError` where the folder that a user wants a file or folder in is not there: its name is mistyped."""
    if not path.parent.is_dir():
        raise UserError(f"{path}: {path.parent}: no such folder; make it, or name another place")


def remove_half_written(path: Path) -> None:
    """Remove what a process that was killed has left half-written of `path`; nobody must be writing it now."""
    # What `tempfile` puts in between has no hyphen.
    ours = re.compile(rf"{re.escape(_TEMPORARY)}[^-]+-{re.escape(path.name)}")
    for other in path.parent.iterdir() if path.parent.is_dir() else ():
        if ours.fullmatch(other.name):
            other.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON to `path`, whole or not at all; same value, same bytes. NaN is refused."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """Return `value` as the bytes of a JSON file; same value, same bytes. NaN is refused."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Yield the file `path`, opened to be read; raise `UserError` where there is none."""
    try:
        # Without waiting: a named pipe in a file's place would make a reader wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UserError(f"{path}: not a file")
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def read_bytes(path: Path) -> bytes:
    """Return what is in the file `path`; raise `UserError` where there is none, or one of more than `LARGEST_BYTES`."""
    with opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > LARGEST_BYTES:
            raise UserError(f"{path}: implausibly large ({size:,} bytes)")
        return stream.read(LARGEST_BYTES)


def read_json(path: Path) -> Any:
    """Return the JSON value in `path`.

    Raises `UserError` when the file is missing, unreadable, implausibly large or not JSON.
    """
    data = read_bytes(path)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not valid JSON ({error})") from None


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; put it in the place of `path` on success, remove it on failure.

    Between two renames there is an instant without a folder; a failure in it puts the old one back.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=_TEMPORARY, suffix="-" + path.name, dir=path.parent))
    except OSError as error:
        raise _of(path, error) from None
    try:
        fresh, old = work / "new", work / "old"
        fresh.mkdir()
        yield fresh
        if path.exists():
            path.rename(old)
        try:
            fresh.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file as `source` where the file system allows it, else a copy.

    Raises `UserError` where `source` is a link: whoever made results (they may have come in an archive) could publish
    by one what only their reader may read.
    """
    check_no_link(source)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def check_no_link(path: Path) -> None:
    """Raise `UserError` unless `path` is a regular file itself; the folders that it is in may be links."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    if stat.S_ISLNK(mode):
        raise UserError(f"{path}: a link, which is not published: remove it, and run the same command again")
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: not a file")


def read_header(stream: IO[bytes]) -> "tuple[tuple[int, ...], bool, np.dtype]":
    """Return shape, whether columns come first, and type of the array that begins here; leave `stream` at its values.

    Raises `ValueError` for what is no such header, or one of Python objects.
    """
    # Here, for planning an atlas goes without.
    import numpy as np

    # Later versions exist for headers past 64 kB, which nothing of ours needs and a trap would use.
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"array format {version} is unknown")
    try:
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    except OSError:
        raise
    except Exception as error:
        # NumPy reads the header as Python, and hands on whatever Python has to say about it, or all of the header.
        raise ValueError(f"not the header of an array ({in_one_line(error)})") from None
    if dtype.hasobject or any(side < 0 for side in shape):
        raise ValueError("an array of Python objects (a pickle), which is never opened")
    return shape, fortran_order, dtype


def free_memory_bytes() -> int | None:
    """Return how much memory programs may still take, without swapping; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def digest(path: Path) -> str:
    """Return the sha256 of what is in the file `path`; raise `UserError` where there is none.

    Times do not tell: `cp -p`, `rsync -a` and `tar x` put an older file in the place of a newer one. Every job reads
    the plan anew, and a file of weights takes a second to digest; so its digest is kept, with what the system says of
    it.
    """
    with opened(path) as stream:
        state = os.fstat(stream.fileno())
        # Of these no tool can set the last, the time of the last change of anything.
        key = [state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        kept = _place(path)
        if (known := _kept(kept, key)) is not None:
            return known
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if kept is not None and time.time() - state.st_ctime > SETTLED_SECONDS:
        with contextlib.suppress(OSError):
            write_json(kept, {"key": key, "sha256": found})
    return found


def cache_folder(name: str) -> Path | None:
    """Return a folder of this user's for what can be computed again, None where there can be none."""
    for make in (_in_cache, _in_temporary):
        with contextlib.suppress(OSError, RuntimeError):
            if folder := make(name):
                return folder
    return None


def _in_cache(name: str) -> Path | None:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "filter-atlas", name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder if os.access(folder, os.W_OK) else None


def _in_temporary(name: str) -> Path | None:
    own = Path(tempfile.gettempdir(), f"filter-atlas-{os.getuid()}")
    own.mkdir(mode=0o700, exist_ok=True)
    state = own.lstat()
    # Where all may write, the folder may be somebody else's.
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        return None
    folder = own / name
    folder.mkdir(exist_ok=True)
    return folder


def _place(path: Path) -> Path | None:
    folder = cache_folder("digests")
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
    return folder / f"{name}.json" if folder else None


def _kept(path: Path | None, key: list[int]) -> str | None:
    if path is None:
        return None
    try:
        value = json.loads(read_bytes(path))
    except (UserError, OSError, ValueError, RecursionError):
        return None
    found = value.get("sha256") if isinstance(value, dict) and value.get("key") == key else None
    return found if isinstance(found, str) else None
