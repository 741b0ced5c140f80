"""The workflow on a real Slurm: as one job for each filter, and as shares of the layers in allocations."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from pipeline.pool import client
from tests.slurm import cluster as clusters
from tests.support import workflow as workflows
from tests.support.workflow import Workflow

pytest_plugins = ["tests.support.workflow_fixtures"]

# A run takes half a minute where nothing else runs; this much says that it hangs.
SECONDS = 300
LOOK_SECONDS = 0.2
# No accounting on this cluster, and no reason to be patient with it.
IMPATIENT = ("--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2")


@pytest.fixture(scope="module")
def cluster():
    """Return a real cluster of one node."""
    if reason := clusters.why_not():
        pytest.skip(reason)
    # Sockets need short paths, which pytest's folders do not have.
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    try:
        with clusters.running(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def submitted(cluster, project, configuration, tmp_path):
    """Return a workflow that has not run, in the cluster's environment; what it leaves on the cluster is cancelled."""
    environment = {name: cluster.environment[name] for name in ("SLURM_CONF", "PATH")}
    environment |= {"ATLAS_PROJECT": str(project), "ATLAS_BIN": str(Path(sys.executable).parent)}
    workflow = Workflow(project, tmp_path / "submitted", configuration, environment)
    workflow.directory.mkdir()
    yield workflow
    subprocess.run(["scancel", "--user=root"], env=cluster.environment, check=True)


def environment_of(workflow: Workflow) -> dict[str, str]:
    environment = os.environ | workflow.environment | {"PYTHONPATH": str(workflow.project), "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment.pop(client.ADDRESS, None)
    return environment


def write_configuration(workflow: Workflow, **changes) -> Path:
    path = workflow.directory / "mine.yaml"
    path.write_text(yaml.safe_dump(dict(workflow.configuration) | changes))
    return path


def running_on(cluster) -> list[str]:
    """Return the numbers of the jobs that run now; those of arrays with the number of their task."""
    return cluster.call("squeue", "-h", "-t", "R", "-o", "%i").split()


def wait_for(say, process: subprocess.Popen) -> str:
    """Return what `say` returns, as soon as it returns something, while a process runs."""
    deadline = time.monotonic() + SECONDS
    while not (said := say()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"did not come so far:\n{process.stdout.read()}")
        time.sleep(LOOK_SECONDS)
    return said


def start(workflow: Workflow, *options: str, **changes) -> subprocess.Popen:
    """Start a workflow with the project's profile for Slurm; `changes` override keys of the configuration."""
    if not importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        pytest.skip("no Slurm executor: pip install .[slurm]")
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", workflow.project / "profiles/slurm"]
    command += ["--configfile", write_configuration(workflow, **changes), "--directory", workflow.directory]
    return subprocess.Popen(
        [*command, *IMPATIENT, "--set-resources", "render:mem_mb=1000", *options],
        cwd=workflow.project,
        env=environment_of(workflow),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_filter_is_a_task_of_an_array_and_one_that_is_cancelled_twice_is_tried_again(cluster, submitted, one_layer):
    changes = {"filters": {"first": "0-2"}}
    planned = Counter(rule for rule, _ in submitted.plan(**changes))
    before = len(cluster.finished_jobs())

    process = start(submitted, **changes)
    task = wait_for(lambda: next((job for job in running_on(cluster) if job.endswith("_2")), ""), process)
    cluster.call("scancel", task)
    # What is tried again is a job of its own.
    array = task.split("_")[0]
    again = wait_for(lambda: next((job for job in running_on(cluster) if job.split("_")[0] != array), ""), process)
    cluster.call("scancel", again)
    run = workflows.finish(process)

    assert run.code == 0, run.output
    assert workflows.contents(submitted.results) == workflows.contents(one_layer.results)
    states = Counter(job["JobState"] for job in cluster.finished_jobs()[before:])
    # What follows from a layer is one job, and so is the end.
    on_cluster = sum(planned[rule] for rule in ("weights", "render", "summary", "site"))
    assert states == {"COMPLETED": on_cluster, "CANCELLED": 2}


def test_filters_that_no_array_holds_all_of_go_in_several(cluster, submitted, finished):
    names = [f"results/filters/second/{number:03}.png" for number in range(4)]
    before = len(cluster.finished_jobs())

    run = workflows.finish(start(submitted, "--slurm-array-limit", "2", *names))

    assert run.code == 0, run.output
    for name in names:
        assert (submitted.directory / name).read_bytes() == (finished.directory / name).read_bytes()
    tasks = [job["ArrayJobId"] for job in cluster.finished_jobs()[before:] if job.get("ArrayJobId")]
    assert sorted(Counter(tasks).values()) == [2, 2]


def test_shares_run_at_the_same_time_in_one_directory(cluster, submitted, finished):
    before = len(cluster.finished_jobs())
    arguments = [str(submitted.project / "profiles/slurm/atlas.sbatch")]
    arguments += ["--configfile", str(write_configuration(submitted))]
    sbatch = ["sbatch", "--parsable", "-D", str(submitted.directory), "--cpus-per-task=1", "--mem-per-cpu=1000"]
    inside = clusters.Cluster(cluster.folder, environment_of(submitted))

    shares = inside.call(*sbatch, "--array=1-2", *arguments)
    inside.call(*sbatch, "--wait", f"--dependency=afterok:{shares}", *arguments, timeout=SECONDS)

    printed = {path.name: path.read_text() for path in submitted.directory.glob("slurm-*.out")}
    assert workflows.contents(submitted.results) == workflows.contents(finished.results), printed
    jobs = cluster.finished_jobs()[before:]
    assert [job["JobState"] for job in jobs] == ["COMPLETED"] * 3
    # The first to start ended after the second had started.
    first, second = sorted(jobs, key=lambda job: job["StartTime"])[:2]
    assert second["StartTime"] < first["EndTime"]
    site_alone = [text for name, text in printed.items() if "_" not in name]
    assert "render" not in workflows.counts(site_alone[0])
    workflows.wait_until_idle(submitted.directory)
