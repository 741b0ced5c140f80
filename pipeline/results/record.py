"""The record of one render: what was rendered, how, what came out, and the files that hold it.

A render leaves a picture, a strip of snapshots and this record; where the picture is in false colours, because the
network's images are neither RGB nor grey, all their channels too. The record is written last, so where it stands the
others are whole. What is read back is checked before anyone relies on it.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import UNSET, Meta, UnsetType
from PIL import Image, PngImagePlugin

from pipeline import files, images
from pipeline.errors import UserError
from pipeline.images import PNG_COMPRESS_LEVEL, encode_snapshots
from pipeline.machine.precision import Precision
from pipeline.network.catalogue import LARGEST_CANVAS_PX
from pipeline.results import document, layout
from pipeline.results.document import Activation, Count, Digest, Document, FromOne, Name, Part
from pipeline.results.layout import FilterPaths

TEXT_CHUNK = "atlas"

# What an error says of a record that cannot be read.
CURE = "delete it to render the filter anew"

# Flat, so that no depth of nesting can be more than what compares or prints it can bear.
Setting = bool | int | float | str
Recipe = dict[str, Setting | tuple[Setting, ...]]


class Versions(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What made a picture."""

    atlas: Annotated[Name, Meta(description="version of this program")]
    method: Annotated[Count, Meta(description="grows when the same settings give other pixels")]
    tensorflow: Annotated[Name, Meta(description="version of TensorFlow")]
    numpy: Annotated[Name, Meta(description="version of NumPy")]
    pillow: Annotated[Name, Meta(description="version of Pillow")]


class Record(Document, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag="atlas/record/1"):
    """What one render did."""

    model: Annotated[Name, Meta(description="name of the network")]
    layer: Annotated[Name, Meta(description="which layer")]
    filter: Annotated[Count, Meta(description="which of its filters, numbered from 0")]
    receptive_field_px: Annotated[
        FromOne, Meta(description="side of the square of input pixels that one unit of the layer sees")
    ]
    stride_px: Annotated[FromOne, Meta(description="distance between neighbouring units, in input pixels")]
    canvas_px: Annotated[Annotated[int, Meta(ge=1, le=LARGEST_CANVAS_PX)], Meta(description="side of the picture")]
    image_channels: Annotated[
        FromOne | UnsetType,
        Meta(description="channels of the network’s image; 3, which are RGB, where it is missing"),
    ] = UNSET
    seed: Annotated[Count, Meta(description="seed of the random start and of the transforms")]
    attempts: Annotated[
        FromOne,
        Meta(
            description="random starts that were tried, each a function of `seed` and its number; the picture is the "
            "one that excites the filter most"
        ),
    ]
    precision: Annotated[Precision, Meta(description="of the ascent’s convolutions; all else is float32")]
    recipe: Annotated[Recipe, Meta(description="every setting of the ascent, with its value")]
    activations: Annotated[
        Annotated[tuple[Activation, ...], Meta(min_length=1)],
        Meta(
            description="mean activation of the filter at step 0 (the random start), 1, …, last: the mean over the "
            "response map of max(0, response) on the image as the network saw it at that step; on its copy where "
            "that step was climbed on it"
        ),
    ]
    copied_steps: Annotated[
        FromOne | UnsetType,
        Meta(
            description="how many steps, the first ones, were climbed on a low-rank copy of the network; none where it "
            "is missing"
        ),
    ] = UNSET
    first_activation: Annotated[Activation, Meta(description="mean activation on the random start")]
    last_activation: Annotated[Activation, Meta(description="mean activation at the last step")]
    noise_activation: Annotated[
        Activation,
        Meta(
            description="mean activation of the filter on 1/f colour noise of the same size, in the same precision, "
            "floored as in the summary: what `last_activation` is compared with"
        ),
    ]
    snapshot_steps: Annotated[
        Annotated[tuple[Count, ...], Meta(min_length=1)],
        Meta(description="steps of the pictures in the snapshots file, left to right, ascending"),
    ]
    image_sha256: Annotated[
        Digest,
        Meta(
            description="digest of the image’s pixels, rows of RGB or of what channels there are; not of the PNG file"
        ),
    ]
    weights_sha256: Annotated[Digest, Meta(description="`sha256` of `weights.npz`")]
    versions: Annotated[Versions, Meta(description="of what made the picture, see below")]
    device: Annotated[
        Name | UnsetType,
        Meta(description="kind of processor, or GPU, that the ascent was computed on; missing in older files"),
    ] = UNSET
    environment: Annotated[
        dict[Name, str] | UnsetType,
        Meta(
            description="variables that tell TensorFlow’s libraries to compute otherwise, and their values, “…” for "
            "one with a path in it; missing where there are none"
        ),
    ] = UNSET

    def __post_init__(self) -> None:
        for key, end in (("first_activation", self.activations[0]), ("last_activation", self.activations[-1])):
            if getattr(self, key) != end:
                raise ValueError(f"{key}: should be {end}, the end of activations")
        steps = list(self.snapshot_steps)
        if steps != sorted(set(steps)) or steps[-1] >= len(self.activations):
            raise ValueError(f"snapshot_steps: should ascend, and end before step {len(self.activations)}")

    @property
    def channels(self) -> int:
        """Channels of the image."""
        return 3 if self.image_channels is UNSET else self.image_channels

    @property
    def method(self) -> int:
        """The version of the method that made the picture."""
        return self.versions.method


def said(channels: int) -> int | UnsetType:
    """Return what a record says of an image's channels: nothing where they are red, green and blue."""
    return UNSET if channels == 3 else channels


def said_of_copy(steps: int) -> int | UnsetType:
    """Return what a record says of steps that were climbed on a copy of the network: nothing where there are none."""
    return steps or UNSET


def said_of_environment(variables: Mapping[str, str]) -> dict[str, str] | UnsetType:
    """Return what a record says of variables that may have changed its bytes: nothing where there are none."""
    return dict(variables) or UNSET


def image_digest(image: np.ndarray) -> str:
    """Return the SHA-256 of an image's bytes, uint8 (height, width, channels), row by row."""
    return hashlib.sha256(np.ascontiguousarray(image, np.uint8).tobytes()).hexdigest()


def write(paths: FilterPaths, record: Record, image: np.ndarray, snapshots: Sequence[np.ndarray]) -> None:
    """Write a render: snapshots, channels where the picture cannot show them, picture, record, in this order and each
    whole or not at all.

    Args:
        paths: where to.
        record: what was rendered.
        image: uint8 (canvas, canvas, channels).
        snapshots: as many squares, uint8 (side, side, 3), as `record.snapshot_steps` has steps.
    """
    if record.image_sha256 != image_digest(image):
        raise ValueError("the record describes another picture")
    if len(snapshots) != len(record.snapshot_steps):
        raise ValueError(f"{len(record.snapshot_steps)} snapshot steps, but {len(snapshots)} snapshots")
    files.write_bytes(paths.snapshots, encode_snapshots(snapshots))
    if images.is_false_colour(record.channels):
        files.write_bytes(paths.channels, images.encode_channels(image))
    files.write_bytes(paths.image, encode_image(images.shown(image), record))
    files.write_json(paths.record, document.to_json(record))


def read_record(path: Path) -> Record:
    """Return the record in the file `path`; raise `UserError` when it is missing, damaged, or not of this filter."""
    record = document.read(path, Record, "a record", CURE)
    if layout.slug(record.layer) != path.parent.name:
        raise UserError(f"{path}: layer: it is of {record.layer!r:.80}, not of {path.parent.name}")
    if layout.digits(record.filter) != path.stem:
        raise UserError(f"{path}: filter: it is of filter {record.filter}, not of {path.stem}")
    return record


def read(paths: FilterPaths) -> tuple[Record, np.ndarray]:
    """Return the record of a filter and its image, uint8 (canvas, canvas, channels), after checking both.

    Raises `UserError`, naming the file, when one is missing, damaged, or not of this filter.
    """
    record = read_record(paths.record)
    picture = images.read_image(paths.image, record.canvas_px)
    source, image = paths.image, picture[..., : record.channels]
    if images.is_false_colour(record.channels):
        source = paths.channels
        image = images.read_channels(source, record.canvas_px, record.channels)
    if image_digest(image) != record.image_sha256:
        raise UserError(f"{source}: its pixels are not those of {paths.record.name}")
    if not np.array_equal(images.shown(image), picture):
        raise UserError(f"{paths.image}: it does not show what {source.name} holds")
    return record, image


def encode_image(image: np.ndarray, record: Record) -> bytes:
    """Return `image`, uint8 (side, side, 3), as PNG bytes with the record inside; same input, same bytes."""
    text = PngImagePlugin.PngInfo()
    text.add_text(TEXT_CHUNK, document.to_line(record))
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=PNG_COMPRESS_LEVEL, pnginfo=text)
    return buffer.getvalue()
