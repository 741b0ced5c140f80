"""What the atlas costs on this machine: `python -m bench.speed [--json FILE]`, in about a quarter of an hour.

Everything is measured in this run. The goals are those of two cores at rest: nothing else should be running.
"""

import argparse
import dataclasses
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import efficiency, loop, machine, peers, table, workflow
from pipeline import errors, files
from pipeline.errors import UserError
from pipeline.machine import precision
from pipeline.machine.start import import_tensorflow
from pipeline.network import catalogue

EFFICIENCY_LAYERS = tuple(f"block{block}_conv{number}" for block in (3, 4, 5) for number in (1, 2, 3))

# A shallow and a deep layer, for about this long on each core: the fixed start-up, apart from it, is a tenth of that.
WHOLE_LAYERS = ("block3_conv3", "block4_conv2")
WHOLE_SECONDS = 60
WHOLE_MULTIPLE = 16

COLD_LAYER, COLD_FILTERS, WARM_FILTERS = "block3_conv1", 12, 64

# Small pictures in few steps: what a filter costs beside its arithmetic is what may grow with the number of jobs.
SCALING_LAYER = "block4_conv1"
SCALING_JOBS = (64, 512)
SCALING_SETTINGS = {"image_size": 64, "recipe": {"steps": 16}}

PEER_LAYERS = ("block3_conv3", "block4_conv2", "block5_conv3")
PEER_FILTERS = (0, 1, 2, 3, 4, 5, 6, 7)

WAITING_FINISHED = 10
WAITING_SECONDS = 20
WAITING_PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes:
        what: what was measured.
        value: the figure; None where there is none, which `note` explains.
        goal: what it is held against; "" where it is only reported.
        note: how it came about.
    """

    what: str
    value: float | None
    goal: str = ""
    note: str = ""


def measure_efficiency(chosen: str) -> Iterator[Row]:
    """Loop ÷ peak in blocks 3 to 5; `chosen` is this machine's fast precision."""
    for each in dict.fromkeys((chosen, "float32")):
        layers, matmul, convolution = loop.in_new_process(efficiency.measure_all, EFFICIENCY_LAYERS, each)
        peak = max(matmul, convolution)
        by = "matmul" if peak == matmul else "a bare convolution, faster than matmul here"
        yield Row(f"{each}: best matmul, GFLOP/s", matmul / 1e9, note="one thread, sizes 512 to 4096")
        yield Row(f"{each}: best bare convolution, GFLOP/s", convolution / 1e9, note=f"peak is that of {by}")
        for rates in layers:
            note = (
                f"{rates.loop / 1e9:.0f} GFLOP/s, {rates.seconds:.2f} s a filter; ÷ matmul {rates.loop / matmul:.2f}, "
                f"÷ bare convolutions of its shapes {rates.loop / rates.bare:.2f}"
            )
            yield Row(f"{each}: {rates.layer}, loop ÷ peak", rates.loop / peak, "≥ 0.80", note)


def measure_whole(chosen: str, cores: int) -> Iterator[Row]:
    """Wall of the whole workflow ÷ bare loop, with the fixed start-up apart."""
    few = {layer: tuple(range(cores)) for layer in WHOLE_LAYERS}
    probe = loop.climb_on(cores, chosen, jobs_of(few))
    cost = {layer: statistics.median(s for each in probe for s in each.seconds[layer]) for layer in WHOLE_LAYERS}
    many = {layer: tuple(range(choose_count(seconds, cores))) for layer, seconds in cost.items()}
    bare = {}
    wall = {}
    for name, filters in (("few", few), ("many", many)):
        times = loop.climb_on(cores, chosen, jobs_of(filters))
        bare[name] = max(each.loop_seconds for each in times)
        settings = {"filters": {layer: list(numbers) for layer, numbers in filters.items()}}
        wall[name] = workflow.run(workflow.fresh_directory(f"whole-{name}"), cores, settings).seconds
    exact = {**settings, "recipe": "exact"}
    wall["exact"] = workflow.run(workflow.fresh_directory("whole-exact"), cores, exact).seconds
    fixed = wall["few"] - bare["few"]
    count = sum(map(len, many.values()))
    note = f"{count} filters of {' and '.join(WHOLE_LAYERS)}: {wall['many']:.0f} s ÷ {bare['many']:.0f} s"
    yield Row("whole workflow ÷ bare loop", wall["many"] / bare["many"], note=f"{note}, fixed start-up included")
    yield Row(
        "whole workflow, without its fixed start-up, ÷ bare loop",
        (wall["many"] - fixed) / bare["many"],
        "≤ 1.10",
        "the same; what a run of a few filters takes beside their loop is left out",
    )
    note = f"the same filters: {wall['many']:.0f} s ÷ {wall['exact']:.0f} s"
    yield Row("whole workflow, default ÷ exact", wall["many"] / wall["exact"], note=note)
    yield Row("fixed start-up, s", fixed, note="weights, workers, two summaries, mosaics and the site")
    yield Row("start of one bare process, s", max(t.start_seconds for t in times), note="TensorFlow, two compilations")


def measure_cold(cores: int) -> Iterator[Row]:
    """Cold jobs ÷ warm."""
    seconds = {}
    for name, count in (("cold", COLD_FILTERS), ("warm", WARM_FILTERS)):
        settings = {"filters": {COLD_LAYER: f"0-{count - 1}"}}
        run = workflow.run(workflow.fresh_directory(name), cores, settings, "--until", "render", pool=name == "warm")
        seconds[name] = workflow.steady_seconds(run.finishes, 2 * cores)
    note = f"{COLD_LAYER}: {seconds['cold']:.2f} s and {seconds['warm']:.2f} s a filter, all cores busy"
    yield Row("cold jobs (no pool) ÷ warm", seconds["cold"] / seconds["warm"], "≥ 2", note)


def measure_scaling(cores: int) -> Iterator[Row]:
    """Cost per filter in a large run ÷ in a small one."""
    seconds = []
    for count in SCALING_JOBS:
        settings = {"filters": {SCALING_LAYER: f"0-{count - 1}"}, **SCALING_SETTINGS}
        run = workflow.run(workflow.fresh_directory(f"jobs-{count}"), cores, settings, "--until", "render")
        seconds.append(workflow.steady_seconds(run.finishes, 4 * cores))
    few, many = SCALING_JOBS
    note = f"{SCALING_LAYER}, 64 px, 16 steps: {seconds[1] * 1e3:.0f} ms and {seconds[0] * 1e3:.0f} ms a filter"
    yield Row(f"cost per filter at {many} jobs ÷ at {few}", seconds[1] / seconds[0], "≤ 1.05", note)


def measure_memory(chosen: str) -> Iterator[Row]:
    """Most memory that a worker holds."""
    peak = loop.in_new_process(render_every_layer, chosen)
    yield Row("memory of a worker, GB", peak / 1e9, "≤ 1.5", "peak, after a filter of each layer in one process")


def measure_peers(chosen: str, cores: int) -> Iterator[Row]:
    """The recipe without its copy, the notebook's recipe, and another tool, on the same filters."""
    results = {}
    for recipe in ("default", "exact", "classic"):
        results[recipe] = loop.in_new_process(render_with, recipe, chosen)
        seconds, _, _ = results[recipe]
        for layer in PEER_LAYERS:
            yield Row(f"{recipe}: {layer}, s a filter", seconds[layer], note=f"{len(PEER_FILTERS)} filters, one thread")
    for layer in PEER_LAYERS:
        taken = results["default"][0][layer] / results["exact"][0][layer]
        yield Row(f"loop, default ÷ exact: {layer}", taken, "≤ 0.50")
        for other, goal in (("exact", "≥ 1"), ("classic", "> 1")):
            ratio = ratio_of_means(results["default"][1][layer], results[other][1][layer])
            yield Row(f"robust activation, default ÷ {other}: {layer}", ratio, goal, "means over the same filters")
        for recipe, (_, _, own_best) in results.items():
            note = f"of {len(PEER_FILTERS)} filters, among their own pictures"
            yield Row(f"{recipe}: {layer}, own best", own_best[layer], note=note)
    layer, filter = PEER_LAYERS[0], PEER_FILTERS[0]
    outcome = peers.run(layer, filter, loop.weights_file(), cores)
    yield Row(f"{peers.TOOL}: {layer}, s a filter", outcome.seconds, note=outcome.failure or f"{cores} threads")
    if outcome.image is not None:
        peer = loop.in_new_process(robust, layer, (filter,), outcome.image[None])
        ratio = ratio_of_means(results["default"][1][layer][:1], peer)
        note = f"filter {filter}" + ("" if ratio else ", which is silent on the peer's picture")
        yield Row(f"robust activation, default ÷ {peers.TOOL}: {layer}", ratio, "> 1", note)


def measure_main_process(cores: int) -> Iterator[Row]:
    """What Snakemake's own process costs when thousands of jobs wait."""
    directory = workflow.fresh_directory("waiting")
    start = time.perf_counter()
    workflow.run(directory, cores, {"filters": "all"}, "--dry-run", "--quiet", "all")
    yield Row("graph of the full atlas, s", time.perf_counter() - start, "≤ 10", "snakemake --dry-run, whole command")
    with workflow.started(directory, cores, {"filters": "all"}) as process:
        patience = time.monotonic() + WAITING_PATIENCE_SECONDS
        while len(workflow.finish_times(directory)) < WAITING_FINISHED:
            if process.poll() is not None or time.monotonic() > patience:
                raise UserError(f"{directory / 'run.log'}: no filters within {WAITING_PATIENCE_SECONDS} s")
            time.sleep(1)
        used, began = workflow.processor_seconds(process.pid), time.monotonic()
        time.sleep(WAITING_SECONDS)
        share = (workflow.processor_seconds(process.pid) - used) / (time.monotonic() - began)
    yield Row("main process, share of a core", share, "< 0.10", f"over {WAITING_SECONDS} s, some 4,200 jobs waiting")


def jobs_of(filters: dict[str, tuple[int, ...]]) -> list[tuple[str, int]]:
    """Return (layer, filter) for each filter, layer by layer."""
    return [(layer, number) for layer, numbers in filters.items() for number in numbers]


def choose_count(seconds: float, cores: int) -> int:
    """Return how many filters of one of `WHOLE_LAYERS`, at `seconds` each, keep the cores busy for its share of
    `WHOLE_SECONDS`."""
    wanted = WHOLE_SECONDS * cores / len(WHOLE_LAYERS) / seconds
    return max(WHOLE_MULTIPLE, min(256, round(wanted / WHOLE_MULTIPLE) * WHOLE_MULTIPLE))


def ratio_of_means(ours: np.ndarray, theirs: np.ndarray) -> float | None:
    """Return mean ÷ mean; None where the other is 0."""
    return float(np.mean(ours) / np.mean(theirs)) if np.mean(theirs) > 0 else None


def render_every_layer(chosen: str) -> int:
    """Render a filter of each layer in this process, as a worker does; return the most bytes it held."""
    from pipeline.render import process as render
    from pipeline.render import request

    directory = workflow.fresh_directory("memory")
    for layer in catalogue.load(loop.MODEL).layers:
        render.in_this_process(
            request.parse(
                [
                    *("--layer", layer.name, "--filter", "0", "--precision", chosen, "--recipe", '{"steps": 2}'),
                    *("--weights", str(loop.weights_file()), "--output", str(directory / f"{layer.name}.png")),
                ]
            )
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def render_with(recipe: str, chosen: str) -> tuple[dict[str, float], dict[str, np.ndarray], dict[str, int]]:
    """Return, by layer: seconds a filter, the robust activations of `PEER_FILTERS`, and how many of these filters
    answer to no other's picture more than to their own."""
    import_tensorflow()
    from pipeline.measure.answers import Judge
    from pipeline.measure.by_keras import graph_of

    network = catalogue.load(loop.MODEL)
    graph = graph_of(network, loop.tensors())
    seconds, activations, own_best = {}, {}, {}
    for layer in PEER_LAYERS:
        ascent = loop.ascent(layer, chosen, recipe)
        loop.warm_up(ascent, layer)
        start = time.perf_counter()
        images = np.stack([loop.picture(ascent, layer, filter) for filter in PEER_FILTERS])
        seconds[layer] = (time.perf_counter() - start) / len(PEER_FILTERS)
        activations[layer] = robust(layer, PEER_FILTERS, images)
        judge = Judge(network, graph, layer, images.shape[1])
        responses = judge.to_pictures(images)[:, list(PEER_FILTERS)]
        own_best[layer] = int((responses.argmax(0) == np.arange(len(PEER_FILTERS))).sum())
    return seconds, activations, own_best


def robust(layer: str, filters: tuple[int, ...], images: np.ndarray) -> np.ndarray:
    """Return the robust activation of each picture."""
    import_tensorflow()
    from pipeline.measure import robustness
    from pipeline.network.truncated import truncate

    truncated = truncate(catalogue.load(loop.MODEL), loop.tensors(), layer, "float32")
    return robustness.robust_activations(truncated, filters, images)


def main() -> None:
    """Measure, print, and write as JSON what was measured."""
    chosen, cores = (
        precision.resolve("auto", depthwise=catalogue.load(loop.MODEL).is_depthwise),
        machine.describe().cores,
    )
    sections: dict[str, Callable[[], Iterator[Row]]] = {
        "efficiency": lambda: measure_efficiency(chosen),
        "whole": lambda: measure_whole(chosen, cores),
        "cold": lambda: measure_cold(cores),
        "scaling": lambda: measure_scaling(cores),
        "memory": lambda: measure_memory(chosen),
        "main": lambda: measure_main_process(cores),
        "peers": lambda: measure_peers(chosen, cores),
    }
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--only", nargs="+", choices=sections, default=list(sections), help="measure only these")
    options = parser.parse_args()
    workflow.end_as_interrupted()
    start = time.monotonic()
    loop.weights_file()
    rows: list[Row] = []
    for name in options.only:
        print(f"{time.monotonic() - start:4.0f} s: measuring {name}", file=sys.stderr)
        rows += sections[name]()
    print(machine.describe().line())
    print(table.render(["what", "figure", "goal", "how"], [dataclasses.astuple(row) for row in rows]))
    if options.json:
        result = {
            "machine": dataclasses.asdict(machine.describe()),
            "precision": chosen,
            "rows": [dataclasses.asdict(row) for row in rows],
        }
        files.write_json(options.json, json.loads(json.dumps(result)))
    print(f"measured in {time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    errors.run(main)
