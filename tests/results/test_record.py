import json
import math
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline import images
from pipeline.errors import UserError
from pipeline.results import document, layout
from pipeline.results import record as records
from pipeline.results.record import Record
from tests.support import documents


def a_picture(side: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def a_record(image: np.ndarray, **changes) -> Record:
    values = {
        "canvas_px": len(image),
        "seed": 1,
        "attempts": 2,
        "recipe": {"name": "default", "steps": 2, "snapshots": (0, 2)},
        "activations": (0.25, 0.5, 1.0 / 3.0),
        "snapshot_steps": (0, 2),
        "image_sha256": records.image_digest(image),
    }
    return documents.a_record(**(values | changes))


def read(path: Path, value: object) -> Record:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return records.read_record(path)


def written(results: Path, **changes) -> layout.FilterPaths:
    image = a_picture()
    record = a_record(image, **changes)
    paths = layout.paths(results, record.layer, record.filter)
    records.write(paths, record, image, [image, image[::-1]])
    return paths


def a_png(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_what_is_written_is_read_back(tmp_path):
    paths = written(tmp_path)
    record, image = records.read(paths)
    assert record == a_record(a_picture())
    assert np.array_equal(image, a_picture())


def test_files_stand_where_the_documentation_says(tmp_path):
    paths = written(tmp_path)
    assert sorted(each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*.*")) == [
        "filters/conv1/007.json",
        "filters/conv1/007.png",
        "filters/conv1/007.snapshots.webp",
    ]
    assert paths == layout.beside(paths.image)
    assert layout.paths(tmp_path, "conv1", 1023).image.name == "1023.png"


def test_the_png_carries_the_record_on_one_line(tmp_path):
    paths = written(tmp_path, model="größe\n")
    with Image.open(paths.image) as picture:
        text = picture.text["atlas"]
    assert "\n" not in text
    assert json.loads(text) == json.loads(paths.record.read_text())


def test_the_same_render_gives_the_same_bytes(tmp_path):
    first, second = written(tmp_path / "a"), written(tmp_path / "b")
    for name in ("image", "record", "snapshots"):
        assert getattr(first, name).read_bytes() == getattr(second, name).read_bytes()


def test_snapshots_stand_side_by_side(tmp_path):
    with Image.open(written(tmp_path).snapshots) as strip:
        assert strip.format == "WEBP"
        assert strip.size == (32, 16)


def test_the_record_is_written_last(tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr(records.files, "write_bytes", lambda path, data: order.append(path.suffix))
    monkeypatch.setattr(records.files, "write_json", lambda path, value: order.append(path.suffix))
    written(tmp_path)
    assert order == [".webp", ".png", ".json"]


def test_a_record_of_another_picture_is_not_written(tmp_path):
    paths = layout.paths(tmp_path, "conv1", 7)
    with pytest.raises(ValueError, match="another picture"):
        records.write(paths, a_record(a_picture()), a_picture(seed=1), [a_picture()] * 2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "atlas/record/2"),
        ("model", ""),
        ("layer", 3),
        ("filter", True),
        ("filter", -1),
        ("filter", 1.0),
        ("canvas_px", 0),
        ("canvas_px", 10**9),
        ("seed", "1"),
        ("attempts", 0),
        ("noise_activation", -1),
        ("noise_activation", 10**400),
        ("activations", [0.1, 1e39]),
        ("seed", 2**63),
        ("recipe", {"steps": {"deep": 1}}),
        ("recipe", {"snapshots": [[0]]}),
        ("recipe", {"steps": None}),
        ("versions", {"atlas": "1", "method": 1, "tensorflow": "2", "numpy": ["2"], "pillow": "13"}),
        ("versions", {"atlas": "1", "method": "x", "tensorflow": "2", "numpy": "2", "pillow": "13"}),
        ("precision", "float16"),
        ("recipe", []),
        ("activations", []),
        ("activations", [0.1, -0.1]),
        ("first_activation", 0.5),
        ("last_activation", "x"),
        ("snapshot_steps", [2, 0]),
        ("snapshot_steps", [0, 3]),
        ("image_sha256", "A" * 64),
        ("weights_sha256", "0" * 63),
        ("versions", {"atlas": "1"}),
    ],
)
def test_a_wrong_value_is_named_with_its_file(tmp_path, key, value):
    record = {**document.to_json(a_record(a_picture())), key: value}

    with pytest.raises(UserError, match=rf"conv1/007\.json: {key}"):
        read(tmp_path / "conv1/007.json", record)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_refused(tmp_path, number):
    record = {**document.to_json(a_record(a_picture())), "activations": [0.1, number]}

    with pytest.raises(UserError, match=r"007\.json: not valid JSON"):
        read(tmp_path / "conv1/007.json", record)


def test_an_unknown_key_is_named_without_its_control_characters(tmp_path):
    record = {**document.to_json(a_record(a_picture())), "a\x1b[2J": 1}

    with pytest.raises(UserError, match=r"007\.json: 'a\\x1b\[2J': not a key of it"):
        read(tmp_path / "conv1/007.json", record)


def test_a_missing_key_is_named(tmp_path):
    record = document.to_json(a_record(a_picture()))
    del record["seed"]

    with pytest.raises(UserError, match="'seed': missing: not a record; delete it to render the filter anew"):
        read(tmp_path / "conv1/007.json", record)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_not_an_object_is_not_a_record(tmp_path, value):
    with pytest.raises(UserError, match="not a record"):
        read(tmp_path / "conv1/007.json", value)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda paths: paths.image.unlink(), r"007\.png: no such file"),
        (lambda paths: paths.record.unlink(), r"007\.json: no such file"),
        (lambda paths: paths.record.write_text("{"), r"007\.json: not valid JSON"),
        (lambda paths: paths.image.write_bytes(paths.image.read_bytes()[:900]), r"007\.png: damaged"),
        (lambda paths: paths.image.write_bytes(b"hello"), r"007\.png: not an 8-bit RGB PNG"),
        (lambda paths: paths.image.write_bytes(a_png(16, 16, depth=16)), r"007\.png: not an 8-bit RGB PNG"),
        (lambda paths: paths.image.write_bytes(a_png(16, 16, colour=0)), r"007\.png: not an 8-bit RGB PNG"),
        (lambda paths: paths.image.write_bytes(a_png(30000, 30000)), r"007\.png: damaged"),
        (lambda paths: paths.image.write_bytes(a_png(9000, 9000)), r"007\.png: 9000 × 9000 pixels, not 16 × 16"),
        (lambda paths: Image.fromarray(a_picture(seed=1)).save(paths.image), r"007\.png: its pixels are not"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage, message):
    paths = written(tmp_path)
    damage(paths)
    with pytest.raises(UserError, match=message):
        records.read(paths)


def test_a_record_in_the_place_of_another_filter_is_refused(tmp_path):
    paths = written(tmp_path)
    other = layout.paths(tmp_path, "conv1", 8)
    for name in ("image", "record", "snapshots"):
        getattr(paths, name).rename(getattr(other, name))
    with pytest.raises(UserError, match=r"008\.json: filter: it is of filter 7"):
        records.read(other)


def test_a_record_in_the_place_of_another_layer_is_refused(tmp_path):
    written(tmp_path)
    (tmp_path / "filters/conv1").rename(tmp_path / "filters/conv2")
    with pytest.raises(UserError, match="layer: it is of 'conv1', not of conv2"):
        records.read(layout.paths(tmp_path, "conv2", 7))


def test_reading_a_record_does_not_need_tensorflow():
    command = "import sys, pipeline.results.record; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


def with_channels(results: Path, channels: int) -> tuple[layout.FilterPaths, np.ndarray]:
    image = np.random.default_rng(1).integers(0, 256, (*a_picture().shape[:2], channels), np.uint8)
    record = a_record(image, image_channels=channels)
    paths = layout.paths(results, record.layer, record.filter)
    shown = images.shown(image)
    records.write(paths, record, image, [shown, shown])
    return paths, image


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_an_image_of_any_channels_is_read_back_whole(tmp_path, channels):
    paths, image = with_channels(tmp_path, channels)

    found, read = records.read(paths)

    assert found.channels == channels
    assert np.array_equal(read, image)
    assert paths.channels.exists() == (channels != 1)


def test_channels_that_are_not_those_of_the_record_are_named(tmp_path):
    paths, image = with_channels(tmp_path, 5)
    paths.channels.write_bytes(images.encode_channels(image[::-1]))

    with pytest.raises(UserError, match=r"007\.channels\.png: its pixels are not those of 007\.json"):
        records.read(paths)


def test_a_picture_that_does_not_show_its_channels_is_named(tmp_path):
    paths, image = with_channels(tmp_path, 5)
    paths.image.write_bytes(images.png(images.shown(image)[::-1]))

    with pytest.raises(UserError, match=r"007\.png: it does not show what 007\.channels\.png holds"):
        records.read(paths)


def test_an_image_without_a_number_of_channels_is_rgb():
    assert a_record(a_picture(), image_channels=records.said(3)).channels == 3
    assert records.said(5) == 5
