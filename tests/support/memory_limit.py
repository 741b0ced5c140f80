"""A limit of memory that the kernel keeps by killing: a control group (cgroup, version 1 or 2) for as long as a test
needs it."""

import contextlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Where the limit is written, and where the kernel counts whom it has killed: version 2, version 1.
FILES = (("memory.max", "memory.events"), ("memory.limit_in_bytes", "memory.oom_control"))


@dataclass(frozen=True)
class Group:
    """A control group with a limit."""

    folder: Path
    events: Path

    def take(self, pid: int) -> None:
        """Move a process in; those that it starts follow. What it holds already does not count."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def killed(self) -> int:
        """Return how many of its processes the kernel has killed for want of memory."""
        return int(re.search(r"^oom_kill (\d+)$", self.events.read_text(), re.MULTILINE)[1])


@contextmanager
def limited(size: int) -> Iterator[Group | None]:
    """Yield an empty group of at most `size` bytes, or None where none can be made; remove it after."""
    group = next(filter(None, (_make(parent, size) for parent in _parents())), None)
    try:
        yield group
    finally:
        if group:
            group.folder.rmdir()


def _make(parent: Path, size: int) -> Group | None:
    folder = parent / f"atlas-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        for limit, events in FILES:
            if (folder / limit).exists() and "oom_kill " in (folder / events).read_text():
                (folder / limit).write_text(str(size))
                return Group(folder, folder / events)
    except OSError:
        pass
    with contextlib.suppress(OSError):
        folder.rmdir()
    return None


def _parents() -> Iterator[Path]:
    """Yield the groups below which one may be made: our own, else the first."""
    own = Path("/proc/self/cgroup")
    for line in own.read_text().splitlines() if own.exists() else ():
        _, controllers, path = line.split(":", 2)
        root = Path("/sys/fs/cgroup", "memory" if controllers == "memory" else "")
        if controllers in ("memory", ""):
            yield from (Path(f"{root}{path}"), root)
