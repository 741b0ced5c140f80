"""A network as Keras has it: loaded from its file or made by its name, and its weights by their names."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import keras

from pipeline.errors import UserError
from pipeline.network import named, saved
from pipeline.network.known import KNOWN


def load(model: str) -> keras.Model:
    """Return the model that `model` names: a name that is known, or the path of a file that Keras saved.

    Raises `UserError`, in one line, for a file that Keras does not load.
    """
    if model in KNOWN:
        return named.make(model)
    saved.check(Path(model), "model")
    keras.utils.clear_session(free_memory=False)
    try:
        return keras.saving.load_model(model, compile=False, safe_mode=True)
    except Exception as error:
        raise UserError(f"model: {model}: Keras cannot load it: {' '.join(str(error).split()):.200}") from None


def weights(model: keras.Model) -> Mapping[str, keras.Variable]:
    """Return the weights of all layers: "vgg16/block1_conv1/kernel" to its variable."""
    return dict(_weights(model, ""))


def _weights(model: keras.Model, path: str) -> Iterator[tuple[str, keras.Variable]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _weights(layer, f"{path}{layer.name}/")
        else:
            yield from ((f"{path}{layer.name}/{variable.name}", variable) for variable in layer.variables)
