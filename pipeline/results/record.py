"""The record of one render: what was rendered, how, what came out, and the three files that hold it.

A render leaves a picture, a strip of snapshots and this record. The record is written last, so where it stands the
other two are whole. What is read back is checked before anyone relies on it. The format is in `docs/formats.md`.
"""

import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from pipeline import files
from pipeline.errors import UserError
from pipeline.images import PNG_COMPRESS_LEVEL, encode_snapshots, read_image
from pipeline.results.layout import FILTER_DIGITS, FilterPaths, slug

SCHEMA = "atlas/record/1"
TEXT_CHUNK = "atlas"


# Largest side of a picture in pixels: a file that claims more is not ours, and would take 100 MB to decode.
LARGEST_CANVAS_PX = 4096

# Of a filter's response, which is a float32; and of any whole number, which others may read as 64 bits.
LARGEST_ACTIVATION = float(np.finfo(np.float32).max)
LARGEST_INTEGER = 2**63 - 1


_DIGEST = re.compile(r"[0-9a-f]{64}")
_PRECISIONS = ("float32", "bfloat16")
_VERSIONS = ("atlas", "method", "tensorflow", "numpy", "pillow")


@dataclass(frozen=True)
class Record:
    """What one render did; the meaning of each field stands in `docs/formats.md`.

    Attributes:
        model, layer, filter: which filter of which network.
        receptive_field_px, stride_px, canvas_px: geometry, in input pixels.
        seed: of the random start and of the transforms.
        attempts: how many random starts were tried; the picture is the best of them.
        precision: "float32" or "bfloat16".
        recipe: every setting of the ascent, JSON values.
        activations: mean activation at step 0, 1, …, last; finite, not negative.
        noise_activation: mean activation on noise, floored: what `last_activation` is held against.
        snapshot_steps: steps of the pictures in the snapshots file, ascending.
        image_sha256: `image_digest` of the picture.
        weights_sha256: digest of the weights.
        versions: of `atlas`, `method`, `tensorflow`, `numpy` and `pillow`.
    """

    model: str
    layer: str
    filter: int
    receptive_field_px: int
    stride_px: int
    canvas_px: int
    seed: int
    attempts: int
    precision: str
    recipe: Mapping[str, Any]
    activations: tuple[float, ...]
    noise_activation: float
    snapshot_steps: tuple[int, ...]
    image_sha256: str
    weights_sha256: str
    versions: Mapping[str, Any]

    @property
    def first_activation(self) -> float:
        """Mean activation on the random start."""
        return self.activations[0]

    @property
    def last_activation(self) -> float:
        """Mean activation at the last step."""
        return self.activations[-1]

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values, keys in the documented order."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "layer": self.layer,
            "filter": self.filter,
            "receptive_field_px": self.receptive_field_px,
            "stride_px": self.stride_px,
            "canvas_px": self.canvas_px,
            "seed": self.seed,
            "attempts": self.attempts,
            "precision": self.precision,
            "recipe": dict(self.recipe),
            "activations": list(self.activations),
            "first_activation": self.first_activation,
            "last_activation": self.last_activation,
            "noise_activation": self.noise_activation,
            "snapshot_steps": list(self.snapshot_steps),
            "image_sha256": self.image_sha256,
            "weights_sha256": self.weights_sha256,
            "versions": dict(self.versions),
        }

    def to_line(self) -> str:
        """Return the record as JSON on one line of ASCII."""
        return json.dumps(self.to_json(), allow_nan=False)

    @classmethod
    def from_json(cls, value: Any, path: Path) -> "Record":
        """Return the record in `value`, read from `path`; raise `UserError` for anything out of the ordinary."""
        if not isinstance(value, dict):
            raise UserError(f"{path}: not a record, which is a JSON object")
        if value.get("schema") != SCHEMA:
            raise UserError(f"{path}: schema: should be {SCHEMA}, not {value.get('schema')!r:.80}")
        expected = {"schema", "first_activation", "last_activation", *_CHECKS}
        for key in sorted(expected - value.keys()):
            raise UserError(f"{path}: {key}: missing")
        for key in sorted(value.keys() - expected):
            raise UserError(f"{path}: {key!r:.80}: not a key of a record")
        for key, (is_right, wanted) in _CHECKS.items():
            if not is_right(value[key]):
                raise UserError(f"{path}: {key}: should be {wanted}, not {value[key]!r:.80}")
        record = cls(**{key: tuple(value[key]) if key in _SEQUENCES else value[key] for key in _CHECKS})
        for key in ("first_activation", "last_activation"):
            if value[key] != getattr(record, key):
                raise UserError(f"{path}: {key}: should be the end of activations, not {value[key]!r:.80}")
        if record.snapshot_steps[-1] >= len(record.activations):
            raise UserError(f"{path}: snapshot_steps: should end before step {len(record.activations)}")
        return record


def image_digest(image: np.ndarray) -> str:
    """Return the SHA-256 of a picture's bytes, uint8 (height, width, 3), rows of RGB."""
    return hashlib.sha256(np.ascontiguousarray(image, np.uint8).tobytes()).hexdigest()


def write(paths: FilterPaths, record: Record, image: np.ndarray, snapshots: Sequence[np.ndarray]) -> None:
    """Write a render: snapshots, picture, record, in this order and each whole or not at all.

    Args:
        paths: where to.
        record: what was rendered.
        image: uint8 (canvas, canvas, 3).
        snapshots: as many squares, uint8 (side, side, 3), as `record.snapshot_steps` has steps.
    """
    if record.image_sha256 != image_digest(image):
        raise ValueError("the record describes another picture")
    if len(snapshots) != len(record.snapshot_steps):
        raise ValueError(f"{len(record.snapshot_steps)} snapshot steps, but {len(snapshots)} snapshots")
    files.write_bytes(paths.snapshots, encode_snapshots(snapshots))
    files.write_bytes(paths.image, encode_image(image, record))
    files.write_json(paths.record, record.to_json())


def read_record(path: Path) -> Record:
    """Return the record in the file `path`; raise `UserError` when it is missing, damaged, or not of this filter."""
    record = Record.from_json(files.read_json(path), path)
    if slug(record.layer) != path.parent.name:
        raise UserError(f"{path}: layer: it is of {record.layer!r:.80}, not of {path.parent.name}")
    if f"{record.filter:0{FILTER_DIGITS}}" != path.stem:
        raise UserError(f"{path}: filter: it is of filter {record.filter}, not of {path.stem}")
    return record


def read(paths: FilterPaths) -> tuple[Record, np.ndarray]:
    """Return the record of a filter and its picture, uint8 (canvas, canvas, 3), after checking both.

    Raises `UserError`, naming the file, when one is missing, damaged, or not of this filter.
    """
    record = read_record(paths.record)
    image = read_image(paths.image, record.canvas_px)
    if image_digest(image) != record.image_sha256:
        raise UserError(f"{paths.image}: its pixels are not those of {paths.record.name}")
    return record, image


def encode_image(image: np.ndarray, record: Record) -> bytes:
    """Return `image`, uint8 (side, side, 3), as PNG bytes with the record inside; same input, same bytes."""
    text = PngImagePlugin.PngInfo()
    text.add_text(TEXT_CHUNK, record.to_line())
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=PNG_COMPRESS_LEVEL, pnginfo=text)
    return buffer.getvalue()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_integer(low: int, high: int = LARGEST_INTEGER) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_activation(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST_ACTIVATION


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _is_steps(value: Any) -> bool:
    is_step = _is_integer(0)
    return isinstance(value, list) and bool(value) and all(map(is_step, value)) and sorted(set(value)) == value


def _is_recipe(value: Any) -> bool:
    # Flat, so that no depth of nesting can be more than what compares or prints it can bear.
    settings = value.values() if isinstance(value, dict) else [{}]
    return all(_is_setting(each) or (isinstance(each, list) and all(map(_is_setting, each))) for each in settings)


def _is_setting(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _is_versions(value: Any) -> bool:
    is_method = _is_integer(0)
    return (
        isinstance(value, dict)
        and set(value) == set(_VERSIONS)
        and all(is_method(each) if key == "method" else _is_text(each) for key, each in value.items())
    )


# What each key must be: a test, and the words for it.
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "model": (_is_text, "a name"),
    "layer": (_is_text, "a name"),
    "filter": (_is_integer(0), "an integer from 0"),
    "receptive_field_px": (_is_integer(1), "an integer from 1"),
    "stride_px": (_is_integer(1), "an integer from 1"),
    "canvas_px": (_is_integer(1, LARGEST_CANVAS_PX), f"an integer from 1 to {LARGEST_CANVAS_PX}"),
    "seed": (_is_integer(0), "an integer from 0"),
    "attempts": (_is_integer(1), "an integer from 1"),
    "precision": (lambda value: value in _PRECISIONS, "float32 or bfloat16"),
    "recipe": (_is_recipe, "an object of texts, numbers and lists of them"),
    "activations": (
        lambda value: isinstance(value, list) and bool(value) and all(map(_is_activation, value)),
        f"a list of numbers from 0 to {LARGEST_ACTIVATION:.3g}",
    ),
    "noise_activation": (_is_activation, f"a number from 0 to {LARGEST_ACTIVATION:.3g}"),
    "snapshot_steps": (_is_steps, "a list of ascending integers from 0"),
    "image_sha256": (_is_digest, "64 hexadecimal digits"),
    "weights_sha256": (_is_digest, "64 hexadecimal digits"),
    "versions": (_is_versions, f"an object with {', '.join(_VERSIONS)}"),
}
_SEQUENCES = {"activations", "snapshot_steps"}

assert set(_CHECKS) == {field.name for field in dataclasses.fields(Record)}
