"""A run of the workflow from its start to its end: its pool of workers, the line that shows how far it is, its result.

Snakemake runs the `onstart` of the workflow that it was given, not those of its modules. A workflow that imports this
one as a module says in its own, in one line, `running.begin(workflow)`.
"""

import contextlib
import importlib.util
import itertools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from snakemake.settings.types import DeploymentMethod, SharedFSUsage

from pipeline import errors, files, options
from pipeline.config.plan import Plan
from pipeline.errors import UserError
from pipeline.pool import owner
from pipeline.workflow import locks, progress, scheduler_cures

# The environment variables that the rules' commands begin with.
PYTHON, PATH = "ATLAS_PYTHON", "ATLAS_PYTHONPATH"
# What jobs import and Snakemake does not bring, by the names of the modules.
LIBRARIES = ("PIL", "h5py", "msgspec", "numpy", "tensorflow")


@dataclass(frozen=True)
class Atlas:
    """What a run has to know of an atlas in it, for there may be several.

    Attributes:
        workflow: the run.
        quality: the rule whose text is shown at the end.
        pooled: the rules whose jobs workers of the pool do, by the names that they have where no other workflow gives
            them another: "render", and what looks at photographs where there are some.
        plan: what is made.
    """

    workflow: Any
    quality: Any
    pooled: Mapping[str, Any]
    plan: Plan

    @property
    def render(self) -> Any:
        """The rule that renders a filter."""
        return self.pooled["render"]


# By the rule's name: a Snakefile is read again for each `use rule` that changes one of its rules.
_ATLASES: dict[str, Atlas] = {}


def register(workflow: Any, *, quality: Any, pooled: Mapping[str, Any], plan: Plan) -> None:
    """Note that a Snakemake workflow makes an atlas; called while its Snakefile is read, after its rules."""
    if not _atlases(workflow):
        workflow.delete_output = _with_logs(workflow, workflow.delete_output)
    _ATLASES[pooled["render"].name] = Atlas(workflow, quality, pooled, plan)


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
    if (missing := _missing()) and _runs_jobs(workflow):
        sys.exit(f"error: {errors.not_installed(missing)}")
    errors.or_exit(check_writable)
    locks.begin(all_jobs_are_here=workflow.local_exec)
    atlases = _atlases(workflow)
    for rule in itertools.chain.from_iterable(atlas.pooled.values() for atlas in atlases):
        # A worker that the system kills for want of memory takes its job with it. Not said in the rules, where it would
        # hold against a profile that asks for more.
        rule.restart_times = max(1, workflow.execution_settings.retries)
    scheduler_cures.apply(workflow)
    renders = {atlas.render.name for atlas in atlases}
    room = cast(owner.Room | None, errors.or_exit(owner.start_for, workflow))
    scheduler_cures.let_wait(workflow, renders, room)
    progress.show_for(workflow, renders, {} if missing else _work(atlases))


def _work(atlases: Sequence[Atlas]) -> dict[str, Mapping[str, float]]:
    # Here, for it takes what Snakemake does not bring, and jobs in an environment of their own do not need.
    from pipeline.workflow import cost

    return {atlas.pooled[name].name: work for atlas in atlases for name, work in cost.work(atlas.plan).items()}


def end(workflow: Any) -> None:
    """Print what the atlases of a Snakemake workflow have turned out to be; called when all is made."""
    for atlas in _atlases(workflow):
        progress.tell(workflow, atlas.quality.name, str(atlas.quality.output.text))


def check_libraries(workflow: Any) -> None:
    """Raise `UserError` where the Python that runs a Snakemake workflow's jobs has a Pillow without a format that is
    needed; warn where it lacks libraries, with which nothing can be made, but everything planned."""
    if (missing := _missing()) and _runs_jobs(workflow):
        print(f"warning: {errors.not_installed(missing)}", file=sys.stderr)
    if "PIL" not in missing:
        from pipeline import images

        images.check_codecs()


def _missing() -> list[str]:
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def _runs_jobs(workflow: Any) -> bool:
    """Return whether this Python runs the jobs of a Snakemake workflow, not one of an environment of their own."""
    is_here = SharedFSUsage.SOFTWARE_DEPLOYMENT in workflow.storage_settings.shared_fs_usage
    return is_here and os.environ[PYTHON] == sys.executable


def say_where(workflow: Any) -> None:
    """Put into the environment of a Snakemake workflow's jobs which Python runs them, and where it finds this package.

    It is the Python that runs Snakemake, or that of the job's own environment: where conda makes one, in which the
    project is not installed, or in a container. From a repository it is taken from there, installed or not.

    Raises `UserError` where conda's environments would not find it.
    """
    methods = workflow.deployment_settings.deployment_method
    conda = DeploymentMethod.CONDA in methods
    contained = DeploymentMethod.APPTAINER in methods and workflow.modifier.global_container_img
    is_repository = (files.PROJECT / "pipeline").is_dir()
    if conda and not is_repository:
        raise UserError("--software-deployment-method conda: needs the project's repository, not an installed package")
    os.environ[PYTHON] = "python" if conda or contained else sys.executable
    places = [str(files.PROJECT)] if is_repository else []
    os.environ[PATH] = os.pathsep.join([*places, *filter(None, [os.environ.get("PYTHONPATH")])])
