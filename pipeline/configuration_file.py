"""The configuration as Snakemake puts it together: the project's own file, the user's files, single settings."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from pipeline.errors import UserError

# What Snakemake starts from, too.
BASE = Path(__file__).parent.parent / "config.yaml"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add Snakemake's two options for the configuration to a command line."""
    parser.add_argument(
        "--configfile", "--configfiles", nargs="+", type=Path, default=[], metavar="FILE", help="as Snakemake takes it"
    )
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="as Snakemake takes it")


def read(paths: Sequence[Path], settings: Sequence[str]) -> dict[str, Any]:
    """Return the configuration, unchecked.

    Args:
        paths: YAML files; the later override the earlier, and all of them the project's `config.yaml`.
        settings: texts "key=value" that override them all, values in YAML.
    """
    configuration: dict[str, Any] = {}
    for path in (BASE, *paths):
        try:
            update_config(configuration, yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except FileNotFoundError:
            raise UserError(f"{path}: no such file") from None
        except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:
            raise UserError(f"{path}: not a YAML mapping ({error})") from None
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UserError(f"--config: {setting}: should be key=value")
        try:
            configuration[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(f"--config: {setting}: not YAML ({error})") from None
    return configuration
