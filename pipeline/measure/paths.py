"""Which way a picture takes through a network: whether the layers before a filter answer to its picture as they do to
the places in photographs that excite it.

A picture can excite a filter by a way that nothing natural takes (Geirhos and others, 2023, plant circuits that do just
that). A profile is what the channels of a layer answer, each its mean over a place. Profiles are compared with those of
places in photographs:

    specific    how much more the picture is like its own filter's places than like those of other filters, where half
                of the own places is as much like the other half: 1 as the photographs themselves, 0 as any picture
    unnatural   how far the picture's profile lies from the middle of all places, where a place's own is 1

The raw means do not do: all photographs answer so much alike that own and other places differ by 0.01 in rank
correlation. Each channel is counted in its standard deviations over the places.
"""

from dataclasses import dataclass

import numpy as np

# Standard deviations that count at most: else a single channel that photographs leave silent is all of a profile.
LARGEST_DEVIATION = 5.0
# A channel that photographs leave silent, or nearly, has this share of the usual standard deviation.
LEAST_SPREAD = 0.01
# With fewer filters the error of their mean is as large as a grade.
FEWEST_FILTERS = 8


@dataclass(frozen=True)
class Comparison:
    """How the pictures of filters compare with places in photographs.

    Attributes:
        specific: 1 as photographs, 0 as pictures of other filters; None where photographs do not agree with each other.
        unnatural: 1 as a photograph.
        agreement: how much more one half of a filter's places is like its other half than like others' places, in
            correlation; that which `specific` is a share of.
    """

    specific: float | None
    unnatural: float
    agreement: float


def compare(pictures: np.ndarray, places: np.ndarray) -> Comparison:
    """Return how pictures compare with places, all of one layer's filters, the means over the filters.

    Args:
        pictures: profiles of the pictures, float32 (filters, channels).
        places: profiles of places that excite the filters most, the strongest first: float32 (filters, places,
            channels); at least four filters, and an even number of places.
    """
    spread = places.std((0, 1))
    usual = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
    middle, spread = places.mean((0, 1)), np.maximum(spread, LEAST_SPREAD * usual)
    own, natural = (
        np.clip((each - middle) / spread, -LARGEST_DEVIATION, LARGEST_DEVIATION) for each in (pictures, places)
    )
    alike = likeness(own, natural)
    agreement = float(np.mean([_excess(likeness(*halves)) for halves in _halves(natural)]))
    return Comparison(
        specific=float(_excess(alike) / agreement) if agreement > 0 else None,
        unnatural=float(np.sqrt((own**2).mean()) / max(np.sqrt((natural**2).mean()), 1e-9)),
        agreement=agreement,
    )


def likeness(profiles: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return how like each profile is to the places of each filter: the mean correlation over its places.

    Args:
        profiles: (filters, channels), in standard deviations.
        places: (filters, places, channels), likewise.

    Returns:
        (profiles, filters of the places).
    """
    found: np.ndarray = _directions(profiles) @ _directions(places).mean(1).T
    return found


def _halves(places: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    # Every other one, for the first of a filter's places are the more telling.
    odd, even = places[:, ::2], places[:, 1::2]
    return [(odd.mean(1), even), (even.mean(1), odd)]


def _excess(alike: np.ndarray) -> float:
    """Return how much more alike the own are than others, the mean over the filters of (filters, filters)."""
    filters = len(alike)
    own = np.trace(alike) / filters
    return float(own - (alike.sum() - np.trace(alike)) / (filters * (filters - 1)))


def _directions(profiles: np.ndarray) -> np.ndarray:
    centred = profiles - profiles.mean(-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    directions: np.ndarray = centred / np.maximum(length, 1e-9)
    return directions
