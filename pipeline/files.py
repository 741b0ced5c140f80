"""Writing files so that nobody ever sees half of one."""

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.errors import UserError

# Bytes of the largest file that is read whole: the summary of a layer of 5,000 filters has 30 MB, and JSON takes
# twenty times its size in memory.
LARGEST_BYTES = 64 * 2**20


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success, remove it on failure.

    The temporary name ends like `path`, so libraries that choose a format by the ending choose right.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".tmp-", suffix="-" + path.name, dir=path.parent)
    except OSError as error:
        # Of the file that is wanted, not of one that nobody asked for.
        raise OSError(error.errno, f"cannot be written ({error.strerror})", str(path)) from None
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
def opened(path: Path) -> Iterator[BinaryIO]:
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
