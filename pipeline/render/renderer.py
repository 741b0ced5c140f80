"""Rendering filters: from requests to their pictures, snapshots and records."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL
import tensorflow as tf

import pipeline
from pipeline import files, images
from pipeline.ascent.optimise import Ascent
from pipeline.ascent.recipe import METHOD
from pipeline.errors import UserError
from pipeline.machine import start, surroundings
from pipeline.measure import matrix
from pipeline.measure.noise import colour_noise, floored
from pipeline.network.truncated import with_copy
from pipeline.render import animation
from pipeline.render.request import RenderRequest
from pipeline.results import layout, record
from pipeline.results.record import Record, Versions
from pipeline.weights import kept
from pipeline.weights.store import Weights


@dataclass(frozen=True)
class Climb:
    """One ascent from one random start.

    Attributes:
        pictures: the picture at each step that was asked for, the last included, uint8 (canvas, canvas, channels).
        activations: mean activation at each step.
        finite: whether it ended in numbers.
    """

    pictures: Mapping[int, np.ndarray]
    activations: tuple[float, ...]
    finite: bool = True


@dataclass(frozen=True)
class Climbed:
    """What came of a request.

    Attributes:
        request: what was asked for.
        climbs: its ascents, from one random start after another.
        noise_activation: the filter's floored activation on noise.
        copied_steps: how many steps, the first ones, were climbed on a copy of the network.
        weights_sha256: digest of the weights.
    """

    request: RenderRequest
    climbs: list[Climb]
    noise_activation: float
    copied_steps: int
    weights_sha256: str

    def settled(self) -> bool:
        """Return whether another start is of no use: one excites the filter, or diverged."""
        noise = np.array([self.noise_activation], np.float32)
        return any(
            not climb.finite or matrix.alive(np.array(climb.activations[-1:], np.float32), noise).all()
            for climb in self.climbs
        )


@dataclass(frozen=True)
class LayerAscent:
    """What the filters of a layer share: the compiled ascent, and each filter's floored activation on noise."""

    ascent: Ascent
    noise_activations: np.ndarray


@functools.lru_cache(maxsize=2)
def _ascent(key: tuple[Any, ...], loaded: Weights) -> LayerAscent:
    """Return the compiled ascent for a layer, canvas, precision and recipe, with the layer's activations on noise.

    Jobs of one layer come together, and where one layer ends and the next begins they alternate: two are kept, and
    what 13 layers have compiled does not pile up.
    """
    network, layer, canvas_px, precision, recipe = key
    if not recipe.preprocess:
        network = dataclasses.replace(network, preprocessing="unit")
    graph = kept.graph(network.model, loaded, precision)
    exact, copy = with_copy(network, graph, layer, recipe.copy_rank if recipe.copied_steps else 0.0)
    channels = network.image_of(layer).channels
    noise = exact.mean_activations(colour_noise(canvas_px, channels=channels), batch=1)
    ascent = Ascent(exact.channel_responses, canvas_px, recipe, channels, copy)
    return LayerAscent(ascent, floored(noise))


def render(request: RenderRequest, progress: Callable[[int], None] = lambda step: None) -> None:
    """Render one filter and write its files: `climb`, then `write`."""
    write(*climb([request], progress))


def climb(requests: Sequence[RenderRequest], progress: Callable[[int], None] = lambda step: None) -> list[Climbed]:
    """Climb for several filters at the same time; call `progress` with the number of steps done, now and then.

    Where a picture does not stand out from noise (`matrix.alive`), other random starts are tried, up to
    `recipe.attempts` in all, for those filters alone that need them.

    Args:
        requests: they differ in filter, seed, and the files to write; in nothing else.
        progress: called with the number of steps done.

    Returns:
        what came of each, in their order.

    Raises `UserError` when the weights are another network's.
    """
    first = requests[0]
    network, recipe = first.network, first.recipe
    loaded = kept.load(first.weights)
    loaded.check(network, first.weights)
    shared = _ascent((network, first.layer, first.canvas_px, first.precision, recipe), loaded)
    results = [
        Climbed(request, [], float(shared.noise_activations[request.filter]), shared.ascent.copied_steps, loaded.sha256)
        for request in requests
    ]
    # What a filter is against, or its central unit alone, says little about the mean of its map.
    for attempt in range(recipe.attempts if recipe.objective == "channel" else 1):
        left = [result for result in results if not result.settled()]
        if left:
            tried = _climb_all([result.request for result in left], shared.ascent, attempt, progress)
            for result, one in zip(left, tried, strict=True):
                result.climbs.append(one)
    return results


def write(climbed: Climbed) -> None:
    """Write a filter's picture, snapshots, record, and its animation if one is wanted: of the climb that excites the
    filter most.

    Raises `UserError` when the ascent diverged to values that are not numbers.
    """
    request, climbs = climbed.request, climbed.climbs
    network, recipe = request.network, request.recipe
    if not all(one.finite for one in climbs):
        raise UserError(
            f"{request.layer}/{request.filter}: the ascent ended in values that are not numbers; "
            f"lower recipe.learning_rate ({recipe.learning_rate})"
        )
    best = max(climbs, key=lambda one: one.activations[-1])
    layer, channels = network.layer(request.layer), network.image_of(request.layer).channels
    result = Record(
        model=network.name,
        layer=request.layer,
        filter=request.filter,
        receptive_field_px=layer.receptive_field_px,
        stride_px=layer.stride_px,
        canvas_px=request.canvas_px,
        image_channels=record.said(channels),
        seed=request.seed,
        attempts=len(climbs),
        precision=request.precision,
        recipe=recipe.to_json(),
        copied_steps=record.said_of_copy(climbed.copied_steps),
        activations=best.activations,
        first_activation=best.activations[0],
        last_activation=best.activations[-1],
        noise_activation=climbed.noise_activation,
        snapshot_steps=recipe.snapshot_steps,
        image_sha256=record.image_digest(best.pictures[recipe.steps]),
        weights_sha256=climbed.weights_sha256,
        versions=Versions(
            atlas=pipeline.__version__,
            method=METHOD,
            tensorflow=tf.__version__,
            numpy=np.__version__,
            pillow=PIL.__version__,
        ),
        device=start.used(tf),
        environment=record.said_of_environment(surroundings.variables()),
    )
    paths = layout.beside(request.image)
    for path in (paths.image, paths.record, paths.snapshots, paths.channels):
        # The pool kills its workers, at any moment, when the workflow ends.
        files.remove_half_written(path)
    if request.animation:
        frames = [
            images.shown(best.pictures[step]) for step in animation.frame_steps(recipe.steps, request.animation_every)
        ]
        files.write_bytes(request.animation, animation.encode(frames, request.animation.suffix))
    snapshots = [images.shown(best.pictures[step]) for step in recipe.snapshot_steps]
    record.write(paths, result, best.pictures[recipe.steps], snapshots)


def _climb_all(
    requests: Sequence[RenderRequest], ascent: Ascent, attempt: int, progress: Callable[[int], None]
) -> list[Climb]:
    steps: set[int] = set()
    for request in requests:
        steps.update(request.recipe.snapshot_steps)
        if request.animation:
            steps.update(animation.frame_steps(request.recipe.steps, request.animation_every))
    filters, randoms = zip(*((request.filter, request.random(attempt)) for request in requests), strict=True)
    pictures: list[dict[int, np.ndarray]] = [{} for _ in requests]
    for states in ascent.run_all(filters, randoms, sorted(steps)):
        for request, shown, state in zip(requests, pictures, states, strict=True):
            shown[state.step] = to_8_bit(state.image, stretch=request.recipe.stretch)
        progress(states[0].step)
    return [
        Climb(shown, state.activations, bool(np.isfinite(state.image).all() and np.isfinite(state.activations).all()))
        for shown, state in zip(pictures, states, strict=True)
    ]


def to_8_bit(image: np.ndarray, *, stretch: bool) -> np.ndarray:
    """Return a float image, (height, width, channels), as uint8: [0, 1] to 0..255, or its own range if `stretch`."""
    if stretch:
        low, high = image.min(), image.max()
        image = (image - low) / max(high - low, np.finfo(np.float32).tiny)
    pixels: np.ndarray = np.clip(np.rint(np.nan_to_num(image) * 255), 0, 255).astype(np.uint8)
    return pixels
