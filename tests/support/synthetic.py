"""A made-up but plausible results folder, for any network and any choice of filters: what the site is tested on.

The pictures are oriented, coloured, smoothed noise, so that their files weigh about what real ones weigh. Run as
`python -m tests.support.synthetic results --model vgg16 --filters 8` to look at pages without rendering anything.
"""

import argparse
import colorsys
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import UNSET
from PIL import Image

from pipeline import files
from pipeline.config.plan import automatic_canvas as canvas
from pipeline.images import WHOLE_COLOUR_PX, encode, encode_within, is_false_colour, square, strip
from pipeline.measure.words import DIRECTIONS
from pipeline.network import catalogue
from pipeline.network.catalogue import ConvLayer, Network
from pipeline.pictures import map as atlas_map
from pipeline.pictures import web
from pipeline.results import document, exemplars, layer_summary, layout, record, sheets
from pipeline.results.exemplars import EXEMPLARS, Alike, Exemplar, Exemplars
from pipeline.results.layer_summary import WORST_LISTED, Filter, Layer, Similar, Slice
from pipeline.results.photographs import Collection, Photograph
from pipeline.results.record import Record, Versions
from pipeline.results.trust import Station, Trust
from pipeline.weights import store
from tests.support import documents, shown

STEPS = (0, 1, 2, 4, 8, 20)
DISTINCT = 12
PHOTOGRAPHS, PATCH_PX = 12, 64


def picture(rng: np.random.Generator, side: int, scale: float) -> np.ndarray:
    """Return a picture, uint8 (side, side, 3), whose features are about `scale` pixels wide."""
    y, x = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side), indexing="ij")
    angle = rng.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    centre = 1 / scale
    band = np.exp(
        -(((np.abs(along) - centre) / (0.4 * centre)) ** 2) - (across / (rng.uniform(0.3, 1.5) * centre)) ** 2
    )
    fields = np.fft.ifft2(np.fft.fft2(rng.standard_normal((3, side, side))) * band).real
    fields /= fields.std(axis=(1, 2), keepdims=True)
    hue = rng.uniform()
    first = np.array(colorsys.hsv_to_rgb(hue, 0.8, 0.6)) - 0.4
    second = np.array(colorsys.hsv_to_rgb((hue + rng.uniform(0.2, 0.6)) % 1, 0.8, 0.6)) - 0.4
    rgb = fields[0][..., None] * first + fields[1][..., None] * second * 0.6 + fields[2][..., None] * 0.25
    # Real pictures, the large ones above all, are full of detail at every scale, and as heavy as this makes them.
    rgb += (0.15 if side <= WHOLE_COLOUR_PX else 0.6) * rng.standard_normal(rgb.shape)
    return np.clip(255 / (1 + np.exp(-3 * rgb)), 0, 255).astype(np.uint8)


def summarised(
    rng: np.random.Generator, network: Network, layer: ConvLayer, number: int, rendered: Sequence[int]
) -> Filter:
    """Return what a layer's summary says of a filter."""
    height, width = layer.kernel_size
    noise, ratio = float(rng.uniform(0.5, 2)), float(rng.lognormal(2.2, 0.5))
    others = [each for each in rendered if each != number]
    similar = rng.choice(others, min(8, len(others)), False) if others else []
    return Filter(
        filter=int(number),
        activation=round(noise * ratio, 4),
        noise_activation=round(noise, 4),
        robust_activation=round(0.9 * noise * ratio, 4),
        strongest_unit=round(3 * noise * ratio, 4),
        alive=ratio >= 2,
        own_rank=1 if rng.uniform() < 0.95 else int(rng.integers(2, 9)),
        selectivity=round(float(rng.uniform(0.3, 0.95)), 4),
        similar=tuple(
            Similar(filter=int(each), similarity=round(0.97 - 0.05 * i, 4)) for i, each in enumerate(similar)
        ),
        bias=round(float(rng.normal(0, 0.2)), 5),
        kernel_norm=round(float(rng.uniform(1, 3)), 5),
        incoming=_slices(rng, layer, _read_by(rng, network, layer)),
        outgoing=_slices(rng, layer, _readers_of(rng, network, layer)),
        kernel_rgb=rng.normal(0, 0.2, (height, width, layer.input_channels)).round(5).tolist()
        if layer.reads_image
        else UNSET,
        **_look(rng),
    )


def _look(rng: np.random.Generator) -> dict[str, Any]:
    grey = rng.uniform() < 0.1
    names = "grey" if grey else " and ".join(rng.choice(["blue", "orange", "red", "green", "yellow"], 2, False))
    return {
        "colour": "#{:02x}{:02x}{:02x}".format(*rng.integers(60, 200, 3)),
        "hue": None if grey else round(float(rng.uniform(0, 360)), 1),
        "saturation": round(float(rng.uniform(0.2, 0.8)), 4),
        "chroma": round(float(rng.uniform(0.2, 0.5)), 4),
        "lightness": round(float(rng.uniform(0.4, 0.6)), 4),
        "contrast": round(float(rng.uniform(0.1, 0.3)), 4),
        "skewness": round(float(rng.normal(0, 0.3)), 4),
        "period_px": round(float(rng.uniform(5, 25)), 2),
        "orientation": round(float(rng.uniform(0, 180)), 1),
        "orientation_strength": round(float(rng.uniform(0, 1)), 4),
        "crossing": round(float(rng.uniform(0, 0.5)), 4),
        "coherence": round(float(rng.uniform(0.1, 0.9)), 4),
        "curvature": round(float(rng.uniform(0, 0.3)), 4),
        "evenness": 0.0,
        "description": f"fine {DIRECTIONS[int(rng.integers(4))]} stripes, {names}, vivid",
    }


def _read_by(rng: np.random.Generator, network: Network, layer: ConvLayer) -> list[tuple[str, int]]:
    if layer.reads_image:
        channels = layer.input_channels // layer.groups
        return [("input", each) for each in rng.permutation(channels).tolist()]
    if not layer.sources:
        return []
    return _some(rng, network.layer(layer.sources[0]))


def _readers_of(rng: np.random.Generator, network: Network, layer: ConvLayer) -> list[tuple[str, int]]:
    later = [each for each in network.layers if layer.name in each.sources]
    return _some(rng, later[0]) if later else []


def _some(rng: np.random.Generator, layer: ConvLayer) -> list[tuple[str, int]]:
    return [(layer.name, int(each)) for each in rng.choice(layer.filters, min(6, layer.filters), False)]


def _slices(rng: np.random.Generator, layer: ConvLayer, ends: Sequence[tuple[str, int]]) -> tuple[Slice, ...]:
    kernels = rng.normal(0, 0.05, (len(ends), *layer.kernel_size)).round(5).tolist()
    return tuple(
        Slice(layer=name, filter=number, norm=0.8 - 0.1 * i, share=0.11 - 0.015 * i, kernel=kernels[i])
        for i, (name, number) in enumerate(ends)
    )


def pictures(layer: ConvLayer, count: int) -> list[np.ndarray]:
    """Return `count` pictures of a layer, at most `DISTINCT` of them unlike."""
    rng = np.random.default_rng(layer.index)
    distinct = [picture(rng, canvas(layer), 4 + 1.5 * layer.index) for _ in range(min(DISTINCT, count))]
    return [distinct[place % len(distinct)] for place in range(count)]


def snapshots(image: np.ndarray) -> list[np.ndarray]:
    """Return what the picture may have looked like at `STEPS`."""
    noise = np.random.default_rng(0).integers(90, 160, image.shape).astype(np.uint8)
    return [(image * (1 - 0.7**step) + noise * 0.7**step).astype(np.uint8) for step in STEPS]


def make_record(network: Network, layer: ConvLayer, number: int, image: np.ndarray, sha256: str) -> Record:
    """Return the record of a filter."""
    return Record(
        model=network.name, layer=layer.name, filter=number, receptive_field_px=layer.receptive_field_px,
        stride_px=layer.stride_px, canvas_px=len(image), seed=0, attempts=1, precision="float32",
        recipe={"parameterisation": "fourier", "decay": 1.0, "contrast": 0.01, "objective": "channel", "leak": 0.1,
                "optimiser": "adam", "momentum": 0.5, "learning_rate": 0.15, "steps": STEPS[-1], "jitter_px": 16,
                "scale": 0.0, "rotation_degrees": 0.0, "preprocess": True, "stretch": False, "attempts": 3,
                "snapshots": STEPS[:-1]},
        activations=tuple(round(0.5 + 10 * (1 - 0.8**step), 4) for step in range(STEPS[-1] + 1)),
        noise_activation=0.5, snapshot_steps=STEPS, image_sha256=record.image_digest(image), weights_sha256=sha256,
        first_activation=0.5, last_activation=round(0.5 + 10 * (1 - 0.8 ** STEPS[-1]), 4),
        versions=Versions(atlas="0.1.0", method=1, tensorflow="2.21.0", numpy="2.4.6", pillow="13.0.0"),
    )  # fmt: skip


def write_renders(results: Path, network: Network, layer: ConvLayer, numbers: Sequence[int]) -> None:
    """Write pictures, snapshots and records of a layer, and its mosaic: what `pipeline.pictures.web` reads."""
    for number, image in zip(numbers, pictures(layer, len(numbers)), strict=True):
        made = make_record(network, layer, number, image, "0" * 64)
        record.write(layout.paths(results, layer.name, number), made, image, snapshots(image))
    with files.replacing(layout.layer_paths(results, layer.name).mosaic) as temporary:
        _mosaic(pictures(layer, len(numbers))).save(temporary)


def write_layer(results: Path, network: Network, layer: ConvLayer, numbers: Sequence[int], sha256: str) -> None:
    """Write pictures, records, summary, responses and tiles of a layer: what `pipeline.site` reads. Like pictures share
    bytes, and files."""
    images, channels = pictures(layer, len(numbers)), network.image_of(layer.name).channels
    encoded: dict[int, dict[str, bytes]] = {}
    first: dict[int, Path] = {}
    folder = layout.layer_paths(results, layer.name).copies
    folder.mkdir(parents=True)
    for number, image in zip(numbers, images, strict=True):
        made = make_record(network, layer, number, image, sha256)
        paths = layout.paths(results, layer.name, number)
        files.write_json(paths.record, document.to_json(made))
        if id(image) not in first:
            first[id(image)] = paths.image
            Image.fromarray(image).save(paths.image, compress_level=1)
        else:
            files.link_or_copy(first[id(image)], paths.image)
        if id(image) not in encoded:
            encoded[id(image)] = web.web_copies(Image.fromarray(image), _strip(snapshots(image)), len(STEPS))
        if is_false_colour(channels):
            bands = strip(np.resize(image, (*image.shape[:2], channels)))
            encoded[id(image)][layout.CHANNELS] = encode(bands.convert("RGB"), web.STRIP_QUALITY)
            bands.save(paths.channels)
        for ending, data in encoded[id(image)].items():
            (folder / f"{layout.digits(number)}{ending}").write_bytes(data)
    sample = layout.band_sample(range(len(numbers)))
    *_, tile_px = layout.band_grid(len(sample))
    band = web.band([square(Image.fromarray(images[place]), tile_px) for place in sample])
    (folder / layout.BAND).write_bytes(encode_within(band, web.BAND_QUALITIES, web.LARGEST_BAND_BYTES))
    (folder / layout.MOSAIC).write_bytes(encode(_mosaic(images), web.MOSAIC_QUALITY))
    _write_summary(results, network, layer, numbers, sha256)


def _strip(images: Sequence[np.ndarray]) -> Image.Image:
    return Image.fromarray(np.concatenate(images, axis=1))


def _mosaic(images: Sequence[np.ndarray]) -> Image.Image:
    columns = int(np.ceil(np.sqrt(len(images))))
    mosaic = Image.new("RGB", (columns * 100, -(-len(images) // columns) * 100), "white")
    small = {id(image): Image.fromarray(image).resize((96, 96)) for image in images}
    for place, image in enumerate(images):
        mosaic.paste(small[id(image)], (place % columns * 100 + 2, place // columns * 100 + 2))
    return mosaic


def _write_summary(results: Path, network: Network, layer: ConvLayer, numbers: Sequence[int], sha256: str) -> None:
    rng = np.random.default_rng(layer.index)
    filters = tuple(summarised(rng, network, layer, number, numbers) for number in numbers)
    made = Layer(
        model=network.name, name=layer.name, index=layer.index, filters_total=layer.filters,
        input_channels=layer.input_channels // layer.groups, kernel_size=layer.kernel_size, kind=layer.kind,
        depthwise=layer.is_depthwise, image_channels=network.image_of(layer.name).channels,
        response_after=layer.chain, read_by=layer.readers, nonlinearity_follows=layer.bends,
        receptive_field_px=layer.receptive_field_px, effective_field_px=layer.effective_field_px,
        sees_whole_image=layer.sees_all, stride_px=layer.stride_px, canvas_px=canvas(layer),
        weights_sha256=sha256, measures=layout.MEASURES, filters=filters, families=(),
        figures=documents.figures(
            filters, retried=1,
            median_selectivity=round(float(np.median([each.selectivity for each in filters])), 4),
            median_robust_activation=round(float(np.median([each.robust_activation for each in filters])), 4),
            worst=tuple(each.filter for each in sorted(filters, key=lambda each: each.certainty)[:WORST_LISTED]),
        ),
    )  # fmt: skip
    paths = layout.layer_paths(results, layer.name)
    files.write_json(paths.summary, document.to_json(made))
    np.save(paths.responses, rng.random((len(filters), layer.filters), np.float32))
    write_tuning(results, made)


def write_map(results: Path, network: Network, numbers: Mapping[str, Sequence[int]]) -> None:
    """Write the map of the layers, whose summaries are there."""
    layers = [each for each in network.layers if each.name in numbers]
    small: dict[int, np.ndarray] = {}

    def shown_small(image: np.ndarray) -> np.ndarray:
        if id(image) not in small:
            small[id(image)] = np.asarray(square(Image.fromarray(image), sheets.CELL_PX))
        return small[id(image)]

    kept = [pictures(layer, len(numbers[layer.name])) for layer in layers]
    folder = layout.map_folder(results)
    folder.mkdir(parents=True)
    summaries = [layer_summary.read(layout.layer_paths(results, layer.name).summary) for layer in layers]
    atlas_map.write(folder, summaries, (shown_small(image) for images in kept for image in images))


def write_tuning(results: Path, layer: Layer) -> None:
    """Write what gratings do to the filters of a layer: they drive all but each seventh."""
    changes = [{"strongest": 1.0} if number % 7 == 3 else {} for number in range(layer.filters_total)]
    tuned = documents.the_tuning(
        model=layer.model,
        name=layer.name,
        weights_sha256=layer.weights_sha256,
        filters=tuple(documents.a_tuned_filter(number, **each) for number, each in enumerate(changes)),
    )
    files.write_json(layout.tuning(results, layer.name), document.to_json(tuned))


def write_photographs(results: Path, network: Network, numbers: Mapping[str, Sequence[int]], sha256: str) -> None:
    """Write a collection of `PHOTOGRAPHS` photographs, and what is said of how the filters answer to them."""
    collection = Collection(
        source="samples", folder=None, left_out=(),
        photographs=tuple(
            Photograph(
                file=f"{place:02}.png", sha256=f"{place:064x}", width_px=640, height_px=512, title=f"Sample {place}",
                author="A. Nobody", licence="CC0-1.0", licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
                source=None,
            )
            for place in range(PHOTOGRAPHS)
        ),
    )  # fmt: skip
    rng = np.random.default_rng(3)
    layout.samples(results).mkdir(parents=True)
    for each in collection.photographs:
        Image.fromarray(picture(rng, 128, 8)).save(layout.samples(results) / each.file)
    digest = shown.write_collection(results, collection)
    shown.write_table(results, network, sha256, list(numbers), collection)
    shown.write_copies(results, range(PHOTOGRAPHS))
    for name, chosen in numbers.items():
        layer = network.layer(name)
        made = Exemplars(
            model=network.name, name=name, weights_sha256=sha256, files_sha256=digest, photographs=PHOTOGRAPHS,
            sampled=PHOTOGRAPHS, field_px=layer.receptive_field_px, families=(),
            filters=tuple(_answering(rng, layer, number, numbers) for number in chosen),
        )  # fmt: skip
        files.write_json(layout.exemplars(results, name), document.to_json(made))
        files.write_json(layout.trust(results, name), document.to_json(_trusted(network, made)))
        layout.strips(results, name).mkdir(parents=True)
        for number in chosen:
            patches = np.concatenate([picture(rng, PATCH_PX, 8) for _ in range(EXEMPLARS)], axis=1)
            data = encode_within(Image.fromarray(patches), (50, 40, 30), 5000)
            layout.strip(results, name, number).write_bytes(data)


def _trusted(network: Network, made: Exemplars) -> Trust:
    """Return grades that rise on the way, but for deep layers, where photographs do not agree."""
    way = network.layers[: network.layer(made.name).index + 1]
    return Trust(
        model=made.model, name=made.name, weights_sha256=made.weights_sha256, photographs=made.photographs,
        files_sha256=made.files_sha256, filters=tuple(each.filter for each in made.filters),
        way=tuple(
            Station(layer=each.name, specific=0.1 + 0.2 * place, unnatural=2.0, agreement=0.4 if place < 4 else 0.01)
            for place, each in enumerate(way)
        ),
    )  # fmt: skip


def _answering(
    rng: np.random.Generator, layer: ConvLayer, number: int, numbers: Mapping[str, Sequence[int]]
) -> exemplars.Filter:
    natural, half = 9.0, layer.receptive_field_px // 2
    others = [
        (name, each) for name, chosen in numbers.items() for each in chosen if (name, each) != (layer.name, number)
    ]
    return exemplars.Filter(
        filter=number, natural=natural, natural_to_synthetic=0.42, quantiles=(1.0, 3.0, 7.0, 8.9),
        histogram=(1, 2, 3, 2, 1, *[0] * 11, 3), reach_half=0.5,
        exemplars=tuple(
            Exemplar(
                photograph=photograph, scale_px=256, row=9, column=9, activation=natural - place,
                field=(200 - half, 200 - half, 200 + half, 200 + half), patch=(100, 100, 300, 300),
            )
            for place, photograph in enumerate(rng.permutation(PHOTOGRAPHS)[:EXEMPLARS].tolist())
        ),
        alike=tuple(
            Alike(layer=name, filter=each, similarity=round(0.9 - 0.1 * place, 4))
            for place, (name, each) in enumerate(others[:3])
        ),
    )  # fmt: skip


def make_results(results: Path, network: Network, numbers: Mapping[str, Sequence[int]]) -> Path:
    """Write a results folder with the given filters of the given layers; return the path of the weights."""
    rng = np.random.default_rng(7)
    tensors = {
        name: rng.normal(0, 0.1, shape if name.startswith(f"{network.layers[0].weights}/") else (1,)).astype(np.float32)
        for name, shape in network.parameters.items()
    }
    made = store.Weights(tensors, store.digest(tensors, tensors), "Random numbers, for tests.")
    store.save(layout.weights(results), made)
    for name, chosen in numbers.items():
        write_layer(results, network, network.layer(name), list(chosen), made.sha256)
    write_map(results, network, numbers)
    write_photographs(results, network, numbers, made.sha256)
    return layout.weights(results)


def main() -> None:
    """Write a synthetic results folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--model", default="vgg16")
    parser.add_argument("--layers", default="all")
    parser.add_argument("--filters", type=int, default=8, help="filters of each layer, evenly spread; 0: all")
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model)
    names = [each.name for each in network.layers] if arguments.layers == "all" else arguments.layers.split(",")
    chosen = {}
    for name in names:
        total = network.layer(name).filters
        count = min(total, arguments.filters or total)
        chosen[name] = [i * total // count for i in range(count)]
    make_results(arguments.results, network, chosen)
    print(json.dumps({name: len(numbers) for name, numbers in chosen.items()}))


if __name__ == "__main__":
    main()
