import re
import tomllib

import yaml

import pipeline
from pipeline.files import PROJECT

CITATION = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_citation_is_of_this_version_under_its_licence():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert CITATION["cff-version"] == "1.2.0"
    assert (CITATION["title"], CITATION["license"]) == (project["name"], project["license"])
    assert CITATION["version"] == pipeline.__version__


def test_its_authors_are_those_who_hold_the_rights():
    (holder,) = re.findall(
        r"^Copyright \(c\) \d+ (.+)$", (PROJECT / "LICENSE").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert CITATION["authors"] == [{"name": holder}]
