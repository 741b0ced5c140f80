"""The bare loop: gradient ascent with nothing around it, the floor that the workflow is held against."""

from __future__ import annotations

import functools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bench import BUILD
from pipeline.config import plan
from pipeline.machine import start as runtime
from pipeline.network import catalogue
from pipeline.weights import sources, store

if TYPE_CHECKING:
    from pipeline.ascent.optimise import Ascent

MODEL = "vgg16"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Times:
    """What one process took.

    Attributes:
        start_seconds: importing TensorFlow, loading the weights and compiling the loops.
        seconds: of each filter's ascent, by layer.
    """

    start_seconds: float
    seconds: Mapping[str, tuple[float, ...]]

    @property
    def loop_seconds(self) -> float:
        """All ascents together."""
        return sum(sum(each) for each in self.seconds.values())


def weights_file(model: str = MODEL) -> Path:
    """Return the path of a network's weights, made if they are not there."""
    path = BUILD / "bench" / f"{model}.npz"
    if not path.exists():
        store.save(path, sources.find(catalogue.load(model), model, "imagenet"))
    return path


def ascent(layer: str, precision: str, recipe: str | Mapping[str, Any] = "default", *, model: str = MODEL) -> Ascent:
    """Return the compiled loop of a layer at its automatic canvas."""
    runtime.import_tensorflow()
    import dataclasses

    from pipeline.ascent.optimise import Ascent
    from pipeline.network import keras_model
    from pipeline.network.truncated import with_copy

    network = catalogue.load(model)
    canvas_px = plan.resolve_canvas(network, layer, "auto")
    resolved = plan.resolve_recipe(network, layer, canvas_px, recipe)
    if not resolved.preprocess:
        network = dataclasses.replace(network, preprocessing="unit")
    graph = keras_model.graph_with(keras_model.load(model), tensors(model), precision)
    exact, copy = with_copy(network, graph, layer, resolved.copy_rank)
    return Ascent(exact.channel_responses, canvas_px, resolved, copy_responses=copy)


@functools.cache
def tensors(model: str = MODEL) -> Mapping[str, np.ndarray]:
    """Return a network's weights."""
    return store.load(weights_file(model)).tensors


def warm_up(loop: Ascent, layer: str) -> None:
    """Run a loop until it is compiled: one step past those on a copy of the network."""
    steps = loop.recipe.steps
    next(loop.run(0, random(layer, 0), sorted({min(loop.recipe.copied_steps + 1, steps), steps})))


def random(layer: str, filter: int, seed: int = 0) -> np.random.Generator:
    """Return a source of random numbers for a filter."""
    return np.random.default_rng((seed, filter, *layer.encode()))


def picture(loop: Ascent, layer: str, filter: int, seed: int = 0) -> np.ndarray:
    """Run a loop for a filter; return its picture as it would be saved, uint8 (canvas, canvas, 3)."""
    from pipeline.render.renderer import to_8_bit

    for state in loop.run(filter, random(layer, filter, seed)):
        last = state.image
    return to_8_bit(last, stretch=loop.recipe.stretch)


def climb(precision: str, jobs: Sequence[tuple[str, int]], recipe: str | Mapping[str, Any] = "default") -> Times:
    """Run the loop for each (layer, filter) in this process, and time it; each layer is warmed up first."""
    start = time.perf_counter()
    seconds: dict[str, list[float]] = {}
    warming = 0.0
    for layer, filter in jobs:
        if layer not in seconds:
            began = time.perf_counter()
            loop = ascent(layer, precision, recipe)
            warm_up(loop, layer)
            warming += time.perf_counter() - (began if seconds else start)
            seconds[layer] = []
        began = time.perf_counter()
        for _ in loop.run(filter, random(layer, filter)):
            pass
        seconds[layer].append(time.perf_counter() - began)
    return Times(warming, {layer: tuple(each) for layer, each in seconds.items()})


def climb_on(cores: int, precision: str, jobs: Sequence[tuple[str, int]]) -> list[Times]:
    """Run the loop in one process per core, each with its share of the jobs, all at the same time."""
    shares = [jobs[first::cores] for first in range(cores)]
    with processes(cores) as started:
        return list(started.map(climb, [precision] * cores, shares))


def in_new_process(function: Callable[..., Result], *arguments: Any) -> Result:
    """Return what a function returns in a process of its own, which ends with it: TensorFlow stays out of this one."""
    with processes(1) as started:
        return started.submit(function, *arguments).result()


def processes(count: int, *, tasks_each: int | None = None) -> ProcessPoolExecutor:
    """Return `count` processes, which start anew after `tasks_each` tasks, and end with this one, however it ends."""
    return ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_end_with_parent,
        max_tasks_per_child=tasks_each,
    )


def _end_with_parent() -> None:
    # One that is in the middle of a task would otherwise go on for its ten minutes, seen by nobody.
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
