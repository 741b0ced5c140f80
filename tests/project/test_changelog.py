import re
from importlib.util import find_spec

import pipeline
from pipeline.files import PROJECT

CHANGELOG = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_what_is_not_yet_released_stands_first_and_then_the_version_that_this_is():
    first, *releases = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.MULTILINE)

    assert first == "Unreleased"
    assert releases[:1] in ([], [pipeline.__version__])


def test_every_change_is_of_a_kind_that_readers_know():
    kinds = re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)

    assert kinds
    assert set(kinds) <= KINDS


def test_a_command_that_was_renamed_is_found_under_its_new_name_alone():
    renamed = re.findall(r"^ *\| `([\w.]+)` \| `([\w.]+)` \|$", CHANGELOG, re.MULTILINE)

    assert renamed
    assert [new for _, new in renamed if find_spec(new) is None] == []
    assert [old for old, _ in renamed if find_spec(old) is not None] == []
