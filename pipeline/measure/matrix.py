"""The response matrix of a layer, and what it says about each filter: alive, own-best, selective, similar.

R[i, c] is the answer of channel c to the final picture of the i-th rendered filter: its mean activation, or what else
the pictures were made to raise. Measuring it is `measure.answers`' business; here it is read, and "excites" stands for
"makes answer". `rendered` below is the channel number of each row.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.measure.noise import floored

# A filter is alive when its own picture excites it at least this many times as much as noise does.
ALIVE_RATIO = 2.0

SIMILAR_LISTED = 8


@dataclass(frozen=True)
class Figures:
    """What the response matrix says about one rendered filter.

    Attributes:
        activation: answer to its own picture.
        noise_activation: answer to noise, floored.
        alive: whether the first is at least `ALIVE_RATIO` times the second.
        own_rank: 1 + number of the layer's other pictures that excite the filter more than its own does; the last where
            its own does not excite it at all.
        selectivity: (own − mean of the others) ÷ (own + mean of the others), −1..1.
        similar: channel number and similarity (−1..1) of the nearest rendered filters, nearest first.
    """

    activation: float
    noise_activation: float
    alive: bool
    own_rank: int
    selectivity: float
    similar: tuple[tuple[int, float], ...]


def own_activations(responses: NDArray[np.float32], rendered: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the answer of each rendered filter to its own picture, (pictures,)."""
    own: NDArray[np.float32] = responses[np.arange(len(rendered)), rendered]
    return own


def alive(own: NDArray[np.float32], noise: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which filters are alive; one that is silent on its own picture never is. All (pictures,)."""
    return (own > 0) & (own >= np.float32(ALIVE_RATIO) * noise)


def own_ranks(responses: NDArray[np.float32], rendered: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return, for each rendered filter, the place of its own picture among all, 1 the best; (pictures,).

    Pictures that excite it equally share the better place, but one that leaves its own filter silent has the last: a
    filter that is silent on every picture is at home on none.
    """
    own = own_activations(responses, rendered)
    better: NDArray[np.integer] = (responses[:, rendered] > own).sum(0)
    return np.where(own > 0, 1 + better, len(responses))


def doubtful(
    responses: NDArray[np.float32], noise: NDArray[np.float32], rendered: NDArray[np.integer], tolerance: float
) -> NDArray[np.intp]:
    """Return the rows that decide whether a filter is alive, or which place its own picture has, by less than a
    tolerance: ascending.

    Args:
        responses: the response matrix, float32 (pictures, channels).
        noise: answers to noise images, float32 (noise images, channels).
        rendered: channel number of each picture (pictures,).
        tolerance: as a share of the answer to the own picture.
    """
    own = own_activations(responses, rendered)
    near = np.abs(responses[:, rendered] - own) <= tolerance * own
    # A silent filter's picture is the last in any case, however many others leave it silent, too.
    near &= own > 0
    np.fill_diagonal(near, False)
    barely = np.abs(own - ALIVE_RATIO * floored(noise)[rendered]) <= tolerance * own
    return np.flatnonzero(near.any(0) | near.any(1) | barely | (own <= 0))


def selectivities(responses: NDArray[np.float32], rendered: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return how much more each rendered filter's own picture excites it than the others do, −1..1; (pictures,)."""
    own = own_activations(responses, rendered).astype(np.float64)
    if len(rendered) < 2:
        return np.zeros(len(rendered))
    others = (responses[:, rendered].sum(0, dtype=np.float64) - own) / (len(rendered) - 1)
    total = own + others
    selectivity = np.zeros_like(own)
    np.divide(own - others, total, out=selectivity, where=total > 0)
    return selectivity


def similarities(responses: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how alike the effects of each two pictures are, cosine −1..1, (pictures, pictures).

    Every channel counts the same: its activations are centred and scaled over the pictures first, or else the few
    channels that fire at everything would make all pictures alike. Each is compressed by a square root before that,
    or else a picture's effect on its own filter would be all there is to see.
    """
    compressed = np.sqrt(responses, dtype=np.float64)
    centred = compressed - compressed.mean(0)
    deviation = centred.std(0)
    profiles = centred / np.where(deviation > 0, deviation, 1)
    norms = np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles /= np.where(norms > 0, norms, 1)
    cosines: NDArray[np.float64] = np.clip(profiles @ profiles.T, -1, 1)
    return cosines


def figures(responses: NDArray[np.float32], noise: NDArray[np.float32], rendered: NDArray[np.integer]) -> list[Figures]:
    """Return what the response matrix says about each rendered filter, in its order.

    Args:
        responses: the response matrix, float32 (pictures, channels).
        noise: answers to noise images of the pictures' size, float32 (noise images, channels).
        rendered: channel number of each picture, ascending integers (pictures,).
    """
    own = own_activations(responses, rendered)
    on_noise = floored(noise)[rendered]
    columns = zip(
        own,
        on_noise,
        alive(own, on_noise),
        own_ranks(responses, rendered),
        selectivities(responses, rendered),
        strict=True,
    )
    similarity = similarities(responses)
    return [
        Figures(
            activation=float(activation),
            noise_activation=float(noise_activation),
            alive=bool(is_alive),
            own_rank=int(rank),
            selectivity=round(float(selectivity), 4),
            similar=_nearest(similarity[row], row, rendered),
        )
        for row, (activation, noise_activation, is_alive, rank, selectivity) in enumerate(columns)
    ]


def _nearest(similarity: NDArray[np.float64], own: int, rendered: NDArray[np.integer]) -> tuple[tuple[int, float], ...]:
    # Rounded before sorting: the last bits differ between machines, and a tie must not.
    rounded = np.round(similarity, 4)
    order = [int(row) for row in np.argsort(-rounded, kind="stable") if row != own][:SIMILAR_LISTED]
    return tuple((int(rendered[row]), float(rounded[row])) for row in order)
