import os
import sys
from types import SimpleNamespace

import pytest
from snakemake.settings.types import DeploymentMethod, SharedFSUsage

from pipeline import files
from pipeline.errors import UserError
from pipeline.pool.owner import Room
from pipeline.workflow import cost, running


@pytest.fixture
def begun(monkeypatch):
    """Return what is told to the scheduler and to the line of progress, and how many jobs may wait in the pool."""
    told = {}
    monkeypatch.setattr(running, "_ATLASES", {})
    monkeypatch.setattr(cost, "work", lambda plan: plan)
    monkeypatch.setattr(running.owner, "start_for", lambda workflow: Room(2, 1))
    monkeypatch.setattr(running.scheduler_cures, "apply", lambda workflow: None)
    monkeypatch.setattr(
        running.scheduler_cures, "let_wait", lambda workflow, rules, room: told.update(rules=rules, room=room)
    )
    monkeypatch.setattr(
        running.progress, "show_for", lambda workflow, renders, work: told.update(renders=renders, work=work)
    )
    return told


def a_rule(name):
    return SimpleNamespace(name=name, restart_times=0)


def a_workflow(retries=0):
    return SimpleNamespace(execution_settings=SimpleNamespace(retries=retries), local_exec=True, delete_output=None)


@pytest.mark.parametrize(("retries", "restarts"), [(0, 1), (3, 3)])
def test_two_atlases_of_a_run_have_one_pool_and_one_line(begun, retries, restarts):
    workflow, other = a_workflow(retries), a_workflow()
    rules = {name: a_rule(name) for name in ("a_render", "a_scan", "b_render")}
    pooled = {"render": rules["a_render"], "scan": rules["a_scan"]}
    running.register(workflow, quality=a_rule("quality"), pooled=pooled, plan={"render": 2.0, "scan": 1.0})
    running.register(workflow, quality=a_rule("quality"), pooled={"render": rules["b_render"]}, plan={"render": 3.0})
    running.register(other, quality=a_rule("quality"), pooled={"render": a_rule("c_render")}, plan={"render": 4.0})

    running.begin(workflow)

    assert begun["rules"] == begun["renders"] == {"a_render", "b_render"}
    assert begun["work"] == {"a_render": 2.0, "a_scan": 1.0, "b_render": 3.0}
    assert begun["room"] == Room(2, 1)
    assert {rule.restart_times for rule in rules.values()} == {restarts}


def deployed(*methods, container=None):
    return SimpleNamespace(
        deployment_settings=SimpleNamespace(deployment_method=set(methods)),
        modifier=SimpleNamespace(global_container_img=container),
    )


def here(*shared):
    return SimpleNamespace(storage_settings=SimpleNamespace(shared_fs_usage=set(shared)))


@pytest.mark.parametrize(
    ("python", "shared", "said"),
    [
        (sys.executable, [SharedFSUsage.SOFTWARE_DEPLOYMENT], True),
        ("python", [SharedFSUsage.SOFTWARE_DEPLOYMENT], False),
        (sys.executable, [], False),
    ],
    ids=["where it runs jobs", "where conda or a container does", "where machines share nothing"],
)
def test_what_this_python_lacks_is_said_where_it_matters(environment, monkeypatch, capsys, python, shared, said):
    monkeypatch.setitem(sys.modules, "h5py", None)
    environment[running.PYTHON] = python

    running.check_libraries(here(*shared))

    assert ("warning: h5py: not installed for " in capsys.readouterr().err) is said


@pytest.fixture
def environment(monkeypatch):
    """Keep the environment of this process as it is; return it."""
    for name in (running.PYTHON, running.PATH, "PYTHONPATH"):
        monkeypatch.setenv(name, "")
    return os.environ


def test_jobs_run_by_the_python_that_runs_snakemake_and_find_the_repository(environment):
    environment["PYTHONPATH"] = "/theirs"

    running.say_where(deployed())

    assert environment[running.PYTHON] == sys.executable
    assert environment[running.PATH] == f"{files.PROJECT}:/theirs"


def test_in_condas_environments_they_run_by_what_is_there(environment):
    running.say_where(deployed(DeploymentMethod.CONDA))

    assert environment[running.PYTHON] == "python"
    assert environment[running.PATH] == str(files.PROJECT)


@pytest.mark.parametrize(("container", "python"), [("atlas.sif", "python"), (None, sys.executable)])
def test_in_a_container_they_run_by_its_python_and_without_one_as_ever(environment, container, python):
    running.say_where(deployed(DeploymentMethod.APPTAINER, container=container))

    assert environment[running.PYTHON] == python


def test_an_installed_package_is_found_without_help_but_not_in_condas_environments(environment, monkeypatch, tmp_path):
    monkeypatch.setattr(files, "PROJECT", tmp_path)

    running.say_where(deployed())
    assert environment[running.PATH] == ""

    with pytest.raises(UserError, match="needs the project's repository"):
        running.say_where(deployed(DeploymentMethod.CONDA))


@pytest.mark.parametrize("name", [".snakemake", "results"])
@pytest.mark.parametrize("kind", ["file", "link that leads nowhere"])
def test_what_stands_in_the_place_of_a_folder_is_named(tmp_path, name, kind):
    running.check_places(tmp_path)
    (tmp_path / name).touch() if kind == "file" else (tmp_path / name).symlink_to("nowhere")

    with pytest.raises(UserError, match=rf"/{name}: stands where a folder is to be made; move it away"):
        running.check_places(tmp_path)


def test_a_folder_or_a_link_to_one_may_stand_there(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "results").symlink_to("elsewhere")

    running.check_places(tmp_path)
    running.check_writable(tmp_path)


def test_results_that_cannot_be_written_to_are_named(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    # To root, who may run this, all is writable.
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(UserError, match="/results: cannot be written to; make it writable, or work in another"):
        running.check_writable(tmp_path)
