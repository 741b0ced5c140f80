"""The Dockerfile, step by step, in a fresh environment that stands for its image: there is not always a registry."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from fnmatch import fnmatch
from pathlib import Path

import pytest

INSTRUCTIONS = {"FROM", "COPY", "RUN", "WORKDIR", "ENTRYPOINT"}


def steps(dockerfile: Path) -> list[tuple[str, str]]:
    lines = dockerfile.read_text().replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def sent(repository: Path) -> list[Path]:
    """Return what a clean checkout has and `.dockerignore` lets through."""
    listed = subprocess.run(["git", "ls-files"], cwd=repository, check=True, capture_output=True, text=True).stdout
    ignored = (repository / ".dockerignore").read_text().split()
    return [Path(name) for name in listed.splitlines() if not any(fnmatch(name.split("/")[0], it) for it in ignored)]


@pytest.fixture(scope="module")
def image(repository, tmp_path_factory):
    """Return a folder in which each step of the Dockerfile has been done, and what starts the container."""
    root = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", root / "usr"], check=True)
    # What is locked is there already, in the versions of the lock: pip refuses others. Images of 3.12 have no
    # setuptools of their own, as environments of older Pythons do.
    (packages,) = root.glob("usr/lib/*/site-packages")
    for own in packages.glob("setuptools*"):
        shutil.rmtree(own)
    (packages / "locked.pth").write_text(sysconfig.get_paths()["purelib"])
    environment = {"PATH": f"{root / 'usr/bin'}:{os.environ['PATH']}", "HOME": str(root)}
    start, directory = [], root
    for instruction, rest in steps(repository / "Dockerfile"):
        assert instruction in INSTRUCTIONS
        if instruction == "COPY":
            source, target = rest.split()
            for path in sent(repository) if source == "." else [Path(source)]:
                place = root / target.strip("/") / path
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(repository / path, place)
        elif instruction == "RUN":
            command = rest.replace(" /", f" {root}/")
            # Nothing but what the lock names is to be fetched, and all of that is there.
            offline = environment | {"PIP_NO_INDEX": "1"}
            done = subprocess.run(
                command, shell=True, cwd=directory, env=offline, check=False, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
        elif instruction == "WORKDIR":
            directory = root / rest.strip("/")
            directory.mkdir()
        elif instruction == "ENTRYPOINT":
            start = shlex.split(rest.strip("[]").replace(",", " "))
    return directory, [str(root / "usr/bin" / start[0]), *start[1:]], environment


def test_the_container_plans_an_atlas_with_the_project_that_was_copied_into_it(image):
    directory, start, environment = image

    plan = subprocess.run(
        [*start, "--cores", "2", "--dry-run", "--config", "filters=preview"],
        cwd=directory, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert plan.returncode == 0, plan.stderr
    renders = [int(line.split()[1]) for line in plan.stdout.splitlines() if line.split()[:1] == ["render"]]
    assert renders[0] > 100
    assert (directory.parent / "opt/filter-atlas/Snakefile").is_file()


def test_a_job_in_the_container_finds_the_project_without_help(image):
    directory, _, environment = image

    found = subprocess.run(
        ["python", "-c", "import pipeline, tensorflow; print(pipeline.__file__)"],
        cwd=directory, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert Path(found.stdout.strip()).is_relative_to(directory.parent / "usr")


def test_what_is_large_and_made_here_is_not_sent_to_docker(repository):
    ignored = (repository / ".dockerignore").read_text().split()

    assert {".git", ".venv", "node_modules", "results", "build", "photographs", ".snakemake"} <= set(ignored)
