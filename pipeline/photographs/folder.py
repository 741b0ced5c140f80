"""The photographs of a folder: opened, compared with one another, and described; what cannot be shown is left out."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import files, formatting, originals
from pipeline.errors import UserError
from pipeline.photographs import duplicates
from pipeline.results import layout, photographs
from pipeline.results.photographs import File, Files, LeftOut

# Files that a message names.
_NAMED = 3


@dataclass(frozen=True)
class _Opened:
    """A file that is a photograph: its digest, size and thumbnail, uint8 (16, 16, 3)."""

    file: str
    sha256: str
    width_px: int
    height_px: int
    thumbnail: np.ndarray


def gather(folder: Path) -> Files:
    """Return the photographs of a folder and the folders in it, and which files were left out, and why.

    Of those that look like one another the largest stays. Raises `UserError` where none is left.
    """
    names = originals.find(folder)
    opened, why = [], dict[str, str]()
    for name in names:
        try:
            opened.append(_open(folder, name))
        except UserError as error:
            why[name] = str(error)
    # The largest first, of equal ones the first by name.
    opened.sort(key=lambda each: (-each.width_px * each.height_px, each.file))
    if opened:
        alike = duplicates.first_alike(np.stack([each.thumbnail for each in opened]))
        why |= {
            each.file: f"looks like {opened[other].file}"
            for each, other in zip(opened, alike, strict=True)
            if other is not None
        }
    kept = sorted((each for each in opened if each.file not in why), key=lambda each: each.file)
    if not kept:
        first = "; ".join(f"{_shown(name)}: {why[name]}" for name in list(why)[:_NAMED])
        raise UserError(f"photographs: {folder}: none of its {len(names):,} files can be used: {first}")
    return Files(
        source="folder",
        folder=str(folder),
        photographs=tuple(_listed(each) for each in kept),
        left_out=tuple(LeftOut(file=_shown(name), why=why[name]) for name in sorted(why)),
    )


def left_out(results: Path) -> str:
    """Say how many files were left out, why the first of them, and where all are listed; nothing where none was.

    Args:
        results: the results folder; what of it cannot be read is for others to say.
    """
    path = layout.photograph_files(results)
    try:
        found = photographs.read_files(path).left_out
    except UserError:
        return ""
    if not found:
        return ""
    first = "; ".join(f"{each.file}: {each.why}" for each in found[:_NAMED])
    more = f"; all are listed in {path}" if len(found) > _NAMED else ""
    return f"photographs: {formatting.counted(len(found), 'file')} left out: {first}{more}"


def _open(folder: Path, name: str) -> _Opened:
    """Return a photograph; raise `UserError`, a few words, for what is none that can be shown."""
    if character := formatting.not_for_a_line(name):
        raise UserError(f"the character {character} in its name has no place in a page; rename it")
    try:
        data = files.read_bytes(folder / name)
        found = originals.decode(data, name, originals.DECODED_PX)
    except UserError as error:
        # Without the name, which stands beside it.
        raise UserError(str(error).removeprefix(f"{folder / name}: ").removeprefix(f"{name}: ")) from None
    except OSError as error:
        raise UserError((error.strerror or str(error)).lower()) from None
    if min(found.width_px, found.height_px) < originals.SMALLEST_SIDE_PX:
        size = f"{found.width_px} × {found.height_px} pixels"
        raise UserError(f"{size}: no side should be shorter than {originals.SMALLEST_SIDE_PX}")
    digest = hashlib.sha256(data).hexdigest()
    return _Opened(name, digest, found.width_px, found.height_px, duplicates.thumbnail(found.picture))


def _listed(opened: _Opened) -> File:
    return File(file=opened.file, sha256=opened.sha256, width_px=opened.width_px, height_px=opened.height_px)


def _shown(name: str) -> str:
    """Return a file's name as any text can hold it, of bounded length."""
    escaped = "".join(each if not formatting.not_for_a_line(each) else ascii(each)[1:-1] for each in name)
    return escaped if len(escaped) <= 200 else f"{escaped[:197]}..."
