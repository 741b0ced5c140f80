"""The catalogues of networks of somebody's own, each made once and kept by the digest of the model's file."""

import hashlib
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline import files
from pipeline.errors import UserError
from pipeline.network import catalogue
from pipeline.network.catalogue import Catalogue

# Grows when the same file gives another catalogue: it is part of the name under which one is kept.
VERSION = 1

# Of a catalogue: one of 244 layers has 150 kB.
LARGEST_BYTES = 64 * 2**20


def catalogue_of(model: Path) -> Catalogue:
    """Return the catalogue of the model in a file, making it where it is not kept yet.

    Raises `UserError` where there is no such file, or no network in it that can be run.
    """
    try:
        with files.opened(model) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except (UserError, OSError) as error:
        raise UserError(f"model: {error}") from None
    return kept(f"{digest}-{VERSION}", str(model))


def kept(key: str, model: str) -> Catalogue:
    """Return the catalogue that is kept under a key, making it from a model where there is none, or a damaged one."""
    path = _folder() / f"{key}.json"
    found = _read(path)
    if found is None:
        _make(model, path)
        found = _read(path)
    if found is None:
        raise UserError(f"model: {model}: its catalogue {path} cannot be read back")
    return found


def _read(path: Path) -> Catalogue | None:
    try:
        return catalogue.parse(files.read_bytes(path))
    except (UserError, OSError, ValueError):
        return None


def _folder() -> Path:
    """Return where catalogues are kept: the user's cache, or where that cannot be written, a temporary folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "filter-atlas", "networks")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if os.access(cache, os.W_OK):
            return cache
    except OSError:
        pass
    temporary = Path(tempfile.gettempdir(), f"filter-atlas-{os.getuid()}")
    temporary.mkdir(mode=0o700, exist_ok=True)
    state = temporary.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise UserError(f"{temporary}: should be a folder of this user's alone; set XDG_CACHE_HOME to one that is")
    return temporary


def _make(model: str, path: Path) -> None:
    """Write the catalogue of a model to `path`, in a process of its own.

    TensorFlow then stays out of this one, and a model that takes all memory takes only that one down.
    """
    print(f"looking through {model} with Keras, once", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.network", model, "--output", str(path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(files.PROJECT), os.environ.get("PYTHONPATH", "")])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode < 0:
        raise UserError(
            f"model: {model}: looking through it was ended by signal {-done.returncode}: too large for the memory?"
        )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise UserError(lines[-1].removeprefix("error: ") if lines else f"model: {model}: Keras cannot read it")
