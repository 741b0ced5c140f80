"""What a results directory holds, held against the atlas that it should be: nothing here writes."""

import collections
import contextlib
import filecmp
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import files, images
from pipeline.ascent.recipe import METHOD
from pipeline.config.plan import Plan
from pipeline.errors import UserError
from pipeline.results import agreement, document, exemplars, layer_summary, layout, sheets, trust, tuning
from pipeline.results import atlas as atlases
from pipeline.results import record as records
from pipeline.results.agreement import Expected
from pipeline.results.exemplars import Exemplars
from pipeline.results.layer_summary import OtherMeasuresError
from pipeline.results.layout import LayerPaths
from pipeline.results.record import Record
from pipeline.results.trust import Trust
from pipeline.results.tuning import Tuning
from pipeline.site import build
from pipeline.summary import quality
from pipeline.weights.store import OF_A_FILE, Weights

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


def expected(plan: Plan, layer: str, weights_sha256: str | None) -> Expected:
    """Return what the records of a layer of an atlas should say."""
    return agreement.expected(
        plan.network,
        plan.network.layer(layer),
        weights_sha256,
        canvas_px=plan.canvas_px[layer],
        seed=plan.seed,
        # What `auto` means is for each machine to say: all that can be asked is that a layer is made in one way.
        precision=None if plan.precision == "auto" else plan.precision,
        recipe=plan.recipes[layer].to_json(),
        method=METHOD,
    )


def check_network(results: Path, plan: Plan) -> None:
    """Raise `UserError` where all records are of another network than the plan's: then nothing is damaged, and it is
    the configuration that is another atlas's. One record of each layer is read."""
    made = {record.model for folder in sorted(layout.filters(results).glob("*")) if (record := _a_record(folder))}
    if made and plan.network.name not in made:
        raise UserError(
            f"{results}: an atlas of {min(made):.80}, not of {plan.network.name}, which the configuration asks for; "
            "give the configuration that it was made by (make check CONFIG=…, or --configfile)"
        )


def _a_record(folder: Path) -> Record | None:
    """Return the first record of a layer that can be read, None where there is none."""
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(UserError, OSError):
            return records.read_record(path)
    return None


def examine_weights(path: Path, loaded: Weights, plan: Plan) -> Finding:
    """Return the finding for the file of the weights: whether what the plan's files hold today is what it was made of.

    Files of before this was noted do not say.
    """
    silent = not loaded.contents and loaded.source.startswith(OF_A_FILE)
    for which in () if silent else ("model", "weights"):
        if loaded.contents.get(which) != plan.contents.get(which):
            reason = f"{path}: not made from {which}: {getattr(plan, which)} as it is now"
            return Finding("weights", OTHERWISE, reason, (path,))
    return Finding("weights", WHOLE, paths=(path,))


def examine_filters(results: Path, wanted: Expected, filters: Sequence[int]) -> list[Finding]:
    """Return a finding for each of a layer's filters: its picture is decoded and held against its record."""
    return [_examine_filter(results, wanted, number) for number in filters]


def disagreeing(findings: Iterable[Finding], wanted: Expected) -> list[Finding]:
    """Return the findings of a layer with those made otherwise that differ from most others in what nothing fixes."""
    findings = list(findings)
    settled = agreement.settle(wanted, (each.record for each in findings if each.state == WHOLE and each.record))
    return [_held_against(each, settled) for each in findings]


def examine_layer(results: Path, plan: Plan, layer: str, weights_sha256: str | None) -> dict[str, Finding]:
    """Return findings for what follows from a layer's pictures: its summary, mosaic and tiles; where the network is
    shown photographs, what these say of it, too."""
    paths = layout.layer_paths(results, layer)
    found = {
        name: _finding(name, files_, examine)
        for name, files_, examine in (
            (
                "summary",
                (paths.summary, paths.responses),
                lambda: _check_summary(paths, plan, layer, weights_sha256),
            ),
            ("mosaic", (paths.mosaic,), lambda: images.check_mosaic(paths.mosaic)),
            ("tiles", (paths.copies,), lambda: _check_copies(paths.copies, plan, layer)),
        )
    }
    return found | (_examine_answers(results, plan, layer, weights_sha256) if plan.photographs else {})


def _examine_answers(results: Path, plan: Plan, layer: str, weights_sha256: str | None) -> dict[str, Finding]:
    """Return findings for what photographs and gratings say of a layer."""
    strips = (layout.strips(results, layer),) if plan.site["publish_patches"] else ()
    shown, trusted, tuned = (each(results, layer) for each in (layout.exemplars, layout.trust, layout.tuning))

    def check_exemplars() -> None:
        found = exemplars.read(shown)
        _check_belongs(shown, found, plan, layer, weights_sha256)
        if [each.filter for each in found.filters] != list(plan.filters[layer]):
            raise _MadeOtherwiseError(f"{shown}: not of the filters of the configuration")
        if strips:
            _check_strips(results, found)

    return {
        "exemplars": _finding("exemplars", (shown, *strips), check_exemplars),
        "trust": _finding(
            "trust", (trusted,), lambda: _check_belongs(trusted, trust.read(trusted), plan, layer, weights_sha256)
        ),
        "tuning": _finding(
            "tuning", (tuned,), lambda: _check_belongs(tuned, tuning.read(tuned), plan, layer, weights_sha256)
        ),
    }


def examine_ends(results: Path, plan: Plan, *, grounds_are_whole: bool) -> tuple[Finding, Finding, Finding]:
    """Return findings for the figures of quality, for the map, and for the site; the first and the last are made again
    elsewhere and compared byte by byte.

    Where what they are made from is not whole, they are just looked for.
    """
    quality_paths = layout.quality(results)
    table = (quality_paths.figures, quality_paths.text)
    # Set aside as a whole, for a run makes it anew where there is none.
    sheet, place = (layout.map_folder(results),), (layout.site(results),)
    if not grounds_are_whole:
        names = {"quality": table, "map": sheet, "site": place}
        first, second, third = (_just_there(_finding(name, paths, _nothing)) for name, paths in names.items())
        return first, second, third
    found = _finding("map", sheet, lambda: _check_map(results, plan))
    site = _finding("site", place, lambda: _check_site(results, plan) if found.state == WHOLE else None)
    return (
        _finding("quality", table, lambda: _check_quality(results, plan)),
        found,
        site if found.state == WHOLE else _just_there(site),
    )


def libraries(findings: Iterable[Finding]) -> collections.Counter[str]:
    """Return how many filters were made by which versions of the libraries, on what, and told what by the environment:
    "tensorflow 2.21.0, … on x86_64 …" to a count."""
    return collections.Counter(_made_by(finding.record) for finding in findings if finding.record)


def _made_by(record: Record) -> str:
    versions = ", ".join(f"{name} {getattr(record.versions, name)}" for name in LIBRARIES)
    device = f" on {record.device:.80}" if record.device else ""
    told = " ".join(f"{name}={value}" for name, value in (record.environment or {}).items())
    return versions + device + (f" with {told:.200}" if told else "")


def _nothing() -> None:
    """Find nothing wrong."""


def _just_there(found: Finding) -> Finding:
    return replace(found, state=THERE) if found.state == WHOLE else found


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
    return _held_against(Finding(name, WHOLE, paths=all_three, record=record), wanted)


def _held_against(finding: Finding, wanted: Expected) -> Finding:
    """Return a whole finding as made otherwise where its record is not as expected."""
    if finding.state != WHOLE or not finding.record or not (odd := agreement.difference(finding.record, wanted)):
        return finding
    return replace(finding, state=OTHERWISE, reason=f"{finding.paths[1]}: {odd}")


def _check_summary(paths: LayerPaths, plan: Plan, layer: str, weights_sha256: str | None) -> None:
    try:
        found = layer_summary.read(paths.summary)
    except OtherMeasuresError as error:
        raise _MadeOtherwiseError(str(error)) from None
    if found.name != layer:
        raise UserError(f"{paths.summary}: the summary of {found.name:.80}, not of {layer}")
    if found.model != plan.network.name or (weights_sha256 and found.weights_sha256 != weights_sha256):
        raise _MadeOtherwiseError(f"{paths.summary}: of another network, or other weights")
    if found.numbers != tuple(plan.filters[layer]):
        raise _MadeOtherwiseError(
            f"{paths.summary}: of {len(found.numbers)} filters that are not those of the configuration"
        )
    layer_summary.check_responses(paths.responses, (len(found.numbers), plan.network.layer(layer).filters))


def _check_belongs(
    path: Path, found: Exemplars | Trust | Tuning, plan: Plan, layer: str, weights_sha256: str | None
) -> None:
    if other := document.difference(found, {"name": layer}):
        raise UserError(f"{path}: {other}")
    wanted = {"model": plan.network.name} | ({"weights_sha256": weights_sha256} if weights_sha256 else {})
    if other := document.difference(found, wanted):
        raise _MadeOtherwiseError(f"{path}: {other}")


def _check_strips(results: Path, found: Exemplars) -> None:
    for each in found.filters:
        path = layout.strip(results, found.name, each.filter)
        if each.exemplars and (not path.is_file() or not _ends_with_a_box(path)):
            raise UserError(f"{path}: missing, empty or truncated")


def _check_copies(folder: Path, plan: Plan, layer: str) -> None:
    filters, channels = plan.filters[layer], plan.network.image_of(layer).channels
    numbers = {path.name.removesuffix(layout.THUMBNAIL) for path in folder.glob(f"*{layout.THUMBNAIL}")}
    if numbers != set(map(layout.digits, filters)):
        raise _MadeOtherwiseError(f"{folder}: not of the filters of the configuration")
    for name in layout.copies(filters, with_channels=images.is_false_colour(channels)):
        path = folder / name
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


def _check_quality(results: Path, plan: Plan) -> None:
    figures, text = quality.sum_up(
        [layout.layer_paths(results, layer).summary for layer in plan.filters],
        [layout.trust(results, layer) for layer in plan.filters] if plan.photographs else [],
        [layout.exemplars(results, layer) for layer in plan.filters] if plan.photographs else [],
    )
    paths = layout.quality(results)
    for path, data in ((paths.figures, files.json_bytes(figures)), (paths.text, text.encode())):
        _check_same(path, data, "the summaries of the layers")


def _check_map(results: Path, plan: Plan) -> None:
    layers = [atlases.read_layer(results, layer.name) for layer in plan.network.layers if layer.name in plan.filters]
    made = sheets.read(results)
    if not sheets.are_of(made, layers):
        raise _MadeOtherwiseError(f"{layout.sheets(results)}: not of the filters of the configuration")
    for name in sheets.files(made):
        path = layout.map_folder(results) / name
        if not path.is_file() or not _ends_with_a_box(path):
            raise UserError(f"{path}: missing, empty or truncated")


def _check_site(results: Path, plan: Plan) -> None:
    shown = atlases.read(
        results,
        layout.weights(results),
        plan.network,
        list(plan.filters),
        with_photographs=plan.photographs is not None,
    )
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, "site")
        build.build(
            shown, build.parse_site(json.dumps(dict(plan.site))), results=results, templates=TEMPLATES, output=fresh
        )
        # What else is there, such as a CNAME, is its owner's.
        for made in sorted(path for path in fresh.rglob("*") if path.is_file()):
            path = layout.site(results) / made.relative_to(fresh)
            if not path.is_file():
                raise UserError(f"{path}: no such file")
            if not filecmp.cmp(made, path, shallow=False):
                _check_same(path, made.read_bytes(), "these results and this configuration")


def _check_same(path: Path, wanted: bytes, grounds: str) -> None:
    """Raise where a file is not what its grounds give: as damaged where it is a part of that, or no text where that is
    one; of another atlas, another version or another hand in all other cases."""
    found = files.read_bytes(path)
    if found == wanted:
        return
    if len(found) < len(wanted) and (wanted.startswith(found) or wanted.endswith(found)):
        raise UserError(f"{path}: cut off: {len(found):,} of {len(wanted):,} bytes")
    if _is_text(wanted) and not _is_text(found):
        raise UserError(f"{path}: damaged: not a text")
    raise _MadeOtherwiseError(f"{path}: not what {grounds} give")


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
