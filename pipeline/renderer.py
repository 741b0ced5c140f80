"""Rendering a filter: from a request to its picture, snapshots and record."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import PIL
import tensorflow as tf

import pipeline
from pipeline import record, weights
from pipeline.ascent import METHOD
from pipeline.ascent.optimise import Ascent
from pipeline.errors import UserError
from pipeline.forward import TruncatedNetwork
from pipeline.record import Record
from pipeline.request import RenderRequest

load_weights = functools.lru_cache(maxsize=1)(weights.load)


@functools.lru_cache(maxsize=2)
def _ascent(key: tuple, weights_sha256: str) -> Ascent:
    """Return the compiled ascent for a layer, canvas, precision and recipe.

    Jobs of one layer come together, and where one layer ends and the next begins they alternate: two are kept, and
    what 13 layers have compiled does not pile up.
    """
    network, layer, canvas_px, precision, recipe, weights_path = key
    if not recipe.preprocess:
        network = dataclasses.replace(network, preprocessing="unit")
    truncated = TruncatedNetwork(network, load_weights(weights_path).tensors, layer, precision)
    return Ascent(truncated.channel_responses, canvas_px, recipe)


def render(request: RenderRequest, progress: Callable[[int], None] = lambda step: None) -> None:
    """Render one filter and write its files; call `progress` with the number of steps done, now and then.

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
    ascent = _ascent(
        (network, request.layer, request.canvas_px, request.precision, recipe, request.weights), loaded.sha256
    )
    images = []
    for state in ascent.run(request.filter, request.random()):
        images.append(to_8_bit(state.image, stretch=recipe.stretch))
        progress(state.step)
    if not np.isfinite(state.image).all() or not np.isfinite(state.activations).all():
        raise UserError(
            f"{request.layer}/{request.filter}: the ascent ended in values that are not numbers; "
            f"lower recipe.learning_rate ({recipe.learning_rate})"
        )
    layer = network.layer(request.layer)
    result = Record(
        model=network.name,
        layer=request.layer,
        filter=request.filter,
        receptive_field_px=layer.receptive_field_px,
        stride_px=layer.stride_px,
        canvas_px=request.canvas_px,
        seed=request.seed,
        precision=request.precision,
        recipe=recipe.to_json(),
        activations=state.activations,
        snapshot_steps=recipe.snapshot_steps,
        image_sha256=record.image_digest(images[-1]),
        weights_sha256=loaded.sha256,
        versions={
            "atlas": pipeline.__version__,
            "method": METHOD,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
            "pillow": PIL.__version__,
        },
    )
    record.write(record.beside(request.image), result, images[-1], images)


def to_8_bit(image: np.ndarray, *, stretch: bool) -> np.ndarray:
    """Return a float image, (height, width, 3), as uint8: [0, 1] to 0..255, or its own range if `stretch`."""
    if stretch:
        low, high = image.min(), image.max()
        image = (image - low) / max(high - low, np.finfo(np.float32).tiny)
    return np.clip(np.rint(np.nan_to_num(image) * 255), 0, 255).astype(np.uint8)
