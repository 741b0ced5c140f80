"""The page of a filter: its picture, what was measured of it, and the filters it belongs with."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline import images
from pipeline.formatting import number, part_of, percent_of
from pipeline.measure.matrix import ALIVE_RATIO
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer, Slice
from pipeline.results.record import Record
from pipeline.site import downloads, drawings
from pipeline.site.addresses import card_path, filter_path, folder
from pipeline.site.pages import layer_words, natural
from pipeline.site.pages.parts import Fact, Tile, channel_names, first_kernels, recipe_words, tile
from pipeline.site.pages.tuning import TuningView, tuning_view
from pipeline.wording import Words


@dataclass(frozen=True)
class Weight:
    """A strong slice of a kernel, drawn, and the filter at its other end."""

    tile: Tile
    share: str
    drawing: Markup


@dataclass(frozen=True)
class FilterView:
    """The page of a filter."""

    layer: str
    layer_href: str
    number: int
    lead: str
    image: str
    canvas_px: int
    field: str
    colours: str
    channels: tuple[int, ...]
    channels_image: str
    channel_px: int
    note: str
    swatch: str
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
    steps: tuple[int, ...]
    steps_image: str
    snapshot_px: int
    curve: Markup
    curve_note: str
    tuning: TuningView | None
    kernel_uri: str
    incoming: tuple[Weight, ...]
    incoming_title: str
    incoming_note: str
    outgoing: tuple[Weight, ...]
    outgoing_title: str
    outgoing_note: str
    similar: tuple[Tile, ...]
    natural: natural.NaturalView | None
    recipe: tuple[tuple[str, str], ...]
    record: str
    previous: tuple[str, str] | None
    next: tuple[str, str] | None


def filter_view(
    atlas: Atlas,
    layer: Layer,
    each: Filter,
    left: Filter | None,
    right: Filter | None,
    *,
    with_patches: bool = True,
    with_originals: bool = True,
) -> FilterView:
    """Return the view of a filter's page, `with_patches` of photographs and `with_originals`, or without."""
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
        swatch=each.colour if layer.image_channels == 3 else "",
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
            Fact("Stride", f"{layer.stride_px} px", "from one unit to the next"),
            Fact("Kernel", f"{height} × {width} × {layer.input_channels}", f"L2 norm {number(each.kernel_norm)}"),
            Fact("Bias", number(each.bias), ""),
        ),
        look=(
            *hue_fact(layer, each),
            Fact("Scale", f"{each.period_px:.0f} px" if each.period_px else "none", "from one form to the next"),
            Fact(
                "Direction",
                f"{each.orientation:.0f}°",
                f"strength {number(each.orientation_strength, 2)} of 1",
            ),
            Fact(
                "Contrast",
                number(each.contrast, 2),
                f"standard deviation of {'the mean of all channels' if is_false else 'luminance'}",
            ),
        ),
        steps=record.snapshot_steps,
        steps_image=filter_path(layer, each.filter, layout.STEPS),
        snapshot_px=min(record.canvas_px, layout.SNAPSHOT_PX),
        curve=drawings.curve(record.activations, record.snapshot_steps, record.copied_steps or 0),
        curve_note=f"Mean activation at every step{words.curve_note}, from {number(record.first_activation)} "
        f"to {number(record.last_activation)}; dots mark the pictures above.{copy_words(record)}",
        tuning=tuning_view(atlas, layer, each.filter),
        kernel_uri=drawings.kernel_uri(shown_kernels[each.filter]) if len(shown_kernels) else "",
        incoming=tuple(weight(atlas, part, layer) for part in in_order(each.incoming)),
        incoming_title=incoming_title(layer, each.incoming, is_shown=len(shown_kernels) > 0),
        incoming_note=share_words(each.incoming),
        outgoing=tuple(weight(atlas, part, layer) for part in each.outgoing),
        outgoing_title=outgoing_title(each.outgoing),
        outgoing_note=outgoing_words(each.outgoing),
        similar=tuple(
            tile(layer, other.filter, label=f"{other.filter} · {number(other.similarity, 2)}")
            for other in each.similar
            if other.similarity > 0
        ),
        natural=shown,
        recipe=(
            *(
                (key.replace("_", " "), attempts_words(value, layer) if key == "attempts" else recipe_words(value))
                for key, value in record.recipe.items()
            ),
            ("seed", str(record.seed)),
            ("precision", record.precision),
            ("random starts tried", str(record.attempts)),
        ),
        record=filter_path(layer, each.filter, ".json"),
        previous=(str(left.filter), filter_path(layer, left.filter)) if left else None,
        next=(str(right.filter), filter_path(layer, right.filter)) if right else None,
    )


def copy_words(record: Record) -> str:
    """Return what the curve shows of the steps that were climbed on a copy of the network."""
    if not record.copied_steps:
        return ""
    return (
        f" The first {record.copied_steps} steps, dashed, were climbed on a cheaper copy of the network and show its "
        "activation; all else here is the network’s own."
    )


def answer(each: Filter, words: Words, *, in_times: bool) -> Fact:
    """Return how a filter answers to its own picture and to noise, and `in_times` how many times more.

    In deep layers noise leaves most filters silent, and a quotient by the floor of that would say nothing: it is
    left out where photographs give something better to compare with.
    """
    if each.is_silent:
        # Not what it answers to noise, either: that is floored, and may be nothing but the floor.
        return Fact(words.measure.capitalize(), "none", f"its own picture does not {words.excite} it at all")
    on_noise = f"{number(each.noise_activation)} on noise"
    if not in_times or not math.isfinite(each.ratio):
        return Fact(words.measure.capitalize(), number(each.activation), f"on its picture; {on_noise}")
    return Fact(
        words.measure.capitalize(), f"× {number(each.ratio)}", f"{number(each.activation)} on its picture, {on_noise}"
    )


def comparisons(each: Filter, layer: Layer) -> Iterator[Fact]:
    """Yield how a filter's picture compares with the layer's others and with itself moved; nothing is said of one that
    leaves its filter silent."""
    if each.is_silent:
        yield from (Fact(term, "–", "") for term in ("Own rank", "Robustness", "Selectivity"))
        return
    words, others, above = layer.words, len(layer.filters) - 1, each.own_rank - 1
    yield Fact(
        "Own rank",
        part_of(each.own_rank, others + 1),
        "the layer has no other picture"
        if others == 0
        else f"no other picture of the layer {words.excites} it more"
        if above == 0
        else f"{above} other {f'picture {words.excites}' if above == 1 else f'pictures {words.excite}'} it more",
    )
    yield Fact(
        "Robustness",
        percent_of(each.robust_activation / each.activation),
        "of it is left when the picture is turned, scaled and moved a little",
    )
    yield Fact(
        "Selectivity",
        number(each.selectivity, 2) if others else "–",
        f"1: only its own picture {words.excites} it; 0: all do, equally"
        if others
        else "the layer has no other picture",
    )


def doubt(each: Filter, layer: Layer) -> str:
    """Say why the picture of a filter that is not alive shows nothing that is sure."""
    words = layer.words
    if not each.is_silent:
        times = f"{ALIVE_RATIO:g} times as much as noise does"
        return f"This picture does not {words.excite} the filter {times}: do not trust it."
    # Where any other does, the own picture's selectivity is −1.
    if len(layer.filters) > 1 and each.selectivity == 0:
        return (
            f"No picture of the layer {words.excites} the filter, its own included: this one does not show what it "
            f"{words.looks_for}."
        )
    return f"This picture does not {words.excite} the filter at all: do not trust it."


def attempts_words(attempts: object, layer: Layer) -> str:
    """Return the recipe's `attempts` as text: only the objective `channel` has more than one."""
    if layer.objective == "channel":
        return f"{attempts}: random starts at most, until the filter is alive"
    return f"{attempts}, but with the objective {layer.objective} there is one random start"


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
    """Say what the frame on a picture is, or that a unit sees more than the picture."""
    sees = layer.receptive_field_px
    directly = "sees directly" if layer.sees_whole_image else "sees"
    said = (
        f"The frame is what one unit {directly}: {sees} × {sees} of {canvas_px} × {canvas_px} pixels."
        if sees < canvas_px
        else f"One unit {directly} {sees} × {sees} pixels, {'as many as' if sees == canvas_px else 'more than'} "
        f"the picture's {canvas_px}."
    )
    return " ".join(filter(None, (said, layer_words.field_words(layer))))


def field_facts(layer: Layer) -> Iterator[Fact]:
    """Yield what a unit of a layer sees, and where nearly all of what moves it lies."""
    sees, effective = layer.receptive_field_px, layer.effective_field_px
    note = "what one unit sees of the input"
    yield Fact("Receptive field", f"{sees} × {sees} px", f"{note} directly" if layer.sees_whole_image else note)
    if effective is not None:
        yield Fact("Effective field", f"{effective} × {effective} px", "95 % of the squared gradient falls into it")


def hue_fact(layer: Layer, each: Filter) -> Iterator[Fact]:
    """Yield the hue of a picture whose colours are its own."""
    if layer.image_channels == 3:
        value = "grey" if each.hue is None else f"{each.hue:.0f}°"
        yield Fact("Hue", value, f"chroma {number(each.chroma, 2)} of 1")


def incoming_title(layer: Layer, parts: Sequence[Slice], *, is_shown: bool) -> str:
    """Say what the incoming slices are.

    Args:
        layer: the layer of the filter.
        parts: slices of its kernel.
        is_shown: whether the kernel is shown as a picture beside them.
    """
    if is_shown:
        return f"The kernel itself{', and its weights for each colour' if layer.image_channels == 3 else ''}."
    if layer.depthwise:
        return "Its kernel, which reads one channel alone."
    if parts and parts[0].layer == "input":
        return "The strongest slices of its kernel, each reading one channel of the image."
    several = len({part.layer for part in parts}) > 1
    return f"The strongest slices of its kernel, each reading one filter of the layer{'s' if several else ''} before."


def outgoing_title(parts: Sequence[Slice]) -> str:
    """Say whose kernels the outgoing slices are of."""
    layers = list(dict.fromkeys(part.layer for part in parts))
    return f"The filters of {layer_words.joined(layers)} whose kernels weigh it most." if layers else ""


def weight(atlas: Atlas, part: Slice, layer: Layer) -> Weight:
    """Return a strong slice of a kernel, a layer's or a reader's, with the tile of the filter at its other end."""
    if part.layer == "input":
        other = Tile(part.filter, channel_names(layer.image_channels)[part.filter], "", "", "", "")
    elif part.layer in atlas.by_name:
        other = tile(atlas.by_name[part.layer], part.filter, label=f"{part.layer}/{part.filter}")
    else:
        other = Tile(part.filter, f"{part.layer}/{part.filter}", "", "", "", "")
    return Weight(other, percent_of(part.share), drawings.kernel_map(part.kernel))


def in_order(parts: Sequence[Slice]) -> Sequence[Slice]:
    """Return slices as they are shown: colours as red, green, blue, filters as they are, the strongest first."""
    return sorted(parts, key=lambda part: part.filter) if parts and parts[0].layer == "input" else parts


def share_words(parts: Sequence[Slice]) -> str:
    """Say how much of a kernel its strongest slices are."""
    return f"{percent_of(sum(part.share for part in parts))} of the kernel’s squared norm together."


def outgoing_words(parts: Sequence[Slice]) -> str:
    """Say what the outgoing slices are shares of."""
    return "Shares are of the reading filter’s own kernel." if parts else ""
