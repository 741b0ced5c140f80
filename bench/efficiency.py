"""How near the loop comes to what the processor can do: its convolutions against bare ones and against matmul."""

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import loop
from pipeline.config import plan
from pipeline.machine.start import import_tensorflow
from pipeline.network import catalogue

if TYPE_CHECKING:
    from pipeline.network.graph import Call

MATMUL_SIZES = (512, 1024, 2048, 4096)
# The best of several: what is sought is what the machine can do, not what else it was doing. Slow ones are repeated
# only until this much time is spent.
REPEATS = 3
REPEAT_SECONDS = 4
# Convolutions in one call, on inputs of their own (equal ones would be merged into one), so that the call itself,
# 0.1 ms, does not count.
CONVOLUTIONS_A_CALL = 4


@dataclass(frozen=True)
class Efficiency:
    """Rates of one layer in one precision, on one thread, in FLOP/s of its convolutions.

    Attributes:
        layer, precision: which.
        canvas_px, steps: of the recipe.
        seconds: one filter's ascent.
        loop: what the loop computes ÷ seconds.
        bare: the same convolutions and their input gradients, one by one with nothing between them.
    """

    layer: str
    precision: str
    canvas_px: int
    steps: int
    seconds: float
    loop: float
    bare: float


def matmul_rate(precision: str) -> float:
    """Return the best rate of square matrix products over `MATMUL_SIZES`, in FLOP/s."""
    tf = import_tensorflow()
    multiply = tf.function(tf.matmul)
    rates = []
    for size in MATMUL_SIZES:
        matrix = tf.cast(tf.random.stateless_normal((size, size), (0, 0)), precision)
        repeats = max(1, (2048 // size) ** 2)

        def run(matrix: Any = matrix, repeats: int = repeats) -> None:
            for _ in range(repeats):
                multiply(matrix, matrix)

        run()
        rates.append(repeats * 2 * size**3 / _best_seconds(run))
    return max(rates)


def measure_all(layers: Sequence[str], precision: str) -> tuple[list[Efficiency], float, float]:
    """Return the rates of several layers, of matmul, and of the best bare convolution, in FLOP/s."""
    matmul = matmul_rate(precision)
    measured = [measure(layer, precision) for layer in layers]
    return [each for each, _ in measured], matmul, max(best for _, best in measured)


def measure(layer: str, precision: str) -> tuple[Efficiency, float]:
    """Return the rates of a layer, and the best rate of a single one of its bare convolutions, in FLOP/s."""
    network = catalogue.load(loop.MODEL)
    canvas_px = plan.resolve_canvas(network, layer, "auto")
    # The copy's arithmetic is not the network's.
    ascent = loop.ascent(layer, precision, "exact")
    steps = ascent.recipe.steps

    def run() -> None:
        for _ in ascent.run(0, loop.random(layer, 0)):
            pass

    loop.warm_up(ascent, layer)
    seconds = _best_seconds(run)
    # Forward and input gradient at each step, and the last picture's forward pass.
    passes = 2 * steps + 1
    bare, best = _bare_rates(layer, precision, canvas_px)
    rate = network.convolution_flops(layer, canvas_px) * passes / seconds
    return Efficiency(layer, precision, canvas_px, steps, seconds, rate, bare), best


def _bare_rates(layer: str, precision: str, canvas_px: int) -> tuple[float, float]:
    total_flops = total_seconds = best = 0.0
    for call, (height, width) in _convolutions(layer, canvas_px):
        *window, channels, filters = call.operation.kernel.shape
        flops = 2 * height * width * math.prod(window) * channels * filters
        seconds = _convolution_seconds((1, height, width, channels), tuple(window), filters, precision)
        best = max(best, *(flops / each for each in seconds))
        total_flops += 2 * flops
        total_seconds += sum(seconds)
    return total_flops / total_seconds, best


def _convolutions(layer: str, canvas_px: int) -> Iterator[tuple["Call", tuple[int, int]]]:
    """Yield the convolutions that a layer's own reads, each with the rows and columns of its map.

    Of the last convolution the loop computes one filter: it hardly counts.
    """
    import_tensorflow()
    from pipeline.network import geometry, keras_model, responses
    from pipeline.network.graph import Graph

    graph = Graph(keras_model.load(loop.MODEL))
    (last,) = (call for call in graph.calls if call.name == layer)
    over_image = geometry.Geometry(graph, graph.inputs[0], (1, 2))
    for call, size in geometry.maps(over_image, graph, last.output, canvas_px):
        if responses.has_filters(call) and call is not last:
            yield call, size


@functools.cache
def _convolution_seconds(
    shape: tuple[int, int, int, int], window: tuple[int, int], filters: int, precision: str
) -> tuple[float, float]:
    """Return the seconds of one convolution and of one input gradient."""
    tf = import_tensorflow()

    def draw(shape: tuple[int, ...], seed: int) -> Any:
        return tf.cast(tf.random.stateless_normal(shape, (0, seed)), precision)

    kernel = draw((*window, shape[-1], filters), 0)
    features = [draw(shape, 1 + number) for number in range(CONVOLUTIONS_A_CALL)]
    gradients = [draw((*shape[:3], filters), 1 + number) for number in range(CONVOLUTIONS_A_CALL)]
    forward = tf.function(lambda inputs: [tf.nn.conv2d(each, kernel, 1, "SAME") for each in inputs])
    backward = tf.function(lambda inputs: [tf.nn.conv2d_transpose(each, kernel, shape, 1, "SAME") for each in inputs])
    forward(features), backward(gradients)
    return (
        _best_seconds(lambda: forward(features)) / CONVOLUTIONS_A_CALL,
        _best_seconds(lambda: backward(gradients)) / CONVOLUTIONS_A_CALL,
    )


def _best_seconds(run: Callable[[], Any]) -> float:
    seconds: list[float] = []
    while len(seconds) < REPEATS and sum(seconds) < REPEAT_SECONDS:
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
