"""What made-up photographs say of the filters of an atlas, written as the workflow would, for pages to show."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline import files, images
from pipeline.network.catalogue import Network
from pipeline.photographs import copies, strips
from pipeline.results import document, exemplars, layout, strongest
from pipeline.results.exemplars import Exemplar, Exemplars
from pipeline.results.layer_summary import Layer
from pipeline.results.photographs import Collection, File, Files, Photograph
from pipeline.results.strongest import Best, Strongest

SIZE = (640, 480)


def a_collection(count: int, **changes) -> Collection:
    """Return so many photographs: the first with all its credits, the second with none, the third with some."""
    credits: Sequence[Mapping[str, str | None]] = [
        {
            "title": "Sea & <sky>",
            "author": "Ann",
            "licence": "CC BY 4.0",
            "licence_url": "https://creativecommons.org/licenses/by/4.0/",
            "source": "https://www.example.org/sea?a=1&b=2",
        },
        {},
        {"title": "Cat", "author": "Bo", "source": "her own"},
    ]
    empty = dict.fromkeys(("title", "author", "licence", "licence_url", "source"))
    photographs = tuple(
        Photograph(
            file=f"{number:06}.jpg",
            sha256=f"{number:064x}",
            width_px=SIZE[0],
            height_px=SIZE[1],
            **(empty | (dict(credits[number]) if number < len(credits) else {"title": f"Photograph {number}"})),
        )
        for number in range(count)
    )
    values = {"source": "folder", "folder": "/home/somebody/secret/pictures", "left_out": ()}
    return Collection(photographs=photographs, **(values | changes))


def write_collection(results: Path, collection: Collection) -> str:
    """Write which photographs there are, and whose; return the digest of the former."""
    listed = Files(
        source=collection.source,
        folder=collection.folder,
        photographs=tuple(
            File(file=each.file, sha256=each.sha256, width_px=each.width_px, height_px=each.height_px)
            for each in collection.photographs
        ),
        left_out=collection.left_out,
    )
    files.write_json(layout.photograph_files(results), document.to_json(listed))
    files.write_json(layout.photographs(results), document.to_json(collection))
    return files.digest(layout.photograph_files(results))


def write(results: Path, network: Network, layers: Sequence[Layer], count: int = 12, *, pixels: bool = True) -> None:
    """Write what `count` photographs say of the layers: documents and, where asked for, patches and copies."""
    collection = a_collection(count)
    digest = write_collection(results, collection)
    table = write_table(results, network, layers[0].weights_sha256, [layer.name for layer in layers], collection)
    made = [_exemplars(table, layer, count, digest) for layer in layers]
    for layer, each in zip(layers, made, strict=True):
        files.write_json(layout.exemplars(results, layer.name), document.to_json(each))
        if pixels:
            strip = np.zeros((strips.PATCH_PX, strips.PATCH_PX * exemplars.EXEMPLARS, 3), np.uint8)
            data = images.encode(Image.fromarray(strip), 30)
            for number in layer.numbers:
                files.write_bytes(layout.strip(results, layer.name, number), data)
    if pixels:
        write_copies(results, exemplars.paged(made, count))


def write_copies(results: Path, numbers: Iterable[int]) -> None:
    """Write the small copies of photographs, all alike."""
    picture = Image.new("RGB", (copies.SIDE_PX, copies.SIDE_PX * 3 // 4), (90, 120, 150))
    data = images.encode(picture, 40)
    for number in numbers:
        files.write_bytes(layout.photograph_copy(results, number), data)


def write_table(
    results: Path, network: Network, sha256: str, layers: Sequence[str], collection: Collection
) -> Strongest:
    """Write, and return, the strongest units of all filters of the layers in photographs."""
    random = np.random.default_rng(1)
    count = len(collection.photographs)
    # Of many, not the first nor all.
    sampled = np.arange(count, dtype="<i4")[-strongest.SAMPLED :]
    columns = sum(network.layer(name).filters for name in layers)
    sample = random.random((len(sampled), columns)).astype("<f4")
    # The first photograph excites nothing in the last layer.
    sample[0, columns - network.layer(layers[-1]).filters :] = 0
    digests = tuple(each.sha256 for each in collection.photographs)
    table = _table(network, sha256, layers, sample, sampled, digests)
    strongest.write(layout.strongest(results), table)
    return table


def _table(
    network: Network,
    sha256: str,
    layers: Sequence[str],
    sample: np.ndarray,
    sampled: np.ndarray,
    digests: tuple[str, ...],
) -> Strongest:
    columns = sample.shape[1]
    order = np.argsort(-sample, axis=0, kind="stable")[: strongest.KEPT].T
    best = {
        "value": np.zeros((columns, strongest.KEPT), "<f4"),
        "photograph": np.full((columns, strongest.KEPT), strongest.NONE, "<i4"),
    }
    best["value"][:, : order.shape[1]] = np.take_along_axis(sample.T, order, 1)
    best["photograph"][:, : order.shape[1]] = sampled[order]
    places = {name: np.full((columns, strongest.KEPT), 256 if name == "scale_px" else 1, "<i2")
              for name in ("scale_px", "row", "column")}  # fmt: skip
    return Strongest(
        model=network.name,
        objective="channel",
        precision="float32",
        weights_sha256=sha256,
        layers=tuple(layers),
        photographs=digests,
        filters=np.array([network.layer(name).filters for name in layers], "<i4"),
        origin=np.zeros(len(layers), "<f4"),
        best=Best(**best, **places),
        sampled=sampled,
        sample=sample,
    )


def _exemplars(table: Strongest, layer: Layer, count: int, digest: str) -> Exemplars:
    best = table.best.of(table.columns(layer.name))
    filters = []
    for number in layer.numbers:
        chosen = tuple(
            Exemplar(
                photograph=int(photograph),
                scale_px=256,
                row=1,
                column=1,
                activation=float(value),
                field=(10, 10, 30, 30),
                patch=(8, 8, 32, 32),
            )
            for value, photograph in zip(best.value[number], best.photograph[number], strict=True)
            if value > 0
        )[: exemplars.EXEMPLARS]
        natural = chosen[0].activation
        filters.append(
            exemplars.Filter(
                filter=number,
                natural=natural,
                natural_to_synthetic=natural / 2,
                exemplars=chosen,
                quantiles=(0.1, 0.5, 0.9, 1.0),
                histogram=(len(table.sampled), *[0] * exemplars.HISTOGRAM_STEPS),
                reach_half=0.5,
                alike=(),
            )
        )
    return Exemplars(
        model=layer.model,
        name=layer.name,
        weights_sha256=layer.weights_sha256,
        files_sha256=digest,
        photographs=count,
        sampled=len(table.sampled),
        field_px=20,
        filters=tuple(filters),
        families=(),
    )
