"""Values that no configuration should have, and where to put them: what property tests of the configuration share."""

from typing import Any

from hypothesis import strategies as st

from pipeline import schema

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

# Every kind of value that YAML or JSON can give, and some that are hard to bear.
HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, -1, 0])
    | st.floats()
    | st.text(max_size=20)
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers() | st.none(), inner),
    max_leaves=6,
)


def within(path: str, value: Any) -> dict[str, Any]:
    """Return the configuration that has `value` at the dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value
