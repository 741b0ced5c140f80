"""What an atlas will cost on this machine, before it is begun: `python -m pipeline.workflow.cost`."""

import argparse
import dataclasses
import time

import numpy as np

from pipeline import errors
from pipeline.config import file, plan
from pipeline.config.plan import Plan
from pipeline.errors import UserError
from pipeline.machine import precision
from pipeline.machine import start as runtime
from pipeline.network.catalogue import Network

# Bytes of picture, record and snapshots per pixel of canvas: 6.5 in the deepest layers of VGG16, 7 in the shallowest.
BYTES_PER_PIXEL = 7

# What a filter takes besides its convolutions (transforms, files, a process), as if it were more of them: 0.1 s where
# VGG16's layers take from 0.1 to 7 s (AMX, bfloat16).
OTHER_FLOPS = 20 * 10**9

# As many as show a share of three quarters.
TRIAL_STEPS = 8
# Seconds to try the machine for, after a first run that compiles.
TRIAL_SECONDS = 2.0


def ascent_flops(plan: Plan) -> int:
    """Return the floating-point operations of the convolutions of all ascents of an atlas, forward and backward."""
    return sum(len(plan.filters[layer]) * flops for layer, flops in flops_per_filter(plan).items())


def flops_per_filter(plan: Plan) -> dict[str, int]:
    """Return, for each layer of an atlas, the floating-point operations of the convolutions of one filter's ascent."""
    return {
        layer: _flops_per_filter(plan.network, layer, plan.canvas_px[layer], plan.recipes[layer].steps)
        for layer in plan.filters
    }


def result_bytes(plan: Plan) -> int:
    """Return about how many bytes the pictures, records and snapshots of an atlas take."""
    return sum(BYTES_PER_PIXEL * plan.canvas_px[layer] ** 2 * len(filters) for layer, filters in plan.filters.items())


def measure_flops_per_second(plan: Plan) -> float:
    """Return the rate of one core in the costliest layer of an atlas, by trying: random weights do as well as true."""
    runtime.import_tensorflow()
    from pipeline.ascent.optimise import Ascent
    from pipeline.network import keras_model
    from pipeline.network.truncated import with_copy

    network = plan.network
    layer = max(plan.filters, key=lambda name: network.convolution_flops(name, plan.canvas_px[name]))
    random = np.random.default_rng(0)
    tensors = {name: random.normal(0, 0.01, shape).astype(np.float32) for name, shape in network.parameters.items()}
    # All that the plan's recipe says but for the steps: a share of them may be climbed on a copy.
    recipe = dataclasses.replace(plan.recipes[layer], steps=TRIAL_STEPS, snapshots=())
    graph = keras_model.graph_with(keras_model.load(network.model), tensors, _precision(plan))
    exact, copy = with_copy(network, graph, layer, recipe.copy_rank)
    channels = plan.network.image_of(layer).channels
    ascent = Ascent(exact.channel_responses, plan.canvas_px[layer], recipe, channels, copy)
    list(ascent.run(0, random))
    runs, start = 0, time.perf_counter()
    while time.perf_counter() - start < TRIAL_SECONDS:
        list(ascent.run(0, random))
        runs += 1
    flops = _flops_per_filter(network, layer, plan.canvas_px[layer], recipe.steps)
    return runs * flops / (time.perf_counter() - start)


def _precision(plan: Plan) -> precision.Precision:
    return precision.resolve(plan.precision, depthwise=plan.network.is_depthwise)


def _flops_per_filter(network: Network, layer: str, canvas_px: int, steps: int) -> int:
    # A step is a forward pass and one for the gradient with respect to the image; the last picture is looked at once.
    return network.convolution_flops(layer, canvas_px) * (2 * steps + 1)


def main() -> None:
    """Print what an atlas will cost."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.workflow.cost",
        description="Say what the atlas that the configuration asks for will cost on this machine, with nothing of it "
        "made. Of all filters: --config filters=all layers=all.",
    )
    file.add_options(parser)
    parser.add_argument("--cores", type=int, default=1, help="cores that will work on it (default: 1)")
    arguments = parser.parse_args()
    if arguments.cores < 1:
        raise UserError(f"--cores: should be 1 or more, not {arguments.cores}")
    planned = plan.plan(file.read(arguments.configfile, arguments.config))
    filters, flops = sum(map(len, planned.filters.values())), ascent_flops(planned)
    rate = measure_flops_per_second(planned)
    hours = flops / rate / arguments.cores / 3600
    print(
        f"{filters:,} filters in {len(planned.filters)} layers: {flops / 1e15:.1f} × 10^15 floating-point operations, "
        f"about {hours:.1f} hours on {arguments.cores} cores at {rate / 1e9:,.0f} × 10^9 a second each "
        f"({_precision(planned)}), and {result_bytes(planned) / 1e9:.1f} GB on disk. "
        "It can be stopped at any time; the same command goes on where it stopped."
    )


if __name__ == "__main__":
    errors.run(main)
