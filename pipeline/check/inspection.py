"""What a results directory holds, held against the atlas that it should be: nothing here writes."""

import collections
import filecmp
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import files, images
from pipeline.ascent.recipe import METHOD
from pipeline.config.plan import Atlas
from pipeline.errors import UserError
from pipeline.images import check_mosaic
from pipeline.results import atlas as atlases
from pipeline.results import layer_summary, layout
from pipeline.results import record as records
from pipeline.results.record import Record
from pipeline.site import build
from pipeline.summary import quality

WHOLE, MISSING, DAMAGED, OTHERWISE = "whole", "missing", "damaged", "made otherwise"
# There, but not held against what it was made from, for that is not whole.
THERE = "there"

TEMPLATES = files.PROJECT / "templates"

# What says by which libraries a picture was made; another version may give other pixels, but is no fault.
LIBRARIES = ("atlas", "tensorflow", "numpy", "pillow")


@dataclass(frozen=True)
class Finding:
    """What was found in the place of one thing: a filter's three files, or a file that follows from a layer.

    Attributes:
        name: of the thing: "block1_conv1/007", "mosaic".
        state: WHOLE, MISSING, DAMAGED, OTHERWISE (not what the configuration and the files before it make) or THERE.
        reason: why it is not whole, in words that begin with the file; empty where it is.
        paths: its files and folders, whether they are there or not.
        record: the record of a filter, where it can be read.
    """

    name: str
    state: str
    reason: str = ""
    paths: tuple[Path, ...] = ()
    record: Record | None = None


@dataclass(frozen=True)
class Expected:
    """What every record of a layer should say; None for what the layer's records only have to agree on.

    Attributes:
        layer: name of the layer.
        values: keys of a record, and "method", to their value.
    """

    layer: str
    values: Mapping[str, Any]


def expected(atlas: Atlas, layer: str, *, weights_sha256: str | None, precision: str | None) -> Expected:
    """Return what the records of a layer of an atlas should say."""
    found = atlas.network.layer(layer)
    return Expected(
        layer,
        {
            "model": atlas.network.name,
            "receptive_field_px": found.receptive_field_px,
            "stride_px": found.stride_px,
            "canvas_px": atlas.canvas_px[layer],
            "seed": atlas.seed,
            "precision": precision,
            "recipe": atlas.recipes[layer].to_json(),
            "weights_sha256": weights_sha256,
            "method": METHOD,
        },
    )


def examine_filters(results: Path, wanted: Expected, filters: Sequence[int]) -> list[Finding]:
    """Return a finding for each of a layer's filters: its picture is decoded and held against its record."""
    return [_examine_filter(results, wanted, number) for number in filters]


def disagreeing(findings: Iterable[Finding], wanted: Expected) -> list[Finding]:
    """Return the findings of a layer with those made otherwise that differ from most others in what nothing fixes."""
    findings = list(findings)
    for key in [key for key, value in wanted.values.items() if value is None]:
        counted = collections.Counter(getattr(each.record, key) for each in findings if each.state == WHOLE)
        usual = counted.most_common(1)[0][0] if counted else None
        findings = [
            _made_otherwise(each, key, usual) if each.state == WHOLE and getattr(each.record, key) != usual else each
            for each in findings
        ]
    return findings


def examine_layer(results: Path, atlas: Atlas, layer: str, weights_sha256: str | None) -> dict[str, Finding]:
    """Return findings for what follows from a layer's pictures: its summary, mosaic and tiles."""
    slug = layout.slug(layer)
    return {
        name: _finding(name, paths, examine)
        for name, paths, examine in (
            (
                "summary",
                (results / f"layers/{slug}.json", results / f"layers/{slug}.response.npy"),
                lambda: _check_summary(results, atlas, layer, weights_sha256),
            ),
            ("mosaic", (results / f"mosaics/{slug}.png",), lambda: check_mosaic(results / f"mosaics/{slug}.png")),
            (
                "tiles",
                (results / f"tiles/{slug}",),
                lambda: _check_tiles(results / f"tiles/{slug}", atlas.filters[layer]),
            ),
        )
    }


def examine_ends(results: Path, atlas: Atlas, *, grounds_are_whole: bool) -> tuple[Finding, Finding]:
    """Return findings for the figures of quality and for the site, made again elsewhere and compared byte by byte.

    Where what they are made from is not whole, they are just looked for.
    """
    table = (results / "quality.json", results / "quality.txt")
    index = (results / "site/index.html",)
    if not grounds_are_whole:
        return tuple(
            replace(found, state=THERE) if found.state == WHOLE else found
            for found in (_finding("quality", table, lambda: None), _finding("site", index, lambda: None))
        )
    return (
        _finding("quality", table, lambda: _check_quality(results, atlas)),
        _finding("site", index, lambda: _check_site(results, atlas)),
    )


def libraries(findings: Iterable[Finding]) -> collections.Counter[str]:
    """Return how many filters were made by which versions of the libraries: "tensorflow 2.21.0, …" to a count."""
    return collections.Counter(
        ", ".join(f"{name} {finding.record.versions[name]}" for name in LIBRARIES)
        for finding in findings
        if finding.record
    )


_CURE = "--set-aside lets the next run make it anew"


class _MadeOtherwiseError(Exception):
    """A file is whole, but of another atlas than the one that is asked for."""


def _finding(name: str, paths: tuple[Path, ...], check: Callable[[], None]) -> Finding:
    missing = [path for path in paths if not path.exists()]
    if missing:
        return Finding(name, MISSING, f"{missing[0]}: no such file", paths)
    try:
        check()
    except _MadeOtherwiseError as difference:
        return Finding(name, OTHERWISE, str(difference), paths)
    except (UserError, OSError) as error:
        return Finding(name, DAMAGED, str(error), paths)
    return Finding(name, WHOLE, paths=paths)


def _examine_filter(results: Path, wanted: Expected, number: int) -> Finding:
    paths = layout.paths(results, wanted.layer, number)
    all_three = (paths.image, paths.record, paths.snapshots)
    name = f"{wanted.layer}/{paths.image.stem}"
    missing = [path for path in all_three if not path.exists()]
    if missing:
        return Finding(name, MISSING, f"{missing[0]}: no such file", all_three)
    try:
        record, _ = records.read(paths)
        images.read_strip(paths.snapshots, len(record.snapshot_steps))
    except (UserError, OSError) as error:
        return Finding(name, DAMAGED, str(error), all_three)
    finding = Finding(name, WHOLE, paths=all_three, record=record)
    for key, value in wanted.values.items():
        found = record.versions["method"] if key == "method" else getattr(record, key)
        if value is not None and _plain(found) != _plain(value):
            return _made_otherwise(finding, key, value)
    return finding


def _made_otherwise(finding: Finding, key: str, wanted: Any) -> Finding:
    found = finding.record.versions["method"] if key == "method" else getattr(finding.record, key)
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        # Of two recipes, what differs.
        key, found, wanted = next(
            (f"{key}.{part}", found.get(part), wanted.get(part))
            for part in [*wanted, *found]
            if _plain(found.get(part)) != _plain(wanted.get(part))
        )
    reason = f"{finding.paths[1]}: {key}: {found!r:.40}, not {wanted!r:.40}"
    return replace(finding, state=OTHERWISE, reason=reason)


def _check_summary(results: Path, atlas: Atlas, layer: str, weights_sha256: str | None) -> None:
    path = results / f"layers/{layout.slug(layer)}.json"
    value = layer_summary.read(path)
    if value["layer"] != layer:
        raise UserError(f"{path}: not the summary of {layer}")
    if value["model"] != atlas.network.name or (weights_sha256 and value["weights_sha256"] != weights_sha256):
        raise _MadeOtherwiseError(f"{path}: of another network, or other weights")
    filters = [each["filter"] for each in value["filters"]]
    if filters != list(atlas.filters[layer]):
        raise _MadeOtherwiseError(f"{path}: of {len(filters)} filters that are not those of the configuration")
    path = path.with_suffix(".response.npy")
    shape = (len(filters), atlas.network.layer(layer).filters)
    try:
        with files.opened(path) as stream:
            found, _, dtype = files.read_header(stream)
            size = os.fstat(stream.fileno()).st_size - stream.tell()
    except ValueError as error:
        raise UserError(f"{path}: damaged ({error})") from None
    if found != shape or dtype != np.float32:
        raise UserError(f"{path}: {dtype} {found!s:.80}, not float32 {shape}")
    if size != math.prod(shape) * dtype.itemsize:
        raise UserError(f"{path}: truncated, or with something after its end")


def _check_tiles(folder: Path, filters: Sequence[int]) -> None:
    wanted = {f"{number:0{layout.FILTER_DIGITS}}" for number in filters}
    thumbnail = f"-thumb{layout.ENDING}"
    if wanted != {path.name.removesuffix(thumbnail) for path in folder.glob(f"*{thumbnail}")}:
        raise _MadeOtherwiseError(f"{folder}: not of the filters of the configuration")
    for stem in ("band", "mosaic", *(f"{number}{ending}" for number in sorted(wanted) for ending in ("", "-steps"))):
        path = folder / f"{stem}{layout.ENDING}"
        if not path.is_file() or not _ends_with_a_box(path):
            raise UserError(f"{path}: missing, empty or truncated")


def _ends_with_a_box(path: Path) -> bool:
    # AVIF is a row of boxes that begin with their length. The site's pictures are the same files.
    with path.open("rb") as stream:
        size, place = os.fstat(stream.fileno()).st_size, 0
        while place < size:
            stream.seek(place)
            length = int.from_bytes(stream.read(4))
            if length < 8:
                return False
            place += length
    return 0 < place == size


def _check_quality(results: Path, atlas: Atlas) -> None:
    figures, text = quality.sum_up([results / f"layers/{layout.slug(layer)}.json" for layer in atlas.filters])
    for path, data in (
        (results / "quality.json", files.json_bytes(figures)),
        (results / "quality.txt", text.encode()),
    ):
        if files.read_bytes(path) != data:
            raise _MadeOtherwiseError(f"{path}: not what the summaries of the layers give; {_CURE}")


def _check_site(results: Path, atlas: Atlas) -> None:
    shown = atlases.read(results, results / "weights.npz", atlas.network, list(atlas.filters))
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, "site")
        build.build(
            shown, build.parse_site(json.dumps(dict(atlas.site))), results=results, templates=TEMPLATES, output=fresh
        )
        # What else is there, such as a CNAME, is its owner's.
        for made in sorted(path for path in fresh.rglob("*") if path.is_file()):
            path = results / "site" / made.relative_to(fresh)
            if not path.is_file():
                raise UserError(f"{path}: no such file; {_CURE}")
            if not filecmp.cmp(made, path, shallow=False):
                raise _MadeOtherwiseError(f"{path}: not what these results and this configuration give; {_CURE}")


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
