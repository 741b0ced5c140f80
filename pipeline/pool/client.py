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
    from typing import Any

# The environment variable through which jobs learn the pool's socket; OFF there means that none is wanted.
ADDRESS = "ATLAS_POOL"
OFF = "off"
# What the pool does, and the module of each: of a command its `main` is run, but renders go several at once.
RENDER = "render"
COMMANDS = {
    RENDER: "pipeline.render.batch",
    "photographs.scan": "pipeline.photographs.scan",
    "photographs.finals": "pipeline.photographs.finals",
    "summary": "pipeline.summary.__main__",
    "trust": "pipeline.trust.__main__",
    "tuning": "pipeline.tuning.__main__",
}
# Bytes of one message. A request has about one thousand; this much fits into a socket's buffer at once, so that
# nobody who sends one is ever kept waiting by a reader who does not read.
MESSAGE_BYTES = 1 << 16
# For the pool to say that it takes a job, which it does before it does anything else, or that it still has it. Past
# that it is stuck, and the job is better off alone.
ANSWER_SECONDS = 10
# After so long without a word from the pool, which has the job, it is asked whether it is still there. How long a job
# waits or renders is no matter.
ASK_SECONDS = 5
# Of what the pool says of a failure, printed for the user.
MESSAGE_CHARACTERS = 500


def run(command: str, arguments: Sequence[str]) -> int | None:
    """Have the pool do what a command, one of `COMMANDS`, does with these arguments; return the exit code, or None
    where no pool does, where it falls silent, and where it says what is not so.

    The pool is given this process's own stdout and stderr, and what is printed for the job goes straight there.
    """
    address = os.environ.get(ADDRESS)
    if not address or address == OFF:
        return None
    # Other commands may find that what they would write is there.
    wanted = _files(arguments) if command == RENDER else []
    before = [_state(path) for path in wanted]
    accepted = False
    try:
        with connect(address) as connection:
            directory = os.getcwd()  # noqa: PTH109 (pathlib costs 10 ms)
            request = {"command": command, "arguments": list(arguments), "directory": directory}
            send(connection, request, descriptors=(1, 2))
            answers = Answers(connection)
            accepted = answers.next().get("accepted") is True
            if not accepted:
                return None
            answer = _end(connection, answers)
    except (OSError, EOFError, ValueError, RecursionError) as error:
        if not accepted or not isinstance(error, (EOFError, ConnectionError)):
            return None
        # With the pool, the workflow may have ended, and then nobody wants the picture.
        print("error: the pool of workers ended before this job did; run it again", file=sys.stderr)
        return 1
    code, said = answer.get("exit"), answer.get("message")
    # A truth value is a number, too, and of larger ones the system would keep the last byte.
    if type(code) is not int or not 0 <= code < 256:
        return None
    if code == 0 and any(_state(path) in (None, old) for path, old in zip(wanted, before, strict=True)):
        return None
    if isinstance(said, str):
        shown = "".join(character if character.isprintable() else "?" for character in said[:MESSAGE_CHARACTERS])
        print(f"error: {shown}", file=sys.stderr)
    return code


def _end(connection: socket.socket, answers: Answers) -> dict[str, Any]:
    """Return how a job ended that the pool has taken, whenever that is.

    Raises `EOFError` where the pool ends first, and `OSError` where it does not answer any more.
    """
    while True:
        connection.settimeout(ASK_SECONDS)
        try:
            answer = answers.next()
        except TimeoutError:
            connection.settimeout(ANSWER_SECONDS)
            # Anything will do; a process that is stopped asks nothing, so answers do not pile up for it.
            connection.sendall(b"\n")
            answer = answers.next()
        if answer.get("working") is not True:
            return answer


class Answers:
    """What the pool says, message by message."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def next(self) -> dict[str, Any]:
        """Return the next message.

        Raises `TimeoutError` where it does not come in time, `EOFError` where the pool hangs up, and `ValueError` for
        what is no message.
        """
        while b"\n" not in self._received:
            if len(self._received) > MESSAGE_BYTES:
                raise ValueError("a message without end")
            data = self._connection.recv(MESSAGE_BYTES)
            if not data:
                raise EOFError
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError("not a message")
        return message


def _files(arguments: Sequence[str]) -> list[str]:
    """Return the files that a render writes when all goes well: the picture that its arguments name, and its record."""
    rest = iter(arguments)
    for argument in rest:
        # What follows an option is its value, whatever it looks like: `pipeline.options` reads it so, too.
        option, equals, value = argument.partition("=")
        path = value if equals else next(rest, "")
        if option == "--output":
            return [path, os.path.splitext(path)[0] + ".json"]  # noqa: PTH122
    return []


def _state(path: str) -> tuple[int, int, int] | None:
    """Return what changes when a file is written anew, None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def status(address: str) -> dict[str, Any]:
    """Return what the pool at `address` says of itself: `waiting`, a count, and `workers`, an object for each.

    Raises `OSError` or `ValueError` where no pool answers.
    """
    with connect(address) as connection:
        send(connection, {"status": True})
        return Answers(connection).next()


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
