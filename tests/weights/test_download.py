import hashlib
import io
from pathlib import Path

import pytest

from pipeline.weights import download
from tests.support.terminal import Terminal

BODY = bytes(range(256)) * 40


@pytest.fixture
def host(host):
    host.body = BODY
    return host


def fetch(url: str, path: Path) -> str:
    """Fetch `url` into `path`; return the digest of what came."""
    digest = hashlib.sha256()
    download.fetch(url, path, digest)
    return digest.hexdigest()


@pytest.mark.parametrize("answer", ["whole", "unsized"])
def test_what_a_host_gives_is_written_and_digested_on_the_way(tmp_path, host, answer):
    digest = fetch(f"{host.url}/{answer}/x", tmp_path / "x")

    assert (tmp_path / "x").read_bytes() == BODY
    assert digest == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("short", f"ended after {len(BODY) - 100} of {len(BODY)} bytes"),
        ("none", "HTTP 404 Not Found"),
        ("stall", r"stood still for 0\.3 s after 1000 bytes"),
    ],
)
def test_a_host_that_fails_is_told_apart_from_others_that_do(tmp_path, host, answer, reason):
    with pytest.raises(download.SourceError, match=f"^{reason}$"):
        fetch(f"{host.url}/{answer}/x", tmp_path / "x")


def test_an_address_where_nobody_listens_is_a_reason_in_a_few_words(tmp_path):
    with pytest.raises(download.SourceError, match=r"^cannot be reached: Connection refused$"):
        fetch("http://127.0.0.1:9/x", tmp_path / "x")


def test_progress_is_a_bar_on_a_terminal():
    stream = Terminal()
    progress = download.Progress("w.h5", 2_000_000, stream)
    for _ in range(200):
        progress.add(10_000)
    progress.close()

    assert stream.getvalue().count("\r") == 31
    assert stream.getvalue().endswith("█" * 30 + " 2.0 MB of 2.0 MB \n")


def test_progress_is_a_few_lines_elsewhere():
    stream = io.StringIO()
    progress = download.Progress("w.h5", 2_000_000, stream)
    for _ in range(200):
        progress.add(10_000)
    progress.close()

    assert len(stream.getvalue().splitlines()) == 5
    assert "\r" not in stream.getvalue()
