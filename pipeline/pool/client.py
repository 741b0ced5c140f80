"""A job's way to the pool of warm workers. It imports next to nothing, for every job of thousands starts it."""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from collections.abc import Mapping, Sequence

# What `typing` has under this name, without the 7 ms that it adds to the start of every job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

# The environment variable through which jobs learn the pool's socket; OFF there means that none is wanted.
ADDRESS = "ATLAS_POOL"
OFF = "off"
# What the pool does, and the module of each: of a command its `main` is run, but renders go several at once.
RENDER = "render"
COMMANDS = {
    RENDER: "pipeline.render.batch",
    "photographs.scan": "pipeline.photographs.scan",
    "photographs.finals": "pipeline.photographs.finals",
    "trust": "pipeline.trust.__main__",
    "tuning": "pipeline.tuning.__main__",
}
# Bytes of one message. A request has about one thousand; this much fits into a socket's buffer at once, so that
# nobody who sends one is ever kept waiting by a reader who does not read.
MESSAGE_BYTES = 1 << 16
# For the pool to say that it takes a job, which it does before it does anything else. Past that it is stuck, and the
# job is better off alone.
ANSWER_SECONDS = 10


def run(command: str, arguments: Sequence[str]) -> int | None:
    """Have the pool do what a command, one of `COMMANDS`, does with these arguments; return the exit code, or None
    where no pool does.

    The pool is given this process's own stdout and stderr, and what is printed for the job goes straight there.
    """
    address = os.environ.get(ADDRESS)
    if not address or address == OFF:
        return None
    try:
        connection = connect(address)
        request = {"command": command, "arguments": list(arguments), "directory": os.getcwd()}  # noqa: PTH109 (pathlib costs 10 ms)
        send(connection, request, descriptors=(1, 2))
        answers = connection.makefile("rb")
        if not _read(answers).get("accepted"):
            return None
    except (OSError, ValueError):
        return None
    connection.settimeout(None)
    try:
        answer = _read(answers)
        code = int(answer["exit"])
    except (OSError, ValueError, KeyError, TypeError):
        print("error: the pool of workers ended before this job did; run it again", file=sys.stderr)
        return 1
    if "message" in answer:
        print(f"error: {answer['message']}", file=sys.stderr)
    return code


def status(address: str) -> dict[str, Any]:
    """Return what the pool at `address` says of itself: `waiting`, a count, and `workers`, an object for each.

    Raises `OSError` or `ValueError` where no pool answers.
    """
    with connect(address) as connection:
        send(connection, {"status": True})
        return _read(connection.makefile("rb"))


def connect(address: str) -> socket.socket:
    """Return a connection to the pool at `address`. Raises `OSError` where none of ours listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(address)
        if not is_ours(connection):
            raise PermissionError(f"{address} is another user's")
    except OSError:
        connection.close()
        raise
    return connection


def is_ours(connection: socket.socket) -> bool:
    """Return whether the process at the other end runs as the same user; where that cannot be asked, the directory's
    mode has to do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = struct.Struct("3i")  # pid, uid, gid
    user: int
    _, user, _ = credentials.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size))
    return user == os.getuid()


def send(connection: socket.socket, message: Mapping[str, object], *, descriptors: Sequence[int] = ()) -> None:
    """Send one message: a line of JSON, and open files with it. Raises `ValueError` when it is too long."""
    line = json.dumps(message).encode() + b"\n"
    if len(line) > MESSAGE_BYTES:
        raise ValueError(f"a message of {len(line)} bytes; at most {MESSAGE_BYTES} are allowed")
    sent = socket.send_fds(connection, [line], descriptors) if descriptors else 0
    # Not even nothing is sent to a peer that has read all, done it and hung up: that would raise.
    if sent < len(line):
        connection.sendall(line[sent:])


def _read(answers: BinaryIO) -> dict[str, Any]:
    """Return the next message; raises `ValueError` where there is none."""
    message = json.loads(answers.readline(MESSAGE_BYTES))
    if not isinstance(message, dict):
        raise ValueError("not a message")
    return message
