"""A run of the workflow from its start to its end: its pool of workers, the line that shows how far it is, its result.

Snakemake runs the `onstart` of the workflow that it was given, not those of its modules. A workflow that imports this
one as a module says in its own, in one line, `running.begin(workflow)`.
"""

import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from snakemake.settings.types import DeploymentMethod

from pipeline import errors, files, options
from pipeline.errors import UserError
from pipeline.pool import owner
from pipeline.workflow import locks, progress, scheduler_cures

# The environment variables that the rules' commands begin with.
PYTHON, PATH = "ATLAS_PYTHON", "ATLAS_PYTHONPATH"


@dataclass(frozen=True)
class Atlas:
    """What a run has to know of an atlas in it, for there may be several.

    Attributes:
        workflow: the run.
        render: the rule that renders a filter.
        quality: the rule whose text is shown at the end.
        pooled: the rules whose jobs workers of the pool do.
        work: of jobs, as `progress.show_for` takes it.
    """

    workflow: Any
    render: Any
    quality: Any
    pooled: Sequence[Any]
    work: Mapping[str, Mapping[str, float]]


# By the rule's name: a Snakefile is read again for each `use rule` that changes one of its rules.
_ATLASES: dict[str, Atlas] = {}


def register(
    workflow: Any, *, render: Any, quality: Any, pooled: Sequence[Any], work: Mapping[str, Mapping[str, float]]
) -> None:
    """Note that a Snakemake workflow makes an atlas; called while its Snakefile is read, after its rules."""
    _ATLASES[render.name] = Atlas(workflow, render, quality, pooled, work)


def _atlases(workflow: Any) -> list[Atlas]:
    return [atlas for atlas in _ATLASES.values() if atlas.workflow is workflow]


def check_places(directory: Path = Path()) -> None:
    """Raise `UserError` where something stands in the place of the folders that a run of Snakemake makes."""
    for path in (directory / locks.FOLDER, directory / options.RESULTS):
        if os.path.lexists(path) and not path.is_dir():
            raise UserError(f"{path.absolute()}: stands where a folder is to be made; move it away")


def check_writable(directory: Path = Path()) -> None:
    """Raise `UserError` where results are that cannot be added to: what Snakemake says of it is a traceback."""
    results = directory / options.RESULTS
    if results.is_dir() and not os.access(results, os.W_OK | os.X_OK):
        raise UserError(
            f"{results.absolute()}: cannot be written to; make it writable, or work in another directory (--directory)"
        )


def begin(workflow: Any) -> None:
    """Start the pool for a Snakemake workflow, and show its progress; called when it starts."""
    errors.or_exit(check_writable)
    locks.begin(all_jobs_are_here=workflow.local_exec)
    atlases = _atlases(workflow)
    for rule in itertools.chain.from_iterable(atlas.pooled for atlas in atlases):
        # A worker that the system kills for want of memory takes its job with it. Not said in the rules, where it would
        # hold against a profile that asks for more.
        rule.restart_times = max(1, workflow.execution_settings.retries)
    scheduler_cures.apply(workflow)
    renders = {atlas.render.name for atlas in atlases}
    room = cast(owner.Room | None, errors.or_exit(owner.start_for, workflow))
    scheduler_cures.let_wait(workflow, renders, room)
    progress.show_for(workflow, renders, {rule: work for atlas in atlases for rule, work in atlas.work.items()})


def end(workflow: Any) -> None:
    """Print what the atlases of a Snakemake workflow have turned out to be; called when all is made."""
    for atlas in _atlases(workflow):
        progress.tell(workflow, atlas.quality.name, str(atlas.quality.output.text))


def say_where(workflow: Any) -> None:
    """Put into the environment of a Snakemake workflow's jobs which Python runs them, and where it finds this package.

    It is the Python that runs Snakemake, or that of the job's own environment where conda makes one, in which the
    project is not installed. From a repository it is taken from there, installed or not.

    Raises `UserError` where conda's environments would not find it.
    """
    conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    is_repository = (files.PROJECT / "pipeline").is_dir()
    if conda and not is_repository:
        raise UserError("--software-deployment-method conda: needs the project's repository, not an installed package")
    os.environ[PYTHON] = "python" if conda else sys.executable
    places = [str(files.PROJECT)] if is_repository else []
    os.environ[PATH] = os.pathsep.join([*places, *filter(None, [os.environ.get("PYTHONPATH")])])
