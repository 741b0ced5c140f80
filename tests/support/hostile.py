"""Values that nobody should have to bear, and where to put them: what property tests share.

As many examples are tried as fit into `make test`; HYPOTHESIS_PROFILE=long tries `LONG` times as many.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis import strategies as st

from pipeline import errors
from pipeline.config import schema
from pipeline.errors import UserError
from tests.support import campaign

LONG = 25
# A message quotes what was given, cut; what is longer would hide what is wrong.
LONGEST_LINE = 600

FORM = schema.load()
RECIPE = FORM["$defs"]["recipe"]["properties"]
SITE = FORM["properties"]["site"]["properties"]

# Dotted paths of every key; a model would be a file to be looked for.
PATHS = st.sampled_from(
    [
        *(key for key in FORM["properties"] if key != "model"),
        *(f"recipe.{key}" for key in RECIPE),
        *(f"site.{key}" for key in SITE),
        "filters.block1_conv1",
    ]
)

_NUMBERS = st.integers() | st.sampled_from([10**400, -(10**400), 2**63, -1, 0]) | st.floats()

# Every kind of value that YAML or JSON can give, and some that are hard to bear.
HOSTILE = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers() | st.none(), inner),
    max_leaves=6,
)

# The same, as far as JSON can be told from it again.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw, data: bytes) -> bytes:
    """Return bytes that something has been at."""
    made = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(made)))
        match draw(st.sampled_from(["cut", "flip", "put in", "take out", "repeat"])):
            case "cut":
                del made[place:]
            case "flip" if place < len(made):
                made[place] ^= 1 << draw(st.integers(0, 7))
            case "put in":
                made[place:place] = draw(st.binary(max_size=20))
            case "take out":
                del made[place : place + draw(st.integers(1, 50))]
            case "repeat":
                made[place:place] = made[place : place + 100]
    return bytes(made)


def examples(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator of a property test that tries `count` examples, or `LONG` times as many; each counts as an
    input of the campaign."""
    factor = LONG if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 1
    # A fixture that only names a folder may well be the same for all examples.
    ignored = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    settings = hypothesis.settings(max_examples=count * factor, deadline=None, suppress_health_check=ignored)

    def decorate(test: Any) -> Callable[..., None]:
        test.hypothesis.inner_test = campaign.counted(test.hypothesis.inner_test)
        return settings(test)

    return decorate


def mistake(function: Callable[..., Any], *arguments: Any) -> str:
    """Return the line by which a function refuses its arguments, or a line each of several, or nothing where it takes
    them."""
    try:
        function(*arguments)
    except UserError as error:
        lines = errors.lines_of(error)
        assert all(0 < len(line) < LONGEST_LINE for line in lines)
        return "\n".join(lines)
    return ""


def within(path: str, value: Any) -> dict[str, Any]:
    """Return the configuration that has `value` at the dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def bomb(first: str, of: str) -> str:
    """Return YAML whose 30 values are each made of the one before, nine times."""
    return f"a: &a0 {first}\n" + "".join(f"k{n}: &a{n} {of.format(*[f'*a{n - 1}'] * 9)}\n" for n in range(1, 30))


def refused(check: Callable[[Path, str], None], path: Path, key: str) -> str:
    """Return the one line in which a check refuses a file; it begins with the key and the file."""
    with pytest.raises(UserError) as caught:
        check(path, key)
    message = str(caught.value)
    assert message.startswith(f"{key}: {path}: ")
    assert len(message.splitlines()) == 1
    return message
