"""The catalogues of networks that the project ships none of, each made once and kept by what is in the model's file."""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from pipeline import files
from pipeline.errors import UserError

# Grows when the same file gives another catalogue: it is part of the name under which one is kept.
VERSION = 3

Catalogue = TypeVar("Catalogue")


def of_file(model: Path, parse: Callable[[bytes], Catalogue]) -> Catalogue:
    """Return the catalogue of the model in a file, making it where it is not kept yet.

    Args:
        model: the file.
        parse: what makes a catalogue of the bytes of a document; raises `ValueError` where they are none.

    Raises `UserError` where there is no such file, or no network in it that can be run.
    """
    try:
        digest = files.digest(model)
    except (UserError, OSError) as error:
        raise UserError(f"model: {error}") from None
    return _kept(digest, str(model), parse)


def of_known(name: str, parse: Callable[[bytes], Catalogue]) -> Catalogue:
    """Return the catalogue of a network that is known by name, as `of_file` does."""
    return _kept(name, name, parse)


def _kept(key: str, model: str, parse: Callable[[bytes], Catalogue]) -> Catalogue:
    """Return the catalogue that is kept under a key, making it from a model where there is none, or a damaged one."""
    with ExitStack() as stack:
        folder = files.cache_folder("networks")
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # Another Keras may find another graph in the same file.
        path = folder / f"{key}-{VERSION}-keras{importlib.metadata.version('keras')}.json"
        found = _read(path, parse)
        if found is None:
            _make(model, path)
            found = _read(path, parse)
    if found is None:
        raise UserError(f"model: {model}: its catalogue {path} cannot be read back")
    return found


def _read(path: Path, parse: Callable[[bytes], Catalogue]) -> Catalogue | None:
    try:
        return parse(files.read_bytes(path))
    except (UserError, OSError, ValueError):
        return None


def _make(model: str, path: Path) -> None:
    """Write the catalogue of a model to `path`, in a process of its own.

    TensorFlow then stays out of this one, and a model that takes all memory takes only that one down.
    """
    print(
        f"looking through {model} with Keras, once, to know its layers: seconds, or minutes where it is very deep",
        file=sys.stderr,
        flush=True,
    )
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
