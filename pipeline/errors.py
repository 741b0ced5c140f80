"""The one exception for users' mistakes, and the one place where it is printed."""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType

# Of `typing`, which every job of 4,224 would import for a type alone, only a type checker takes notice here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Megabytes that rules render and summary ask for in the Snakefile: what to plan with, with --cores so many at a time.
RENDER_MB, SUMMARY_MB = 2000, 4000

# Of what a library says of a file: some quote all of it.
MESSAGE_CHARACTERS = 300
# Of mistakes that are found at once.
MOST_LINES = 20


class UserError(Exception):
    """A mistake in what the user gave: its text is one line that says what, where and what would be right."""


class SeveralMistakesError(UserError):
    """Several mistakes at once, each one line as of a `UserError`, in `lines`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(dict.fromkeys(" ".join(line.split()) for line in lines))
        super().__init__("\n".join(self.lines))


def lines_of(error: UserError) -> tuple[str, ...]:
    """Return what a mistake says, or several: a line each."""
    return error.lines if isinstance(error, SeveralMistakesError) else (" ".join(str(error).split()),)


def raise_all(lines: Sequence[str]) -> None:
    """Raise `UserError` where there are mistakes, each a line."""
    if lines:
        raise SeveralMistakesError(lines) if len(lines) > 1 else UserError(lines[0])


def together(*checks: "Callable[[], Any]") -> "list[Any]":
    """Return what functions return, all of which are called; raise what they say is wrong as one `UserError`."""
    found = []
    wrong: list[str] = []
    for check in checks:
        try:
            found.append(check())
        except UserError as error:
            wrong += lines_of(error)
    raise_all(wrong)
    return found


@contextlib.contextmanager
def at(where: str) -> Iterator[None]:
    """Put where a mistake is, a key or a file, before the message of a `UserError`, each of several."""
    try:
        yield
    except SeveralMistakesError as error:
        raise SeveralMistakesError(f"{where}: {line}" for line in error.lines) from None
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return ``"; did you mean x?"`` for the option nearest to `name`, or ``""`` when none is near."""
    # Here, for a job of the pool has no use for it and would start 4 ms later.
    import difflib

    nearest = difflib.get_close_matches(str(name), list(options), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def in_one_line(error: BaseException | str) -> str:
    """Return what an exception says, or its kind where it says nothing, on one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= MESSAGE_CHARACTERS else f"{text[: MESSAGE_CHARACTERS - 3]}..."


def describe_os_error(error: OSError) -> str:
    """Return one line for an operating-system error: no space, no permission, and the like."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}no space left on the disk; what is finished is kept: make room and run the same command again"
    return f"{where}{(error.strerror or str(error)).lower()}"


def or_exit(function: Callable[..., object], *arguments: object) -> object:
    """Return what `function` returns; on a user's mistake end the program with its one line, or one for each of
    several, and exit code 1."""
    try:
        return function(*arguments)
    except UserError as error:
        lines = lines_of(error)
        more = [f"error: and {len(lines) - MOST_LINES:,} more"] if len(lines) > MOST_LINES else []
        sys.exit("\n".join([*(f"error: {line}" for line in lines[:MOST_LINES]), *more]))
    except ModuleNotFoundError as error:
        if (error.name or "pipeline").partition(".")[0] == "pipeline":
            raise
        sys.exit(f"error: {not_installed([str(error.name)])}")


def not_installed(libraries: Iterable[str]) -> str:
    """Return one line for libraries that this Python does not find."""
    return f"{', '.join(libraries)}: not installed for {sys.executable}; pip install -r requirements.txt, or make atlas"


@contextlib.contextmanager
def for_this_process_alone() -> Iterator[None]:
    """Have processes that are started meanwhile take no notice of Ctrl-C, which a terminal sends to all: each would
    print a traceback. It is for the one that waits for them."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def run(main: Callable[[], None]) -> None:
    """Run a command line's `main`; turn users' mistakes into one line on stderr and exit code 1."""
    # Where output goes as ASCII or Latin-1, "×" is spelled out, as on stderr, and no reason to stop. A worker's stdout
    # may have become a pipe since it was opened, and then cannot be set any more.
    with contextlib.suppress(OSError):
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    took_over = False
    try:
        # From here on, what is half-done is cleaned up. Where Ctrl-C was to be ignored (nohup), it still is.
        took_over = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        if took_over:
            signal.signal(signal.SIGINT, interrupt)
        or_exit(main)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output is gone (`… | head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        sys.exit(f"error: {describe_os_error(error)}")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # A library that is interrupted while it starts may say that something else was wrong.
        if interrupts:
            sys.exit(130)
        # The second is TensorFlow's, which is not imported for this.
        if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
            raise
        sys.exit(
            f"error: out of memory; rule render asks for {RENDER_MB:,} MB a job, rule summary for {SUMMARY_MB:,}: "
            "free some, or run fewer jobs at a time (--cores), and run the same command again"
        )
    finally:
        if took_over:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
