"""What several test files share: tiny networks, their weights, and the files that hold them."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest

from pipeline.files import PROJECT
from pipeline.machine import start
from pipeline.network import catalogue
from pipeline.network.catalogue import Network
from pipeline.weights import sources, store
from pipeline.weights.store import Weights
from tests.support import networks

# Of which pytest calls what it finds here.
from tests.support.campaign import (  # noqa: F401
    pytest_runtest_call,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

# How long an example takes depends on the machine; nothing here is a test of speed.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

REPOSITORY = PROJECT
TESTS = PROJECT / "tests"

# Started in the background of a script, as CI may do it, this process ignores SIGINT, and so would all workflows of the
# tests that are to be ended by it: what is ignored is inherited, what is handled is not.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What the tests say of bytes is true of processors.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

# TensorFlow reads it where a test module imports it, before it is started.
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together where several processes share them out (`--dist loadgroup`): those of a room, for
    they share what they need, and those that start workflows. These come first, for they take longest."""
    items.sort(key=lambda item: not _starts_workflows(item))
    for item in items:
        room = item.path.relative_to(TESTS).parts[0]
        item.add_marker(pytest.mark.xdist_group("workflows" if _starts_workflows(item) else room))


def _starts_workflows(item: pytest.Item) -> bool:
    return "project" in getattr(item, "fixturenames", ())


def pytest_collection_finish() -> None:
    """Start TensorFlow, where a test module has imported it, before a test can start it its own way: the number of
    threads is settled once for a process. A module that made tensors while it was imported is refused here."""
    if "tensorflow" in sys.modules:
        start.import_tensorflow()


@pytest.fixture(scope="session")
def tensorflow() -> ModuleType:
    """Return TensorFlow as the pipeline starts it, for what is to import it only when it is run."""
    return start.import_tensorflow()


@pytest.fixture(scope="session")
def keras(tensorflow) -> ModuleType:
    """Return Keras, on TensorFlow as the pipeline starts it."""
    import keras

    return keras


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the directory of the project."""
    return REPOSITORY


@pytest.fixture(scope="session")
def sequential(keras) -> Callable[..., Network]:
    """Return a function from (kind, settings) of layers to a network of them; names l0, l1, …"""
    return networks.sequential


@pytest.fixture(scope="session")
def random_tensors() -> Callable[..., dict[str, np.ndarray]]:
    """Return a function that gives a network random weights of a size that keeps responses near 1."""

    def draw(network: Network, seed: int = 0) -> dict[str, np.ndarray]:
        random = np.random.default_rng(seed)
        tensors = {}
        for name, shape in network.parameters.items():
            # Larger biases would silence whole filters.
            scale = 0.1 if len(shape) == 1 else 1 / np.sqrt(np.prod(shape[:-1]))
            values = scale * random.standard_normal(shape)
            # Variances are positive.
            tensors[name] = (np.abs(values) + 0.5 if name.endswith("variance") else values).astype(np.float32)
        return tensors

    return draw


@pytest.fixture(scope="session")
def tiny_network(sequential) -> Network:
    """Return two convolutions (l0 with 4 filters, l2 with 6) with a pooling between them."""
    return sequential(
        ("Conv2D", {"filters": 4, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}),
        ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2]}),
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}),
    )


@pytest.fixture(scope="session")
def tiny_tensors(tiny_network, random_tensors) -> Mapping[str, np.ndarray]:
    """Return weights of `tiny_network`."""
    return random_tensors(tiny_network)


@pytest.fixture(scope="session")
def tiny_weights_file(tmp_path_factory, tiny_tensors) -> Path:
    """Return the file that holds `tiny_tensors`, as the workflow writes it."""
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    store.save(path, Weights(dict(tiny_tensors), store.digest(tiny_tensors, tiny_tensors), "a test"))
    return path


@pytest.fixture(scope="session")
def keras_file(tmp_path_factory, keras) -> Path:
    """Return a `.keras` file as Keras itself writes it: convolutions `first` (4 filters) and `second` (6)."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="second"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    path = tmp_path_factory.mktemp("model") / "mine.keras"
    model.save(path)
    return path


@pytest.fixture(scope="session")
def keras_weights_file(keras_file) -> Path:
    """Return the weights of `keras_file`, as the workflow writes them."""
    path = keras_file.with_name("weights.npz")
    store.save(path, sources.find(catalogue.load(str(keras_file), "unit"), str(keras_file), "model"))
    return path


@pytest.fixture(scope="session")
def functional(keras) -> Callable[..., tuple[Any, Network]]:
    """Return a function that builds a model with Keras, from images to `build(images, keras.layers)`, with random
    weights, and gives the model and what is known of it."""
    return networks.functional


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """Return a folder that is all of pip's world."""
    directory = tmp_path / "index"
    directory.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory
