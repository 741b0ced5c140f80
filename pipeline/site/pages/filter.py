"""The page of a filter: its picture, what was measured of it, and the filters it belongs with."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from pipeline import images
from pipeline.formatting import number, part_of, percent_of, times
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.measure.noise import NOISE_FLOOR
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer
from pipeline.results.record import Record
from pipeline.site import downloads, drawings
from pipeline.site.addresses import card_path, filter_path, folder
from pipeline.site.pages import circuit, layer_words, natural
from pipeline.site.pages.parts import Fact, Tile, first_kernels, recipe_settings, recipe_words, settings_words, tile
from pipeline.site.pages.tuning import TuningView, tuning_view
from pipeline.wording import Words

# Pictures that are less alike than this are not called similar.
LEAST_SIMILARITY = 0.3


@dataclass(frozen=True)
class FilterView:
    """The page of a filter."""

    layer: str
    layer_href: str
    number: int
    compare: str
    lead: str
    image: str
    canvas_px: int
    field: str
    colours: str
    channels: tuple[int, ...]
    channels_image: str
    channel_px: int
    note: str
    alt: str
    frame: Markup
    card: str
    original: str
    download: str
    original_channels: str
    image_sha256: str
    doubt: str
    words: Words
    quality: tuple[Fact, ...]
    geometry: tuple[Fact, ...]
    look: tuple[Fact, ...]
    swatch: str
    steps: tuple[int, ...]
    steps_image: str
    snapshot_px: int
    curve: Markup
    curve_note: str
    tuning: TuningView | None
    kernel_uri: str
    incoming: circuit.Side | None
    outgoing: circuit.Side | None
    similar: tuple[Tile, ...]
    natural: natural.NaturalView | None
    own_settings: tuple[tuple[str, str], ...]
    cited: str
    record: str
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


def filter_view(
    atlas: Atlas,
    layer: Layer,
    each: Filter,
    left: tuple[Layer, Filter] | None,
    right: tuple[Layer, Filter] | None,
    *,
    with_patches: bool = True,
    with_originals: bool = True,
) -> FilterView:
    """Return the view of a filter's page, between the two beside it, `with_patches` of photographs and
    `with_originals`, or without."""
    record = atlas.records[layer.name][each.filter]
    height, width = layer.kernel_size
    shown_kernels = first_kernels(atlas) if layer.name == atlas.network.layers[0].name else ()
    is_false = images.is_false_colour(layer.image_channels)
    words = layer.words
    lead = f"{words.filter_note}{each.description}."
    shown = natural.filter_view(atlas, layer, each, with_patches=with_patches)
    return FilterView(
        layer=layer.name,
        layer_href=f"{folder(layer)}/index.html",
        number=each.filter,
        compare=f"compare.html#{quote(f'{layer.name}/{each.filter}')}",
        lead=f"{lead[:1].upper()}{lead[1:]}",
        image=filter_path(layer, each.filter, layout.PICTURE),
        canvas_px=record.canvas_px,
        field=field_caption(layer, record.canvas_px),
        colours=layer_words.colour_words(layer) if is_false else "",
        channels=tuple(range(layer.image_channels)) if is_false else (),
        channels_image=filter_path(layer, each.filter, layout.CHANNELS) if is_false else "",
        channel_px=min(record.canvas_px, layout.SNAPSHOT_PX),
        note=layer_words.sentences(
            layer_words.response_words(layer),
            layer_words.sign_words(layer),
            layer_words.depthwise_words(layer),
            layer_words.input_words(atlas.network, layer.name),
        ),
        alt=f"Filter {each.filter} of {layer.name}: {each.description}",
        card=card_path(layer, each.filter),
        original=filter_path(layer, each.filter, downloads.PICTURE) if with_originals else "",
        download=downloads.name(atlas.network.name, layer, each.filter),
        original_channels=filter_path(layer, each.filter, downloads.CHANNELS) if with_originals and is_false else "",
        image_sha256=record.image_sha256,
        frame=drawings.field_frame(layer.receptive_field_px, record.canvas_px),
        doubt="" if each.alive else doubt(each, layer),
        words=words,
        quality=(
            *((shown.strength,) if shown else ()),
            answer(each, words, in_times=shown is None),
            *comparisons(each, layer),
            *activation_left(layer, record),
            *((shown.reach,) if shown else ()),
        ),
        geometry=(
            *field_facts(layer),
            Fact("Stride", f"{layer.stride_px} px", "from one unit to the next", "unit"),
            Fact("Kernel", f"{height} × {width} × {layer.input_channels}", f"L2 norm {number(each.kernel_norm)}"),
            Fact("Bias", number(each.bias), "added to every response"),
        ),
        look=tuple(look(layer, each)),
        swatch=each.colour if layer.image_channels == 3 else "",
        steps=record.snapshot_steps,
        steps_image=filter_path(layer, each.filter, layout.STEPS),
        snapshot_px=min(record.canvas_px, layout.SNAPSHOT_PX),
        curve=drawings.curve(record.activations, record.snapshot_steps, record.copied_steps or 0),
        curve_note=f"Mean activation at every step{words.curve_note}, from {number(record.first_activation)} "
        f"to {number(record.last_activation)}; dots mark the snapshots.{copy_words(record)}",
        tuning=tuning_view(atlas, layer, each.filter),
        kernel_uri=drawings.kernel_uri(shown_kernels[each.filter]) if len(shown_kernels) else "",
        incoming=circuit.incoming(atlas, layer, each, is_shown=len(shown_kernels) > 0),
        outgoing=circuit.outgoing(atlas, each),
        similar=tuple(
            tile(layer, other.filter, label=f"{other.filter} · {number(other.similarity, 2)}")
            for other in each.similar
            if other.similarity >= LEAST_SIMILARITY
        ),
        natural=shown,
        own_settings=(
            *own_settings(atlas, layer, record),
            ("seed", str(record.seed)),
            ("precision", record.precision),
            ("random starts tried", str(record.attempts)),
        ),
        cited=cited_words(record),
        record=filter_path(layer, each.filter, ".json"),
        previous=neighbour(layer, left),
        next=neighbour(layer, right),
    )


def neighbour(layer: Layer, other: tuple[Layer, Filter] | None) -> tuple[str, str] | None:
    """Return what a filter beside one of `layer` is called there, and the address of its page."""
    if other is None:
        return None
    its, filter = other[0], other[1].filter
    return str(filter) if its.name == layer.name else f"{its.name}/{filter}", filter_path(its, filter)


def cited_words(record: Record) -> str:
    """Return by what a picture can be told from every other of its filter, and made again."""
    made = f"{record.canvas_px} px, {recipe_words(record.recipe['steps'])} steps, seed {record.seed}"
    return f"pixels SHA-256 {record.image_sha256[:12]}, {made}, Filter Atlas {record.versions.atlas}"


def copy_words(record: Record) -> str:
    """Return what the curve shows of the steps that were climbed on a copy of the network."""
    if not record.copied_steps:
        return ""
    return (
        f" The first {record.copied_steps} steps (dashed) were taken on a cheaper copy of the network, and the curve "
        "shows the copy’s activation; everything else here is the network’s own."
    )


def answer(each: Filter, words: Words, *, in_times: bool) -> Fact:
    """Return how a filter answers to its own picture and to noise, and `in_times` how many times more.

    In deep layers noise leaves most filters silent, and a quotient by the floor of that would say nothing: it is
    left out where photographs give something better to compare with, and cut off at `MOST_TIMES`.
    """
    term, about = words.measure.capitalize(), "activation"
    if each.is_silent:
        # Not what it answers to noise, either: that is floored, and may be nothing but the floor.
        return Fact(term, "none", f"its own picture does not {words.excite} it at all", about)
    floor = f"floored at {100 * NOISE_FLOOR:g} % of the layer’s median"
    on_noise = f"{number(each.noise_activation)} on noise ({floor})"
    if not in_times or not math.isfinite(each.ratio):
        return Fact(term, number(each.activation), f"on its own picture; {on_noise}", about)
    is_beyond = each.ratio > drawings.MOST_TIMES
    times = f"more than {drawings.MOST_TIMES:,}×" if is_beyond else f"{number(each.ratio)}×"
    return Fact(term, times, f"{number(each.activation)} on its own picture, {on_noise}", about)


def comparisons(each: Filter, layer: Layer) -> Iterator[Fact]:
    """Yield how a filter's picture compares with the layer's others and with itself moved; nothing is said of one that
    leaves its filter silent."""
    if each.is_silent:
        for term, about in (("Rank", "own-best"), ("Selectivity", "selectivity"), ("Robustness", "robustness")):
            yield Fact(term, "–", "", about)
        return
    words, others, above = layer.words, len(layer.filters) - 1, each.own_rank - 1
    alone = "this atlas has no other picture of the layer"
    yield Fact(
        "Rank",
        part_of(each.own_rank, others + 1),
        alone
        if others == 0
        else f"no other picture of this layer in this atlas {words.excites} it more"
        if above == 0
        else f"{above} other {f'picture {words.excites}' if above == 1 else f'pictures {words.excite}'} it more",
        "own-best",
    )
    yield Fact(
        "Selectivity",
        number(each.selectivity, 2) if others else "–",
        f"1 = only its own picture {words.excites} it, 0 = all {others + 1:,} of this layer in this atlas do equally"
        if others
        else alone,
        "selectivity",
    )
    yield Fact(
        "Robustness",
        percent_of(each.robust_activation / each.activation),
        f"of its {words.measure} is kept when the picture is slightly rotated, scaled and shifted",
        "robustness",
    )


def doubt(each: Filter, layer: Layer) -> str:
    """Say why the picture of a filter that was not found shows nothing that is sure."""
    words = layer.words
    if not each.is_silent:
        return (
            f"This picture does not {words.excite} the filter {times(ALIVE_RATIO)} as strongly as noise does: "
            "do not trust it."
        )
    # Where any other does, the own picture's selectivity is −1.
    if len(layer.filters) > 1 and each.selectivity == 0:
        return (
            f"No picture of the layer {words.excites} the filter, its own included: this one does not show what it "
            f"{words.looks_for}."
        )
    return f"This picture does not {words.excite} the filter at all: do not trust it."


def own_settings(atlas: Atlas, layer: Layer, record: Record) -> Iterator[tuple[str, str]]:
    """Return the settings of a filter's recipe that its layer's page does not give."""
    given = dict(recipe_settings(atlas, layer))
    return (each for each in settings_words(record.recipe, layer) if given.get(each[0]) != each[1])


def activation_left(layer: Layer, record: Record) -> Iterator[Fact]:
    """Yield, where pictures were made to oppose their filters, how much of a filter's activation is left."""
    if layer.objective == "negative_channel":
        ratio = record.last_activation / record.noise_activation if record.noise_activation else 0.0
        yield Fact(
            "Activation",
            f"× {number(ratio, 2)}",
            f"{number(record.last_activation)} at the last step, {number(record.noise_activation)} on noise: "
            + ("the picture silences the filter" if ratio < 1 else "elsewhere in the picture the filter is excited"),
        )


def field_caption(layer: Layer, canvas_px: int) -> str:
    """Say what the frame on a picture is, or that a unit sees more than the picture, and how much of that matters."""
    sees = layer.receptive_field_px
    directly = "can see directly" if layer.sees_whole_image else "can see"
    said = (
        f"The frame is what one unit {directly}: {sees} × {sees} of {canvas_px} × {canvas_px} pixels."
        if sees < canvas_px
        else f"One unit {directly} {sees} × {sees} pixels, {'as many as' if sees == canvas_px else 'more than'} "
        f"the picture’s {canvas_px}."
    )
    matters = "" if layer.effective_field_px is not None else "The middle of that counts most."
    return layer_words.sentences(said, matters, layer_words.field_words(layer))


def field_facts(layer: Layer) -> Iterator[Fact]:
    """Yield what a unit of a layer sees, and where nearly all of what moves it lies."""
    sees, effective = layer.receptive_field_px, layer.effective_field_px
    note = "the part of the input that one unit can see"
    yield Fact(
        "Receptive field",
        f"{sees} × {sees} px",
        f"{note} directly" if layer.sees_whole_image else note,
        "receptive-field",
    )
    if effective is not None:
        yield Fact(
            "Effective field",
            f"{effective} × {effective} px",
            "holds 95 % of the squared gradient",
            "receptive-field",
        )


def look(layer: Layer, each: Filter) -> Iterator[Fact]:
    """Yield what was measured of a picture as a picture: hue where its colours are its own, direction where it has
    one."""
    if layer.image_channels == 3:
        value = "grey" if each.hue is None else f"{each.hue:.0f}°"
        yield Fact("Hue", value, f"chroma {number(each.chroma, 2)} of 1")
    yield Fact("Scale", f"{each.period_px:.0f} px" if each.period_px else "none", "from one form to the next", "period")
    is_clear = each.orientation_strength >= drawings.LEAST_ORIENTATION
    strength = f"strength {number(each.orientation_strength, 2)} of 1"
    yield Fact(
        "Direction",
        # Not 180°, which is horizontal again.
        f"{round(each.orientation) % 180}°" if is_clear else "none",
        f"anticlockwise from horizontal; {strength}"
        if is_clear
        else f"{strength}: too weak to name one (below {drawings.LEAST_ORIENTATION:g})",
        "orientation",
    )
    seen = "the mean of all channels" if images.is_false_colour(layer.image_channels) else "luminance"
    yield Fact("Contrast", number(each.contrast, 2), f"standard deviation of {seen}, of 1")
