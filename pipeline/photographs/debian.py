"""A folder of photographs that anybody may use, out of packages of Debian's: `python -m pipeline.photographs.debian`.

`debian.csv` lists them: file and digest, title, author, licence and source of each. Whose those of GCompris are stands
in the README beside each group of them in its own repository (gcompris/GCompris-qt, `src/activities/…/resource`), which
names each file. Debian's copyright file does not serve there: it still tells of the pictures that had the same names
before all were replaced ("Hammerhead shark" for a swallowtail seaperch). Of the wallpapers it does.
"""

import csv
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from pipeline import errors, files, options
from pipeline.errors import UserError
from pipeline.originals import CREDITS
from pipeline.photographs import credits, rcc

LIST = Path(__file__).with_name("debian.csv")
# Seconds for a package, of up to 44 MB.
SECONDS = 600.0
_TOOLS = ("apt-get", "dpkg-deb")


@dataclass(frozen=True)
class Cleared:
    """A photograph whose licence is known.

    Attributes:
        package: of Debian's.
        member: path in it; of a file in one of Qt's resource files, "path.rcc:path in there".
        sha256: digest of the file.
        file: what it is called in the assembled folder.
        title, author, licence, source: as in a table of credits.
    """

    package: str
    member: str
    sha256: str
    file: str
    title: str
    author: str
    licence: str
    source: str


def cleared() -> list[Cleared]:
    """Return the photographs of the list."""
    with LIST.open(encoding="utf-8", newline="") as stream:
        return [Cleared(**row) for row in csv.DictReader(stream)]


def assemble(output: Path) -> Mapping[str, int]:
    """Write the photographs of the list that this system's packages have into `output`, with their credits.

    Returns how many each package gave. Raises `UserError` where there is no apt, no photograph comes of it, or the
    folder holds anything else.
    """
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            raise UserError(
                f"{tool} is not on this system; the packages are Debian's and its relatives': elsewhere, set "
                "`photographs` to a folder of your own"
            )
    listed = sorted(cleared(), key=lambda each: each.package)
    _check(output, listed)
    found: list[Cleared] = []
    with files.replacing_folder(output) as folder:
        for package, group in groupby(listed, key=lambda each: each.package):
            for each, data in _from_package(package, list(group)):
                files.write_bytes(folder / each.file, data)
                found.append(each)
        if not found:
            raise UserError("none of the packages can be fetched; run apt-get update, and see what is said above")
        _write_credits(folder / CREDITS, found)
    return {package: len(list(group)) for package, group in groupby(found, key=lambda each: each.package)}


def _check(output: Path, listed: Sequence[Cleared]) -> None:
    """Raise `UserError` where a folder holds what is not of the list, and would be lost."""
    ours = {CREDITS, *(each.file for each in listed)}
    present = output.rglob("*") if output.is_dir() else [output] if output.exists() else []
    for path in present:
        is_folder = path.is_dir() and not path.is_symlink()
        if path == output or not (is_folder or path.relative_to(output).as_posix() in ours):
            raise UserError(f"{output}: holds other files, such as {path.name}; name a folder of its own")


def _from_package(package: str, wanted: Sequence[Cleared]) -> Iterator[tuple[Cleared, bytes]]:
    """Yield photographs of a package with what is in their files; say which are missing."""
    with tempfile.TemporaryDirectory() as directory:
        root = _unpacked(package, Path(directory))
        if root is None:
            return
        missing = []
        inside: dict[Path, Mapping[str, bytes]] = {}
        for each in wanted:
            place, _, member = each.member.partition(":")
            data = _read(root / place, member, inside)
            if data is not None and hashlib.sha256(data).hexdigest() == each.sha256:
                yield each, data
            else:
                missing.append(each.file)
    if missing:
        print(f"{package}: {len(missing)} not in this version, or another file: {', '.join(missing)}")


def _unpacked(package: str, directory: Path) -> Path | None:
    """Return the folder into which a package was unpacked, None where apt cannot fetch it."""
    print(f"{package}: fetching with apt-get", flush=True)
    root = directory / "root"
    try:
        _run(["apt-get", "download", package], directory)
        (archive,) = directory.glob("*.deb")
        _run(["dpkg-deb", "-x", str(archive), str(root)], directory)
    except (UserError, ValueError) as error:
        print(f"{package}: left out: {error}")
        return None
    return root


def _run(command: Sequence[str], directory: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{command[0]}: not finished after {SECONDS:.0f} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith(("E: ", "dpkg-deb: error"))]
        raise UserError(f"{command[0]}: {lines[-1] if lines else f'exit code {done.returncode}'}")


def _read(path: Path, member: str, inside: dict[Path, Mapping[str, bytes]]) -> bytes | None:
    """Return what is in a file, or in a member of a resource file, None where there is none."""
    try:
        if not member:
            return files.read_bytes(path)
        if path not in inside:
            inside.clear()
            inside[path] = dict(rcc.members(files.read_bytes(path)))
        return inside[path].get(member)
    except (UserError, OSError, *rcc.DAMAGE):
        return None


def _write_credits(path: Path, found: Sequence[Cleared]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, credits.COLUMNS, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(asdict(each) for each in sorted(found, key=lambda each: each.file))


def main() -> None:
    """Assemble the folder."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.debian",
        description="Assemble a folder of photographs that anybody may use from packages of Debian's.",
    )
    parser.add_argument("--output", type=Path, default=Path("photographs"), metavar="FOLDER", help="where to")
    arguments = parser.parse_args()
    files.check_place(arguments.output)
    counts = assemble(arguments.output.resolve())
    told = ", ".join(f"{count} of {package}" for package, count in counts.items())
    print(f"{arguments.output}: {sum(counts.values())} photographs ({told})")
    print(f"for an atlas of them, set `photographs: {arguments.output}`")


if __name__ == "__main__":
    errors.run(main)
