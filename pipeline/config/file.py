"""The configuration as Snakemake puts it together: the project's own file, the user's files, single settings."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from pipeline import files
from pipeline.config import schema
from pipeline.errors import UserError, describe_os_error

# What Snakemake starts from, too.
BASE = files.PROJECT / "config.yaml"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add Snakemake's two options for the configuration to a command line."""
    parser.add_argument(
        "--configfile", "--configfiles", nargs="+", type=Path, default=[], metavar="FILE", help="as Snakemake takes it"
    )
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="as Snakemake takes it")


def read(paths: Sequence[Path], settings: Sequence[str]) -> dict[str, Any]:
    """Return the configuration, its values unchecked.

    Args:
        paths: YAML files; the later override the earlier, and all of them the project's `config.yaml`.
        settings: texts "key=value" that override them all, values in YAML.
    """
    configuration, overrides = load(BASE), {}
    for path in paths:
        update_config(overrides, load(path))
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UserError(f"--config: {setting}: should be key=value")
        try:
            update_config(overrides, {key: yaml.safe_load(value)})
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise UserError(f"--config: {setting}: not YAML ({error})") from None
    check_overrides(overrides)
    update_config(configuration, overrides)
    return configuration


def check_overrides(overrides: Mapping[str, Any]) -> None:
    """Raise `UserError` where what overrides the project's `config.yaml` chooses no filter.

    Merged with it, an empty mapping would change nothing, and `filters: {}` mean every layer's preview.
    """
    if overrides.get("filters") == {}:
        schema.check({"filters": {}}, schema.load())


def load(path: Path) -> dict[str, Any]:
    """Return the mapping in a file of JSON or YAML; raise `UserError`, one line, where there is none.

    A key that is given twice is refused: both formats as Snakemake reads them keep the second value and say nothing.
    """
    try:
        text = path.read_text(encoding="utf-8")
        value = _parse_json(path, text) if text.lstrip().startswith("{") else None
        if value is None:
            _check_nodes(path, yaml.compose(text, yaml.SafeLoader))
            value = yaml.safe_load(text)
    except OSError as error:
        raise UserError(describe_os_error(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: neither YAML nor JSON ({error})") from None
    if not isinstance(value, dict):
        what = "empty" if value is None else "no mapping of keys to values"
        raise UserError(f"{path}: {what}; give at least one key, such as `filters: preview`")
    return value


def _parse_json(path: Path, text: str) -> dict[str, Any] | None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise UserError(f"{path}: {key:.80}: given twice; keep one")
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except ValueError:
        return None


def _check_nodes(path: Path, root: yaml.Node | None) -> None:
    """Raise `UserError` for a key that is given twice, by the nodes of YAML, which know their lines."""
    rest, seen = [root], set()
    while rest:
        node = rest.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            rest += node.value
        elif isinstance(node, yaml.MappingNode):
            keys: dict[tuple[str, str], yaml.ScalarNode] = {}
            for key, value in node.value:
                rest += [key, value]
                if (
                    isinstance(key, yaml.ScalarNode)
                    and (first := keys.setdefault((key.tag, key.value), key)) is not key
                ):
                    lines = f"lines {first.start_mark.line + 1} and {key.start_mark.line + 1}"
                    raise UserError(f"{path}: {key.value:.80}: given twice, in {lines}; keep one")
