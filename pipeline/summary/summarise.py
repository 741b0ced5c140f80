"""The summary of a layer: everything about its filters that can be computed from pictures, records and weights."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import UNSET

from pipeline.errors import UserError
from pipeline.measure import families, kernels, looks, matrix
from pipeline.measure.noise import colour_noise
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.results import document
from pipeline.results.layer_summary import TOP, WORST_LISTED, Family, Figures, Filter, Layer, Similar, Slice
from pipeline.results.layout import MEASURES
from pipeline.results.renders import Render
from pipeline.weights.store import Weights
from pipeline.wording import DEFAULT, OBJECTIVES, Objective

# What is decided by less than this share is measured in float32. In bfloat16, answers to pictures that excite a filter
# at least half as much as its own differ from those in float32 by up to 0.6 % in the first four layers of VGG16, and by
# 0.1 % in the last; 71 of its 4,224 pictures, all in the first three layers, are measured again.
DOUBT = 0.02


@dataclass(frozen=True)
class Measurements:
    """What the network says to the pictures of a layer: answers, as `pipeline.measure.answers` has them, all float32.

    Attributes:
        responses: of each channel on each picture, (pictures, channels).
        noise: of each channel on noise images of their size, (noise images, channels).
        robust: of each picture's own filter on slightly moved views of it, (pictures,).
        strongest: the strongest unit of each picture's own filter on it, (pictures,).
    """

    responses: np.ndarray
    noise: np.ndarray
    robust: np.ndarray
    strongest: np.ndarray


def summarise(
    network: Network, loaded: Weights, layer: ConvLayer, renders: Sequence[Render], measured: Measurements
) -> Layer:
    """Return the summary of a layer.

    Args:
        network: the network.
        loaded: its weights.
        layer: one of its convolutional layers.
        renders: the rendered filters, by number, at least one.
        measured: what `measure` gives for them.
    """
    rendered = np.array([render.record.filter for render in renders])
    found = matrix.figures(measured.responses, measured.noise, rendered)
    filters = tuple(
        _filter(network, loaded.tensors, layer, render, figures, robust, strongest)
        for render, figures, robust, strongest in zip(renders, found, measured.robust, measured.strongest, strict=True)
    )
    return Layer(
        model=network.name,
        name=layer.name,
        index=layer.index,
        filters_total=layer.filters,
        input_channels=layer.input_channels // layer.groups,
        kernel_size=layer.kernel_size,
        kind=layer.kind,
        depthwise=layer.is_depthwise,
        image_channels=network.image_of(layer.name).channels,
        response_after=layer.chain,
        read_by=layer.readers,
        nonlinearity_follows=layer.bends,
        receptive_field_px=layer.receptive_field_px,
        effective_field_px=layer.effective_field_px,
        sees_whole_image=layer.sees_all,
        stride_px=layer.stride_px,
        canvas_px=renders[0].record.canvas_px,
        weights_sha256=loaded.sha256,
        objective=objective(renders),
        measures=MEASURES,
        figures=_figures(filters, renders, measured),
        filters=filters,
        families=tuple(
            Family(members=tuple(int(rendered[each]) for each in group.members), typical=int(rendered[group.typical]))
            for group in families.families(matrix.similarities(measured.responses))
        ),
    )


def _figures(filters: Sequence[Filter], renders: Sequence[Render], measured: Measurements) -> Figures:
    return Figures(
        rendered=len(filters),
        alive=sum(each.alive for each in filters),
        own_best=sum(each.is_in_best(1) for each in filters),
        own_best_top5=sum(each.is_in_best(TOP) for each in filters),
        retried=sum(render.record.attempts > 1 for render in renders),
        median_selectivity=round(float(np.median([each.selectivity for each in filters])), 4),
        median_robust_activation=document.short(np.median(measured.robust)),
        worst=tuple(each.filter for each in sorted(filters, key=lambda each: each.certainty)[:WORST_LISTED]),
    )


def objective(renders: Sequence[Render]) -> Objective:
    """Return what the pictures of a layer were made for; they share a recipe; `UserError` if none knows it."""
    found = renders[0].record.recipe.get("objective", DEFAULT)
    for known in OBJECTIVES:
        if known == found:
            return known
    raise UserError(f"recipe.objective: should be one of {', '.join(OBJECTIVES)}, not {found!r:.80}")


def measure(network: Network, loaded: Weights, layer: ConvLayer, renders: Sequence[Render]) -> Measurements:
    """Run the network on the pictures of a layer, on slightly moved views of them, and on noise of their size.

    Pictures and views are run in the precision of the renders: in float32 they would take half as long as rendering
    does where that is done in bfloat16. Pictures that decide something narrowly are run in float32, as noise is.
    """
    # Here, not above: TensorFlow takes seconds to start, and a damaged file is found in less.
    from pipeline.measure import answers, by_keras, robustness
    from pipeline.network.truncated import TruncatedNetwork
    from pipeline.weights import kept

    aim = objective(renders)
    images = np.stack([render.image for render in renders])
    noise = colour_noise(images.shape[1], channels=images.shape[3])
    precision = renders[0].record.precision
    filters = [render.record.filter for render in renders]
    graph = kept.graph(network.model, loaded, precision)
    as_saved = by_keras.graph_of(network, loaded.tensors)
    exact = answers.Judge(network, as_saved, layer.name, images.shape[1])
    to_noise = exact.to_noise(noise, objective=aim)
    if precision == "float32":
        responses, strongest = exact.to_pictures_and_strongest(images, objective=aim)
    else:
        rounded = answers.Judge(network, graph, layer.name, images.shape[1])
        responses, strongest = rounded.to_pictures_and_strongest(images, objective=aim, batch=robustness.TOGETHER)
        again = matrix.doubtful(responses, to_noise, np.array(filters), DOUBT)
        if len(again):
            responses[again], strongest[again] = exact.to_pictures_and_strongest(images[again], objective=aim)
    return Measurements(
        responses=responses,
        noise=to_noise,
        robust=robustness.robust_activations(
            TruncatedNetwork(network, graph, layer.name),
            filters,
            images,
            seen=robustness.FEW_VIEWS,
            objective=aim,
        ),
        strongest=strongest[np.arange(len(filters)), filters],
    )


def _filter(
    network: Network,
    tensors: Mapping[str, np.ndarray],
    layer: ConvLayer,
    render: Render,
    figures: matrix.Figures,
    robust_activation: float,
    strongest_unit: float,
) -> Filter:
    number = render.record.filter
    kernel = kernels.kernel_of(network, tensors, layer.name, number)
    bias = tensors.get(f"{layer.weights}/bias")
    answers: dict[str, Any] = {
        name: document.short(value) if isinstance(value, float) else value for name, value in vars(figures).items()
    }
    similar = answers.pop("similar")
    return Filter(
        filter=number,
        robust_activation=document.short(robust_activation),
        strongest_unit=document.short(strongest_unit),
        similar=tuple(Similar(filter=other, similarity=similarity) for other, similarity in similar),
        **answers,
        bias=0.0 if bias is None else document.short(bias[number]),
        kernel_norm=document.short(np.linalg.norm(kernel.astype(np.float64))),
        incoming=tuple(map(_slice, kernels.incoming(network, tensors, layer.name, number))),
        outgoing=tuple(map(_slice, kernels.outgoing(network, tensors, layer.name, number))),
        kernel_rgb=_rows(kernel) if layer.reads_image else UNSET,
        **dataclasses.asdict(looks.describe(render.image)),
    )


def _slice(neighbour: kernels.Neighbour) -> Slice:
    return Slice(
        layer=neighbour.layer,
        filter=neighbour.filter,
        norm=document.short(neighbour.norm),
        share=round(neighbour.share, 5),
        kernel=_rows(neighbour.kernel),
    )


def _rows(array: np.ndarray) -> Any:
    return tuple(map(_rows, array)) if array.ndim else document.short(array)
