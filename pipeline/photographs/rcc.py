"""Qt's resource files (.rcc): a tree of names, and what is in the files, plain or compressed with zlib."""

import struct
import zlib
from collections.abc import Iterator

# What damaged ones make of the parser.
DAMAGE = (ValueError, struct.error, zlib.error, IndexError)

_HEADER = struct.Struct(">4sIIII")
_COMPRESSED, _FOLDER, _ZSTANDARD = 1, 2, 4
# Of an entry of the tree: place of its name, kind; and then of a folder how many are in it and which is the first, of a
# file where it begins, after its language.
_ENTRY = struct.Struct(">IHII")
_ENTRY_BYTES_BEFORE_2, _ENTRY_BYTES = 14, 22
# Folders within each other, and bytes of one file.
_MOST_LEVELS = 32
_MOST_BYTES = 64 * 2**20


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files in a resource file, each with its name, "folder/name"; those in Zstandard are passed over.

    Raises one of `DAMAGE` for what is no such file.
    """
    magic, version, tree, contents, names = _HEADER.unpack_from(data)
    if magic != b"qres":
        raise ValueError("not a resource file of Qt's")
    size = _ENTRY_BYTES_BEFORE_2 if version < 2 else _ENTRY_BYTES

    def name(place: int) -> str:
        (characters,) = struct.unpack_from(">H", data, names + place)
        start = names + place + 6
        return data[start : start + 2 * characters].decode("utf-16-be")

    def walk(number: int, path: str, level: int) -> Iterator[tuple[str, bytes]]:
        named, kind, first, second = _ENTRY.unpack_from(data, tree + number * size)
        here = f"{path}/{name(named)}".lstrip("/") if number else ""
        if not kind & _FOLDER:
            if not kind & _ZSTANDARD:
                yield here, _content(data, contents + second, bool(kind & _COMPRESSED))
        elif level < _MOST_LEVELS:
            for each in range(second, second + first):
                yield from walk(each, here, level + 1)

    yield from walk(0, "", 0)


def _content(data: bytes, place: int, is_compressed: bool) -> bytes:
    (size,) = struct.unpack_from(">I", data, place)
    stored = data[place + 4 : place + 4 + size]
    # Four bytes say how large it was.
    return zlib.decompressobj().decompress(stored[4:], _MOST_BYTES) if is_compressed else stored
