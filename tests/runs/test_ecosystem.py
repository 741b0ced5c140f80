"""What else Snakemake does with a workflow: another one imports it, its files are kept in a storage, its package is
installed. The bytes are those of a plain run."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from pipeline import files
from pipeline.workflow import running
from tests.photographs.conftest import drawn
from tests.runs.test_surroundings import wait_for_process
from tests.support import kubernetes, s3
from tests.support import workflow as workflows
from tests.support.workflow import REPOSITORY, Workflow
from tests.support.workflow_fixtures import PROJECT

pytest_plugins = ["tests.support.workflow_fixtures"]

MODULE = """\
module {name}:
    snakefile: {snakefile!r}
    config: config.get({section!r}) or {{}}
    {prefix}


use rule * from {name} as {name}_*


"""
RUNNING = """\
from pipeline import files
from pipeline.workflow import running


onstart:
    running.begin(workflow)
"""


def importing(fresh, sections, *, prefixes=None, running=RUNNING):
    """Return the directory of a workflow that imports ours, for each name a configuration, and its targets."""
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


def test_a_module_whose_section_nobody_wrote_is_one_line(fresh):
    targets = importing(fresh, {"atlas": fresh.configuration})
    (fresh.directory / "outer.yaml").write_text("atals: {filters: preview}\n")

    failed = workflows.finish(start(fresh, *targets, "--dry-run"))

    assert failed.code != 0
    (line,) = failed.errors()
    assert "the configuration of the module is empty or missing" in line
    assert "Traceback" not in failed.output


@pytest.fixture
def bucket():
    """Yield the options of a storage in a bucket of a real S3 server on this machine, and a function that empties it
    into a folder."""
    with s3.served() as server:
        yield server


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Return a folder of two drawn photographs."""
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(2):
        drawn(number, (300, 260)).save(folder / f"{number}.png")
    return folder


# What is kept in a storage lies in a folder here, which stands for one that jobs do not share.
needs_rsync = pytest.mark.skipif(not shutil.which("rsync"), reason="the plugin fs copies by rsync, which is not here")
STORED = ("--default-storage-provider", "fs", "--default-storage-prefix")


@needs_rsync
def test_files_may_be_kept_in_a_storage_that_no_job_sees(fresh, finished, tmp_path):
    store = tmp_path / "a store"

    run = fresh.run(*STORED, str(store))

    assert run.code == 0, run.output
    assert workflows.contents(store / "results") == workflows.contents(finished.results)
    assert not fresh.results.joinpath("site").exists()
    again = fresh.run(*STORED, str(store))
    assert "Nothing to be done" in again.output


@needs_rsync
def test_photographs_come_from_here_and_what_is_made_of_them_goes_into_the_storage(fresh, tmp_path, photographs):
    store = tmp_path / "store"

    stored = fresh.run(*STORED, str(store), photographs=str(photographs))
    plain = Workflow(fresh.project, tmp_path / "plain", fresh.configuration)
    beside = plain.run(photographs=str(photographs))

    assert stored.code == beside.code == 0, stored.output
    assert workflows.contents(store / "results") == workflows.contents(plain.results)


def test_a_whole_atlas_lies_in_a_bucket_also_after_a_kill(fresh, finished, bucket, tmp_path):
    process = fresh.start(*bucket.options)
    bucket.wait_for("results/filters/second/", process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    assert fresh.run("--unlock", *bucket.options).code == 0
    run = fresh.run("--rerun-incomplete", *bucket.options)

    assert run.code == 0, run.output
    bucket.download(tmp_path / "bucket")
    assert workflows.contents(tmp_path / "bucket/results") == workflows.contents(finished.results)


def in_git(project, folder):
    """Return a copy of a project that is a checkout: what git keeps is what Snakemake sends along with a job."""
    shutil.copytree(project, folder)
    for arguments in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def test_kubernetes_runs_jobs_that_see_nothing_but_a_bucket(fresh, finished, bucket, tmp_path):
    checkout = in_git(fresh.project, tmp_path / "checkout")
    (checkout / "mine.yaml").write_text(yaml.safe_dump(fresh.configuration))
    (tmp_path / "cluster").mkdir()
    name = "filters/first/000.png"
    command = [sys.executable, "-m", "snakemake", f"results/{name}", "--configfile", "mine.yaml", "--jobs", "2"]
    command += ["--executor", "kubernetes", "--container-image", "mine/atlas", "--seconds-between-status-checks", "1"]

    with kubernetes.served(tmp_path / "cluster", cache=files.cache_folder("").parent) as cluster:
        environment = os.environ | {"KUBECONFIG": str(cluster.config)}
        done = subprocess.run(
            [*command, *bucket.options], cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )

    assert done.returncode == 0, done.stderr + cluster.logs()
    bucket.download(tmp_path / "bucket")
    assert workflows.contents(tmp_path / "bucket/results")[name] == workflows.contents(finished.results)[name]
    # The weights of a model of one's own are read where Snakemake is.
    (container,) = cluster.containers()
    assert container["image"] == "mine/atlas"
    assert container["resources"]["requests"] | {"cpu": "950m", "memory": "2000M"} == container["resources"]["requests"]
    assert str(checkout) not in container["args"][1]


SINGULARITY = """\
#!{python}
# Of Apptainer what Snakemake asks it for. In an image there is a Python with the packages of {site}, but neither
# Snakemake nor this project; of the machine's files all are there.
import os, pathlib, sys
arguments = sys.argv[1:]
if arguments == ["--version"]:
    print("apptainer version 1.4.0")
else:
    image = next(each for each in arguments if each.endswith(".sif"))
    pathlib.Path(image).with_suffix(".log").open("a").write(arguments[-1] + "\\n")
    os.environ["PATH"] = str(pathlib.Path(image).parent / "inside/bin") + ":/usr/bin:/bin"
    shell = arguments[arguments.index(image) + 1:]
    os.execvp(shell[0], shell)
"""


def an_environment(prefix, site):
    """Make a virtual environment that has the packages in a folder, but not Snakemake."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    (packages,) = prefix.glob("lib/*/site-packages")
    (packages / "packages.pth").write_text(site)
    (packages / "sitecustomize.py").write_text("import sys; sys.modules['snakemake'] = None")


def test_jobs_run_in_the_container_that_the_configuration_names(fresh, finished, tmp_path):
    site = sysconfig.get_paths()["purelib"]
    image = tmp_path / "atlas.sif"
    image.touch()
    an_environment(tmp_path / "inside", site)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apptainer").write_text(SINGULARITY.format(python=sys.executable, site=site))
    (tmp_path / "bin/apptainer").chmod(0o755)
    fresh.environment["PATH"] = f"{tmp_path / 'bin'}:{os.environ['PATH']}"

    run = fresh.run("--software-deployment-method", "apptainer", container=str(image))

    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    assert "pipeline.render" in image.with_suffix(".log").read_text()


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Return a folder into which the package is installed as pip does it, and nothing else."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in (*PROJECT, "pyproject.toml", "README.md", "LICENSE"):
        path = REPOSITORY / name
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        copy(path, source / name)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--target", target, source], check=True)
    return target


def test_installed_it_is_a_command_that_works_anywhere(fresh, finished, installed):
    fresh.directory.mkdir()
    (fresh.directory / "mine.yaml").write_text(yaml.safe_dump(fresh.configuration))
    environment = os.environ | {"PYTHONPATH": str(installed), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [installed / "bin/filter-atlas", "--configfile", "mine.yaml"]

    done = subprocess.run(command, cwd=fresh.directory, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)


CONDA = """\
#!{python}
# Of conda what Snakemake asks it for. Environments have the packages of {site}, but neither Snakemake nor this project.
import json, pathlib, subprocess, sys
arguments = sys.argv[1:]
base = pathlib.Path({base!r})
if arguments[:1] == ["info"]:
    print(json.dumps({{"conda_prefix": str(base), "platform": "linux-64"}}))
elif arguments[:1] == ["--version"]:
    print("conda 25.1.0")
elif arguments[:2] == ["config", "--get"]:
    print(json.dumps({{"get": {{"channel_priority": "strict"}}}}))
elif arguments[:2] == ["env", "create"]:
    file, prefix = (pathlib.Path(arguments[arguments.index(option) + 1]) for option in ("--file", "--prefix"))
    (base / "created").write_text(file.read_text())
    subprocess.run(["{python}", "-m", "venv", "--without-pip", prefix], check=True)
    (packages,) = prefix.glob("lib/*/site-packages")
    (packages / "packages.pth").write_text({site!r})
    (packages / "sitecustomize.py").write_text("import sys; sys.modules['snakemake'] = None")
elif arguments[:1] != ["clean"]:
    sys.exit(f"conda: {{arguments}}")
"""
ACTIVATE = """\
export PATH="$1/bin:$PATH"
"""


def test_jobs_run_in_an_environment_that_conda_makes(fresh, finished, tmp_path):
    base, site = tmp_path / "base", sysconfig.get_paths()["purelib"]
    (base / "bin").mkdir(parents=True)
    (base / "bin/conda").write_text(CONDA.format(python=sys.executable, base=str(base), site=site))
    (base / "bin/conda").chmod(0o755)
    (base / "bin/activate").write_text(ACTIVATE)
    fresh.environment["PATH"] = f"{base}/bin:{os.environ['PATH']}"

    run = fresh.run("--software-deployment-method", "conda")

    assert run.code == 0, run.output
    assert workflows.contents(fresh.results) == workflows.contents(finished.results)
    # A line that names another file would not find it there.
    (pip,) = (
        each["pip"] for each in yaml.safe_load((base / "created").read_text())["dependencies"] if isinstance(each, dict)
    )
    pinned = (REPOSITORY / "requirements.txt").read_text()
    assert pip
    assert all(f"{requirement} \\\n" in pinned for requirement in pip)


def test_a_report_shows_mosaics_quality_and_home(finished, tmp_path):
    run = finished.run("--report", str(tmp_path / "report.html"))

    assert run.code == 0, run.output
    report = (tmp_path / "report.html").read_text()
    assert all(words in report for words in ("Atlas", "Mosaics", "Quality", "The images of layer"))
    assert "site/assets/card.jpg" in report


QUEUE = """\
#!/bin/sh
# Submits as a queue does: returns at once, with a number.
sh "$1" > "$1.log" 2>&1 &
echo $!
"""
STATUS = """\
#!/bin/sh
if kill -0 "$1" 2> /dev/null; then echo running; else echo success; fi
"""


def test_a_queue_that_snakemake_knows_nothing_of_runs_the_jobs(fresh, finished, tmp_path):
    for name, text in (("submit", QUEUE), ("status", STATUS)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    one = {"filters": {"first": "0"}}

    run = fresh.run(
        "--executor", "cluster-generic", "--jobs", "2",
        "--cluster-generic-submit-cmd", str(tmp_path / "submit"),
        "--cluster-generic-status-cmd", str(tmp_path / "status"),
        **one,
    )  # fmt: skip

    assert run.code == 0, run.output
    name = "filters/first/000.png"
    assert workflows.contents(fresh.results)[name] == workflows.contents(finished.results)[name]


def test_the_tiny_configuration_that_comes_along_is_planned(fresh):
    command = [sys.executable, "-m", "snakemake", "--snakefile", REPOSITORY / "Snakefile", "--dry-run", "--cores", "1"]
    command += ["--configfile", REPOSITORY / ".test/config.yaml", "--directory", fresh.directory]

    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert workflows.counts(done.stdout + done.stderr)["render"] == 3


@pytest.mark.parametrize("arguments", [["--lint"], ["--dry-run", "--cores", "1"]])
def test_it_is_linted_and_planned_where_snakemake_is_and_nothing_else(tmp_path, arguments):
    alone = tmp_path / "alone"
    alone.mkdir()
    for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not path.name.startswith((*running.LIBRARIES, "keras", "pandas", "snakemake_executor", "__pycache__")):
            (alone / path.name).symlink_to(path)
    # Without `site`, which would add all that is installed.
    command = [sys.executable, "-S", "-m", "snakemake", "--snakefile", REPOSITORY / "Snakefile", *arguments]

    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(alone)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "warning: PIL, h5py, msgspec, numpy, tensorflow: not installed" in done.stderr
    assert "in a good condition" in done.stderr or workflows.counts(done.stdout + done.stderr)["render"] == 108


@pytest.mark.parametrize("model", ["vgg16", None])
def test_a_library_that_is_not_there_is_one_line(fresh, tmp_path, model):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['msgspec'] = None")
    fresh.environment["PYTHONPATH"] = str(tmp_path)
    named = {"model": model, "preprocessing": "auto", "weights": "imagenet", "filters": "preview"}

    failed = fresh.run(**named if model else {})

    (line,) = failed.errors()
    assert line.startswith("error: msgspec: not installed for ")
    assert "Traceback" not in failed.output
