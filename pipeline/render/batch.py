"""The jobs of a batch that a warm worker of the pool renders: one filter, or several at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.pool import client
from pipeline.pool.worker import Job, standard_streams
from pipeline.render import process

if TYPE_CHECKING:
    from pipeline.render.renderer import Climbed
    from pipeline.render.request import RenderRequest


def render_all(jobs: Sequence[Job]) -> None:
    """Render the jobs of a batch, which are of one kind, in one loop.

    Each is read and written by itself, under its own streams, and fails by itself. What is said during the loop goes to
    the first one's.
    """
    requests: dict[Job, RenderRequest] = {}
    for job in jobs:
        job.do(functools.partial(_read, job, requests))
    ready = list(requests.items())
    if ready:
        first, _ = ready[0]
        with standard_streams(first.stdout, first.stderr):
            results = _climb([request for _, request in ready])
        for (job, _), result in zip(ready, results, strict=True):
            job.do(functools.partial(_write, result))


def _read(job: Job, requests: dict[Job, RenderRequest]) -> None:
    from pipeline.render.request import parse

    request = parse(job.arguments)
    # By name: results may well be a link to a bigger disk.
    for option, path in (("--output", request.image), ("--animate", request.animation)):
        absolute = path and Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
        if absolute and not absolute.is_relative_to(Path.cwd()):
            raise UserError(
                f"{option}: {path} is outside {Path.cwd()}, where the workflow that runs works; "
                f"choose a path inside, or set {client.ADDRESS}={client.OFF}"
            )
    requests[job] = request


def _climb(requests: Sequence[RenderRequest]) -> Sequence[Climbed | BaseException]:
    """Return what comes of each, a result or an error; what fails together is tried in halves, down to each alone.

    It may be too much at once for the memory of a GPU, or the fault of one.
    """
    try:
        process.prepare(requests[0])
        from pipeline.render.renderer import climb

        return climb(requests, lambda step: process.show(requests[0], step))
    except BaseException as error:
        if len(requests) == 1:
            return [error]
    half = len(requests) // 2
    return [*_climb(requests[:half]), *_climb(requests[half:])]


def _write(result: Climbed | BaseException) -> None:
    if isinstance(result, BaseException):
        raise result
    from pipeline.render.renderer import write

    write(result)
