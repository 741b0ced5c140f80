"""Whether a configuration is right in form: the schema, and one plain line for each way to break it."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from pipeline.errors import UserError, did_you_mean

SCHEMA = Path(__file__).with_name("config.schema.yaml")

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
}
# JSON Schema takes 20.0 for an integer, and NaN for a number that breaks no bound: here neither is.
_Validator = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) is int or (type(value) is float and math.isfinite(value)),
        }
    ),
)

# Aliases make lists of billions out of a few lines of YAML; 13 layers with every filter in a list of its own are 4,224.
_MOST_VALUES = 200_000
# Python writes out no number of more than 4,300 digits.
_LARGEST_NUMBER = 10**1000

_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "below"}


@functools.cache
def load() -> dict[str, Any]:
    """Return the schema of the configuration."""
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def recipe_schema() -> dict[str, Any]:
    """Return the part of the schema that describes a recipe."""
    schema = load()
    return {"$defs": schema["$defs"], "properties": {"recipe": schema["properties"]["recipe"]}}


def recipe_settings() -> set[str]:
    """Return the names of a recipe's settings."""
    return set(load()["$defs"]["recipe"]["properties"])


def defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default of every key of a schema's mapping."""
    return {key: value["default"] for key, value in schema["properties"].items()}


def check(configuration: Any, schema: Mapping[str, Any]) -> None:
    """Raise `UserError`, one line, for the first violation of the schema in alphabetical order of keys."""
    if not isinstance(configuration, Mapping):
        raise UserError(f"the configuration should be a mapping of keys to values, not {_shown(configuration)}")
    _check_size(configuration)
    violations = _Validator(schema).iter_errors(configuration)
    first = min(violations, key=lambda error: [str(part) for part in error.absolute_path], default=None)
    if first is not None:
        raise UserError(_explain(first))


def _check_size(configuration: Mapping[str, Any]) -> None:
    """Raise `UserError` for what no message could quote: a number or a mapping without an end."""
    names = {key: _shown(key) if isinstance(key, str) else "a key" for key in configuration}
    rest = [(name, each) for key, name in names.items() for each in (key, configuration[key])]
    count = 0
    while rest:
        key, value = rest.pop()
        count += 1
        if count > _MOST_VALUES:
            raise UserError(f"{key}: the configuration has more than {_MOST_VALUES:,} values")
        if isinstance(value, Mapping):
            rest += [(key, each) for pair in value.items() for each in pair]
        elif isinstance(value, list):
            rest += [(key, each) for each in value]
        elif isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
            raise UserError(f"{key}: a number of more than a thousand digits")


def _explain(error: ValidationError) -> str:
    """Return where, what is wrong, and what would be right."""
    where = ".".join(_shown(part) for part in error.absolute_path)
    at = f"{where}: " if where else ""
    given = _given(error.instance)
    match error.validator:
        case "oneOf":
            return _explain_alternatives(error, at)
        case "additionalProperties":
            known = list(error.schema["properties"])
            unknown = min(str(key) for key in error.instance if key not in known)
            hint = did_you_mean(unknown, known) or f"; known: {', '.join(known)}"
            return f"{at}unknown key '{_shown(unknown)}'{hint}"
        case "type":
            return f"{at}should be {_TYPES[error.validator_value]}, not {given}"
        case "enum":
            options = [str(option) for option in error.validator_value]
            return f"{at}should be one of {', '.join(options)}, not {given}{_nearest(error.instance, options)}"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            bounds = " and ".join(f"{word} {error.schema[key]}" for key, word in _BOUNDS.items() if key in error.schema)
            return f"{at}{given} is out of bounds: it should be {bounds}"
        case "pattern":
            examples = " or ".join(error.schema["examples"])
            return f"{at}{given} does not look right: it should be like {examples}"
        case "minProperties":
            return f"{at}should not be empty: it should be like {' or '.join(error.schema['examples'])}"
        case "minLength" | "minItems":
            return f"{at}should not be empty"
        case "maxLength" | "maxItems":
            return f"{at}is too long: it should be at most {error.validator_value}"
        case "uniqueItems":
            return f"{at}should name each only once"
        case _:
            return f"{at}{_shown(' '.join(error.message.split()), 200)}"


def _explain_alternatives(error: ValidationError, at: str) -> str:
    """Explain by the alternative of the right type, where there is one; else list the alternatives."""
    near = [each for each in error.context if each.validator not in ("type", "const", "enum") or each.path]
    if near:
        return _explain(near[0])
    options = list(_alternatives(error.validator_value))
    words = [option for option in options if option not in _TYPES.values()]
    return f"{at}should be {' or '.join(options)}, not {_given(error.instance)}{_nearest(error.instance, words)}"


def _nearest(given: Any, words: Sequence[str]) -> str:
    return did_you_mean(given, words) if isinstance(given, str) else ""


def _alternatives(options: list[Mapping[str, Any]]) -> Iterator[str]:
    for option in options:
        if "const" in option:
            yield str(option["const"])
        elif "enum" in option:
            yield from map(str, option["enum"])
        else:
            yield _TYPES[option.get("type", "object")]


def _given(value: Any) -> str:
    # None is what YAML makes of a key with nothing after it.
    return "nothing: give a value, or leave the key out for its default" if value is None else _shown(value)


def _shown(value: Any, longest: int = 60) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."
