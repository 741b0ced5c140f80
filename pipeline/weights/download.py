"""A file fetched from the web: whole and in time, or a few words that say why not."""

import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from pipeline.wheels import SourceError

# Seconds until a host that does not answer is given up, whatever it is busy with (names, many addresses, TLS).
CONNECT_SECONDS = 5.0
# Seconds that a transfer may stand still.
STALL_SECONDS = 10.0
# The largest file of Keras's is 1.3 GB; an answer without end is cut off here.
LARGEST_BYTES = 2 * 2**30

_CHUNK_BYTES = 1 << 18
_BAR_CHARACTERS = 30
_LINES_OFF_TERMINAL = 4


class Progress:
    """How far a download is: a bar on a terminal, a line at every quarter elsewhere.

    Args:
        name: what is downloaded.
        total: its size in bytes, None if the host does not say.
        stream: where to show it.
    """

    def __init__(self, name: str, total: int | None, stream: IO[str]) -> None:
        self.done = 0
        self._name = name
        self._total = total
        self._stream = stream
        self._bar = stream.isatty()
        self._step = -1

    def add(self, count: int) -> None:
        """Count `count` more bytes, and show them when that changes what is to be seen."""
        self.done += count
        whole = self._total or LARGEST_BYTES
        step = min(self.done, whole) * (_BAR_CHARACTERS if self._bar else _LINES_OFF_TERMINAL) // whole
        if step == self._step:
            return
        self._step = step
        size = f"{self.done / 1e6:.1f} MB" + (f" of {self._total / 1e6:.1f} MB" if self._total else "")
        if self._bar:
            bar = "█" * step + "░" * (_BAR_CHARACTERS - step)
            print(f"\r{self._name} {bar if self._total else ''} {size} ", end="", file=self._stream, flush=True)
        else:
            print(f"{self._name}: {size}", file=self._stream, flush=True)

    def close(self) -> None:
        """End the line of the bar."""
        if self._bar and self._step >= 0:
            print(file=self._stream, flush=True)


def fetch(url: str, path: Path, digest: Any) -> None:
    """Write what `url` gives to `path`, and feed it to `digest` (of hashlib) on the way.

    Raises `SourceError` when the host does not answer, says no, stands still or ends early; what is then in `path`
    is of no use.
    """
    with _open(url) as answer, path.open("wb") as output:
        length = answer.headers.get("Content-Length") or ""
        total = int(length) if length.isdecimal() else None
        progress = Progress(url.rpartition("/")[2], total, sys.stderr)
        try:
            while chunk := answer.read1(_CHUNK_BYTES):
                output.write(chunk)
                digest.update(chunk)
                progress.add(len(chunk))
                if progress.done > LARGEST_BYTES:
                    raise SourceError("larger than any weights file")
        except TimeoutError:
            raise SourceError(f"stood still for {STALL_SECONDS:g} s after {progress.done} bytes") from None
        except ConnectionError as error:
            raise SourceError(f"broke off after {progress.done} bytes ({error.strerror})") from None
        finally:
            progress.close()
    if total is not None and progress.done != total:
        raise SourceError(f"ended after {progress.done} of {total} bytes")


def _open(url: str) -> Any:
    """Open `url` within `CONNECT_SECONDS`.

    In a thread, because a socket's timeout starts anew at every address of a host and does not cover the look-up of
    its name: behind a firewall that drops packets, minutes.
    """
    outcome: list[Any] = []

    def connect() -> None:
        try:
            outcome.append(urllib.request.urlopen(url, timeout=STALL_SECONDS))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if not outcome:
        raise SourceError(f"no answer within {CONNECT_SECONDS:g} s")
    (answer,) = outcome
    if isinstance(answer, urllib.error.HTTPError):
        raise SourceError(f"HTTP {answer.code} {answer.reason}")
    if isinstance(answer, Exception):
        reason = getattr(answer, "reason", answer)
        raise SourceError(f"cannot be reached: {getattr(reason, 'strerror', None) or reason}")
    return answer
