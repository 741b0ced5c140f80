"""What else Snakemake does with a workflow: another one imports it, its files are kept in a storage, its package is
installed. The bytes are those of a plain run."""

import os
import subprocess
import sys

import pytest
import yaml

from tests.runs.test_surroundings import wait_for_process
from tests.support import workflow as workflows

pytest_plugins = ["tests.support.workflow_fixtures"]

MODULE = """\
module {name}:
    snakefile: {snakefile!r}
    config: config[{section!r}]
    {prefix}


use rule * from {name} as {name}_*


"""
RUNNING = """\
from pipeline.workflow import running


onstart:
    running.begin(workflow)
"""


def importing(fresh, sections, *, prefixes=None, running=RUNNING):
    """Return the directory of a workflow that imports ours, for each name a configuration, and the names of all targets."""
    outer = fresh.directory
    outer.mkdir(parents=True)
    text = "".join(
        MODULE.format(
            name=name,
            snakefile=str(fresh.project / "Snakefile"),
            section=name,
            prefix=f"prefix: {prefixes[name]!r}" if prefixes else "",
        )
        for name in sections
    )
    (outer / "Snakefile").write_text(text + running)
    (outer / "outer.yaml").write_text(yaml.safe_dump({"samples": "its own", **sections}))
    return [f"{name}_all" for name in sections]


def start(fresh, *arguments):
    command = [sys.executable, "-m", "snakemake", "--configfile", "outer.yaml", "--cores", "2", *arguments]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.Popen(
        command, cwd=fresh.directory, env=own | {"TF_CPP_MIN_LOG_LEVEL": "2"}, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_another_workflow_imports_it_and_has_its_pool_by_one_line(fresh, finished):
    targets = importing(fresh, {"atlas": fresh.configuration})

    process = start(fresh, *targets)
    wait_for_process("pipeline.pool.server", fresh.directory, process)
    run = workflows.finish(process)

    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    assert "7 of 7 filters" in run.output
    workflows.wait_until_idle(fresh.directory)


def test_another_workflow_imports_it_twice_each_below_a_prefix_of_its_own(fresh, finished):
    other = fresh.configuration | {"filters": {"second": "5"}}
    prefixes = {"one": "net one", "two": "results/two"}
    targets = importing(fresh, {"one": fresh.configuration, "two": other}, prefixes=prefixes)

    run = workflows.finish(start(fresh, *targets))

    assert run.code == 0, run.output
    assert workflows.contents(fresh.directory / "net one/results") == workflows.contents(finished.results)
    made = fresh.directory / "results/two/results"
    assert [path.name for path in (made / "filters/second").glob("*.png")] == ["005.png"]
    assert not workflows.broken_links(made / "site")


def test_what_is_wrong_with_the_configuration_of_a_module_is_one_line(fresh):
    targets = importing(fresh, {"atlas": fresh.configuration | {"sed": 7}})

    failed = workflows.finish(start(fresh, *targets))

    assert failed.code != 0
    (line,) = failed.errors()
    assert "did you mean seed?" in line
    assert "Traceback" not in failed.output
