"""The weights files that Keras publishes: in the cache that it shares with the workflow, or on its host."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pipeline import files
from pipeline.network.applications import KerasFile
from pipeline.weights import download
from pipeline.wheels import SourceError

Read = TypeVar("Read")


def cached(file: KerasFile) -> Path:
    """Return where Keras keeps a file once it has been downloaded."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / file.name


def sentence(file: KerasFile) -> str:
    """Return where a file is from: the same for the cache and for the host, so that a second run writes the same."""
    digest = f"{file.algorithm} {file.digest}" if file.digest else "of which it has no digest"
    return f"Keras's file {file.name}, {digest}, from {file.url}"


def from_cache(file: KerasFile, read: Callable[[Path], Read]) -> Read:
    """Return what `read` makes of a file in Keras's cache; raise `SourceError` where it is not there, or another."""
    path = cached(file)
    if not path.is_file():
        raise SourceError("not there")
    with path.open("rb") as stream:
        _check(hashlib.file_digest(stream, lambda: _digest(file)).hexdigest(), file)
    return read(path)


def from_host(file: KerasFile, read: Callable[[Path], Read]) -> Read:
    """Return what `read` makes of a file from Keras's host, after putting it into Keras's cache.

    Raises `SourceError` where it cannot be had, or is another.
    """
    with _place_for(cached(file)) as path:
        with files.replacing(path) as temporary:
            digest = _digest(file)
            download.fetch(file.url, temporary, digest)
            _check(digest.hexdigest(), file)
        return read(path)


@contextmanager
def _place_for(path: Path) -> Iterator[Path]:
    """Yield `path` if it can be written, else one that exists for as long as it is needed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writable = os.access(path.parent, os.W_OK)
    except OSError:
        writable = False
    if writable:
        yield path
    else:
        with tempfile.TemporaryDirectory() as directory:
            yield Path(directory) / path.name


def _check(found: str, file: KerasFile) -> None:
    if file.digest and found != file.digest:
        raise SourceError(f"{file.algorithm} {found}, wanted {file.digest}: damaged, or another file")


def _digest(file: KerasFile) -> Any:
    # Most are md5 sums. They are compared, not trusted against an attacker, so a hardened Python may allow it.
    return hashlib.new(file.algorithm, usedforsecurity=False)
