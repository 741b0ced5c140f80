"""A run of the workflow from its start to its end: its pool of workers, the line that shows how far it is, its result.

Snakemake runs the `onstart` of the workflow that it was given, not those of its modules. A workflow that imports this
one as a module says in its own, in one line, `running.begin(workflow)`.
"""

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from snakemake.settings.types import DeploymentMethod

from pipeline import errors, files
from pipeline.errors import UserError
from pipeline.pool import owner
from pipeline.workflow import progress, scheduler_cures

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
    if not _atlases(workflow):
        workflow.delete_output = _with_logs(workflow, workflow.delete_output)
    _ATLASES[render.name] = Atlas(workflow, render, quality, pooled, work)


def _atlases(workflow: Any) -> list[Atlas]:
    return [atlas for atlas in _ATLASES.values() if atlas.workflow is workflow]


def _with_logs(workflow: Any, delete: Callable[..., None]) -> Callable[..., None]:
    """Return what a Snakemake workflow does for `--delete-all-output`, and the same to the logs of the jobs that make
    atlases: Snakemake itself deletes outputs alone, and leaves the folders that are empty then."""

    def delete_all(*, only_temp: bool = False, dryrun: bool = False) -> None:
        delete(only_temp=only_temp, dryrun=dryrun)
        if only_temp or dryrun:
            return
        folders = [str(atlas.render.log[0]).partition("/render/")[0] for atlas in _atlases(workflow)]
        logs = [log for job in workflow.dag.jobs for log in job.log if str(log).startswith(tuple(folders))]
        workflow.async_run(_remove(logs))
        for folder in folders:
            for each, _, _ in os.walk(os.path.dirname(folder), topdown=False):  # noqa: PTH120 (all is texts here)
                with contextlib.suppress(OSError):
                    os.rmdir(each)  # noqa: PTH106

    return delete_all


async def _remove(found: Sequence[Any]) -> None:
    for each in found:
        if await each.exists():
            await each.remove()


def begin(workflow: Any) -> None:
    """Start the pool for a Snakemake workflow, and show its progress; called when it starts."""
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
