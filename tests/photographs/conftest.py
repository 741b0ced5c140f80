"""A small network, and a folder of drawn photographs that it is shown."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline import files
from pipeline.network.catalogue import Network
from pipeline.photographs import join, scan
from pipeline.results import document, layout
from pipeline.results.photographs import File, Files
from pipeline.results.strongest import Strongest
from pipeline.weights import store
from pipeline.weights.store import Weights
from tests.support import networks

LAYERS = ("a", "b")
# Of the photographs: wide, high, enough for both scales, and one of them a panorama.
SIZES = ((300, 260), (260, 330), (700, 600), (900, 300), (280, 280), (520, 460))


def drawn(seed: int, size: tuple[int, int]) -> Image.Image:
    """Return patches of colour with edges, corners and a texture, as photographs have them."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 12, 3), np.uint8)
    picture = Image.fromarray(coarse).resize(size, Image.Resampling.NEAREST)
    grain = random.normal(0, 12, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


@dataclasses.dataclass(frozen=True)
class Shown:
    """A network, its weights, and photographs in a results folder."""

    network: Network
    weights: Weights
    results: Path
    listed: Files

    @property
    def columns(self) -> int:
        return sum(self.network.layer(name).filters for name in LAYERS)

    @property
    def digests(self) -> tuple[str, ...]:
        return self.listed.digests

    def blank(self, digests=None, precision: str = "float32", sampled: int | None = None) -> Strongest:
        """Return the table that is wanted of photographs, or of all."""
        chosen = sorted(self.digests if digests is None else digests)
        return scan.blank(
            self.network,
            self.weights.sha256,
            LAYERS,
            chosen,
            sampled=len(chosen) if sampled is None else sampled,
            precision=precision,
            objective="channel",
        )

    def scanned(self, digests=None, **changes: Any) -> Strongest:
        """Return the table of photographs, or of all, as the scan of a share writes it."""
        return scan.filled(
            self.blank(digests, **changes), self.network, self.weights.tensors, scan.opener(self.results, self.listed)
        )

    def table(self, **changes: Any) -> Strongest:
        """Return the table of all photographs, by their numbers."""
        return join.numbered(self.scanned(**changes), self.digests)


@pytest.fixture(scope="session")
def show(tmp_path_factory) -> Callable[..., Shown]:
    """Return a function that puts photographs before a network, made of its Keras model."""

    def make(model: Any, network: Network, sizes=SIZES) -> Shown:
        root = tmp_path_factory.mktemp("shown")
        tensors = networks.tensors_of(model)
        weights = Weights(tensors, store.digest(tensors, tensors), "made for a test")
        store.save(layout.weights(root / "results"), weights)
        (root / "folder").mkdir()
        listed = []
        for number, size in enumerate(sizes):
            path = root / "folder" / f"{number}.png"
            drawn(number, size).save(path)
            listed.append(File(file=path.name, sha256=files.digest(path), width_px=size[0], height_px=size[1]))
        found = Files(source="folder", folder=str(root / "folder"), photographs=tuple(listed), left_out=())
        files.write_json(layout.photograph_files(root / "results"), document.to_json(found))
        return Shown(network, weights, root / "results", found)

    return make


@pytest.fixture(scope="session")
def shown(functional, show) -> Shown:
    """Return a network of two layers, a (3 filters) and b (5), and six photographs."""
    model, network = functional(
        lambda x, layers: layers.Conv2D(5, 3, activation="relu", padding="same", name="b")(
            layers.MaxPooling2D()(layers.Conv2D(3, 3, activation="relu", padding="same", name="a")(x))
        )
    )
    return show(model, network)


@pytest.fixture(scope="session")
def whole(shown) -> Strongest:
    """Return the strongest units in all photographs, in float32."""
    return shown.table()


def as_json(values: Mapping[str, str]) -> str:
    import json

    return json.dumps(values)
