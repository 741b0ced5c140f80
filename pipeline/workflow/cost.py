"""What an atlas will cost on this machine, before it is begun: `python -m pipeline.workflow.cost`."""

import dataclasses
import functools
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from pipeline import errors, options
from pipeline.config import file, plan
from pipeline.config.plan import LOOKED_AT_AGAIN, Plan, scan_precision
from pipeline.errors import UserError
from pipeline.machine import precision
from pipeline.machine import start as runtime
from pipeline.network.catalogue import Network
from pipeline.results import layout, trust

# Bytes of picture, record and snapshots per pixel of canvas: 6.5 in the deepest layers of VGG16, 7 in the shallowest.
BYTES_PER_PIXEL = 7

# What a filter takes besides its convolutions (transforms, files, a process), as if it were more of them: 0.1 s where
# VGG16's layers take from 0.1 to 7 s (AMX, bfloat16).
OTHER_FLOPS = 20 * 10**9

# What a filter takes besides its convolutions, in processor seconds: its job's process, its files, its small copies.
OTHER_SECONDS = 0.15

# Side of the crops that photographs are counted in, and how many one of 3 to 2 makes, its shorter sides 256 and 512 px.
CROP_PX = 224
CROPS_A_PHOTOGRAPH = 1.5 * (256**2 + 512**2) / CROP_PX**2
# What gratings take, in such crops: 216 processor seconds for VGG16, where a crop takes 0.18 (AVX512-BF16).
TUNING_CROPS = 1200
# In float32, on processors that are fast in bfloat16.
EXACT_TIMES = 2
# Cutting and compressing the patches of a filter, in processor seconds.
STRIP_SECONDS = 0.1

# As many as show a share of three quarters.
TRIAL_STEPS = 8
# Seconds to try each layer for, after a first run that compiles.
TRIAL_SECONDS = 1.5
# The layers that are tried, by where they stand among all arithmetic, the shallow ones first: rates differ, for deep
# layers' convolutions are large and small maps are not. The others' rate is that of the nearest.
TRIED = (0.1, 0.5, 0.9)
# All cores are tried at the same time, for they share what they are fast with; of many, this many.
MOST_PROCESSES = 8


@dataclass(frozen=True)
class Rates:
    """Floating-point operations a second of one core while all are busy, in one layer.

    Attributes:
        loop: of the ascent, counted as if all of it were climbed on the network itself.
        judge: of the float32 pass that measures pictures.
    """

    loop: float
    judge: float


def ascent_flops(plan: Plan) -> int:
    """Return the floating-point operations of the convolutions of all ascents of an atlas, forward and backward."""
    return sum(len(plan.filters[layer]) * flops for layer, flops in flops_per_filter(plan).items())


def flops_per_filter(plan: Plan) -> dict[str, int]:
    """Return, for each layer of an atlas, the floating-point operations of the convolutions of one filter's ascent."""
    return {
        layer: _flops_per_filter(plan.network, layer, plan.canvas_px[layer], plan.recipes[layer].steps)
        for layer in plan.filters
    }


def work(plan: Plan) -> dict[str, dict[str, float]]:
    """Return the work of the jobs that take most of an atlas's time, by rule, each by its layer's slug or its share: in
    floating-point operations, as many as take its time."""
    renders = {layout.slug(layer): float(flops + OTHER_FLOPS) for layer, flops in flops_per_filter(plan).items()}
    return {"render": renders} | _photograph_work(plan)


def _photograph_work(plan: Plan) -> dict[str, dict[str, float]]:
    """Return that of the jobs that show photographs and gratings to the network; nothing where none are shown."""
    if plan.photographs is None:
        return {}
    layers, shares = list(plan.filters), plan.photographs.shares
    crop = max(plan.network.convolution_flops(layer, CROP_PX) for layer in layers)
    photograph = crop * CROPS_A_PHOTOGRAPH
    is_exact = _resolved(plan, scan_precision(plan)) == "float32"
    times = EXACT_TIMES if is_exact and _precision(plan) == "bfloat16" else 1
    again = 0 if is_exact else min(plan.photographs.count, LOOKED_AT_AGAIN * sum(map(len, plan.filters.values())))
    each = [str(share) for share in range(shares)]
    judged = {
        layout.slug(layer): min(len(filters), trust.FILTERS)
        * (trust.PLACES + 1)
        * float(plan.network.convolution_flops(layer, plan.canvas_px[layer]))
        for layer, filters in plan.filters.items()
    }
    return {
        "scan": dict.fromkeys(each, times * photograph * plan.photographs.count / shares),
        "finals": dict.fromkeys(each, EXACT_TIMES * photograph * again / shares),
        "trust": judged if plan.photographs.count >= trust.FEWEST_PHOTOGRAPHS else {},
        "tuning": {"": float(crop * TUNING_CROPS)},
    }


def result_bytes(plan: Plan) -> int:
    """Return about how many bytes the pictures, records and snapshots of an atlas take."""
    return sum(BYTES_PER_PIXEL * plan.canvas_px[layer] ** 2 * len(filters) for layer, filters in plan.filters.items())


def tried_layers(plan: Plan) -> tuple[str, ...]:
    """Return the layers of an atlas whose rates are measured, in its order."""
    costs = {layer: len(plan.filters[layer]) * flops for layer, flops in flops_per_filter(plan).items()}
    done = dict(zip(costs, itertools.accumulate(costs.values()), strict=True))
    whole = sum(costs.values())
    return tuple(dict.fromkeys(next(layer for layer in done if done[layer] >= at * whole) for at in TRIED))


def measure(plan: Plan, layers: Sequence[str], cores: int) -> dict[str, Rates]:
    """Return the rates of some layers of an atlas, by trying them on all cores: random weights do as well as true."""
    count = min(cores, MOST_PROCESSES)
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as processes:
        with errors.for_this_process_alone():
            tried = processes.map(_try, [plan] * count, [layers] * count)
        found = list(tried)
    return {
        layer: Rates(*(statistics.mean(getattr(each[layer], name) for each in found) for name in ("loop", "judge")))
        for layer in layers
    }


def seconds(plan: Plan, rates: Mapping[str, Rates], cores: int) -> float:
    """Return the wall time of an atlas on so many cores.

    Args:
        plan: the atlas.
        rates: of some of its layers.
        cores: how many work on it.
    """
    order = list(plan.filters)
    flops, total = flops_per_filter(plan), 0.0
    for layer, filters in plan.filters.items():
        nearest = rates[min(rates, key=lambda tried: abs(order.index(tried) - order.index(layer)))]
        judged = plan.network.convolution_flops(layer, plan.canvas_px[layer])
        total += len(filters) * (flops[layer] / nearest.loop + judged / nearest.judge + OTHER_SECONDS)
    if plan.photographs:
        # Those of the deepest layer, for photographs and gratings go through all.
        flops_of_photographs = sum(sum(each.values()) for each in _photograph_work(plan).values())
        total += flops_of_photographs / rates[max(rates, key=order.index)].loop
        total += STRIP_SECONDS * sum(map(len, plan.filters.values()))
    return total / cores


def _try(plan: Plan, layers: Sequence[str]) -> dict[str, Rates]:
    tf = runtime.import_tensorflow()
    import numpy as np

    from pipeline.ascent.optimise import Ascent
    from pipeline.network import keras_model
    from pipeline.network.truncated import truncate, with_copy

    network = plan.network
    random = np.random.default_rng(0)
    tensors = {name: random.normal(0, 0.01, shape).astype(np.float32) for name, shape in network.parameters.items()}
    graph = keras_model.graph_with(keras_model.load(network.model), tensors, _precision(plan))
    found = {}
    for layer in layers:
        canvas_px, channels = plan.canvas_px[layer], network.image_of(layer).channels
        # All that the plan's recipe says but for the steps: a share of them may be climbed on a copy.
        recipe = dataclasses.replace(plan.recipes[layer], steps=TRIAL_STEPS, snapshots=())
        exact, copy = with_copy(network, graph, layer, recipe.copy_rank if recipe.copied_steps else 0.0)
        ascent = Ascent(exact.channel_responses, canvas_px, recipe, channels, copy)
        judge = tf.function(truncate(network, tensors, layer, "float32").responses, autograph=False)
        image = tf.random.uniform((1, canvas_px, canvas_px, channels))
        found[layer] = Rates(
            loop=_flops_per_filter(network, layer, canvas_px, recipe.steps)
            / _seconds_of(functools.partial(_climb, ascent, random)),
            judge=network.convolution_flops(layer, canvas_px) / _seconds_of(functools.partial(judge, image)),
        )
    return found


def _climb(ascent: Any, random: Any) -> None:
    list(ascent.run(0, random))


def _seconds_of(action: Callable[[], object]) -> float:
    """Return what an action takes, the first time, which compiles, left out."""
    action()
    runs, start = 0, time.perf_counter()
    while time.perf_counter() - start < TRIAL_SECONDS:
        action()
        runs += 1
    return (time.perf_counter() - start) / runs


def _precision(plan: Plan) -> precision.Precision:
    return _resolved(plan, plan.precision)


def _resolved(plan: Plan, wanted: precision.Wanted) -> precision.Precision:
    return precision.resolve(wanted, depthwise=plan.network.is_depthwise)


def _flops_per_filter(network: Network, layer: str, canvas_px: int, steps: int) -> int:
    # A step is a forward pass and one for the gradient with respect to the image; the last picture is looked at once.
    return network.convolution_flops(layer, canvas_px) * (2 * steps + 1)


def main() -> None:
    """Print what an atlas will cost."""
    parser = options.Parser(
        prog="python -m pipeline.workflow.cost",
        description="Say what the atlas that the configuration asks for will cost on this machine, with nothing of it "
        "made. Of all filters: --config filters=all layers=all.",
    )
    file.add_options(parser)
    parser.add_argument("--cores", type=int, default=1, help="cores that will work on it (default: 1)")
    arguments = parser.parse_args()
    if arguments.cores < 1:
        raise UserError(f"cores: should be 1 or more, not {arguments.cores}")
    planned = plan.plan(file.read(arguments.configfile, arguments.config))
    filters, flops = sum(map(len, planned.filters.values())), ascent_flops(planned)
    rates = measure(planned, tried_layers(planned), arguments.cores)
    minutes = seconds(planned, rates, arguments.cores) / 60
    took = f"{minutes:.0f} minutes" if minutes < 100 else f"{minutes / 60:.1f} hours"
    loop = statistics.mean(each.loop for each in rates.values())
    print(
        f"{filters:,} filters in {len(planned.filters)} layers: {flops / 1e15:.1f} × 10^15 floating-point operations, "
        f"about {took} on {arguments.cores} cores at {loop / 1e9:,.0f} × 10^9 a second each "
        f"({_precision(planned)}), and {result_bytes(planned) / 1e9:.1f} GB on disk. "
        "It can be stopped at any time; the same command goes on where it stopped."
    )


if __name__ == "__main__":
    errors.run(main)
