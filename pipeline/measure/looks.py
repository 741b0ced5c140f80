"""What a picture looks like, measured: its structure, its colours, and both in a few words."""

from dataclasses import dataclass

import numpy as np

from pipeline.images import is_false_colour, shown
from pipeline.measure import colours, structure, words


@dataclass(frozen=True)
class Descriptors:
    """Measured properties of a picture; the meaning and range of each stands in `docs/formats.md`."""

    colour: str
    hue: float | None
    saturation: float
    chroma: float
    lightness: float
    contrast: float
    skewness: float
    period_px: float
    orientation: float
    orientation_strength: float
    crossing: float
    coherence: float
    curvature: float
    evenness: float
    description: str


def describe(image: np.ndarray) -> Descriptors:
    """Measure a square image, uint8 (side, side, channels): its structure in all channels, its colours as shown.

    Of an image that is neither RGB nor grey the colours are false: it has no hue, no saturation, no chroma, and no
    colour is named.
    """
    unit, picture = image / 255.0, shown(image)
    luminance = structure.luminance(unit)
    lightness = float(luminance.mean())
    found, seen = structure.measure(unit), None if is_false_colour(image.shape[-1]) else colours.measure(picture)
    return Descriptors(
        colour="#{:02x}{:02x}{:02x}".format(*(round(mean) for mean in picture.mean((0, 1)))),
        hue=seen.hue if seen else None,
        saturation=round(seen.saturation, 4) if seen else 0.0,
        chroma=round(seen.chroma, 4) if seen else 0.0,
        lightness=round(lightness, 4),
        contrast=round(float(luminance.std()), 4),
        skewness=round(found.skewness, 4),
        period_px=round(found.period_px, 2),
        orientation=round(found.orientation, 1) % 180,
        orientation_strength=round(found.orientation_strength, 4),
        crossing=round(found.crossing, 4),
        coherence=round(found.coherence, 4),
        curvature=round(found.curvature, 4),
        evenness=round(found.evenness, 4),
        description=words.describe(found, seen, lightness),
    )
