"""A made-up but plausible results folder, for any network and any choice of filters: what the site is tested on.

The pictures are oriented, coloured, smoothed noise, so that their files weigh about what real ones weigh. Run as
`python -m tests.support.synthetic results --model vgg16 --filters 8` to look at pages without rendering anything.
"""

import argparse
import colorsys
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import files
from pipeline.config.plan import automatic_canvas as canvas
from pipeline.images import WHOLE_COLOUR_PX, encode, encode_within, square
from pipeline.measure.looks import DIRECTIONS
from pipeline.network.architecture import load_network
from pipeline.network.graph import ConvLayer, Network
from pipeline.pictures import web
from pipeline.results import layout, record
from pipeline.results.record import Record
from pipeline.weights import store

STEPS = (0, 1, 2, 4, 8, 20)
DISTINCT = 12


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


def filter_summary(rng: np.random.Generator, network: Network, layer: ConvLayer, number: int, rendered: Sequence[int]):
    """Return one entry of `filters` in the summary of a layer."""
    height, width = layer.kernel_size
    later = [each for each in network.layers if layer.name in each.sources]

    def slices(candidates):
        return [
            {"layer": name, "filter": int(each), "norm": 0.8 - 0.1 * i, "share": 0.11 - 0.015 * i,
             "kernel": rng.normal(0, 0.05, (height, width)).round(5).tolist()}
            for i, (name, each) in enumerate(candidates)
        ]  # fmt: skip

    if layer.sources:
        source = network.layer(layer.sources[0])
        incoming = slices([(source.name, each) for each in rng.choice(source.filters, min(6, source.filters), False)])
    else:
        incoming = slices([("input", 2), ("input", 0), ("input", 1)])
    outgoing = slices(
        [(later[0].name, each) for each in rng.choice(later[0].filters, min(6, later[0].filters), False)]
        if later
        else []
    )
    others = [each for each in rendered if each != number]
    noise, ratio = float(rng.uniform(0.5, 2)), float(rng.lognormal(2.2, 0.5))
    grey = rng.uniform() < 0.1
    direction = DIRECTIONS[int(rng.integers(4))]
    colours = (
        "grey" if grey else " and ".join(rng.choice(["blue", "orange", "red", "green", "yellow", "violet"], 2, False))
    )
    entry = {
        "filter": int(number),
        "activation": round(noise * ratio, 4),
        "noise_activation": round(noise, 4),
        "robust_activation": round(0.9 * noise * ratio, 4),
        "alive": ratio >= 2,
        "own_rank": 1 if rng.uniform() < 0.95 else int(rng.integers(2, 9)),
        "selectivity": round(float(rng.uniform(0.3, 0.95)), 4),
        "similar": [
            {"filter": int(each), "similarity": round(0.97 - 0.05 * i, 4)}
            for i, each in enumerate(rng.choice(others, min(8, len(others)), False) if others else [])
        ],
        "bias": round(float(rng.normal(0, 0.2)), 5),
        "kernel_norm": round(float(rng.uniform(1, 3)), 5),
        "incoming": incoming,
        "outgoing": outgoing,
        "colour": "#{:02x}{:02x}{:02x}".format(*rng.integers(60, 200, 3)),
        "hue": None if grey else round(float(rng.uniform(0, 360)), 1),
        "saturation": round(float(rng.uniform(0.2, 0.8)), 4),
        "contrast": round(float(rng.uniform(0.1, 0.3)), 4),
        "spectral_centroid": round(float(rng.uniform(0.05, 0.4)), 4),
        "orientation": round(float(rng.uniform(0, 180)), 1),
        "orientation_strength": round(float(rng.uniform(0, 1)), 4),
        "description": f"{direction} stripes, {colours}, fine",
    }  # fmt: skip
    if not layer.sources:
        entry["kernel_rgb"] = rng.normal(0, 0.2, (height, width, 3)).round(5).tolist()
    return entry


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
                "snapshots": list(STEPS[:-1])},
        activations=tuple(round(0.5 + 10 * (1 - 0.8**step), 4) for step in range(STEPS[-1] + 1)),
        noise_activation=0.5, snapshot_steps=STEPS, image_sha256=record.image_digest(image), weights_sha256=sha256,
        versions={"atlas": "0.1.0", "method": 1, "tensorflow": "2.21.0", "numpy": "2.4.6", "pillow": "13.0.0"},
    )  # fmt: skip


def write_renders(results: Path, network: Network, layer: ConvLayer, numbers: Sequence[int]) -> None:
    """Write pictures, snapshots and records of a layer, and its mosaic: what `pipeline.pictures.web` reads."""
    for number, image in zip(numbers, pictures(layer, len(numbers)), strict=True):
        made = make_record(network, layer, number, image, "0" * 64)
        record.write(layout.paths(results, layer.name, number), made, image, snapshots(image))
    with files.replacing(results / "mosaics" / f"{layout.slug(layer.name)}.png") as temporary:
        _mosaic(pictures(layer, len(numbers))).save(temporary)


def write_layer(results: Path, network: Network, layer: ConvLayer, numbers: Sequence[int], sha256: str) -> None:
    """Write records, summary, responses and tiles of a layer: what `pipeline.site` reads. Like pictures share bytes."""
    images = pictures(layer, len(numbers))
    encoded: dict[int, dict[str, bytes]] = {}
    folder = results / "tiles" / layout.slug(layer.name)
    folder.mkdir(parents=True)
    for number, image in zip(numbers, images, strict=True):
        made = make_record(network, layer, number, image, sha256)
        files.write_json(layout.paths(results, layer.name, number).record, made.to_json())
        if id(image) not in encoded:
            encoded[id(image)] = web.web_copies(Image.fromarray(image), _strip(snapshots(image)), len(STEPS))
        for ending, data in encoded[id(image)].items():
            (folder / f"{number:03}{ending}.avif").write_bytes(data)
    sample = layout.band_sample(range(len(numbers)))
    band = web.band([square(Image.fromarray(images[place]), layout.BAND_TILE_PX) for place in sample])
    (folder / "band.avif").write_bytes(encode_within(band, web.BAND_QUALITIES, web.LARGEST_BAND_BYTES))
    (folder / "mosaic.avif").write_bytes(encode(_mosaic(images), web.MOSAIC_QUALITY))
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
    entries = [filter_summary(rng, network, layer, number, numbers) for number in numbers]
    slug = layout.slug(layer.name)
    least_sure = sorted(entries, key=lambda each: (each["alive"], -each["own_rank"], each["selectivity"]))
    files.write_json(
        results / "layers" / f"{slug}.json",
        {
            "schema": "atlas/layer/1", "model": network.name, "layer": layer.name, "index": layer.index,
            "filters_total": layer.filters, "input_channels": layer.input_channels,
            "kernel_size": list(layer.kernel_size), "receptive_field_px": layer.receptive_field_px,
            "stride_px": layer.stride_px, "canvas_px": canvas(layer), "weights_sha256": sha256,
            "figures": {
                "rendered": len(entries), "alive": sum(each["alive"] for each in entries),
                "own_best": sum(each["own_rank"] == 1 for each in entries),
                "own_best_top5": sum(each["own_rank"] <= 5 for each in entries),
                "retried": 1,
                "median_selectivity": round(float(np.median([each["selectivity"] for each in entries])), 4),
                "median_robust_activation": round(float(np.median([each["robust_activation"] for each in entries])), 4),
                "worst": [each["filter"] for each in least_sure[:16]],
            },
            "filters": entries,
        },
    )  # fmt: skip
    np.save(results / "layers" / f"{slug}.response.npy", rng.random((len(entries), layer.filters), np.float32))


def make_results(results: Path, network: Network, numbers: Mapping[str, Sequence[int]]) -> Path:
    """Write a results folder with the given filters of the given layers; return the path of the weights."""
    rng = np.random.default_rng(7)
    tensors = {
        name: rng.normal(0, 0.1, shape if name.startswith(network.layers[0].name) else (1,)).astype(np.float32)
        for name, shape in network.parameters.items()
    }
    made = store.Weights(tensors, store.digest(tensors, tensors), "Random numbers, for tests.")
    store.save(results / "weights.npz", made)
    for name, chosen in numbers.items():
        write_layer(results, network, network.layer(name), list(chosen), made.sha256)
    return results / "weights.npz"


def main() -> None:
    """Write a synthetic results folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--model", default="vgg16")
    parser.add_argument("--layers", default="all")
    parser.add_argument("--filters", type=int, default=8, help="filters of each layer, evenly spread; 0: all")
    arguments = parser.parse_args()
    network = load_network(arguments.model)
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
