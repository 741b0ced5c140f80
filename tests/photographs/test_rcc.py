import struct
import zlib

import pytest

from pipeline.photographs import rcc


def an_rcc(files: dict[str, bytes], *, compressed: bool = True, version: int = 1) -> bytes:
    """Return a resource file with a folder "pictures" that holds `files`."""
    names, places = b"", {}
    for name in ["pictures", *files]:
        places[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    contents, starts = b"", {}
    for name, data in files.items():
        starts[name] = len(contents)
        stored = struct.pack(">I", len(data)) + zlib.compress(data) if compressed else data
        contents += struct.pack(">I", len(stored)) + stored
    more = b"" if version < 2 else bytes(8)
    tree = struct.pack(">IHII", 0, 2, 1, 1) + more + struct.pack(">IHII", places["pictures"], 2, len(files), 2) + more
    for name in files:
        tree += struct.pack(">IHHHI", places[name], int(compressed), 0, 0, starts[name]) + more
    start = 20
    header = struct.pack(">4sIIII", b"qres", version, start, start + len(tree), start + len(tree) + len(contents))
    return header + tree + contents + names


FILES = {"a.webp": b"first", "ü.webp": bytes(5000)}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("version", [1, 2])
def test_files_come_out_with_their_names_as_they_went_in(compressed, version):
    data = an_rcc(FILES, compressed=compressed, version=version)

    assert dict(rcc.members(data)) == {f"pictures/{name}": each for name, each in FILES.items()}


@pytest.mark.parametrize("data", [b"", b"qres", b"PK\3\4" + bytes(40), an_rcc(FILES)[:60], an_rcc(FILES)[:-9]])
def test_what_is_damaged_is_known_as_such(data):
    with pytest.raises(rcc.DAMAGE):
        dict(rcc.members(data))


def test_a_folder_in_itself_comes_to_an_end():
    data = bytearray(an_rcc({"a": b"x"}))
    # The folder "pictures" is its own only entry.
    data[34 + 6 : 34 + 14] = struct.pack(">II", 1, 1)

    assert dict(rcc.members(bytes(data))) == {}
