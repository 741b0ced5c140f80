"""What gratings say of filters, on the pages of filters and layers and on the one that explains: figures and charts
where gratings drive a filter, one sentence where they do not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.formatting import counted, number, part_of, percent_of
from pipeline.measure.gratings import AXES, FINE
from pipeline.measure.tuning import SIMPLE
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Layer
from pipeline.results.tuning import DRIVEN, Filter, Tuning
from pipeline.site import drawings
from pipeline.site.pages.parts import Chart, Fact

# Hues every 30°, from red; what they are called.
HUE_NAMES = (
    "red", "orange", "yellow", "lime", "green", "sea green",
    "turquoise", "sky blue", "blue", "purple", "magenta", "pink",
)  # fmt: skip

# A filter that answers to this many of 180 degrees at least half as strongly has no direction: those that remain are
# less than a step between the gratings.
ANY_DIRECTION = 165

# Figures of a layer are given of so many filters and more.
FEWEST_FILTERS = 5
# A layer has a place in the charts where gratings drive this share of its filters in the atlas: in VGG16 up to
# block4_conv2.
CHARTED_SHARE = 0.25


@dataclass(frozen=True)
class TuningView:
    """What gratings say of a filter: a sentence, and where they drive it figures and charts."""

    note: str
    facts: tuple[Fact, ...] = ()
    charts: tuple[Chart, ...] = ()


def tuning_view(atlas: Atlas, layer: Layer, filter: int) -> TuningView | None:
    """Return what gratings say of a filter, None where none were shown."""
    if atlas.natural is None:
        return None
    tuning, seen = atlas.tuning[layer.name], atlas.natural.layers[layer.name]
    each, natural = tuning.filters[filter], seen.by_number[filter].natural
    best = f"to the best of {counted(seen.photographs, 'photograph')}"
    if each.strongest <= each.on_mid_grey:
        return TuningView("Not driven by gratings: it responds to none more than to mid grey.")
    share = f"{percent_of(each.strongest / natural)} of its response {best}" if natural else f"more than {best}"
    if not each.is_driven(natural):
        return TuningView(f"Not driven by gratings: its response to the best one is {share}.")
    is_fine, is_directed = tuning.orientations == FINE.orientations, each.has_direction(natural)
    strongest = number(each.strongest)
    said = [f"Responses of its strongest unit to drawn stripes. To the best grating it is {strongest}, {share}."]
    if not is_directed:
        said.append("No grey grating drives it, so it has no direction here.")
    if not is_fine:
        said.append("Its units see much of the image, so few gratings were drawn, and the figures are rough.")
    return TuningView(
        " ".join(said),
        tuple(facts(tuning, each, is_directed=is_directed)),
        tuple(charts(tuning, each, is_directed=is_directed)) if is_fine else (),
    )


def facts(tuning: Tuning, each: Filter, *, is_directed: bool) -> Iterator[Fact]:
    """Yield the figures of a filter that gratings drive, those of directions where grey ones do."""
    if is_directed:
        yield _direction(each)
        yield _period(tuning, each)
    if is_directed and each.modulation is not None:
        is_simple = each.modulation > SIMPLE
        matters = "matters" if is_simple else "hardly matters"
        note = f"F1/F0 {each.modulation:.2f}: where exactly the stripes lie {matters}"
        yield Fact("Phase", "simple" if is_simple else "complex", note, "simple-complex")
    if tuning.hues:
        yield _colour(each)
    yield _flat(tuning, each)


def _direction(each: Filter) -> Fact:
    assert each.orientation is not None
    assert each.orientation_width is not None
    assert each.orientation_selectivity is not None
    selectivity = f"selectivity {each.orientation_selectivity:.2f} of 1"
    if each.orientation_width >= ANY_DIRECTION:
        return Fact("Direction", "any", f"it responds to all at least half as strongly as to the best; {selectivity}")
    note = f"responds at least half as strongly over {each.orientation_width:.0f}° of 180°; {selectivity}"
    # Not 180°, which is horizontal again.
    return Fact("Direction", f"{each.orientation % 180:.0f}°".replace("180°", "0°"), note)


def _period(tuning: Tuning, each: Filter) -> Fact:
    assert each.period_px is not None
    shortest, longest = tuning.periods_px[0], tuning.periods_px[-1]
    sign = "≤ " if each.period_px <= shortest else "≥ " if each.period_px >= longest else ""
    ends = [f"{number(end, 2)} px" for end in (each.shortest_px, each.longest_px) if end is not None]
    note = f"half the response at {' and '.join(ends)}" if ends else "at least half the response at all others"
    return Fact("Period", f"{sign}{number(each.period_px, 2)} px", note)


def _colour(each: Filter) -> Fact:
    if each.axis is None or not each.colour:
        return Fact("Colours", "light–dark", "no response to gratings in colour")
    name = "–".join((hue_name(each.axis), hue_name(each.axis + 180)))
    if each.colour == 1:
        return Fact("Colours", name, "no response to the same gratings in grey")
    times = each.colour / (1 - each.colour)
    if times > 1:
        return Fact("Colours", name, f"{number(times, 2)} times its response to the same gratings in grey")
    return Fact("Colours", "light–dark", f"{name}: {percent_of(times)} of that")


def _flat(tuning: Tuning, each: Filter) -> Fact:
    names = (*map(hue_name, tuning.hues), "black", "white")
    best = int(np.argmax(each.flat))
    if each.flat[best] == 0:
        return Fact("Flat colour", "none", "responds to none more than to mid grey")
    share = percent_of(each.flat[best] / each.strongest)
    if each.flat[best] < DRIVEN * each.strongest:
        return Fact("Flat colour", "none", f"the best, {names[best]}: {share} of its response to the best grating")
    return Fact("Flat colour", names[best], f"{share} of its response to the best grating")


def charts(tuning: Tuning, each: Filter, *, is_directed: bool) -> Iterator[Chart]:
    """Yield the curves of a filter that gratings drive, those of directions where grey ones do."""
    if is_directed:
        assert each.orientation is not None
        assert each.period_px is not None
        drawn = drawings.direction_curve(tuning.orientations, each.by_orientation, each.orientation)
        yield Chart("Direction", drawn, "of the stripes, at the best period")
        drawn = drawings.period_curve(tuning.periods_px, each.by_period, each.period_px)
        yield Chart("Period", drawn, "in the best direction")
    if each.by_axis:
        yield Chart("Colours", drawings.colour_bars(AXES, each.by_axis), "of the stripes, from a hue to its opposite")


def layer_facts(atlas: Atlas, layer: Layer) -> Iterator[Fact]:
    """Yield how many of a layer's filters gratings drive, and how; nothing where none were shown."""
    if atlas.natural is None:
        return
    tuning, seen = atlas.tuning[layer.name], atlas.natural.layers[layer.name]
    pairs = [(tuning.filters[each.filter], each.natural) for each in seen.filters]
    yield Fact(
        "Driven by gratings",
        part_of(sum(each.is_driven(natural) for each, natural in pairs), len(pairs)),
        f"respond to the best grating at least a fifth as strongly as to the best of "
        f"{counted(seen.photographs, 'photograph')}",
    )
    modulations = [
        each.modulation for each, natural in pairs if each.has_direction(natural) and each.modulation is not None
    ]
    if len(modulations) >= FEWEST_FILTERS:
        simple = sum(modulation > SIMPLE for modulation in modulations)
        note = "of those that grey gratings drive: where exactly the stripes lie matters"
        yield Fact("Simple", part_of(simple, len(modulations)), note, "simple-complex")


def trends(atlas: Atlas) -> tuple[Chart, ...]:
    """Return how tuning changes from layer to layer; nothing where fewer than two layers are driven by gratings.

    Of all filters of a layer that answer to gratings, in the atlas or not: a preview then says what the whole does.
    """
    shown: dict[str, list[Filter]] = {}
    for layer in atlas.layers:
        if _directed(atlas, layer) >= max(1, CHARTED_SHARE * len(layer.filters)):
            answering = [each for each in atlas.tuning[layer.name].filters if each.modulation is not None]
            if len(answering) >= FEWEST_FILTERS:
                shown[layer.name] = answering
    if len(shown) < 2:
        return ()
    simple = [100 * float(np.mean([(each.modulation or 0) > SIMPLE for each in filters])) for filters in shown.values()]
    widths = [float(np.median([each.orientation_width or 0 for each in filters])) for filters in shown.values()]
    names = tuple(shown)
    return (
        Chart(
            "Simple filters",
            drawings.layer_bars(names, simple, 100, "Simple filters in per cent"),
            "per cent of each layer",
        ),
        Chart(
            "Width of direction",
            drawings.layer_bars(names, widths, 180, "Degrees with at least half of the best response, medians"),
            "over how many of 180° a filter responds at least half as strongly as to the best direction; medians",
        ),
    )


def hue_name(hue: int) -> str:
    """Return what a hue, in degrees, is called."""
    return HUE_NAMES[round(hue / 30) % len(HUE_NAMES)]


def _directed(atlas: Atlas, layer: Layer) -> int:
    """Return how many filters of a layer in the atlas grey gratings drive."""
    if atlas.natural is None:
        return 0
    filters = atlas.tuning[layer.name].filters
    return sum(filters[each.filter].has_direction(each.natural) for each in atlas.natural.layers[layer.name].filters)
