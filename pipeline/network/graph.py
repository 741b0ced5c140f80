"""A Keras model's own graph, laid flat: every call of every operation in order, nested models opened.

A call is named by its layer's path, "encoder/block1_conv1"; the second call of the same layer ends in "@2". What Keras
keeps of a graph is only partly public; `tests/network/test_graph.py` names what is used here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras.src.models.functional import Functional

from pipeline.errors import UserError


@dataclass(frozen=True, eq=False)
class Value:
    """What flows from call to call.

    Attributes:
        name: of the call that makes it, with ":1" for its second output; of an input its own.
        shape: as Keras knows it, None where a size is free.
        dtype: Keras's name for it.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, eq=False)
class Call:
    """One call of one operation.

    Attributes:
        name: unique in the graph.
        path: of the operation: the name without the numbers of calls.
        operation: the layer, or what else Keras calls.
        node: what Keras keeps of this call: all its arguments.
        inputs, outputs: the values that it reads and makes, in Keras's order.
        within: the nodes of the nested models that it lies in, the outermost first.
    """

    name: str
    path: str
    operation: keras.Operation
    node: Any
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    within: tuple[Any, ...] = ()

    @property
    def output(self) -> Value:
        """The first of its outputs, which nearly always is the only one."""
        return self.outputs[0]

    def run(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Return the outputs for tensors in the place of its inputs, as Keras computes them in inference."""
        by_tensor = {id(each): tensor for each, tensor in zip(self.node.input_tensors, tensors, strict=True)}
        args, kwargs = self.node.arguments.fill_in(by_tensor)
        if isinstance(self.operation, keras.Layer):
            # Whatever the call was written with: so does `model(x, training=False)`, and augmentation stays off.
            kwargs = {**kwargs, "training": False}
        outputs: list[tf.Tensor] = keras.tree.flatten(self.operation(*args, **kwargs))
        return outputs


class Graph:
    """The calls of a model in the order of computation, and what flows between them.

    Attributes:
        model: the Keras model.
        precision: "float32" or "bfloat16" where its layers have been set to compute in it, None where each computes as
            the model has it.
        inputs: its inputs, in Keras's order.
        outputs: its outputs, in Keras's order.
        calls: every call on the way from the first to the second.

    Raises `UserError` where the model's graph is not data but code.
    """

    def __init__(self, model: keras.Model, precision: str | None = None) -> None:
        self.model = model
        self.precision = precision
        functional = opened(model)
        if functional is None:
            raise UserError(f"model {model.name}: it is built in Python code ({type(model).__name__}): {REBUILD}")
        self._names: set[str] = set()
        self._calls: list[Call] = []
        # An input is called as its layer: the tensor's own name counts up through the process.
        self.inputs = tuple(
            Value(tensor._keras_history.operation.name, tuple(tensor.shape), tensor.dtype)
            for tensor in functional.inputs
        )
        self._names.update(each.name for each in self.inputs)
        values = dict(zip(map(id, functional.inputs), self.inputs, strict=True))
        self._lay(functional, "", "", values)
        self.outputs = tuple(values[id(tensor)] for tensor in functional.outputs)
        self.calls = tuple(self._calls)
        self._maker = {value.name: call for call in self.calls for value in call.outputs}
        self._readers: dict[str, list[Call]] = {}
        for call in self.calls:
            for value in dict.fromkeys(call.inputs):
                self._readers.setdefault(value.name, []).append(call)

    def maker(self, value: Value) -> Call | None:
        """Return the call that makes a value, None for an input."""
        return self._maker.get(value.name)

    def readers(self, value: Value) -> Sequence[Call]:
        """Return the calls that read a value."""
        return self._readers.get(value.name, ())

    def needed_for(self, value: Value) -> tuple[Call, ...]:
        """Return the calls that a value depends on, its own among them, in the order of computation."""
        wanted, needed = {value.name}, []
        for call in reversed(self.calls):
            if any(each.name in wanted for each in call.outputs):
                needed.append(call)
                wanted.update(each.name for each in call.inputs)
        return tuple(reversed(needed))

    def weights(self) -> Mapping[str, keras.Variable]:
        """Return the weights of all layers, in the order of computation: "encoder/block1_conv1/kernel" to its variable.

        A layer that is called several times has its weights once, under the path of its first call.
        """
        found: dict[int, tuple[str, keras.Variable]] = {}
        for path, layer in self._layers():
            for name, variable in weights_of(layer, path):
                found.setdefault(id(variable), (name, variable))
        return dict(found.values())

    def weights_path(self, layer: keras.Layer) -> str:
        """Return what the names of a layer's weights begin with: the path of its first call."""
        return next(path for path, each in self._layers() if each is layer)

    def _layers(self) -> Iterator[tuple[str, keras.Layer]]:
        """Yield every layer that is called, once, with the path of its first call."""
        seen: set[int] = set()
        for call in self.calls:
            if isinstance(call.operation, keras.Layer) and id(call.operation) not in seen:
                seen.add(id(call.operation))
                yield call.path, call.operation

    def _lay(
        self, model: Functional, prefix: str, path: str, values: dict[int, Value], within: tuple[Any, ...] = ()
    ) -> None:
        """Append the calls of `model`; `values` gives its inputs' values, and gets those of all its tensors."""
        for node in _nodes(model):
            name = self._name(prefix + node.operation.name)
            own_path = path + node.operation.name
            inside = opened(node.operation)
            if inside is None:
                read = [values[id(tensor)] for tensor in node.input_tensors]
                made = self._call(name, own_path, node, read, within)
            else:
                given = [values[id(tensor)] for tensor in arguments_of(node, inside)]
                inner = {
                    id(tensor): self._ranked(value, tensor, name)
                    for tensor, value in zip(inside.inputs, given, strict=True)
                }
                self._lay(inside, f"{name}/", f"{own_path}/", inner, (*within, node))
                made = tuple(inner[id(tensor)] for tensor in inside.outputs)
            values.update(zip(map(id, node.outputs), made, strict=True))

    def _call(
        self, name: str, path: str, node: Any, inputs: Sequence[Value], within: tuple[Any, ...]
    ) -> tuple[Value, ...]:
        outputs = tuple(
            Value(f"{name}:{number}" if number else name, tuple(tensor.shape), tensor.dtype)
            for number, tensor in enumerate(node.outputs)
        )
        self._calls.append(Call(name, path, node.operation, node, tuple(inputs), outputs, within))
        return outputs

    def _ranked(self, value: Value, wanted: keras.KerasTensor, name: str) -> Value:
        """Return a value with the rank that a nested model's input has: Keras adds or drops a last axis of one."""
        if len(value.shape) == len(wanted.shape):
            return value
        given = keras.KerasTensor(value.shape, value.dtype)
        change = keras.ops.expand_dims if len(value.shape) < len(wanted.shape) else keras.ops.squeeze
        node = change(given, -1)._keras_history.operation._inbound_nodes[-1]
        return self._call(self._name(f"{name}/{node.operation.name}"), "", node, [value], ())[0]

    def _name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}@{number}"
        self._names.add(name)
        return name


# What to do with a model that Keras can only save together with Python code.
REBUILD = (
    "save a model made of Keras's own layers with keras.Model(inputs, outputs).save('x.keras'); "
    "of a part, keras.Model(model.inputs, layer.output) will do"
)

_UNNAMED = re.compile(r"variable(_\d+)?")


def opened(operation: keras.Operation) -> Functional | None:
    """Return the graph inside a Functional or Sequential model, None for what is no such model.

    A class of somebody's own that inherits from one of them and computes otherwise is none.
    """
    if isinstance(operation, keras.Sequential) and type(operation).call is keras.Sequential.call:
        return operation._functional
    if isinstance(operation, Functional) and type(operation).call is Functional.call:
        return operation
    return None


def weights_of(layer: keras.Layer, path: str) -> Iterator[tuple[str, keras.Variable]]:
    """Yield the weights of a layer and of the layers inside it, each with its path."""
    used: set[str] = set()
    for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
        # Keras numbers what was not named through a whole process.
        name = _free("variable" if _UNNAMED.fullmatch(variable.name) else variable.name, used)
        used.add(name)
        yield f"{path}/{name}", variable
    for inner in layer._layers:
        name = _free(inner.name, used)
        used.add(name)
        yield from weights_of(inner, f"{path}/{name}")


def _nodes(model: Functional) -> Iterator[Any]:
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)


def arguments_of(node: Any, model: Functional) -> Sequence[keras.KerasTensor]:
    """Return the tensors that a nested model is called with, in the order of its inputs."""
    args, kwargs = node.arguments.args, node.arguments.kwargs
    given = args[0] if args else kwargs["inputs"]
    if isinstance(given, dict) and not isinstance(model.input, dict):
        return [given[tensor.name] for tensor in model.inputs]
    return [each for each in keras.tree.flatten(given) if isinstance(each, keras.KerasTensor)]


def _free(name: str, taken: Any) -> str:
    """Return a name that is not taken yet: the one wanted, or with a number."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
