"""A network as Keras has it: loaded from its file or built by its name, its weights put in, its precision settled.

Keras's safe mode loads no Python code from a file. What it refuses is refused here in one line that names the layer.
"""

import json
import math
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from pipeline import files
from pipeline.errors import UserError, in_one_line
from pipeline.network import named, saved
from pipeline.network.graph import REBUILD, Graph
from pipeline.network.known import KNOWN

# Of a model's bytes: itself, the file that Keras reads into memory, and what computing with it takes.
MEMORY_TIMES_FILE = 2.5
# Of weights, what a model may have whatever its file's size: state that is not kept in files, and files of next to
# nothing.
FREE_BYTES = 2**22
# Bytes of one weight: float32.
_WEIGHT_BYTES = 4
# How Keras begins to say that layers keep the random weights that they were made with; it says no more than that.
_LEFT_OUT = "Skipping nested container"

# The names that TensorFlow takes for a part of a compiled graph. What is called otherwise gets another name once the
# graph has been read.
_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")

# Keras's names for how a layer computes: weights stay float32 in either.
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}

# What Keras and its libraries raise on files that they cannot make a model of.
_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NotImplementedError, OSError,
    RecursionError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def load(model: str) -> keras.Model:
    """Return the model that `model` names: a name that is known, or the path of a file that Keras saved.

    Raises `UserError`, in one line, for a file that is missing, damaged, no whole model, larger than the memory, or
    that needs Python code which is not in it.
    """
    if model in KNOWN:
        return named.make(model)
    path = Path(model)
    try:
        return _load_file(path)
    except UserError:
        version = saved.keras_version(path) if path.is_file() else None
        if version is None or not version.startswith("2."):
            raise
        raise UserError(
            f"model: {path}: saved by Keras {version}, not all of whose models Keras 3 loads: make the network anew "
            "with Keras 3, save that as the model, and give this file as `weights:`"
        ) from None


def _load_file(path: Path) -> keras.Model:
    config = _read_config(path)
    # A loss or an optimiser of somebody's own is no matter: nothing is compiled.
    _check_layers(path, config | {"compile_config": None} if isinstance(config, dict) else config)
    saved.check(path, "model")
    _check_memory(path)
    # Keras numbers what has no name through the whole process; a model's own names must not depend on what was before.
    keras.utils.clear_session(free_memory=False)
    budget = Budget(saved.LARGEST_EXPANSION * path.stat().st_size + FREE_BYTES)
    try:
        with warnings.catch_warnings(record=True) as said, budget.kept():
            warnings.simplefilter("always")
            loaded = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _FAILURES as error:
        if budget.left < 0:
            raise UserError(
                f"model: {path}: its layers declare implausibly many weights: more than "
                f"{saved.LARGEST_EXPANSION} times what a file of {path.stat().st_size:,} bytes can hold"
            ) from None
        raise UserError(f"model: {path}: Keras {keras.__version__} cannot load it: {in_one_line(error)}") from None
    if reason := left_out(said):
        raise UserError(f"model: {path}: it does not hold all weights of its layers: {reason}")
    if not isinstance(loaded, keras.Model):
        raise UserError(f"model: {path}: a saved {type(loaded).__name__}, not a model")
    return loaded


class Budget:
    """How many bytes of weights Keras may still make: it makes all that the layers of a file declare, with random
    values, before it looks for them in the file.

    Attributes:
        left: bytes; less than none where more was wanted, and refused with `MemoryError`.
    """

    def __init__(self, limit: int) -> None:
        self.left = limit

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Hold Keras to it."""
        original = keras.Variable._initialize_with_initializer

        def counted(variable: keras.Variable, initializer: Any) -> None:
            self.left -= math.prod(variable._shape) * _WEIGHT_BYTES
            if self.left < 0:
                raise MemoryError
            original(variable, initializer)

        keras.Variable._initialize_with_initializer = counted
        try:
            yield
        finally:
            keras.Variable._initialize_with_initializer = original


def left_out(said: Iterable[warnings.WarningMessage]) -> str | None:
    """Return what Keras said, where it said that layers keep the random weights that they were made with."""
    texts = (str(each.message) for each in said)
    return next((in_one_line(text) for text in texts if text.startswith(_LEFT_OUT)), None)


def graph_with(model: keras.Model, tensors: Mapping[str, np.ndarray] | None, precision: str | None) -> Graph:
    """Return the graph of a model after putting weights into it and settling in what precision its layers compute.

    Args:
        model: changed by this.
        tensors: weights by their names in the graph; what is not among them stays as it is.
        precision: "float32" or "bfloat16"; None leaves it as the model has it.
    """
    graph = Graph(model, precision)
    for name, variable in graph.weights().items():
        if tensors is not None and name in tensors:
            variable.assign(tensors[name])
    for number, layer in enumerate({id(call.operation): call.operation for call in graph.calls}.values()):
        if not _SCOPE.fullmatch(layer.name):
            layer.name = f"call_{number}"
        if isinstance(layer, keras.Layer):
            if getattr(layer, "quantization_mode", None):
                raise UserError(f"model {model.name}: layer {layer.name} is quantised: save the model as it was before")
            finalize(layer)
            if precision is not None:
                _settle(layer, precision)
    return graph


def finalize(layer: keras.Layer) -> None:
    """Let what a layer, or one inside it, computes once from its weights follow those that it has now."""
    for each in layer._flatten_layers():
        if type(each) is keras.layers.Normalization and each.built:
            each.finalize_state()


def _settle(layer: keras.Layer, precision: str) -> None:
    for each in layer._flatten_layers():
        if keras.backend.is_float_dtype(each.dtype_policy.compute_dtype):
            each.dtype_policy = _POLICIES[precision]


def _read_config(path: Path) -> Any:
    """Return the architecture that a file holds, as JSON values; raise `UserError` where it holds none."""
    with saved.readable(path, "model"):
        if path.suffix != ".keras":
            return _config_of_hdf5(path)
        with saved.archive(path) as members:
            return json.loads(members.read(saved.CONFIG))


def _config_of_hdf5(path: Path) -> Any:
    with h5py.File(path, "r", locking=False) as file:
        config = file.attrs.get("model_config")
    if config is None:
        raise UserError(
            f"model: {path}: it holds weights, but no model: save the whole model with model.save('x.keras'), "
            "or give this file as `weights:`"
        )
    return json.loads(config)


def _check_layers(path: Path, config: Any) -> None:
    """Raise `UserError` for a layer, or a function in it, that only Python code could make, and for a name that nothing
    can be called by."""
    for where, entry in _entries(config, "the model"):
        settings = entry.get("config")
        if "\0" in where:
            # No command line and no archive has room for it.
            raise UserError(f"model: {path}: {where!r:.80}: a name with a NUL in it; save the model with another")
        if entry["class_name"] == "Lambda" and _is_python(settings):
            raise UserError(
                f"model: {path}: {where} is a Lambda with Python code in it, which is never run: put Keras's own "
                "layers or keras.ops in its place and save the model again"
            )
        if _is_foreign(entry):
            is_function = entry["class_name"] == "function"
            name = settings if is_function else entry.get("registered_name") or entry["class_name"]
            raise UserError(
                f"model: {path}: {where} {'uses a function' if is_function else 'is of a class'} of somebody's own "
                f"({name}), whose code is not in the file: {REBUILD}"
            )


def _entries(value: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield everything that a configuration makes from a class or a function, and in which layer."""
    rest = [(value, where)]
    while rest:
        value, where = rest.pop()
        if isinstance(value, list):
            rest += [(each, where) for each in reversed(value)]
        elif isinstance(value, dict):
            settings = value.get("config")
            if isinstance(value.get("class_name"), str):
                if isinstance(settings, dict) and isinstance(settings.get("name"), str):
                    where = f"layer {settings['name']}"
                yield where, value
            rest += [(each, where) for each in reversed(value.values())]


def _is_python(settings: Any) -> bool:
    """Return whether a Lambda's function is code, and not the name of one of Keras's."""
    function = settings.get("function") if isinstance(settings, dict) else None
    return isinstance(function, list) or (isinstance(function, dict) and function.get("class_name") == "__lambda__")


def _is_foreign(entry: Mapping[str, Any]) -> bool:
    kind, registered = entry["class_name"], entry.get("registered_name")
    if any(isinstance(name, str) and ">" in name for name in (kind, registered, entry.get("config"))):
        return True
    # Files of Keras 2 say no module; there Keras itself says what it does not know.
    if "module" not in entry or kind.startswith("__"):
        return False
    module = entry["module"]
    return not isinstance(module, str) or module.partition(".")[0] not in ("keras", "builtins")


def _check_memory(path: Path) -> None:
    needed, free = MEMORY_TIMES_FILE * path.stat().st_size, files.free_memory_bytes()
    if free is not None and needed > free:
        raise UserError(
            f"model: {path}: too large for this machine: loading it takes about {needed / 1e9:.1f} GB of memory, "
            f"and {free / 1e9:.1f} GB are free"
        )
