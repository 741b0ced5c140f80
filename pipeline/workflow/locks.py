"""The lock that a killed run of Snakemake leaves behind, and whether it may go: `python -m pipeline.workflow.locks`.

Snakemake keeps the names of what a run makes in `.snakemake/locks`, and removes them when the run ends. One that is
killed (kill -9, out of memory, a power cut) cannot, and every later run would refuse to begin. So each run says that it
is there by a lock of the system's (flock) on a file beside, which ends with its process, however that ends.
"""

import fcntl
import os
from pathlib import Path

from pipeline import errors, options
from pipeline.errors import UserError

# Snakemake's, in the directory that it works in.
FOLDER = Path(".snakemake")
# What runs hold while they are there; it names the machine of the last one that had all its jobs on it.
HELD = "atlas-runs"

BESIDE = "another run is under way here; if this one is refused, run it again when the other has ended"

# By the file: open, for what is closed is no longer held.
_held: dict[Path, int] = {}


def take(folder: Path = FOLDER) -> str:
    """Say that a run is there until this process ends; before that, remove the locks of one that was killed.

    They go only where no run is there, and the last one was on this machine with all its jobs: whether one elsewhere is
    there, not every file system tells. Returns what there is to say of that, one line, or nothing. Where a folder
    cannot be written, or its file system has no such locks, all stays as it is.
    """
    path = (folder / HELD).absolute()
    if path in _held:
        return ""
    said = ""
    try:
        folder.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _held[path] = descriptor
        is_alone = _is_alone(descriptor)
        if _locks(folder):
            said = _settle(folder, descriptor) if is_alone else BESIDE
        # Others may be there at the same time, and make something else.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError:
        return said
    return said


def _settle(folder: Path, descriptor: int) -> str:
    if _read(descriptor) != _machine():
        return (
            "a run left its lock, or is there still, perhaps on another machine; when it has ended, "
            "make unlock (without make: --unlock) removes it"
        )
    remove(folder)
    return "a run that was killed left its lock behind; it is removed"


def begin(*, all_jobs_are_here: bool, folder: Path = FOLDER) -> None:
    """Note on which machine a run makes its jobs; called when it has the lock."""
    if descriptor := _held.get((folder / HELD).absolute()):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _machine() if all_jobs_are_here else b"", 0)


def release(folder: Path) -> None:
    """Remove the locks of runs that have ended; raise `UserError` where one is there."""
    if not _locks(folder):
        return
    try:
        descriptor = os.open(folder / HELD, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _is_alone(descriptor):
                raise UserError(f"{Path.cwd()}: a run is under way there; wait until it has ended, or end it (Ctrl-C)")
            remove(folder)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UserError(errors.describe_os_error(error)) from None


def remove(folder: Path) -> None:
    """Remove Snakemake's locks."""
    for path in _locks(folder):
        path.unlink(missing_ok=True)


def _locks(folder: Path) -> list[Path]:
    return sorted((folder / "locks").glob("*.lock"))


def _is_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> bytes:
    return os.pread(descriptor, 1000, 0)


def _machine() -> bytes:
    return os.fsencode(os.uname().nodename)


def main() -> None:
    """Remove locks that nobody holds."""
    options.Parser(
        prog="python -m pipeline.workflow.locks",
        description="Remove the locks that killed runs have left in this directory; nothing while a run is there.",
    ).parse_args()
    count = len(_locks(FOLDER))
    release(FOLDER)
    print("unlocked: the next run goes on where the last one stopped" if count else "no lock is there")


if __name__ == "__main__":
    errors.run(main)
