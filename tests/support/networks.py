"""Small networks for tests: made by Keras, saved, and looked through in this process."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.network.catalogue import Network


def network_of(model: Any, *, preprocessing: str = "unit", folder: Path | None = None) -> Network:
    """Return what is known of a Keras model, which is saved in a folder (a new one) under its own name."""
    from pipeline.network.graph import Graph
    from pipeline.network.survey import survey

    path = Path(folder or tempfile.mkdtemp(prefix="network-"), f"{model.name}.keras")
    model.save(path)
    found = survey(Graph(model), model.name, with_effective_fields=False)
    return Network(model.name, str(path), preprocessing, found)


def randomise(model: Any, seed: int = 3) -> Any:
    """Give a model random weights with which leaving one out shows: biases and statistics are no zeros and ones, and
    some of what is normalised is turned upside down."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if "float" in weight.dtype:
            scale = 0.3 if len(weight.shape) == 1 else 1 / np.sqrt(np.prod(weight.shape[:-1]))
            values = random.standard_normal(weight.shape) * scale
            is_variance = "variance" in weight.name
            # A scale is near 1 or −1, so that deep networks neither die away nor grow beyond all bounds.
            scaled = np.where(random.random(weight.shape) < 0.3, -1, 1) * (1 + values)
            weight.assign(np.abs(values) + 0.5 if is_variance else scaled if weight.name == "gamma" else values)
    return model


def tensors_of(model: Any) -> Mapping[str, np.ndarray]:
    """Return a model's weights by their names in the atlas."""
    from pipeline.network.graph import Graph

    return {name: np.asarray(variable.value) for name, variable in Graph(model).weights().items()}


def sequential(*layers: tuple[str, dict[str, Any]], preprocessing: str = "unit", channels: int = 3) -> Network:
    """Return a chain of layers of Keras's, each its class and settings, called l0, l1, …, on images of any size."""
    import keras

    keras.utils.clear_session(free_memory=False)
    chain = [
        getattr(keras.layers, kind).from_config({"name": f"l{number}", **settings})
        for number, (kind, settings) in enumerate(layers)
    ]
    model = keras.Sequential([keras.Input((None, None, channels), name="input"), *chain], name="tiny")
    return network_of(model, preprocessing=preprocessing)


def functional(
    build: Callable[[Any, Any], Any], *, preprocessing: str = "unit", size: int | None = None, channels: int = 3
) -> tuple[Any, Network]:
    """Return a model from images to `build(images, keras.layers)`, with random weights, and what is known of it."""
    import keras

    images = keras.Input((size, size, channels), name="image")
    model = randomise(keras.Model(images, build(images, keras.layers), name="built"))
    return model, network_of(model, preprocessing=preprocessing)
