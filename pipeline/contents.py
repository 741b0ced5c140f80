"""What is in a file, told by its digest: computed once for as long as the file stays as it is.

Times do not tell: `cp -p`, `rsync -a` and `tar x` put an older file in the place of a newer one. Every job reads the
plan anew, and a file of weights takes a second to digest; so its digest is kept, with what the system says of the file.
"""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import time
from pathlib import Path

from pipeline import files
from pipeline.errors import UserError

# A file that has just been written may be written again before its times show it.
SETTLED_SECONDS = 2.0


def digest(path: Path) -> str:
    """Return the sha256 of what is in the file `path`; raise `UserError` where there is none."""
    with files.opened(path) as stream:
        state = os.fstat(stream.fileno())
        # Of these no tool can set the last, the time of the last change of anything.
        key = [state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        kept = _place(path)
        if (known := _kept(kept, key)) is not None:
            return known
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if kept is not None and time.time() - state.st_ctime > SETTLED_SECONDS:
        with contextlib.suppress(OSError):
            files.write_json(kept, {"key": key, "sha256": found})
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
        value = json.loads(files.read_bytes(path))
    except (UserError, OSError, ValueError, RecursionError):
        return None
    found = value.get("sha256") if isinstance(value, dict) and value.get("key") == key else None
    return found if isinstance(found, str) else None
