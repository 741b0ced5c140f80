"""What a picture looks like in a few plain words, from its measures: for search, and for text in place of the picture.

    "fine rising stripes with shadows, orange, pink and purple, vivid, dark"

The words are a closed vocabulary, of seven kinds:

    scale       tiny, fine, coarse, large
    direction   horizontal, rising, vertical, falling   (of stripes and streaks only)
    pattern     stripes, streaks, grid, blotches, swirls, curves, cells, tangle, plain
    relief      highlights (little is light), shadows (little is dark)
    colour      up to three of `colours.NAMES`, those that the picture has more of than others; or many-coloured
    vividness   dull, muted, vivid, glaring
    lightness   dark, dim, light, bright

What is middling is not mentioned: a word that holds for most pictures finds none. Of a picture in false colours only
scale, direction and pattern are named; of a grey one also its greys, relief and lightness.

The figures that part the words are of the full atlas of VGG16, 4,224 pictures of 160 to 224 pixels, by
`python -m bench.words`. They are constants, so that the words for a filter do not depend on what else is rendered.
"""

import math
from collections.abc import Iterator, Mapping

from pipeline.measure.colours import GREY_CHROMA, Colours
from pipeline.measure.structure import Structure

DIRECTIONS = ("horizontal", "rising", "vertical", "falling")
PATTERNS = ("stripes", "streaks", "grid", "blotches", "swirls", "curves", "cells", "tangle", "plain")

# Words from the least of a measure to the most, and the values at which the next begins: of the full atlas 15 % of the
# pictures have either extreme, 23 % the next, and the 24 % in the middle no word; of relief a quarter has either.
Levels = tuple[tuple[float, str], ...]

# Period in pixels of the picture.
SCALES: Levels = ((-math.inf, "tiny"), (10.99, "fine"), (14.01, ""), (15.58, "coarse"), (17.3, "large"))
# Skewness of luminance.
RELIEFS: Levels = ((-math.inf, "shadows"), (-0.094, ""), (0.178, "highlights"))
# Mean chroma.
VIVIDNESS: Levels = ((-math.inf, "dull"), (0.277, "muted"), (0.314, ""), (0.351, "vivid"), (0.398, "glaring"))
# Mean luminance.
LIGHTNESS: Levels = ((-math.inf, "dark"), (0.433, "dim"), (0.46, ""), (0.483, "light"), (0.52, "bright"))

# Strengths (0..1) from which a picture is called so, the first that holds: one direction, an even area, two crossing
# directions, bent lines, and one direction again; below the last, coherence of single grains.
STRIPES, BLOTCHES, GRID, SWIRLS, CURVES, STREAKS, CELLS = 0.28, 0.1, 0.28, 0.2, 0.1, 0.18, 0.18

# Mean share of the area that each colour takes in the full atlas.
USUAL_SHARES: Mapping[str, float] = {
    "red": 0.081,
    "orange": 0.047,
    "yellow": 0.045,
    "green": 0.032,
    "turquoise": 0.042,
    "blue": 0.217,
    "purple": 0.048,
    "pink": 0.064,
    "brown": 0.007,
    "black": 0.152,
    "grey": 0.062,
    "white": 0.203,
}
# A colour is named that takes so many times its usual share, and of the area at least the second; none counts as rarer
# than the third, or a few brown pixels would make a picture brown.
LIFT, LEAST_SHARE, LEAST_USUAL_SHARE = 1.2, 0.05, 0.02
COLOURS_NAMED = 3
# Of a grey picture the greys are named that take so much of the area: nearly all pictures of a network that sees grey
# images would have a multiple of the usual grey.
GREY_SHARE = 0.25
GREYS = ("black", "grey", "white")


def describe(structure: Structure, colours: Colours | None, lightness: float) -> str:
    """Return the description of a picture.

    Args:
        structure: of the picture, in all channels.
        colours: as it is shown; None where they are false.
        lightness: mean luminance, 0..1.
    """
    return ", ".join(filter(None, _parts(structure, colours, lightness)))


def named(description: str) -> tuple[str, ...]:
    """Return the words of a description, without those that only join them."""
    return tuple(word for word in description.replace(",", "").split() if word not in ("and", "with"))


def _parts(structure: Structure, colours: Colours | None, lightness: float) -> Iterator[str]:
    yield " ".join(filter(None, _forms(structure, is_relief_seen=colours is not None)))
    if colours:
        is_grey = colours.chroma < GREY_CHROMA
        yield _listed(_greys(colours.shares) if is_grey else _named(colours.shares)) or "many-coloured"
        yield "" if is_grey else _level(VIVIDNESS, colours.chroma)
        yield _level(LIGHTNESS, lightness)


def _forms(structure: Structure, *, is_relief_seen: bool) -> Iterator[str]:
    if structure.period_px == 0:
        yield "plain"
        return
    yield _level(SCALES, structure.period_px)
    yield _pattern(structure)
    relief = _level(RELIEFS, structure.skewness)
    yield f"with {relief}" if relief and is_relief_seen else ""


def _level(levels: Levels, value: float) -> str:
    return next(word for least, word in reversed(levels) if value >= least)


def _pattern(structure: Structure) -> str:
    direction = DIRECTIONS[round(structure.orientation / 45) % 4]
    if structure.orientation_strength >= STRIPES:
        return f"{direction} stripes"
    if structure.evenness >= BLOTCHES:
        return "blotches"
    if structure.crossing >= GRID:
        return "grid"
    if structure.curvature >= CURVES:
        return "swirls" if structure.curvature >= SWIRLS else "curves"
    if structure.orientation_strength >= STREAKS:
        return f"{direction} streaks"
    return "cells" if structure.coherence < CELLS else "tangle"


def _named(shares: Mapping[str, float]) -> list[str]:
    """Return the names of the colours that a picture has more of than others, the most telling first."""
    lifts = {name: share / max(USUAL_SHARES[name], LEAST_USUAL_SHARE) for name, share in shares.items()}
    found = [name for name, share in shares.items() if lifts[name] >= LIFT and share >= LEAST_SHARE]
    # By lift alone a speck of green would come before a half that is red.
    return sorted(found, key=lambda name: lifts[name] * math.sqrt(shares[name]), reverse=True)[:COLOURS_NAMED]


def _greys(shares: Mapping[str, float]) -> list[str]:
    return sorted((name for name in GREYS if shares[name] >= GREY_SHARE), key=lambda name: shares[name], reverse=True)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
