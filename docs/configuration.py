"""docs/configuration.md, printed from the schema of the configuration: `python -m docs.configuration`."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.ascent import recipe
from pipeline.config.file import MOST_BYTES
from pipeline.config.schema import _BOUNDS, _TYPES, load


def document() -> str:
    """Return docs/configuration.md: every key and every setting of a recipe, with meaning, values and default."""
    schema = load()
    parts = [
        "# Configuration\n\nWritten by `make docs` from `pipeline/config/config.schema.yaml`, which checks the "
        "configuration before anything starts. Keys that are left out take their defaults; unknown keys are errors. "
        "On the command line a key is given as `--config seed=7`, a file of your own as `--configfile mine.yaml`; "
        "its keys go over those of config.yaml, and within `filters`, `recipe` and `site` key by key.\n\n"
        f"A file is JSON or YAML, of at most {MOST_BYTES // 1024} KiB. Of YAML, only what looks like what it is: no "
        "aliases, merge keys or tags, no key twice, and no values that YAML reads as another number, a date or a truth "
        "value (`010` is 8 to it, `1:00` is 60, `no` is false): the message says what to write. On the command line "
        "numbers are decimal, `010` is 10.\n",
        _table(schema["properties"], "Default"),
        "## site\n",
        _table(schema["properties"]["site"]["properties"], "Default"),
        "## recipe\n\nWhat a setting is in the two named recipes; a mapping may override any of them.\n",
        _recipe_table(schema["$defs"]["recipe"]["properties"]),
    ]
    return "\n".join(parts)


def _table(properties: Mapping[str, Any], last: str) -> str:
    rows = [f"| Key | Meaning | Values | {last} |", "|---|---|---|---|"]
    for key, value in properties.items():
        default = json.dumps(value.get("default"), ensure_ascii=False) if value.get("default") != {} else "see below"
        rows.append(f"| `{key}` | {_cell(value['description'])} | {_cell(_values(value))} | {_cell(default)} |")
    return "\n".join(rows) + "\n"


def _recipe_table(properties: Mapping[str, Any]) -> str:
    rows = ["| Setting | Meaning | Values | `default` | `classic` |", "|---|---|---|---|---|"]
    for key, value in properties.items():
        named = [json.dumps(recipe.NAMED[name].get(key, name)) for name in ("default", "classic")]
        cells = [_cell(value["description"]), _cell(_values(value)), *named]
        rows.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _values(value: Mapping[str, Any]) -> str:
    if "oneOf" in value:
        return " or ".join(_values(option) for option in value["oneOf"])
    if "$ref" in value:
        return "a mapping, see below"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{option}`" for option in value["enum"])
    bounds = [f"{word} {value[key]}" for key, word in _BOUNDS.items() if key in value]
    return " ".join([_TYPES[value["type"]], *([", ".join(bounds)] if bounds else [])])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(document(), end="")
