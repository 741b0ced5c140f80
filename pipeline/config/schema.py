"""Whether a configuration is right in form: the schema, and one plain line for each way to break it."""

import functools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from pipeline import errors
from pipeline.config.loader import MOST_LEVELS
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
# jsonschema has no types for `extend`.
_Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) is int or (type(value) is float and math.isfinite(value)),
        }
    ),
)

# Decimal, as people write numbers: with zeros before it (010, as our own files are called), and with an exponent also
# where YAML, which wants 1.0e+5, makes a text of 1e5.
_SCALAR = re.compile(r"true|false|-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,3})?")

_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "below"}


@functools.cache
def load() -> dict[str, Any]:
    """Return the schema of the configuration."""
    schema: dict[str, Any] = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    return schema


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


def checked(configuration: Any) -> dict[str, Any]:
    """Return a configuration, or a part of one, with the numbers in its recipe and its filters as such, and the truth
    values of its site.

    Where a mapping is given on the command line (`--config 'recipe={steps: 16}'`), Snakemake hands them over as text.
    Raises `UserError`, one line, where something is wrong in form.
    """
    if isinstance(configuration, Mapping):
        _check_levels(configuration)
        configuration = {
            key: _typed(value, inside=False) if key in ("recipe", "filters") else value
            for key, value in configuration.items()
        }
        if isinstance(site := configuration.get("site"), Mapping):
            configuration["site"] = {key: _truth(key, value) for key, value in site.items()}
    check(configuration, load())
    values: dict[str, Any] = configuration
    return values


def check(configuration: Any, schema: Mapping[str, Any]) -> None:
    """Raise `UserError` for all violations of the schema, one line each, in alphabetical order of keys."""
    if not isinstance(configuration, Mapping):
        raise UserError(f"the configuration should be a mapping of keys to values, not {_shown(configuration)}")
    _check_levels(configuration)
    violations = sorted(
        _Validator(schema).iter_errors(configuration), key=lambda error: [str(part) for part in error.absolute_path]
    )
    errors.raise_all(list(dict.fromkeys(line for each in violations for line in _lines(each))))


def _check_levels(value: Any, left: int = MOST_LEVELS) -> None:
    """Raise `UserError` for a value that is too deep for anyone to go through it, or has no end."""
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    if inside and not left:
        raise UserError(f"more than {MOST_LEVELS} levels of lists and mappings; no key wants so many")
    for each in inside:
        _check_levels(each, left - 1)


def _truth(key: Any, value: Any) -> Any:
    """Return a value of the site section, which are texts but for a few: a title may be "true"."""
    wanted = load()["properties"]["site"]["properties"].get(key, {}).get("type")
    return value == "true" if wanted == "boolean" and value in ("true", "false") else value


def _typed(value: Any, *, inside: bool) -> Any:
    if isinstance(value, Mapping):
        # A layer's filters may be written as a text, "0-31,159"; what is in a list of them, not.
        return {key: _typed(each, inside=key in recipe_settings()) for key, each in value.items()}
    if isinstance(value, list):
        return [_typed(each, inside=True) for each in value]
    return _number(value) if inside and isinstance(value, str) and _SCALAR.fullmatch(value) else value


def _number(text: str) -> bool | int | float:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _lines(error: ValidationError) -> Iterator[str]:
    """Yield what is wrong, a line for each key: there may be several that nobody knows, or in a mapping."""
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])  # type: ignore[index]
        for key in sorted(str(key) for key in error.instance if key not in known):  # type: ignore[union-attr]
            hint = did_you_mean(key, known) or f"; known: {', '.join(known)}"
            yield f"{_at(error)}unknown key '{_shown(key)}'{hint}"
    elif error.validator == "oneOf" and (near := _nearest_alternative(error)):
        for each in near:
            yield from _lines(each)
    else:
        yield _explain(error)


def _at(error: ValidationError) -> str:
    where = ".".join(_shown(part) for part in error.absolute_path)
    return f"{where}: " if where else ""


def _explain(error: ValidationError) -> str:
    """Return where, what is wrong, and what would be right."""
    at = _at(error)
    given = _given(error.instance)
    # Any, for which forms of schemas and values there are, jsonschema does not say.
    schema: Any = error.schema
    wanted: Any = error.validator_value
    match error.validator:
        case "oneOf":
            return _explain_alternatives(error, at)
        case "type":
            cure = "; put it in quotes" if _is_bare_text(error) else ""
            # What YAML makes of `no`, of a key that has a word of its own for it.
            if error.instance is False and "off" in schema:
                cure = f"; say {schema['off']}"
            return f"{at}should be {_TYPES[wanted]}, not {given}{cure}"
        case "enum":
            options = [str(option) for option in wanted]
            return f"{at}should be one of {', '.join(options)}, not {given}{_nearest(error.instance, options)}"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            bounds = " and ".join(f"{word} {schema[key]}" for key, word in _BOUNDS.items() if key in schema)
            return f"{at}{given} is out of bounds: it should be {bounds}"
        case "pattern":
            examples = " or ".join(schema["examples"])
            return f"{at}{given} does not look right: it should be like {examples}"
        case "minProperties":
            return f"{at}should not be empty: it should be like {' or '.join(schema['examples'])}"
        case "minLength" | "minItems":
            return f"{at}should not be empty"
        case "maxLength" | "maxItems":
            return f"{at}is too long: it should be at most {wanted}"
        case "uniqueItems":
            return f"{at}should name each only once"
        case _:
            return f"{at}{_shown(' '.join(error.message.split()), 200)}"


def _explain_alternatives(error: ValidationError, at: str) -> str:
    """List the alternatives."""
    alternatives: Any = error.validator_value
    options = list(_alternatives(alternatives))
    words = [option for option in options if option not in _TYPES.values()]
    return f"{at}should be {' or '.join(options)}, not {_given(error.instance)}{_nearest(error.instance, words)}"


def _nearest_alternative(error: ValidationError) -> list[ValidationError]:
    """Return what is wrong by the alternative of the right type, where there is one."""
    near = [each for each in error.context if each.validator not in ("type", "const", "enum") or each.path]
    return [each for each in near if each.relative_schema_path[0] == near[0].relative_schema_path[0]]


def _is_bare_text(error: ValidationError) -> bool:
    """Return whether a number or truth value stands where a text should, which YAML would read from quotes."""
    return error.validator_value == "string" and isinstance(error.instance, bool | int | float)


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
    # In quotes also where nobody would see it without.
    text = value if isinstance(value, str) and value.strip() else repr(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."
