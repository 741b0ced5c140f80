"""Whose the photographs of a folder are: the table `credits.csv` in it."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import files, formatting
from pipeline.errors import UserError, did_you_mean

# Of which `file` must be there, and any of the others may be.
COLUMNS = ("file", "title", "author", "licence", "source")
MOST_CHARACTERS = 500


@dataclass(frozen=True)
class Credit:
    """What is said of a photograph; None where nothing is."""

    title: str | None = None
    author: str | None = None
    licence: str | None = None
    source: str | None = None


def read(path: Path, photographs: Collection[str]) -> Mapping[str, Credit]:
    """Return what the table in `path` says of photographs, by their names below the folder; nothing if it is missing.

    Raises `UserError`, which names the line, for a table in which anything is wrong: a column or a photograph that is
    not known, one given twice, a text that is too long or that no line of a page can hold.
    """
    if not path.exists():
        return {}
    try:
        text = files.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save it in that encoding") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: dict[str, Credit] = {}
    try:
        header = _header(path, next(rows, []))
        for row in rows:
            if row:
                where = f"{path}: line {rows.line_num}"
                values = _values(where, header, row)
                file = values.pop("file") or ""
                _check_file(where, file, photographs, found)
                found[file] = Credit(**values)
    except csv.Error as error:
        raise UserError(f"{path}: line {rows.line_num}: not CSV ({error})") from None
    return found


def check(folder: str | None) -> None:
    """Raise `UserError` where the table of a folder is wrong, before any work; where there is no folder, nothing is."""
    if folder:
        # Here, for the samples are planned without Pillow.
        from pipeline import originals

        read(Path(folder) / originals.CREDITS, frozenset(originals.find(Path(folder))))


def _header(path: Path, names: Sequence[str]) -> Sequence[str]:
    names = [name.strip() for name in names]
    for name in names:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f"; known: {', '.join(COLUMNS)}"
            if ";" in name or "\t" in name:
                hint = "; columns are parted by commas"
            raise UserError(f"{path}: unknown column {name!r:.80}{hint}")
    if "file" not in names or len(set(names)) < len(names):
        raise UserError(f"{path}: its first line should name the columns, each once: {','.join(COLUMNS)}")
    return names


def _values(where: str, header: Sequence[str], row: Sequence[str]) -> dict[str, str | None]:
    if len(row) != len(header):
        cure = "; put a text that has a comma in it in quotes" if len(row) > len(header) else ""
        raise UserError(f"{where}: {len(row)} values for {len(header)} columns{cure}")
    # Only the name of a file may begin or end with a space.
    values = {name: value if name == "file" else value.strip() for name, value in zip(header, row, strict=True)}
    for name, value in values.items():
        if character := formatting.not_for_a_line(value):
            raise UserError(f"{where}: {name}: the character {character} has no place in a line of a page; remove it")
        if name != "file" and len(value) > MOST_CHARACTERS:
            raise UserError(f"{where}: {name}: is too long: it should be at most {MOST_CHARACTERS} characters")
    return {name: value or None for name, value in values.items()}


def _check_file(where: str, file: str, photographs: Collection[str], known: Collection[str]) -> None:
    if file in known:
        raise UserError(f"{where}: {file:.200}: given twice; keep one")
    if file not in photographs:
        raise UserError(f"{where}: {file:.200}: no such photograph in the folder{did_you_mean(file, photographs)}")
