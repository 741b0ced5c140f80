"""Files of models that are traps: what they declare is refused in one line before memory is taken, and what they are
called is borne everywhere."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.files import PROJECT
from pipeline.network import catalogue, keras_model, saved
from pipeline.network.catalogue import Catalogue
from pipeline.network.graph import Graph
from pipeline.network.survey import survey
from pipeline.results import layout
from pipeline.weights import sources, store
from tests.support import hostile
from tests.support.campaign import SECONDS
from tests.support.hostile import examples, mistake

pytestmark = pytest.mark.hostile("model files")


@pytest.fixture(scope="module")
def members(keras_file) -> dict[str, bytes]:
    """Return what is in a sound file."""
    with zipfile.ZipFile(keras_file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def write(members, tmp_path) -> Callable[..., Path]:
    """Return a function that writes such a file with another configuration, text or values, or other members."""

    def write(config: Any = None, *, name: str = "mine.keras", **others: bytes) -> Path:
        text = config if isinstance(config, str) else json.dumps(config)
        changed = members | ({"config.json": text.encode("utf-8", "surrogatepass")} if config is not None else {})
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in (changed | others).items():
                archive.writestr(member, data)
        return tmp_path / name

    return write


def config_of(members: dict[str, bytes]) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(members["config.json"])
    return config


def of_layer(config: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the settings of a layer, to be changed."""
    (found,) = (each["config"] for each in config["config"]["layers"] if each["config"]["name"] == name)
    settings: dict[str, Any] = found
    return settings


NAMES = (
    *(0, 3.5, None, True, [], {}, "", " ", "\0", "a\0b", "\ud800", "-x", "--weights", "--", "<x>", "{x}", "{", "x/y"),
    *("../x", "second", "\n", "x" * 5000, "é" * 300, "model", "\u202e", "$(x)", "'", '"', "sha256", "source", "@2"),
)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:12])
def test_a_layer_of_any_name_is_refused_in_one_line_or_borne_everywhere(members, write, tmp_path, name):
    config = config_of(members)
    of_layer(config, "first")["name"] = name
    path = write(config)

    found: list[Catalogue] = []

    def look_through() -> None:
        graph = Graph(keras_model.load(str(path)))
        found.append(survey(graph, str(path), with_effective_fields=False))

    if mistake(look_through):
        return
    network = catalogue.Network("mine", str(path), "unit", found[0])
    if mistake(lambda: store.save(tmp_path / "w.npz", sources.find(network, str(path), "model"))):
        return
    store.load(tmp_path / "w.npz").check(network, tmp_path / "w.npz")
    for layer in network.layers:
        assert (tmp_path / layout.slug(layer.name)).parent == tmp_path
        (tmp_path / layout.slug(layer.name)).mkdir()


@pytest.mark.parametrize("name", ["<x>.keras", "a<results>b.keras", "{x}.keras", "{}.keras"])
def test_a_file_that_snakemake_would_rename_is_refused_while_planning(write, name):
    from pipeline.config import plan

    path = write(name=name)

    said = mistake(plan.plan, {"model": str(path), "preprocessing": "unit", "weights": "model"})
    assert "Snakemake would put something else" in said


HUGE = (10**4, 10**6, 10**9, 2**31, 2**63, 10**400)


@pytest.mark.parametrize("key", ["filters", "kernel_size"])
@pytest.mark.parametrize("value", HUGE, ids=lambda value: f"{value:.0e}" if value < 10**300 else "1e400")
def test_weights_that_no_file_of_its_size_holds_are_refused_before_they_are_made(members, write, key, value):
    config = config_of(members)
    of_layer(config, "second")[key] = value if key == "filters" else [value, value]
    peak = peak_bytes()

    assert mistake(keras_model.load, str(write(config)))
    assert peak_bytes() - peak < 100 * 2**20


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "deflated"])
def test_chunks_that_are_not_there_are_not_read(members, write, tmp_path, is_stored):
    buffer = io.BytesIO(members[saved.WEIGHTS])
    with h5py.File(buffer, "r+") as file:
        name = next(name for name in iter_datasets(file) if file[name].shape == (3, 3, 4, 6))
        del file[name]
        file.create_dataset(name, (3, 3, 4, 10**8), np.float32, chunks=(3, 3, 4, 10**4))
    path = write(**{saved.WEIGHTS: buffer.getvalue()})
    if is_stored:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "stored.keras", "w") as stored:
            for each in archive.namelist():
                stored.writestr(each, archive.read(each))
        path = tmp_path / "stored.keras"

    assert "it declares implausibly much" in mistake(keras_model.load, str(path))


def iter_datasets(file: h5py.File) -> list[str]:
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


DEEP = {
    "lists": "[" * 100_000 + "]" * 100_000,
    "mappings": '{"config":' * 50_000 + "1" + "}" * 50_000,
    "classes": '{"class_name":"Sequential","config":{"layers":[' * 3_000 + "]}}" * 3_000,
    "not closed": "[" * 1_000_000,
    "a number of a million digits": "1" * 1_000_000,
    "infinite": '{"class_name": "Functional", "config": {"name": Infinity, "layers": [NaN, 1e999]}}',
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_without_end_is_refused(write, name):
    assert mistake(keras_model.load, str(write(DEEP[name])))


def places(value: object) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a value of JSON."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(key, *rest) for key, each in inside for rest in ((), *places(each))]


def test_any_value_in_any_place_of_a_configuration_is_a_model_or_one_line(members, write):
    config = config_of(members)

    @examples(60)
    @given(st.sampled_from(places(config)), hostile.JSON)
    def tried(place, value):
        changed = json.loads(members["config.json"])
        inside = changed
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = value
        path = write(changed)
        mistake(lambda: Graph(keras_model.load(str(path))))

    tried()


BOMBS = {
    "UpSampling2D": {"size": [30_000, 30_000], "data_format": "channels_last", "interpolation": "nearest"},
    "ZeroPadding2D": {"padding": [[10**6, 10**6], [10**6, 10**6]], "data_format": "channels_last"},
    "Resizing": {"height": 200_000, "width": 200_000, "interpolation": "bilinear", "data_format": "channels_last"},
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_small_network_that_makes_huge_maps_takes_its_own_process_down_and_no_more(members, write, tmp_path, kind):
    config = config_of(members)
    layers = config["config"]["layers"]
    place = next(number for number, each in enumerate(layers) if each["config"]["name"] == "pool")
    layers[place] = {
        "module": "keras.layers", "class_name": kind, "registered_name": None,
        "config": {"name": "pool", "trainable": True, "dtype": "float32", **BOMBS[kind]},
    }  # fmt: skip
    path = write(config)

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.network", str(path)],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=12 * SECONDS,
    )  # fmt: skip

    assert "Traceback" not in done.stderr
    assert done.returncode <= 1
