"""What a process keeps of the last network that it was asked for: a worker of the pool is asked for the same again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pipeline.weights import store
from pipeline.weights.store import Weights

if TYPE_CHECKING:
    from pipeline.network.graph import Graph

load = functools.lru_cache(maxsize=1)(store.load)


@functools.lru_cache(maxsize=1)
def graph(model: str, loaded: Weights, precision: str) -> Graph:
    """Return the graph of a model with the weights in it, which all its layers share: nobody may change it.

    Args:
        model: its name, or the path of its file.
        loaded: the weights, the same object for the same graph.
        precision: "float32" or "bfloat16".
    """
    # Here, not above: TensorFlow takes seconds to start, and a damaged file is found in less.
    from pipeline.network import keras_model

    return keras_model.graph_with(keras_model.load(model), loaded.tensors, precision)
