"""What GitHub does for the project: it runs the gate, publishes an atlas, proposes newer versions, asks with forms."""

import re

import pytest
import yaml

from pipeline.files import PROJECT

GITHUB = PROJECT / ".github"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((GITHUB / "workflows").glob("*.yml"))}
FORMS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))}
del FORMS["config"]

# The key `on`, as YAML 1.1 reads it.
ON = True


def steps(name: str) -> list[dict]:
    return [step for job in WORKFLOWS[name]["jobs"].values() for step in job["steps"]]


def test_the_gate_runs_for_every_pull_request_and_for_main():
    assert WORKFLOWS["test"][ON] == {"pull_request": None, "push": {"branches": ["main"]}}
    assert [step["run"] for step in steps("test") if "run" in step] == ["bash .ci/run"]


def test_the_gate_ends_in_time_and_is_not_run_for_what_nobody_waits_for():
    (job,) = WORKFLOWS["test"]["jobs"].values()

    assert job["timeout-minutes"] <= 90
    assert "github.ref" in WORKFLOWS["test"]["concurrency"]["group"]
    assert "pull_request" in WORKFLOWS["test"]["concurrency"]["cancel-in-progress"]


@pytest.mark.parametrize(
    ("name", "permissions"),
    [
        ("test", {"contents": "read"}),
        ("pages", {"contents": "read", "pages": "write", "id-token": "write"}),
    ],
)
def test_a_workflow_may_do_what_it_needs_and_no_more(name, permissions):
    assert WORKFLOWS[name]["permissions"] == permissions
    assert not any("permissions" in job for job in WORKFLOWS[name]["jobs"].values())


def test_every_workflow_is_one_of_these():
    assert WORKFLOWS.keys() == {"test", "pages"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_to_a_version(name):
    used = [step["uses"] for step in steps(name) if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action)] == []


def test_newer_versions_are_proposed_of_packages_and_of_actions():
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]

    assert {(each["package-ecosystem"], each["directory"]) for each in updates} == {
        ("pip", "/"),
        ("npm", "/"),
        ("github-actions", "/"),
    }


@pytest.mark.parametrize("name", FORMS)
def test_every_question_of_a_form_has_a_name_of_its_own_and_a_label(name):
    form = FORMS[name]
    questions = [each for each in form["body"] if each["type"] != "markdown"]
    names = [each["id"] for each in questions]

    assert form["name"]
    assert form["description"]
    assert len(set(names)) == len(names)
    assert all(each["attributes"]["label"] for each in questions)
    assert any(each.get("validations", {}).get("required") for each in questions)
