"""A network known by name, made by Keras, without its weights."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.utils import file_utils

from pipeline.network.known import KNOWN


def make(model: str, *, include_top: bool = False) -> keras.Model:
    """Return the network that `model` names as Keras makes it for its ImageNet weights, with random weights instead.

    Its layers are named as in a fresh session, whatever was made before. `include_top`: with its classifier.
    """
    module, _, function = KNOWN[model].maker.rpartition(".")
    # The names of layers that have none of their own are counted up in a session.
    keras.utils.clear_session(free_memory=False)
    keras.config.set_image_data_format("channels_last")
    with _nothing_fetched(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(module), function)(weights="imagenet", include_top=include_top)


@contextmanager
def _nothing_fetched() -> Iterator[None]:
    """Let Keras's functions go without the file that they would load.

    `weights=None` will not do: EfficientNet's input is then scaled otherwise than the ImageNet weights want it.
    """
    fetch, load = file_utils.get_file, keras.Model.load_weights
    file_utils.get_file = _no_file
    keras.Model.load_weights = _no_file
    try:
        yield
    finally:
        file_utils.get_file, keras.Model.load_weights = fetch, load


def _no_file(*arguments: Any, **settings: Any) -> str:
    return ""
