"""Documents of results/ with plausible values, of which a test names the few that it is about."""

from collections.abc import Sequence
from typing import Any

from pipeline.measure.gratings import FINE, HUES
from pipeline.results.exemplars import Exemplars
from pipeline.results.exemplars import Filter as SeenFilter
from pipeline.results.layer_summary import TOP, WORST_LISTED, Figures, Filter, Layer
from pipeline.results.layout import MEASURES
from pipeline.results.record import Record, Versions
from pipeline.results.tuning import Filter as TunedFilter
from pipeline.results.tuning import Tuning

SHA256 = "0" * 64


def a_filter(number: int = 0, **changes: Any) -> Filter:
    """Return what a summary says of a filter that is alive and its picture's best."""
    values = {
        "filter": number,
        "activation": 8.0,
        "noise_activation": 1.0,
        "robust_activation": 7.0,
        "strongest_unit": 20.0,
        "alive": True,
        "own_rank": 1,
        "selectivity": 0.6,
        "similar": (),
        "bias": 0.1,
        "kernel_norm": 1.5,
        "incoming": (),
        "outgoing": (),
        "colour": "#405060",
        "hue": 210.0,
        "saturation": 0.5,
        "chroma": 0.4,
        "lightness": 0.45,
        "contrast": 0.2,
        "skewness": 0.0,
        "period_px": 12.0,
        "orientation": 90.0,
        "orientation_strength": 0.7,
        "crossing": 0.3,
        "coherence": 0.8,
        "curvature": 0.1,
        "evenness": 0.0,
        "description": "fine vertical stripes, blue, glaring, dim",
    }
    return Filter(**(values | changes))


def figures(filters: Sequence[Filter], **changes: Any) -> Figures:
    """Return figures that count what `filters` say."""
    values = {
        "rendered": len(filters),
        "alive": sum(each.alive for each in filters),
        "own_best": sum(each.is_in_best(1) for each in filters),
        "own_best_top5": sum(each.is_in_best(TOP) for each in filters),
        "retried": 0,
        "median_selectivity": 0.6,
        "median_robust_activation": 7.0,
        "worst": tuple(each.filter for each in filters[:WORST_LISTED]),
    }
    return Figures(**(values | changes))


def a_layer(name: str = "conv1", filters: Sequence[Filter] = (), **changes: Any) -> Layer:
    """Return the summary of a layer of 600 filters."""
    filters = tuple(filters) or (a_filter(),)
    values = {
        "model": "tiny",
        "name": name,
        "index": 0,
        "filters_total": 600,
        "input_channels": 3,
        "kernel_size": (3, 3),
        "kind": "Conv2D",
        "depthwise": False,
        "image_channels": 3,
        "response_after": (),
        "read_by": ("relu",),
        "nonlinearity_follows": True,
        "receptive_field_px": 3,
        "effective_field_px": None,
        "sees_whole_image": False,
        "stride_px": 1,
        "canvas_px": 48,
        "weights_sha256": SHA256,
        "measures": MEASURES,
        "figures": figures(filters),
        "filters": filters,
        "families": (),
    }
    return Layer(**(values | changes))


def a_record(**changes: Any) -> Record:
    """Return the record of a filter; with other `activations` their ends follow."""
    values: dict[str, Any] = {
        "model": "tiny",
        "layer": "conv1",
        "filter": 7,
        "receptive_field_px": 3,
        "stride_px": 1,
        "canvas_px": 48,
        "seed": 0,
        "attempts": 1,
        "precision": "float32",
        "recipe": {"steps": 1},
        "activations": (0.1, 0.2),
        "noise_activation": 0.05,
        "snapshot_steps": (1,),
        "image_sha256": SHA256,
        "weights_sha256": SHA256,
        "versions": Versions(atlas="1", method=1, tensorflow="2", numpy="2", pillow="13"),
    }
    values |= changes
    ends = {"first_activation": values["activations"][0], "last_activation": values["activations"][-1]}
    return Record(**(ends | values))


def a_tuned_filter(number: int = 0, **changes: Any) -> TunedFilter:
    """Return how a filter is tuned that prefers rising blue and yellow stripes of 8 px."""
    values = {
        "filter": number,
        "strongest": 8.0,
        "strongest_in_grey": 6.0,
        "on_mid_grey": 1.0,
        "orientation": 45.0,
        "orientation_width": 60.0,
        "orientation_selectivity": 0.5,
        "period_px": 7.7,
        "shortest_px": 4.0,
        "longest_px": None,
        "modulation": 1.4,
        "axis": 60,
        "colour": 0.75,
        "flat": (0.0,) * 8 + (2.0, 1.0) + (0.0,) * 4,
        "by_orientation": (0.1, 0.2, 0.6, 1.0, 0.6, 0.2) + (0.1,) * 6,
        "by_period": (0.1, 0.3, 0.6, 0.8, 1.0) + (0.7,) * 7,
        "by_axis": (0.3, 0.5, 0.8, 1.0, 0.8, 0.5, 0.3),
    }
    return TunedFilter(**(values | changes))


def the_tuning(**changes: Any) -> Tuning:
    """Return how a layer of two filters is tuned."""
    values = {
        "model": "tiny",
        "name": "conv1",
        "weights_sha256": SHA256,
        "precision": "float32",
        "canvas_px": 112,
        "orientations": FINE.orientations,
        "periods_px": FINE.periods_px,
        "phases": FINE.phases,
        "hues": HUES,
        "filters": (a_tuned_filter(0), a_tuned_filter(1, modulation=0.1)),
    }
    return Tuning(**(values | changes))


def what_photographs_do(layer: Layer, natural: float, ratios: Sequence[float | None] | None = None) -> Exemplars:
    """Return what 12 photographs do to the filters of a layer: the best of them to each the same, which are these
    `ratios` of what their pictures do."""
    return Exemplars(
        model=layer.model,
        name=layer.name,
        weights_sha256=layer.weights_sha256,
        files_sha256="1" * 64,
        photographs=12,
        sampled=12,
        field_px=4,
        filters=tuple(
            SeenFilter(
                filter=number,
                natural=natural,
                natural_to_synthetic=ratio,
                exemplars=(),
                quantiles=(0.0, 0.0, 0.0, 0.0),
                histogram=(0,) * 17,
                reach_half=0.5,
                alike=(),
            )
            for number, ratio in zip(layer.numbers, ratios or [None] * len(layer.numbers), strict=True)
        ),
        families=(),
    )
