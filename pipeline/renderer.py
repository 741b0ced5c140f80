"""Rendering a filter: from a request to its picture, snapshots and record."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import PIL
import tensorflow as tf

import pipeline
from pipeline import animation, files, record, response, weights
from pipeline.ascent import METHOD
from pipeline.ascent.optimise import Ascent
from pipeline.errors import UserError
from pipeline.forward import TruncatedNetwork
from pipeline.record import Record
from pipeline.request import RenderRequest

load_weights = functools.lru_cache(maxsize=1)(weights.load)


@dataclass(frozen=True)
class Climb:
    """One ascent from one random start.

    Attributes:
        pictures: the picture at each step that was asked for, the last included, uint8 (canvas, canvas, 3).
        activations: mean activation at each step.
    """

    pictures: Mapping[int, np.ndarray]
    activations: tuple[float, ...]


@dataclass(frozen=True)
class LayerAscent:
    """What the filters of a layer share: the compiled ascent, and each filter's floored activation on noise."""

    ascent: Ascent
    noise_activations: np.ndarray


@functools.lru_cache(maxsize=2)
def _ascent(key: tuple, weights_sha256: str) -> LayerAscent:
    """Return the compiled ascent for a layer, canvas, precision and recipe, with the layer's activations on noise.

    Jobs of one layer come together, and where one layer ends and the next begins they alternate: two are kept, and
    what 13 layers have compiled does not pile up.
    """
    network, layer, canvas_px, precision, recipe, weights_path = key
    if not recipe.preprocess:
        network = dataclasses.replace(network, preprocessing="unit")
    truncated = TruncatedNetwork(network, load_weights(weights_path).tensors, layer, precision)
    noise = truncated.mean_activations(response.colour_noise(canvas_px), batch=1)
    return LayerAscent(Ascent(truncated.channel_responses, canvas_px, recipe), response.floored(noise))


def render(request: RenderRequest, progress: Callable[[int], None] = lambda step: None) -> None:
    """Render one filter and write its files; call `progress` with the number of steps done, now and then.

    Where the picture does not stand out from noise (`response.alive`), other random starts are tried, up to
    `recipe.attempts` in all, and the one that excites the filter most is kept.

    Raises `UserError` when the weights are another network's, and when the ascent diverges to values that are not
    numbers.
    """
    network, recipe = request.network, request.recipe
    loaded = load_weights(request.weights)
    if any(
        name not in loaded.tensors or loaded.tensors[name].shape != network.parameters[name]
        for name in network.parameters
    ):
        raise UserError(f"{request.weights}: not the weights of {network.name}; python -m pipeline.weights makes them")
    shared = _ascent(
        (network, request.layer, request.canvas_px, request.precision, recipe, request.weights), loaded.sha256
    )
    noise_activation = shared.noise_activations[request.filter]
    climbs: list[Climb] = []
    # What a filter is against, or its central unit alone, says little about the mean of its map.
    most = recipe.attempts if recipe.objective == "channel" else 1
    while len(climbs) < most and not any(_stands_out(climb, noise_activation) for climb in climbs):
        climbs.append(_climb(request, shared.ascent, len(climbs), progress))
    best = max(climbs, key=lambda climb: climb.activations[-1])
    layer = network.layer(request.layer)
    result = Record(
        model=network.name,
        layer=request.layer,
        filter=request.filter,
        receptive_field_px=layer.receptive_field_px,
        stride_px=layer.stride_px,
        canvas_px=request.canvas_px,
        seed=request.seed,
        attempts=len(climbs),
        precision=request.precision,
        recipe=recipe.to_json(),
        activations=best.activations,
        noise_activation=float(noise_activation),
        snapshot_steps=recipe.snapshot_steps,
        image_sha256=record.image_digest(best.pictures[recipe.steps]),
        weights_sha256=loaded.sha256,
        versions={
            "atlas": pipeline.__version__,
            "method": METHOD,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "pillow": PIL.__version__,
        },
    )
    if request.animation:
        frames = [best.pictures[step] for step in animation.frame_steps(recipe.steps, request.animation_every)]
        files.write_bytes(request.animation, animation.encode(frames, request.animation.suffix))
    snapshots = [best.pictures[step] for step in recipe.snapshot_steps]
    record.write(record.beside(request.image), result, best.pictures[recipe.steps], snapshots)


def _climb(request: RenderRequest, ascent: Ascent, attempt: int, progress: Callable[[int], None]) -> Climb:
    steps = set(request.recipe.snapshot_steps)
    if request.animation:
        steps.update(animation.frame_steps(request.recipe.steps, request.animation_every))
    pictures = {}
    for state in ascent.run(request.filter, request.random(attempt), sorted(steps)):
        pictures[state.step] = to_8_bit(state.image, stretch=request.recipe.stretch)
        progress(state.step)
    if not np.isfinite(state.image).all() or not np.isfinite(state.activations).all():
        raise UserError(
            f"{request.layer}/{request.filter}: the ascent ended in values that are not numbers; "
            f"lower recipe.learning_rate ({request.recipe.learning_rate})"
        )
    return Climb(pictures, state.activations)


def _stands_out(climb: Climb, noise_activation: np.float32) -> bool:
    return bool(response.alive(np.float32(climb.activations[-1]), noise_activation))


def to_8_bit(image: np.ndarray, *, stretch: bool) -> np.ndarray:
    """Return a float image, (height, width, 3), as uint8: [0, 1] to 0..255, or its own range if `stretch`."""
    if stretch:
        low, high = image.min(), image.max()
        image = (image - low) / max(high - low, np.finfo(np.float32).tiny)
    return np.clip(np.rint(np.nan_to_num(image) * 255), 0, 255).astype(np.uint8)
