"""The configuration as Snakemake puts it together: the project's own file, the user's files, single settings."""

import argparse
import functools
import json
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snakemake.utils import update_config

from pipeline import errors, files
from pipeline.config import loader, schema
from pipeline.errors import UserError, at, describe_os_error

# What Snakemake starts from, too.
BASE = files.PROJECT / "config.yaml"

# Bytes of the largest file that is read, in some seconds at worst. The 4,224 filters of VGG16, each on a line of its
# own, are 34 thousand.
MOST_BYTES = 128 * 2**10


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add Snakemake's two options for the configuration to a command line."""
    parser.add_argument(
        "--configfile", "--configfiles", nargs="+", type=Path, default=[], metavar="FILE", help="as Snakemake takes it"
    )
    parser.add_argument("--config", "-C", nargs="*", default=[], metavar="KEY=VALUE", help="as Snakemake takes it")


def read(paths: Sequence[Path], settings: Sequence[str]) -> dict[str, Any]:
    """Return the configuration; each part of it is right in form.

    Args:
        paths: YAML or JSON files; the later override the earlier, and all of them the project's `config.yaml`.
        settings: texts "key=value" that override them all, as Snakemake's `--config` takes them.

    Raises `UserError`, one line for each part that is not right.
    """
    values = parse_settings(settings) if settings else {}
    configuration, *given = check(paths, settings, values)
    overrides = dict[str, Any]()
    for each in (*given, values):
        update_config(overrides, each)
    update_config(configuration, overrides)
    return configuration


def check(paths: Sequence[Path | str], settings: Sequence[str], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is in the project's file and in the user's, as `load` does; raise `UserError` for all mistakes in
    them, and in the texts of `--config`, of which Snakemake made these values."""
    *loaded, _ = errors.together(
        *(functools.partial(load, Path(path)) for path in (BASE, *paths)),
        functools.partial(check_settings, settings, values),
    )
    return loaded


def load(path: Path) -> dict[str, Any]:
    """Return the mapping in a file of JSON or YAML; raise `UserError`, one line, where it is not right in form.

    It is checked before it is merged with any other, for an empty mapping would vanish there: `layers: {}` would change
    nothing, and so mean all.
    """
    values = mapping(path)
    with at(str(path)):
        schema.checked(values)
    return values


def mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in a file of JSON or YAML, whatever is in it, as Snakemake reads it, too.

    Raises `UserError`, one line, where there is none, or what is in the file is not what it looks like.
    """
    text = _text(path)
    with at(str(path)):
        value = _parse_json(text) if text.lstrip().startswith("{") else None
        if value is None:
            value = loader.read(text)
        if not isinstance(value, dict):
            what = "empty" if value is None else "no mapping of keys to values"
            raise UserError(f"{what}; give at least one key, such as `filters: preview`")
    return value


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return what Snakemake makes of the texts "key=value" of its option `--config`, whatever it is.

    Raises `UserError`, one line, for what Snakemake does not take.
    """
    # Here, for it takes two seconds.
    from snakemake.cli import parse_config

    values: dict[str, Any] = {}
    for setting in settings:
        try:
            update_config(values, parse_config([setting]))
        except (ValueError, AssertionError):
            raise UserError(f"--config: {setting:.80}: should be key=value, such as seed=7") from None
    return values


def check_settings(settings: Sequence[str], values: Mapping[str, Any]) -> None:
    """Raise `UserError` where the texts of `--config`, or the values that Snakemake made of them, are not right."""
    for setting in settings:
        key, _, text = setting.partition("=")
        if isinstance(values.get(key), dict | list):
            with at(f"--config: {key:.80}"):
                # Snakemake strips quotation marks, too.
                loader.check(text.strip("'\""))
    with at("--config"):
        schema.checked(values)


def check_of_module(values: Mapping[str, Any]) -> None:
    """Raise `UserError` where the configuration that another workflow gives this one, its module, says nothing."""
    if not values:
        raise UserError(
            "the configuration of the module is empty or missing; give at least one key, such as `filters: preview`, "
            "in the section that its `config:` names"
        )


def _text(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path}: not a regular file; write the configuration into one")
        if status.st_size > MOST_BYTES:
            raise UserError(
                f"{path}: {status.st_size:,} bytes, and a configuration has at most {MOST_BYTES:,}; write many filters "
                'as ranges, "0-511", or as all'
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(describe_os_error(error)) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save it in that encoding") from None


def _parse_json(text: str) -> dict[str, Any] | None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise UserError(f"{key:.80}: given twice; keep one")
            found[key] = value
        return found

    try:
        value: dict[str, Any] = json.loads(text, object_pairs_hook=once)
        return value
    except RecursionError:
        raise UserError("lists and mappings without end within each other") from None
    except ValueError:
        return None
