import numpy as np
import pytest
import tensorflow as tf

from pipeline.errors import UserError
from pipeline.network.graph import Graph, opened
from tests.support.networks import randomise, tensors_of


def names(graph: Graph) -> list[str]:
    return [call.name for call in graph.calls]


def test_what_keras_keeps_private_and_the_graph_is_read_from_is_there(keras):
    image = keras.Input((8, 8, 3))
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    model = keras.Model(image, inner(image) + 1.0)

    (*_, nodes) = (model._nodes_by_depth[depth] for depth in sorted(model._nodes_by_depth, reverse=True))
    (node,) = nodes
    layer = inner.layers[0]
    (changed,) = keras.ops.squeeze(keras.KerasTensor((None, 1)), -1)._keras_history.operation._inbound_nodes

    assert not node.is_input
    assert node.operation._inbound_nodes == [node]
    assert node.arguments.args[1] == 1.0
    assert node.arguments.kwargs == {}
    assert [id(tensor) for tensor in node.outputs] == [id(tensor) for tensor in model.outputs]
    assert node.input_tensors[0]._keras_history.operation is inner
    assert inner._functional.inputs
    assert [each.name for each in layer._trainable_variables] == ["kernel", "bias"]
    assert layer._non_trainable_variables == []
    assert list(inner._layers)
    assert layer in inner._flatten_layers()
    assert changed.outputs


def test_calls_are_in_the_order_of_computation_and_know_who_reads_them(keras, functional):
    model, _ = functional(
        lambda x, layers: layers.Add(name="sum")([layers.Conv2D(2, 1, name="b")(x), layers.Conv2D(2, 1, name="a")(x)])
    )

    graph = Graph(model)

    assert names(graph)[-1] == "sum"
    assert sorted(names(graph)) == ["a", "b", "sum"]
    total = graph.calls[-1]
    assert [graph.maker(value).name for value in total.inputs] == ["b", "a"]
    assert [call.name for call in graph.readers(graph.calls[0].output)] == ["sum"]
    assert sorted(call.name for call in graph.readers(graph.inputs[0])) == ["a", "b"]
    assert graph.maker(graph.inputs[0]) is None
    assert graph.outputs == total.outputs
    assert [call.name for call in graph.needed_for(graph.calls[0].output)] == names(graph)[:1]
    assert graph.calls[0].output.shape == (None, None, None, 2)


def test_a_layer_that_is_called_again_is_another_call_with_the_same_weights(keras, functional):
    def build(x, layers):
        shared = layers.Conv2D(3, 3, padding="same", name="shared")
        return shared(shared(x))

    graph = Graph(functional(build)[0])

    assert names(graph) == ["shared", "shared@2"]
    assert [call.path for call in graph.calls] == ["shared", "shared"]
    assert list(graph.weights()) == ["shared/kernel", "shared/bias"]


def test_nested_networks_are_laid_flat_by_their_paths(keras):
    inner = keras.Input((None, None, 3))
    base = keras.Model(inner, keras.layers.ReLU(name="r")(keras.layers.Conv2D(3, 1, name="c")(inner)), name="base")
    chain = keras.Sequential([keras.Input((None, None, 3)), base, keras.layers.Conv2D(3, 1, name="d")], name="chain")
    image = keras.Input((None, None, 3), name="image")
    graph = Graph(keras.Model(image, chain(base(chain(image)))))

    assert names(graph) == [
        "chain/base/c", "chain/base/r", "chain/d", "base/c", "base/r", "chain@2/base/c", "chain@2/base/r", "chain@2/d",
    ]  # fmt: skip
    assert list(graph.weights()) == ["chain/base/c/kernel", "chain/base/c/bias", "chain/d/kernel", "chain/d/bias"]
    assert graph.weights_path(base.layers[1]) == "chain/base/c"
    assert [node.operation.name for node in graph.calls[0].within] == ["chain", "base"]
    assert graph.inputs[0].name == "image"


def test_weights_inside_layers_have_paths_and_what_is_unnamed_the_same_name_in_every_process(keras):
    class Two(keras.layers.Layer):
        def build(self, shape):
            self.first, self.second = self.add_weight((1,)), self.add_weight((1,))
            self.inside = keras.layers.Dense(shape[-1], name="inside")
            self.inside.build(shape)

        def call(self, x):
            return self.inside(x) * self.first + self.second

    image = keras.Input((4, 4, 3))
    keras.Variable(1.0)

    graph = Graph(keras.Model(image, Two(name="two")(image)))

    assert list(graph.weights()) == ["two/variable", "two/variable_2", "two/inside/kernel", "two/inside/bias"]


def test_a_call_runs_in_inference_whatever_it_was_written_with(keras):
    image = keras.Input((4, 4, 3))
    dropped = keras.layers.Dropout(0.5)(image, training=True)
    graph = Graph(keras.Model(image, keras.layers.RandomFlip()(dropped, training=True)))
    pixels = tf.random.uniform((1, 4, 4, 3))

    (first,) = graph.calls[0].run([pixels])
    (second,) = graph.calls[1].run([first])

    np.testing.assert_array_equal(second, pixels)


def test_arguments_other_than_tensors_are_kept(keras):
    image = keras.Input((4, 4, 3))
    graph = Graph(keras.Model(image, keras.ops.mean(image, axis=(1, 2), keepdims=True) - 2.0))
    pixels = tf.random.uniform((1, 4, 4, 3))

    (mean,) = graph.calls[0].run([pixels])
    (less,) = graph.calls[1].run([mean])

    np.testing.assert_allclose(less, tf.reduce_mean(pixels, (1, 2), keepdims=True) - 2.0)


@pytest.mark.parametrize("as_dict", [True, False])
def test_a_nested_network_gets_its_inputs_by_name_or_in_order(keras, as_dict):
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    inner = keras.Model({"b": b, "a": a} if as_dict else [b, a], keras.layers.Subtract(name="minus")([a, b]))
    x, y = keras.Input((2,), name="x"), keras.Input((2,), name="y")
    outer = keras.Model([x, y], inner({"a": x, "b": y}))

    graph = Graph(outer)

    assert [value.name for value in graph.calls[-1].inputs] == ["x", "y"]


@pytest.mark.parametrize(("outside", "inside"), [((4, 4), (4, 4, 1)), ((4, 4, 1), (4, 4))])
def test_a_last_axis_of_one_is_added_or_dropped_as_keras_does_it(keras, outside, inside):
    inner = keras.Input(inside)
    nested = keras.Model(inner, inner * 2.0, name="nested")
    image = keras.Input(outside)
    model = keras.Model(image, nested(image))
    pixels = tf.random.uniform((1, *outside))

    graph = Graph(model)
    first, second = graph.calls
    (changed,) = first.run([pixels])
    (doubled,) = second.run([changed])

    np.testing.assert_array_equal(doubled, model(pixels))


def test_a_model_that_is_code_is_refused_with_the_way_out(keras):
    class Mine(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(UserError, match=r"built in Python code \(Mine\): save a model made of Keras's own layers"):
        Graph(Mine(name="mine"))


def test_a_class_of_somebodys_own_that_computes_otherwise_is_not_opened(keras):
    class Louder(keras.Model):
        def call(self, x, training=None):
            return 2 * super().call(x, training=training)

    class Plain(keras.Model):
        pass

    image = keras.Input((4, 4, 3))
    outputs = keras.layers.Conv2D(2, 1)(image)

    assert opened(Louder(image, outputs)) is None
    assert opened(Plain(image, outputs)) is not None
    assert opened(keras.layers.ReLU()) is None


def test_running_all_calls_is_running_the_model(keras):
    model = randomise(keras.applications.MobileNetV3Small(weights=None, include_top=False, input_shape=(64, 64, 3)))
    graph, pixels = Graph(model), 255 * tf.random.uniform((1, 64, 64, 3))

    values = {graph.inputs[0].name: pixels}
    for call in graph.calls:
        made = call.run([values[value.name] for value in call.inputs])
        values.update({value.name: each for value, each in zip(call.outputs, made, strict=True)})

    np.testing.assert_array_equal(values[graph.outputs[0].name], model(pixels, training=False))


def test_weights_are_what_the_layers_hold(keras, functional):
    model, _ = functional(lambda x, layers: layers.BatchNormalization(name="bn")(layers.Conv2D(2, 1, name="c")(x)))

    assert list(tensors_of(model)) == [
        "c/kernel", "c/bias", "bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance",
    ]  # fmt: skip
    np.testing.assert_array_equal(tensors_of(model)["bn/beta"], model.get_layer("bn").get_weights()[1])
