"""The real workflow, driven from outside: its runs, what they plan, and what they leave behind."""

import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from pipeline.files import PROJECT
from pipeline.pool import client

REPOSITORY = PROJECT
# A tiny run takes about ten seconds on two free cores; this much says that it hangs.
SECONDS = 300
# Between two looks at what a running workflow has done.
LOOK_SECONDS = 0.02
# For what a run has started to end after it: a process that is killed takes next to nothing.
IDLE_SECONDS = 10
# The filters of the finished atlas; the network has 4 and 6.
FILTERS = {"first": "0-2", "second": "0-3"}
# The rules that follow from a layer's pictures.
OF_LAYER = ("summary", "mosaic", "tiles")


@dataclass(frozen=True)
class Run:
    """How a run of Snakemake ended, and all that it printed."""

    code: int
    output: str

    def errors(self) -> list[str]:
        """Return the lines that tell users of their mistakes."""
        return [line for line in self.output.splitlines() if line.startswith("error:")]


@dataclass
class Workflow:
    """A project, a directory in which its workflow runs, and a configuration."""

    project: Path
    directory: Path
    configuration: Mapping[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        """Return where the results are."""
        return self.directory / "results"

    def start(self, *arguments: str, cores: int = 2, cwd: Path | None = None, **changes: Any) -> subprocess.Popen:
        """Start Snakemake as the leader of a process group; `changes` override keys of the configuration."""
        self.directory.mkdir(parents=True, exist_ok=True)
        configuration = self.directory / "changed.yaml"
        configuration.write_text(yaml.safe_dump(dict(self.configuration) | changes))
        environment = os.environ | {"PYTHONPATH": str(self.project), "TF_CPP_MIN_LOG_LEVEL": "2"} | self.environment
        if client.ADDRESS not in self.environment:
            environment.pop(client.ADDRESS, None)
        command = [sys.executable, "-m", "snakemake", "--snakefile", self.project / "Snakefile"]
        command += ["--configfile", configuration, "--directory", self.directory, "--cores", str(cores), *arguments]
        return subprocess.Popen(
            command,
            cwd=cwd or self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **options: Any) -> Run:
        """Run Snakemake to its end."""
        return finish(self.start(*arguments, **options))

    def assert_run_gives(self, expected: "Workflow") -> None:
        """Run again, and assert that, but for what was set aside, the results are then those of another workflow."""
        run = self.run()
        assert run.code == 0, run.output
        made = {name: data for name, data in contents(self.results).items() if ".damaged" not in name}
        wanted = contents(expected.results)
        assert made == wanted, sorted(name for name in made | wanted if made.get(name) != wanted.get(name))

    def plan(self, *arguments: str, **changes: Any) -> list[tuple[str, str]]:
        """Return the jobs that Snakemake would run, as pairs of a rule and its wildcards ("first/000"), sorted."""
        run = self.run("--dry-run", "--quiet", "host", *arguments, **changes)
        assert run.code == 0, run.output
        return parse_jobs(run.output)

    def copy(self, directory: Path) -> "Workflow":
        """Return the same workflow with all it has done, times of files and all, in another directory."""
        shutil.copytree(self.directory, directory, symlinks=True)
        return Workflow(self.project, directory, self.configuration)


def finish(process: subprocess.Popen) -> Run:
    """Wait for a run to end; one that hangs is ended, with its jobs."""
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"not finished after {SECONDS} s:\n{output}")
    return Run(process.returncode, output)


def checked(workflow: Workflow) -> str:
    """Return what the check says of the results of a workflow."""
    command = [sys.executable, "-m", "pipeline.check", "--configfile", "changed.yaml", "--cores", "1"]
    environment = os.environ | {"PYTHONPATH": str(workflow.project)}
    done = subprocess.run(command, cwd=workflow.directory, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def wait_for(path: Path, process: subprocess.Popen) -> None:
    """Return when a running workflow has written a file at `path`, whose name may be a pattern."""
    while not any(path.parent.glob(path.name)):
        try:
            process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"ended before it wrote {path}:\n{process.stdout.read()}")


def parse_jobs(output: str) -> list[tuple[str, str]]:
    """Return the jobs in what a dry run printed."""
    jobs = []
    for paragraph in re.split(r"\n(?=(?:local)?rule \w+:)", output)[1:]:
        wildcards = re.search(r"^ +wildcards: (.*)$", paragraph, re.MULTILINE)
        values = [pair.split("=")[1] for pair in wildcards[1].split(", ")] if wildcards else []
        jobs.append((re.match(r"(?:local)?rule (\w+):", paragraph)[1], "/".join(values)))
    return sorted(jobs)


def counts(output: str) -> dict[str, int]:
    """Return the number of jobs of each rule, from the table that Snakemake prints first."""
    table = output[output.index("Job stats:") :]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def jobs(renders: Sequence[str] = (), layers: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the jobs that follow from new pictures, as `Workflow.plan` does: those of the layers, and of all."""
    return sorted(
        [("render", filter) for filter in renders]
        + [(rule, layer) for rule in OF_LAYER for layer in layers]
        + ([("quality", ""), ("map", "")] if layers else [])
        + [("site", ""), ("publish", ""), ("all", "")]
    )


def contents(results: Path) -> dict[str, str]:
    """Return the digest of every file of the results, by name, but for logs and Snakemake's own."""
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.relative_to(results).parts[0] != "logs" and path.name != ".snakemake_timestamp"
    }


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what changes in every file of a folder when it is written anew, by name."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rewritten(before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]) -> set[str]:
    """Return the names of the files that are new, or were written again."""
    return {name for name, mark in after.items() if before.get(name) != mark}


def half_written(directory: Path) -> list[Path]:
    """Return files and folders that a job had under way."""
    return [path for path in directory.rglob("*") if path.name.startswith(".tmp-")]


def processes_in(directory: Path) -> list[str]:
    """Return the command lines of the processes that work in a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == directory.resolve():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def wait_until_idle(directory: Path) -> None:
    """Return when no process works in a directory any more; fail when some stay."""
    deadline = time.monotonic() + IDLE_SECONDS
    while processes := processes_in(directory):
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: {processes}")
        select.select([], [], [], LOOK_SECONDS)


class _Addresses(HTMLParser):
    """The addresses that a page uses, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.addresses.append(value)
            elif name == "srcset" and value:
                self.addresses += [candidate.split()[0] for candidate in value.split(",")]
            elif name == "id" and value:
                self.anchors.add(value)


def broken_links(site: Path) -> list[str]:
    """Return "page: address" for every relative link of a site that leads to no file, or to no anchor in it."""
    pages = {page: _Addresses(page) for page in site.rglob("*.html")}
    broken = []
    for page, found in pages.items():
        for address in found.addresses:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
            # What a script is asked for, a query or filters, is no anchor.
            is_anchor = parts.fragment and not {"=", "/"} & set(parts.fragment)
            anchored = not is_anchor or target not in pages or parts.fragment in pages[target].anchors
            if not target.is_file() or not anchored:
                broken.append(f"{page.relative_to(site)}: {address}")
    return broken
