"""The tuning of layers, from passes over drawn stimuli that they share."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.machine.precision import Precision
from pipeline.measure.gratings import HUES
from pipeline.measure.tuning import Tuned, tune
from pipeline.network.catalogue import Network
from pipeline.results.tuning import Filter, Tuning
from pipeline.weights.store import Weights
from pipeline.wording import Objective

# Significant digits of activations: bfloat16 has fewer than three; of shares and lengths, decimals.
_DIGITS, _DECIMALS = 5, 3
_ACTIVATIONS = {"strongest", "strongest_in_grey", "on_mid_grey", "flat"}


def tunings(
    network: Network, loaded: Weights, layers: Sequence[str], precision: Precision, objective: Objective
) -> Iterator[Tuning]:
    """Yield how each of some layers is tuned, session by session.

    Args:
        network: the network.
        loaded: its weights.
        layers: names of its layers; those whose image is neither RGB nor grey are passed over.
        precision: of the convolutions.
        objective: what an answer is.
    """
    # Here, not above: TensorFlow takes seconds to start, and is started by the caller.
    from pipeline.measure import session
    from pipeline.network import taps

    for each in session.sessions(network, layers):
        channels = network.image_of(each.layers[0]).channels
        shown = session.show(taps.load(network, loaded.tensors, each.layers, precision, objective), each, channels)
        for layer, answers in zip(each.layers, shown, strict=True):
            found = tune(each.stimuli, answers.strongest, answers.central)
            yield Tuning(
                model=network.name,
                name=layer,
                weights_sha256=loaded.sha256,
                objective=objective,
                precision=precision,
                canvas_px=each.canvas_px,
                orientations=each.stimuli.orientations,
                periods_px=each.stimuli.periods_px,
                phases=each.stimuli.phases,
                hues=HUES if channels == 3 else (),
                filters=tuple(_filter(number, tuned) for number, tuned in enumerate(found)),
            )


def _filter(number: int, tuned: Tuned) -> Filter:
    return Filter(filter=number, **{name: _rounded(name, value) for name, value in dataclasses.asdict(tuned).items()})


def _rounded(name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_rounded(name, each) for each in value)
    if not isinstance(value, float):
        return value
    return float(f"{value:.{_DIGITS}g}") if name in _ACTIVATIONS else round(value, _DECIMALS)
