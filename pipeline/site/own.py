"""What is the user's own in the published site, such as a `CNAME` or a `.git`: brought along into the new one.

Every site lists the files that its build has made. All else that is found where it is published is its owner's.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline import errors, files
from pipeline.errors import UserError
from pipeline.results import layout

# In the site: the files that the build has made, this one too, one path a line.
MADE = Path("data/files.txt")
# By these a site is known that was built before there was such a list.
_OLDER = (Path("index.html"), Path("data/atlas.json"))


def files_of(folder: Path) -> Sequence[Path]:
    """Return the files below a folder, in order; links to folders are not followed."""
    return [Path(where, name) for where, _, names in sorted(os.walk(folder)) for name in sorted(names)]


def state(extra: Path) -> list[tuple[str, str]]:
    """Return the files of the folder `site.extra` of the configuration, each with the sha256 of what is in it; raise
    `UserError` for one that cannot be read."""
    try:
        return [(str(path), files.digest(path)) for path in files_of(extra)]
    except OSError as error:
        raise UserError(f"site.extra: {errors.describe_os_error(error)}") from None


def add(folder: Path, extra: Path) -> None:
    """Copy what is in the folder `site.extra` of the configuration into a site; raise `UserError` where it is not a
    folder, holds a link, or where the build has made a file or a folder of the same name."""
    if not extra.is_dir():
        raise UserError(f"site.extra: {extra}: no such folder")
    for source in files_of(extra):
        target = folder / source.relative_to(extra)
        if os.path.lexists(target) or any(each.is_file() for each in target.parents):
            raise UserError(f"site.extra: {source}: the site has a file or folder of that name already; rename it")
        files.check_no_link(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())


def write_made(folder: Path) -> None:
    """Write into a site which files its build has made."""
    made = sorted([*(path.relative_to(folder).as_posix() for path in files_of(folder)), MADE.as_posix()])
    (folder / MADE).write_text("".join(f"{path}\n" for path in made), encoding="utf-8", newline="\n")


def bring_along(published: Path, folder: Path) -> None:
    """Put into a new site what is in the published one and no build has made; where both have a file, the new one's
    stays.

    Of a site without a list of what was made, that is what lies at its top. Links are kept as they are. Raises
    `UserError` where something is published that is no site of this project's: it would be replaced.
    """
    if not published.is_dir() or not any(published.iterdir()):
        return
    for path in _owned(published):
        target = folder / path
        if os.path.lexists(target) or not (target.parent.is_dir() or not os.path.lexists(target.parent)):
            continue
        source = published / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_dir():
            target.mkdir()
        else:
            files.link_or_copy(source, target)


def _owned(published: Path) -> Iterator[Path]:
    """Yield the paths, in the published site, of the files, links and folders in it that are its owner's."""
    if (published / MADE).is_file():
        made = set((published / MADE).read_text(encoding="utf-8").splitlines())
        folders = {parent.as_posix() for each in made for parent in Path(each).parents}
    elif all((published / path).is_file() for path in _OLDER):
        made, folders = set(), {each.name for each in published.iterdir() if (each / "index.html").is_file()}
        folders |= {"assets", "data", "map", "."}
        made |= {each.name for each in published.iterdir() if each.suffix in {".html", ".xml", ".txt"}}
    else:
        raise UserError(f"{published.absolute()}: not a site of this project's, which a new one would replace; move it")
    for where, names, inside in os.walk(published):
        here = Path(where).relative_to(published)
        if here.as_posix() not in folders:
            yield here
        if not (published / MADE).is_file():
            names[:] = [name for name in names if (here / name).as_posix() not in folders]
        for name in (*inside, *(name for name in names if Path(where, name).is_symlink())):
            if (here / name).as_posix() not in made and name != layout.MARK:
                yield here / name
