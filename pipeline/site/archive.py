"""The site as one archive, the same bytes for the same pages: `python -m pipeline.site.archive`."""

import zipfile
from pathlib import Path

from pipeline import errors, files, options
from pipeline.errors import UserError
from pipeline.results import layout

# The format has no room for "no time"; this is its earliest.
EPOCH = (1980, 1, 1, 0, 0, 0)
PERMISSIONS = 0o644 << 16


def write(site: Path, output: Path) -> None:
    """Write all files of the folder `site`, in order of their names, into the ZIP archive `output`; not a `.git`, which
    is how its owner publishes it, and not for visitors.

    Raises `UserError` when there is no site, or a link in it.
    """
    if not (site / "index.html").is_file():
        raise UserError(f"{site}: no site is there; make atlas builds it")
    with files.replacing(output) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for path in sorted(path for path in site.rglob("*") if path.is_symlink() or not path.is_dir()):
            if path.name == layout.MARK or ".git" in path.relative_to(site).parts:
                continue
            files.check_no_link(path)
            entry = zipfile.ZipInfo(path.relative_to(site).as_posix(), EPOCH)
            entry.external_attr = PERMISSIONS
            # Pictures are compressed already; the rest of a site is text.
            is_text = path.suffix not in (".avif", ".webp", ".png", ".jpg")
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED)


def main() -> None:
    """Write the archive."""
    parser = options.Parser(prog="python -m pipeline.site.archive", description=__doc__)
    parser.add_argument("--site", type=Path, default=layout.site(options.RESULTS), help="folder (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=layout.site_archive(options.RESULTS), metavar="FILE.zip")
    arguments = parser.parse_args()
    write(arguments.site, arguments.output)
    print(arguments.output)


if __name__ == "__main__":
    errors.run(main)
