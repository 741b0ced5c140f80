"""Archives of NumPy's: read as they are, and everything that can be wrong with one."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.network import saved
from pipeline.weights import archive

TENSORS = {"one/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4), "one/bias": np.ones(4, np.float32)}


def refusal(path: Path, name: str = "one/bias") -> str:
    with pytest.raises(saved.DAMAGE) as caught, archive.opened(path) as members:
        members.array(name)
    return str(caught.value)


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_every_array_is_found_with_its_shape_and_values(tmp_path, write):
    write(tmp_path / "w.npz", **TENSORS)

    with archive.opened(tmp_path / "w.npz") as members:
        assert members.names == tuple(TENSORS)
        assert "one/kernel" in members
        assert "two/kernel" not in members
        for name, value in TENSORS.items():
            assert members.header(name) == (value.shape, value.dtype)
            np.testing.assert_array_equal(members.array(name), value)


def test_column_major_arrays_keep_their_values(tmp_path):
    np.savez(tmp_path / "w.npz", **{name: np.asfortranarray(value) for name, value in TENSORS.items()})

    with archive.opened(tmp_path / "w.npz") as members:
        np.testing.assert_array_equal(members.array("one/kernel"), TENSORS["one/kernel"])


@pytest.mark.hostile("weights files")
def test_a_flipped_bit_is_noticed(tmp_path):
    np.savez(tmp_path / "w.npz", **TENSORS)
    data = bytearray((tmp_path / "w.npz").read_bytes())
    data[data.index(TENSORS["one/kernel"].tobytes()) + 5] ^= 1
    (tmp_path / "w.npz").write_bytes(data)

    assert "CRC" in refusal(tmp_path / "w.npz", "one/kernel")


@pytest.mark.hostile("weights files")
def test_only_an_archive_that_is_not_compressed_is_plain(tmp_path):
    np.savez(tmp_path / "plain.npz", **TENSORS)
    np.savez_compressed(tmp_path / "compressed.npz", **TENSORS)

    with archive.plain(tmp_path / "plain.npz") as members:
        assert members.names == tuple(TENSORS)
    with pytest.raises(ValueError, match="not stored plainly"), archive.plain(tmp_path / "compressed.npz"):
        pass


@pytest.mark.hostile("weights files")
def test_an_archive_whose_members_share_their_bytes_is_not_plain(tmp_path):
    np.savez(tmp_path / "w.npz", one=np.zeros(1000, np.float32), two=np.zeros(1000, np.float32))
    data = (tmp_path / "w.npz").read_bytes()
    entry = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    first = data[entry : data.index(b"PK\x01\x02", entry + 4)]
    tail = bytearray(data[end:])
    tail[8:12] = (3).to_bytes(2, "little") * 2
    tail[12:16] = (3 * len(first)).to_bytes(4, "little")
    (tmp_path / "w.npz").write_bytes(data[:entry] + first * 3 + bytes(tail))

    with pytest.raises(ValueError, match="not stored plainly"), archive.plain(tmp_path / "w.npz"):
        pass


@pytest.mark.hostile("weights files")
@pytest.mark.parametrize("read", [archive.plain, archive.opened])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", Path("/dev/zero"), tmp_path):
        with pytest.raises(UserError, match="not a file"), read(path):
            pass


def npy(shape: str, *, kind: str = "<f4", data: bytes = b"", version: int = 1, padding: int = 0) -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode() + b" " * padding + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(2 if version == 1 else 4, "little") + header + data


def holding(path: Path, member: bytes) -> Path:
    """Write an archive with `member` in the place of the array one/bias."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("one/bias.npy", member)
    return path


class Explosive:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


@pytest.mark.hostile("weights files")
class TestHostileFiles:
    def test_a_pickle_is_never_opened(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        np.savez(tmp_path / "w.npz", **{"one/bias": np.array([Explosive()] * 4, dtype=object)})

        assert "pickle" in refusal(tmp_path / "w.npz")
        assert not (tmp_path / "exploded").exists()

    def test_a_bare_pickle_in_place_of_an_array_is_refused(self, tmp_path):
        assert refusal(holding(tmp_path / "w.npz", b"\x80\x04cposix\nsystem\n."))

    def test_of_a_huge_declared_shape_nothing_is_allocated(self, tmp_path):
        path = holding(tmp_path / "w.npz", npy("(1000000000000,)"))

        assert "does not hold the 4000000000000 bytes" in refusal(path)

    def test_a_negative_shape_is_refused(self, tmp_path):
        assert refusal(holding(tmp_path / "w.npz", npy("(-4,)")))

    def test_a_member_that_unpacks_to_more_than_its_array_is_refused(self, tmp_path):
        path = holding(tmp_path / "w.npz", npy("(4,)", data=bytes(50_000_000)))

        assert path.stat().st_size < 200_000
        assert "does not hold the 16 bytes" in refusal(path)

    def test_a_header_made_to_fill_the_memory_is_refused(self, tmp_path):
        path = holding(tmp_path / "w.npz", npy("(4,)", version=2, padding=50_000_000))

        assert "array format (2, 0) is unknown" in refusal(path)

    @pytest.mark.parametrize(
        "header", ["{", "'", "{'shape': (4,), 'descr': ['a'], 'fortran_order': False}", "x()", "1" * 5000]
    )
    def test_a_header_that_is_not_that_of_an_array_is_refused(self, tmp_path, header):
        text = header.encode() + b"\n"

        assert refusal(holding(tmp_path / "w.npz", b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text))
