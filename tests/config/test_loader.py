"""What YAML of a configuration means, and what of it is refused with its line."""

import time

import pytest

from pipeline.config import loader
from pipeline.errors import UserError
from tests.support.hostile import bomb


def refusal(text: str) -> str:
    with pytest.raises(UserError) as caught:
        loader.read(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", 0), ("7", 7), ("-7", -7), ("+7", 7), ("9223372036854775807", 2**63 - 1),
        ("0.5", 0.5), (".5", 0.5), ("1.", 1.0), ("-0.5", -0.5), ("1.5e+3", 1500.0), ("1.5E-3", 0.0015),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None),
        ("auto", "auto"), ("0-31,159", "0-31,159"), ("000-031", "000-031"), ("-x", "-x"), ("y", "y"), ("1e5", "1e5"),
        ("1.2.3", "1.2.3"), ("0o17", "0o17"), ("010.png", "010.png"), ("a&b*c!d", "a&b*c!d"), ("12:75", "12:75"),
        ("'010'", "010"), ('"no"', "no"), ("'1:00'", "1:00"), ("'2024-01-01'", "2024-01-01"), ("'<<'", "<<"),
        ("|\n  010\n", "010\n"), (">-\n  no\n", "no"),
        ("[1, a, [true]]", [1, "a", [True]]), ("{a: {b: 1}}", {"a": {"b": 1}}), ("{}", {}), ("[]", []),
    ],
)  # fmt: skip
def test_a_value_that_is_what_it_looks_like_is_read(written, value):
    assert loader.read(f"key: {written}") == {"key": value}


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a remark\n", "---\n", "---\n...\n"])
def test_a_text_without_a_value_is_nothing(text):
    assert loader.read(text) is None


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("inside", ["key: {}", "key: [{}]", "key: {{a: {}}}", "- {}", "{}"])
@pytest.mark.parametrize(
    ("written", "number"),
    [("010", "10"), ("0123", "123"), ("08", "8"), ("00", "0"), ("007", "7"), ("-010", "-10"), ("+08", "+8")],
)
def test_a_number_that_begins_with_zero_is_refused_wherever_it_stands(inside, written, number):
    assert refusal("# a remark\n" + inside.format(written)) == (
        f'line 2: {written}: a number does not begin with 0; write {number}, or "{written}" for the text'
    )


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1:00", "60"), ("1:10", "70"), ("190:20:30", "685230"), ("1:30.5", "90.5"),
        ("0x1F", "31"), ("0b11", "3"), ("1_000", "1000"), ("0_1", "1"), ("1_0.5", "10.5"), ("00.5", "0.5"),
        ("no", "false"), ("No", "false"), ("off", "false"), ("OFF", "false"), ("yes", "true"), ("on", "true"),
    ],
)  # fmt: skip
def test_what_yaml_takes_for_something_else_is_refused_with_what_it_takes_it_for(written, value):
    assert refusal(f"key: {written}") == (
        f'line 1: {written}: YAML takes it for {value}; write {value}, or "{written}" for the text'
    )


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    ("written", "kind"),
    [
        *((date, "a date") for date in ("2024-01-01", "2020-13-45", "0000-00-00", "2001-12-14t21:59:43.10-05:00")),
        *((sign, "a sign of its own") for sign in ("=", "0x_")),
    ],
)
def test_what_can_only_be_meant_as_a_text_is_refused_with_how_to_write_one(written, kind):
    assert refusal(f"key: {written}") == f'line 1: {written}: YAML takes it for {kind}; write "{written}" for the text'


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("digits", ["1" * 101, "1" * 5000, "0x" + "f" * 5000, "0b" + "1" * 10**5, "1" * 5000 + ".0"])
def test_a_number_that_python_would_not_write_out_is_refused(digits):
    message = refusal(f"seed: {digits}")

    assert message.startswith("line 1: ")
    assert message.endswith("…: a number of more than 100 digits; no key wants so many")
    assert len(message) < 200


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "x: anchors and aliases are not read; write the value out"),
        ("a: *x", "x: anchors and aliases are not read; write the value out"),
        ("&x a: 1", "x: anchors and aliases are not read; write the value out"),
        ("a: &x [*x]", "x: anchors and aliases are not read; write the value out"),
        ("&x {a: *x}", "x: anchors and aliases are not read; write the value out"),
        ("<<: {a: 1}", "<<: merge keys are not read; write the keys out"),
        ("a: {<<: [{b: 1}]}", "<<: merge keys are not read; write the keys out"),
        ("a: !!python/name:os.system", "!!python/name:os.system: tags are not read; write the value alone, a text in"),
        ("a: !!python/object/apply:os.system [x]", "!!python/object/apply:os.system: tags are not read"),
        ("a: !!str 010", "!!str: tags are not read; write the value alone, a text in quotes"),
        ("a: !mine {b: 1}", "!mine: tags are not read"),
        ("a: ! 1", "!: tags are not read"),
        ("1: a", '1: not a text, as a key is; write "1"'),
        ("a: {true: 1}", 'true: not a text, as a key is; write "true"'),
        ("~: a", '~: not a text, as a key is; write "~"'),
        ("? [a]\n: 1", "a list or a mapping in the place of a key; a key is a text"),
        ("? {a: 1}\n: 1", "a list or a mapping in the place of a key; a key is a text"),
        ("010: a", "010: a number does not begin with 0; write 10"),
        ("a: 1\n--- !!python/none", "a second document begins; keep one"),
        ("a:\n\tb: 1", "not YAML: while scanning for the next token: found character '\\t' that cannot start any "
         "token; indent with spaces"),
        ("title: a: b", "not YAML: mapping values are not allowed here; put a text that has a colon in it in quotes"),
        ("a: [1", "not YAML: while parsing a flow sequence: expected ',' or ']', but got '<stream end>'"),
        ("a: \x00", "the character U+0000 has no place in YAML; remove it"),
        ("a: \ud800", "the character U+D800 has no place in YAML; remove it"),
    ],
)  # fmt: skip
def test_what_a_configuration_has_no_use_for_is_refused_with_its_line(text, message):
    line = 3 + text.count("\n") * text.startswith("a:")

    assert refusal(f"# a remark\n# another\n{text}").startswith(f"line {line}: {message}")


@pytest.mark.hostile("configurations")
def test_directives_open_no_way_round():
    assert refusal("%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!none") == (
        "line 3: !!python/none: tags are not read; write the value alone, a text in quotes"
    )
    assert refusal("%YAML 9.0\n---\na: 1") == (
        "line 1: not YAML: found incompatible YAML document (version 1.* is required)"
    )


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("seed: 1\nmodel: vgg16\nseed: 2\n", "seed", "lines 1 and 3"),
        ("site:\n  title: a\n  title: a\n", "title", "lines 2 and 3"),
        ("filters: {block1_conv1: 1, block1_conv1: 2}\n", "block1_conv1", "lines 1 and 1"),
        ("recipe:\n- {steps: 1}\n- {steps: 1,\n   steps: 2}\n", "steps", "lines 3 and 4"),
        ("a: 1\n'a': 2\n", "a", "lines 1 and 2"),
    ],
)
def test_a_key_that_is_given_twice_is_named_with_both_lines(text, key, lines):
    assert refusal(text) == f"{key}: given twice, in {lines}; keep one"


def test_ten_levels_are_read_and_no_more():
    assert loader.read("[" * 9 + "1" + "]" * 9) == [[[[[[[[[1]]]]]]]]]
    for deeper in ("[" * 11, "[" * 10 + "1", "{a: " * 10 + "1", "- " * 11, "? " * 11):
        assert refusal(deeper) == "line 1: more than 10 levels of lists and mappings; no key wants so many"


def test_ten_thousand_values_are_read_and_no_more():
    assert len(loader.read("[" + "1," * 9_999 + "]")) == 9_999
    for more in (
        "[" + "1," * 10_000 + "]",
        "- 1\n" * 10_000,
        "".join(f"a{n}: 1\n" for n in range(5_000)),
        "- ''\n" * 25_000,
    ):
        assert 'more than 10,000 values; write many filters as ranges, "0-511", or as all' in refusal(more)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    "text",
    [
        bomb("[x]", "[{}, {}, {}, {}, {}, {}, {}, {}, {}]"),
        bomb("{x: 1}", "{{a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, g: {}, h: {}, i: {}}}"),
        bomb("{x: 1}", "{{<<: [{}, {}, {}, {}, {}, {}, {}, {}, {}]}}"),
        "[" * 200_000, "- " * 100_000, "{a: " * 50_000, "? " * 100_000, "[" * 100_000 + "]" * 100_000, "a: " * 80_000,
    ],
    ids=["lists", "mappings", "merges", "[", "-", "{", "?", "[]", "a:"],
)  # fmt: skip
def test_a_bomb_is_refused_before_it_goes_off(text):
    start = time.perf_counter()

    refusal(text)

    assert time.perf_counter() - start < 1


def test_all_values_of_a_command_line_are_texts_and_as_orderly():
    loader.check("{a: 010, b: [no, 1:00], c: 2024-01-01, 1: x}")
    for text in ("{a: &x 1, b: *x}", "{a: 1, a: 2}", "!!python/name:os.system", "[" * 11, "{[a]: 1}"):
        with pytest.raises(UserError):
            loader.check(text)
