"""The configuration: what the user may say, whether it is right, and the plan that follows from it."""

import contextlib
import functools
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import errors, files, formatting, wording
from pipeline.ascent import recipe
from pipeline.ascent.recipe import Recipe
from pipeline.config import schema
from pipeline.config.base_url import check_base_url
from pipeline.errors import UserError, at, did_you_mean
from pipeline.machine import precision
from pipeline.machine.precision import Wanted
from pipeline.network import catalogue, container
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.network.known import KNOWN, check_weights, display_name, showcase
from pipeline.selection import parse_filters

# Filters a layer in a preview: enough for a row of tiles, few enough for ten minutes on two cores.
PREVIEW_FILTERS = 8

# A job has at most so many photographs on average, and twice as many at most: up to two minutes of one core. There is
# one job more for so many photographs more; of more than 32,768, each job has more of them.
PHOTOGRAPHS_A_SHARE = 64
MOST_SHARES = 512
# How many the samples are.
SAMPLES = 12
# Photographs of each rendered filter that are looked at in float32, at least: as many as are shown of it.
LOOKED_AT_AGAIN = 9

# Files that a user adds to the site, at most: each is read whenever a run is planned.
MOST_EXTRA = 10_000

# The picture shows the field that a unit makes use of, with room for the pattern to repeat; of fewer than 160 px a page
# that shows it large shows blocks, and 224 px is what VGG16 was trained on. Multiples of 16 keep the maps of all layers
# whole.
CANVAS_PER_RECEPTIVE_FIELD = 1.5
CANVAS_SMALLEST_PX, CANVAS_LARGEST_PX, CANVAS_MULTIPLE_PX = 160, 224, 16

# What Snakemake fills in when it is part of a path.
_FILLED_IN = re.compile(r"\{.*\}|<[a-z][a-z0-9_]*>", re.DOTALL)


@dataclass(frozen=True)
class Photographs:
    """The photographs that the network is shown.

    Attributes:
        folder: where they are, as configured; None for the samples.
        count: how many there are, those among them that will be left out.
        shares: how many jobs look at them, each at some.
        state: digest of the names, sizes and times of all photographs in the folder; nothing for the samples.
        credits: the same of the table that says whose they are.
    """

    folder: str | None
    count: int
    shares: int
    state: str
    credits: str


@dataclass(frozen=True)
class Plan:
    """What is to be made, every choice resolved.

    Attributes:
        model, preprocessing, weights: as configured.
        network: the network that `model` names.
        filters: filter numbers, ascending, of each layer of the atlas, layers in the network's order.
        canvas_px: side of the pictures of each layer.
        recipes: settings of the ascent in each layer.
        seed: seed of all random numbers.
        precision: "auto", "float32" or "bfloat16".
        site: the site section with its defaults filled in.
        contents: of the files among "model" and "weights", the sha256 of what is in them.
        photographs: what the network is shown; None for nothing, as where its images are neither RGB nor grey.
    """

    model: str
    preprocessing: str
    weights: str
    network: Network
    filters: Mapping[str, tuple[int, ...]]
    canvas_px: Mapping[str, int]
    recipes: Mapping[str, Recipe]
    seed: int
    precision: Wanted
    site: Mapping[str, Any]
    contents: Mapping[str, str]
    photographs: Photographs | None


def plan(configuration: Mapping[str, Any]) -> Plan:
    """Return the atlas that a configuration asks for; keys left out take their defaults.

    Raises `UserError` when the configuration is wrong in form, or names what the network does not have: a line for each
    mistake that can be known, those in form first.
    """
    form = schema.load()
    values = schema.defaults(form) | schema.checked(configuration)
    said = schema.defaults(form["properties"]["site"]) | dict(values["site"])
    (network, filters, canvas_px, recipes, photographs), _, _, site = errors.together(
        lambda: _of_network(values, said["highlights"]),
        lambda: precision.check(values["precision"]),
        lambda: _check_weights_file(values["weights"]),
        lambda: _site_texts(said),
    )
    (objective,) = {each.objective for each in recipes.values()}
    title = wording.title(display_name(network.model), wording.WORDS[objective])
    return Plan(
        model=values["model"],
        preprocessing=values["preprocessing"],
        weights=values["weights"],
        network=network,
        filters=filters,
        canvas_px=canvas_px,
        recipes=recipes,
        seed=values["seed"],
        precision=values["precision"],
        site={**site, "title": site["title"] or title},
        contents=_contents(values),
        photographs=photographs,
    )


def _of_network(
    values: Mapping[str, Any], highlights: Sequence[str]
) -> tuple[Network, Mapping[str, tuple[int, ...]], Mapping[str, int], Mapping[str, Recipe], Photographs | None]:
    """Return the network of a configuration that is right in form, and of each of its layers the filters, the side of
    the pictures, the recipe; and what the network is shown."""
    if values["model"].endswith(catalogue.ENDINGS):
        _check_file("model", values["model"], "")
    network = catalogue.load(values["model"], values["preprocessing"])

    def of_layers(filters: Mapping[str, tuple[int, ...]]) -> tuple[Mapping[str, int], Mapping[str, Recipe]]:
        canvas_px = {name: resolve_canvas(network, name, values["image_size"]) for name in filters}
        return canvas_px, {name: resolve_recipe(network, name, canvas_px[name], values["recipe"]) for name in filters}

    _, filters = errors.together(
        lambda: check_weights(values["model"], values["weights"]),
        lambda: _choose_filters(network, values["model"], values["layers"], values["filters"]),
    )
    (canvas_px, recipes), photographs, *_ = errors.together(
        lambda: of_layers(filters),
        # Photographs can be turned into images whose colours are their own, grey or RGB, alone.
        lambda: None if _false_coloured(network, filters) else _photographs(values["photographs"]),
        *(functools.partial(_check_highlight, each, network, filters) for each in highlights),
    )
    return network, filters, canvas_px, recipes, photographs


def is_in_false_colours(plan: Plan) -> bool:
    """Return whether all pictures of an atlas are shown in colours that are not theirs."""
    return len(_false_coloured(plan.network, plan.filters)) == len(plan.filters)


def scan_precision(plan: Plan) -> Wanted:
    """Return in which precision photographs are looked at: that of the atlas, but float32 where nine photographs of
    each rendered filter, which are looked at again in it, would be most of them."""
    rendered = sum(map(len, plan.filters.values()))
    shown = plan.photographs.count if plan.photographs else 0
    return "float32" if LOOKED_AT_AGAIN * rendered >= shown else plan.precision


def automatic_canvas(layer: ConvLayer) -> int:
    """Return the side in pixels of the picture that suits what a unit of a layer makes use of."""
    wanted = int(CANVAS_PER_RECEPTIVE_FIELD * layer.used_field_px)
    rounded = -(-wanted // CANVAS_MULTIPLE_PX) * CANVAS_MULTIPLE_PX
    return max(CANVAS_SMALLEST_PX, min(CANVAS_LARGEST_PX, rounded))


def small_canvases(plan: Plan) -> str:
    """Return a warning, one line, of layers whose pictures are smaller than what their units make use of.

    Nothing where there are none, or nobody chose so: where all layers have at least their automatic canvas, or the only
    one that they take.
    """
    layers = [plan.network.layer(name) for name in plan.canvas_px]
    short = [
        layer
        for layer in layers
        if plan.canvas_px[layer.name] < min(layer.used_field_px, automatic_canvas(layer)) and not layer.only_canvas_px
    ]
    if not short:
        return ""
    most = max(short, key=lambda layer: layer.used_field_px)
    return (
        f"image_size: {plan.canvas_px[most.name]} pixels are fewer than a unit makes use of in {len(short)} of "
        f"{len(layers)} layers (up to {most.used_field_px}, in {most.name}): pictures there cannot show all that their "
        "filters look for; auto suits each layer"
    )


def _check_weights_file(weights: str) -> None:
    if weights not in ("imagenet", "model"):
        _check_file("weights", weights, "; say imagenet, model, or the path of a file")


def _check_file(key: str, path: str, otherwise: str) -> None:
    # os.path, for it takes any text whatever as a path that leads nowhere.
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        raise UserError(f"{key}: {path:.200}: a folder or a device, not a regular file{otherwise}")
    if not os.path.isfile(path):  # noqa: PTH113
        where = "" if os.path.isabs(path) else f" in {Path.cwd()}, where relative paths begin"  # noqa: PTH117
        raise UserError(f"{key}: {path:.200}: no such file{where}{otherwise}")
    if found := _FILLED_IN.search(path):
        raise UserError(f"{key}: {path:.200}: Snakemake would put something else for {found[0]:.80}; rename it without")
    container.check(Path(path), key)


def _contents(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of the files that a configuration names."""
    named = {"model": tuple(KNOWN), "weights": ("imagenet", "model")}
    return {key: files.digest(Path(values[key])) for key, names in named.items() if values[key] not in names}


def _false_coloured(network: Network, layers: Iterable[str]) -> list[str]:
    return [layer for layer in layers if network.image_of(layer).is_false_colour]


def _photographs(value: str) -> Photographs | None:
    """Return what a configuration names: `samples`, `none`, or the path of a folder."""
    if value == "none":
        return None
    if value == "samples":
        return Photographs(folder=None, count=SAMPLES, shares=1, state="", credits="")
    if not os.path.isdir(value):  # noqa: PTH112 (it takes any text whatever as a path that leads nowhere)
        where = "" if os.path.isabs(value) else f" in {Path.cwd()}, where relative paths begin"  # noqa: PTH117
        # Not "none": half of all short names are near it.
        hint = did_you_mean(value, ("samples",))
        wrong = "not a folder" if os.path.exists(value) else f"no such folder{where}"  # noqa: PTH110
        raise UserError(f"photographs: {value:.200}: {wrong}; say samples, none, or the path of a folder{hint}")
    # Here, for it takes what Snakemake does not bring.
    from pipeline import originals

    with at("photographs"):
        names = originals.find(Path(value))
    return Photographs(
        folder=value,
        count=len(names),
        shares=shares(len(names)),
        state=_state(Path(value), names),
        credits=_state(Path(value), [originals.CREDITS]),
    )


def shares(photographs: int) -> int:
    """Return in how many shares so many photographs are looked at."""
    return min(-(-photographs // PHOTOGRAPHS_A_SHARE), MOST_SHARES)


def _state(folder: Path, names: Sequence[str]) -> str:
    """Return what changes when files of a folder do: reading thousands of photographs would hold up every start."""
    digest = hashlib.sha256()
    for name in names:
        with contextlib.suppress(OSError):
            found = (folder / name).stat()
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _site_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the site section with each text on one line."""
    # A title that is folded in YAML ends with a line break.
    texts = {key: " ".join(text.split()) for key, text in values.items() if isinstance(text, str)}
    errors.together(
        lambda: check_base_url(texts["base_url"]),
        lambda: check_base_url(texts["source"], "site.source"),
        lambda: _check_extra(values["extra"]),
        *(functools.partial(_check_text, f"site.{key}", text) for key, text in texts.items()),
    )
    return {**values, **texts, "extra": values["extra"]}


def _check_extra(folder: str) -> None:
    if folder and not Path(folder).is_dir():
        raise UserError(f"site.extra: {folder:.200}: no such folder")
    found = (Path(where, name) for where, _, names in os.walk(folder) for name in names) if folder else ()
    for count, path in enumerate(found):
        with at("site.extra"):
            files.check_no_link(path)
        if count == MOST_EXTRA:
            raise UserError(f"site.extra: {folder:.200}: more than {MOST_EXTRA:,} files; name a smaller folder")


def _check_text(key: str, text: str) -> None:
    if character := formatting.not_for_a_line(text):
        raise UserError(f"{key}: the character {character} has no place in a page; remove it")


def _check_highlight(highlight: str, network: Network, filters: Mapping[str, Sequence[int]]) -> None:
    with at(f"site.highlights: {highlight:.80}"):
        name, _, number = highlight.rpartition("/")
        network.check_filter(name, int(number))
        there = filters.get(name, ())
        if int(number) not in there:
            nearest = min(there, key=lambda each: abs(each - int(number)), default=None)
            hint = "" if nearest is None else f" (the nearest that is: {name}/{nearest})"
            raise UserError(f"it is not in this atlas{hint}; add it to filters, or leave it out here")


def resolve_canvas(network: Network, layer: str, image_size: str | int) -> int:
    """Return the side in pixels of a layer's pictures: "auto" or a number.

    Raises `UserError` where the layer has no map on pictures of that side.
    """
    described = network.layer(layer)
    smallest, multiple, only = network.smallest_canvas(layer), described.canvas_multiple_px, described.only_canvas_px
    if image_size == "auto":
        return only or -(-max(automatic_canvas(described), smallest) // multiple) * multiple
    try:
        size = int(image_size)
    except ValueError:
        raise UserError(f"image_size: should be auto or a number of pixels, not {image_size}") from None
    schema.check({"image_size": size}, schema.load())
    if size < smallest:
        raise UserError(f"image_size: {size} is too small for {layer}, which needs at least {smallest} pixels")
    if only not in (None, size):
        raise UserError(f"image_size: {layer} has a map on images of {only} pixels alone, not of {size}; say {only}")
    if size % multiple:
        nearest = round(size / multiple) * multiple
        raise UserError(
            f"image_size: {layer} takes multiples of {multiple} pixels, not {size}; say {max(nearest, smallest)}"
        )
    return size


def resolve_recipe(network: Network, layer: str, canvas_px: int, specification: str | Mapping[str, Any]) -> Recipe:
    """Return the recipe for a layer: a name, or a mapping that is valid by the schema."""
    described = network.layer(layer)
    return recipe.resolve(
        specification,
        field_px=described.used_field_px,
        canvas_px=canvas_px,
        depth=described.depth,
        grain=described.gradient_grain or 0.0,
    )


def _choose_filters(
    network: Network, model: str, layers: str | list[str], filters: str | Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    named = None
    with at("layers"):
        if layers != "all":
            found = errors.together(*(functools.partial(network.layer, name) for name in layers))
            named = [layer.name for layer in found]
    if isinstance(filters, str):
        chosen: dict[str, Any] = {
            layer.name: filters for layer in network.layers if named is None or layer.name in named
        }
    else:
        with at("filters"):
            errors.together(*(functools.partial(network.layer, name) for name in filters))
            chosen = {network.layer(name).name: value for name, value in filters.items()}
            errors.raise_all(
                [
                    f"{name} is one of layers, but the mapping does not say which of its filters"
                    for name in named or ()
                    if name not in chosen
                ]
                + [
                    f"{name} is not one of layers; add it there, or leave it out here"
                    for name in chosen
                    if named is not None and name not in named
                ]
            )
    there = [layer for layer in network.layers if layer.name in chosen]
    numbers = errors.together(
        *(functools.partial(_numbers, network, model, layer, chosen[layer.name]) for layer in there)
    )
    return {layer.name: each for layer, each in zip(there, numbers, strict=True)}


def _numbers(network: Network, model: str, layer: ConvLayer, value: Any) -> tuple[int, ...]:
    if value == "all":
        return tuple(range(layer.filters))
    if value == "preview":
        count = min(PREVIEW_FILTERS, layer.filters)
        spread = {round(i * (layer.filters - 1) / max(1, count - 1)) for i in range(count)}
        return tuple(sorted(spread | set(showcase(model).get(layer.name, ()))))
    with at(f"filters: {layer.name}"):
        listed = value if isinstance(value, list) else parse_filters(str(value))
        for number in listed:
            network.check_filter(layer.name, number)
        return tuple(sorted(set(listed)))
