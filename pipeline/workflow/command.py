"""The workflow as a command, for a package that is installed: `filter-atlas` is Snakemake with this workflow.

It takes Snakemake's options, and works in the current directory unless `--directory` says otherwise.
"""

import functools
import os
import sys
from collections.abc import Sequence
from typing import cast

from pipeline import errors, files, options
from pipeline.config import file
from pipeline.errors import UserError

# Snakemake's own ways to say how many jobs there may be, or that none are to be run.
_CORES = ("--cores", "-c", "--jobs", "-j", "--executor", "-e", "--profile", "--workflow-profile")


def command(arguments: Sequence[str]) -> list[str]:
    """Return Snakemake's command line for arguments of the user's; all cores where they do not say how many."""
    chosen = any(argument.split("=")[0] in _CORES or argument.startswith(("-c", "-j")) for argument in arguments)
    snakefile = files.PROJECT / "Snakefile"
    if not snakefile.is_file():
        raise UserError(f"{snakefile}: no such file; install the package again")
    return [
        sys.executable,
        "-P",
        "-m",
        "snakemake",
        "--snakefile",
        str(snakefile),
        *([] if chosen else ["--cores", "all"]),
        *arguments,
    ]


def check_files(arguments: Sequence[str]) -> None:
    """Raise `UserError` for mistakes in the user's configuration files, which Snakemake would read before the project
    can, and of some make a traceback."""
    parser = options.Parser(add_help=False)
    file.add_options(parser)
    given, _ = parser.parse_known_args(arguments)
    errors.together(*(functools.partial(file.load, path) for path in given.configfile))


def main() -> None:
    """Become Snakemake."""
    errors.or_exit(check_files, sys.argv[1:])
    line = cast(list[str], errors.or_exit(command, sys.argv[1:]))
    os.execv(line[0], line)
