import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given

from docs.configuration import document
from pipeline.config import schema
from pipeline.errors import UserError
from pipeline.files import PROJECT
from tests.support.hostile import FORM, HOSTILE, LONGEST_LINE, PATHS, RECIPE, SITE, examples, within


def message(configuration: Any) -> str:
    with pytest.raises(UserError) as caught:
        schema.check(configuration, FORM)
    return str(caught.value)


def refusal(configuration: Any) -> str:
    """Return what is wrong with a configuration, or nothing."""
    try:
        schema.check(configuration, FORM)
    except UserError as error:
        return str(error)
    return ""


def bounds() -> Iterator[tuple[str, type, float, bool]]:
    """Yield (path, type, value, whether it is allowed) for each bound in the schema and just past it."""
    places = {"seed": FORM["properties"]["seed"], "image_size": FORM["properties"]["image_size"]}
    for key, form in (places | {f"recipe.{key}": form for key, form in RECIPE.items()}).items():
        for option in form.get("oneOf", [form]):
            whole = option.get("type") == "integer"
            step = 1 if whole else 1e-6
            for word, sign in (("minimum", -1), ("maximum", 1)):
                if word in option:
                    yield key, option[word], True
                    yield key, option[word] + sign * step * max(1, 0 if whole else option[word]), False
            if "exclusiveMinimum" in option:
                yield key, option["exclusiveMinimum"], False
                yield key, option["exclusiveMinimum"] + step, True


def test_the_schema_describes_and_bounds_every_key():
    for key, form in {**FORM["properties"], **RECIPE, **SITE}.items():
        assert form["description"].strip(), key
        assert {"type", "enum", "oneOf"} & form.keys(), key
        for option in form.get("oneOf", [form]):
            if option.get("type") in ("integer", "number"):
                assert {"minimum", "exclusiveMinimum"} & option.keys(), key
                assert "maximum" in option, key


def test_no_mapping_takes_unknown_keys():
    def mappings(form: Any) -> Iterator[Mapping[str, Any]]:
        if isinstance(form, Mapping):
            if form.get("type") == "object":
                yield form
            for value in form.values():
                yield from mappings(value)
        elif isinstance(form, list):
            for value in form:
                yield from mappings(value)

    found = list(mappings(FORM))
    assert len(found) == 4
    assert all(form["additionalProperties"] is not True for form in found)


def test_every_default_is_allowed():
    defaults = schema.defaults(FORM)

    schema.check(defaults, FORM)
    schema.check(defaults | {"site": schema.defaults(FORM["properties"]["site"])}, FORM)


def test_the_configuration_at_the_top_is_the_defaults(repository):
    written = yaml.safe_load((repository / "config.yaml").read_text(encoding="utf-8"))

    assert written == schema.defaults(FORM) | {"site": schema.defaults(FORM["properties"]["site"])}
    assert list(written) == list(FORM["properties"])


@pytest.mark.parametrize(("path", "value", "allowed"), list(bounds()))
def test_values_up_to_the_bounds_are_allowed_and_none_beyond(path, value, allowed):
    if allowed:
        schema.check(within(path, value), FORM)
    else:
        assert message(within(path, value)).startswith(f"{path}: {value} is out of bounds: it should be ")


@pytest.mark.parametrize(
    ("configuration", "start", "end"),
    [
        ({"lairs": "all"}, "unknown key 'lairs'", "did you mean layers?"),
        ({"site": {"titel": "x"}}, "site: unknown key 'titel'", "did you mean title?"),
        ({"recipe": {"stpes": 20}}, "recipe: unknown key 'stpes'", "did you mean steps?"),
        ({"recipe": {"zzz": 20}}, "recipe: unknown key 'zzz'", f"known: {', '.join(RECIPE)}"),
        ({1: 2}, "unknown key '1'", f"known: {', '.join(FORM['properties'])}"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_at_every_level(configuration, start, end):
    text = message(configuration)

    assert text.startswith(start)
    assert text.endswith(end)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("model", 3, "model: should be a text, not 3; put it in quotes"),
        ("model", "", "model: should not be empty"),
        ("photographs", False, "photographs: should be a text, not False; say none"),
        ("photographs", True, "photographs: should be a text, not True; put it in quotes"),
        ("weights", None, "weights: should be a text, not nothing: give a value, or leave the key out for its "
         "default"),
        ("preprocessing", "cafe", "preprocessing: should be one of auto, caffe, tf, torch, unit, raw, not cafe; "
         "did you mean caffe?"),
        ("precision", "float16", "precision: should be one of auto, float32, bfloat16, not float16; "
         "did you mean bfloat16?"),
        ("layers", "block1_conv1", "layers: should be all or a list, not block1_conv1"),
        ("layers", [], "layers: should not be empty"),
        ("layers", ["a", "a"], "layers: should name each only once"),
        ("layers", [1], "layers.0: should be a text, not 1; put it in quotes"),
        ("filters", "preveiw", "filters: should be preview or all or a mapping, not preveiw; did you mean preview?"),
        ("filters", {}, "filters: should not be empty: it should be like {block1_conv1: 0-7}"),
        ("filters", {"a": []}, "filters.a: should not be empty"),
        ("filters", {"a": -1}, "filters.a: -1 is out of bounds: it should be at least 0"),
        ("filters", {"a": [0, True]}, "filters.a.1: should be a whole number, not True"),
        ("filters", {"a": None}, "filters.a: should be a text or a whole number or a list, not nothing: "
         "give a value, or leave the key out for its default"),
        ("filters", None, "filters: should be preview or all or a mapping, not nothing: give a value, or leave the "
         "key out for its default"),
        ("precision", None, "precision: should be one of auto, float32, bfloat16, not nothing: give a value"),
        ("image_size", "big", "image_size: should be auto or a whole number, not big"),
        ("image_size", 64.0, "image_size: should be auto or a whole number, not 64.0"),
        (
            "recipe",
            "clasic",
            "recipe: should be default or fine or exact or classic or a mapping, not clasic; did you mean classic?",
        ),
        ("recipe.base", "mine", "recipe.base: should be one of default, fine, exact, classic, not mine"),
        ("recipe.steps", 20.0, "recipe.steps: should be auto or a whole number, not 20.0"),
        ("recipe.learning_rate", math.nan, "recipe.learning_rate: should be auto or a number, not nan"),
        ("recipe.learning_rate", math.inf, "recipe.learning_rate: should be auto or a number, not inf"),
        ("recipe.learning_rate", "0.1", "recipe.learning_rate: should be auto or a number, not 0.1"),
        ("recipe.stretch", 1, "recipe.stretch: should be true or false, not 1"),
        ("recipe.snapshots", list(range(33)), "recipe.snapshots: is too long: it should be at most 32"),
        ("seed", True, "seed: should be a whole number, not True"),
        ("seed", 1.0, "seed: should be a whole number, not 1.0"),
        ("site", None, "site: should be a mapping, not nothing: give a value, or leave"),
        ("site.title", "x" * 201, "site.title: is too long: it should be at most 200"),
        ("site.language", "english!", "site.language: english! does not look right: it should be like en or pt-BR"),
        ("site.title", 2024, "site.title: should be a text, not 2024; put it in quotes"),
        ("site.title", False, "site.title: should be a text, not False; put it in quotes"),
        ("layers", ["a", 1.5], "layers.1: should be a text, not 1.5; put it in quotes"),
        ("layers", "", "layers: should be all or a list, not ''"),
        ("filters", " ", "filters: should be preview or all or a mapping, not ' '"),
    ],
)  # fmt: skip
def test_each_way_to_be_wrong_has_one_line_that_says_what_is_right(path, value, expected):
    assert message(within(path, value)).startswith(expected)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("configuration", [None, 3, "text", [], [{}]])
def test_what_is_not_a_mapping_is_no_configuration(configuration):
    assert message(configuration).startswith("the configuration should be a mapping")


def test_all_mistakes_are_said_a_line_each_in_the_same_order_each_time():
    wrong = {"seed": "x", "modl": 3, "precison": "y", "recipe": {"step": 1, "leak": 2}, "site": {"year": -1}}

    assert message(wrong) == message(dict(reversed(wrong.items())))
    assert message(wrong).splitlines() == [
        "unknown key 'modl'; did you mean model?",
        "unknown key 'precison'; did you mean precision?",
        "recipe: unknown key 'step'; did you mean steps?",
        "recipe.leak: 2 is out of bounds: it should be at least 0 and at most 1",
        "seed: should be a whole number, not x",
        "site.year: -1 is out of bounds: it should be at least 0 and at most 9999",
    ]


def test_a_long_value_is_cut():
    assert len(message({"model": ["x" * 10_000]})) < 200


@pytest.mark.hostile("configurations")
def test_a_value_without_end_is_refused_before_anyone_goes_through_it():
    endless: list[Any] = []
    endless.append(endless)
    turning: dict[str, Any] = {}
    turning["base"] = turning
    deep: Any = 1
    for _ in range(10_000):
        deep = [deep]

    for value in ({"layers": endless}, {"recipe": turning}, {"filters": {"block1_conv1": deep}}):
        assert message(value) == "more than 10 levels of lists and mappings; no key wants so many"
        with pytest.raises(UserError, match="more than 10 levels"):
            schema.checked(value)


@pytest.mark.parametrize(
    ("text", "number"), [("16", 16), ("010", 10), ("0.5", 0.5), ("1e-2", 0.01), ("1.5E+2", 150.0), ("1e2", 100.0)]
)
def test_a_number_that_came_as_a_text_is_one_in_a_recipe(text, number):
    assert repr(schema.checked({"recipe": {"learning_rate": text}})) == repr({"recipe": {"learning_rate": number}})


@pytest.mark.parametrize("text", ["", "-", "1_0", "0x1F", "1:00", "True", "nan", "1" * 16, "٣", "1.", ".5", "+1", "1 "])
def test_a_text_that_is_no_plain_number_stays_a_text(text):
    with pytest.raises(UserError, match=r"^recipe\.learning_rate: should be auto or a number, not "):
        schema.checked({"recipe": {"learning_rate": text}})


def test_numbers_that_came_as_texts_are_numbers_in_lists_and_notation_alone():
    said = {"block1_conv1": ["3", "010"], "block1_conv2": "010", "block2_conv1": "0-31"}

    assert schema.checked({"filters": said, "recipe": {"stretch": "true", "snapshots": ["1"]}}) == {
        # Alone it is the notation of filters, in which 010 is the filter of 010.png.
        "filters": {"block1_conv1": [3, 10], "block1_conv2": "010", "block2_conv1": "0-31"},
        "recipe": {"stretch": True, "snapshots": [1]},
    }


def test_every_pattern_has_examples_that_match_it():
    patterns = [form for form in (*FORM["properties"].values(), *RECIPE.values(), *SITE.values()) if "pattern" in form]

    assert patterns
    for form in patterns:
        assert all(re.search(form["pattern"], example) for example in form["examples"])


@pytest.mark.hostile("configurations")
@examples(300)
@given(PATHS, HOSTILE)
def test_a_hostile_value_is_allowed_or_the_users_mistake(path, value):
    configuration = within(path, value)
    before = repr(configuration)

    assert all(len(line) < LONGEST_LINE for line in refusal(configuration).splitlines())
    assert repr(configuration) == before


@pytest.mark.hostile("configurations")
@examples(100)
@given(HOSTILE)
def test_a_hostile_configuration_is_allowed_or_the_users_mistake(configuration):
    assert all(len(line) < LONGEST_LINE for line in refusal(configuration).splitlines())


def test_the_documentation_of_the_configuration_is_what_the_schema_says():
    documentation = PROJECT / "docs" / "configuration.md"

    assert documentation.read_text(encoding="utf-8") == document(), "run `make docs`"
