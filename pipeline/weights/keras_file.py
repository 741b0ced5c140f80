"""The weights in a file of Keras's, as Keras itself loads them into a network.

What Keras does not load into the network as it is may still hold it: with another head, or as a part of a larger
model (a fine-tuned network keeps its base as one layer). Such a part is cut out, and Keras loads that.
"""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from pipeline.errors import UserError, in_one_line
from pipeline.network import keras_model, named, saved
from pipeline.network.graph import Graph
from pipeline.network.known import KNOWN
from pipeline.weights import parts


def read(path: Path, model: str) -> Mapping[str, np.ndarray]:
    """Return the weights of the network that `model` names, from `path`: the file of that model, or one of weights.

    Returns:
        "<layer's path>/<weight>" to its values, float32 where the network has numbers of any floating-point type.

    Raises `UserError`, in one line, for a file that Keras must not open, or whose weights are another network's.
    """
    if path == Path(model):
        return _values(keras_model.load(model))
    with saved.readable(path, "weights"), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        saved.unpack(path, copy)
        return _values(_loaded(_named_by_layout(copy), path, model))


def _loaded(file: Path, path: Path, model: str) -> keras.Model:
    """Return the network with the weights in `file`, the copy of `path`."""
    network = keras_model.load(model)
    refused = _load(network, file)
    if refused is None:
        return network
    if model in KNOWN and _load(with_top := named.make(model, include_top=True), file) is None:
        return with_top
    fitting = {name: part for name, part in parts.of(file, network) if _load(network, part) is None}
    if not fitting:
        raise UserError(f"weights: {path}: not the weights of {Path(model).stem}: {refused}")
    if len(fitting) > 1:
        raise UserError(f"weights: {path}: holds {Path(model).stem} several times: {', '.join(fitting)}")
    # Again: what came after it may have been loaded half.
    _load(network, *fitting.values())
    return network


def _load(network: keras.Model, file: Path) -> str | None:
    """Let Keras load a file into a network; return None, or why it would not."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            network.load_weights(file)
    except MemoryError:
        raise
    except Exception as error:
        # Keras and its libraries raise whatever comes.
        return in_one_line(error)
    return keras_model.left_out(said)


def _named_by_layout(file: Path) -> Path:
    """Rename a file so that it ends as its layout does with Keras, which goes by the ending; return the new path."""
    return file.rename(file.with_name("whole.h5" if parts.is_legacy(file) else "whole.weights.h5"))


def _values(network: keras.Model) -> dict[str, np.ndarray]:
    values = {}
    for name, variable in Graph(network).weights().items():
        is_float = keras.backend.is_float_dtype(variable.dtype)
        values[name] = np.asarray(keras.ops.cast(variable, "float32") if is_float else variable)
    return values
