"""Results that nobody made, or that something has been at: whoever reads them says so in one line, or takes them for
what they are; nothing is written but where results are, and no small file asks for a large memory."""

import io
import json
import os
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline import files, images
from pipeline.check import inspection
from pipeline.check.inspection import Finding
from pipeline.config import plan
from pipeline.results import agreement, layer_summary, layout
from pipeline.results import atlas as atlases
from pipeline.results import record as records
from pipeline.results import renders as layer_renders
from tests.support import hostile, synthetic
from tests.support.hostile import damaged, examples, mistake

pytestmark = pytest.mark.hostile("results")

LAYER = "block1_conv1"
FILTERS = (0, 1)
SHA256 = "0" * 64
# Names of PNG's chunks, those that Pillow looks into among them, and names that are none.
CHUNKS = st.sampled_from(
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"tEXt", b"zTXt", b"iTXt",
     b"bKGD", b"pHYs", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"sBIT", b"tIME", b"cICP", b"abcd", b"\0\0\0\0", b"ABCD"]
)  # fmt: skip
# What a text chunk may hold: the beginnings of its parts, and bytes that unpack to many.
PIECES = st.sampled_from(
    [b"atlas\0", b"icc\0\0", b"\0", b"\0\0", b"\1\0", zlib.compress(b"x"), zlib.compress(bytes(10**6))]
)


@pytest.fixture(scope="module")
def atlas():
    """Return the plan of an atlas of two filters."""
    return plan.plan({"filters": {LAYER: "0-1"}, "precision": "float32"})


@pytest.fixture(scope="module")
def whole(atlas, tmp_path_factory):
    """Return results that are whole."""
    results = tmp_path_factory.mktemp("whole") / "results"
    layer = atlas.network.layer(LAYER)
    synthetic.make_results(results, atlas.network, {LAYER: FILTERS})
    synthetic.write_renders(results, atlas.network, layer, FILTERS)
    return results


@pytest.fixture(scope="module")
def results(whole, tmp_path_factory):
    """Return a copy of those results, of which each example damages one file, and mends it after."""
    return shutil.copytree(whole, tmp_path_factory.mktemp("damaged") / "results")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@st.composite
def rebuilt(draw, data: bytes) -> bytes:
    """Return a PNG file with chunks put in whose checksums are right, whatever is in them."""
    ends, place = [8], 8
    while place < len(data):
        place += 12 + int.from_bytes(data[place : place + 4])
        ends.append(place)
    inside = st.binary(max_size=40) | st.lists(PIECES | st.binary(max_size=8), max_size=4).map(b"".join)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(ends))
        data = data[:place] + chunk(draw(CHUNKS), draw(inside)) + data[place:]
        if draw(st.booleans()):
            break
    return data


def small_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(buffer, "PNG")
    return buffer.getvalue()


SMALL_PNG = small_png()


def other_formats(image: np.ndarray) -> list[bytes]:
    """Return a picture in formats that are not PNG's 8-bit RGB."""
    made = []
    for name, mode in [("JPEG", "RGB"), ("WEBP", "RGB"), ("AVIF", "RGB"), ("GIF", "P"), ("TIFF", "RGB"), ("BMP", "RGB"),
                       ("PPM", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("PNG", "P"), ("PNG", "I;16")]:  # fmt: skip
        buffer = io.BytesIO()
        Image.fromarray(image).convert("L" if mode == "I;16" else mode).convert(mode).save(buffer, name)
        made.append(buffer.getvalue())
    return made


def look_at_filters(results: Path, atlas) -> list[Finding]:
    """Read records and pictures in each way in which they are read; return what the check finds."""
    wanted = inspection.expected(atlas, LAYER, SHA256)
    findings = inspection.disagreeing(inspection.examine_filters(results, wanted, FILTERS), wanted)
    inspection.libraries(findings)
    renders, _ = layer_renders.read(results, LAYER, FILTERS)
    made = [render.record for render in renders]
    settled = agreement.settle(agreement.expected(atlas.network, atlas.network.layer(LAYER), SHA256), made)
    for record in made:
        agreement.difference(record, settled)
    return findings


def look_at_layer(results: Path, atlas) -> list[Finding]:
    """Read what follows from a layer's pictures; return what the check finds."""
    return list(inspection.examine_layer(results, atlas, LAYER, None).values())


def look_at(results: Path, name: str, data: bytes, atlas) -> None:
    """Read results in which one file has other bytes; nothing else may have become different by that."""
    path = results / name
    original = path.read_bytes()
    path.write_bytes(data)
    try:
        before = listing(results.parent)
        for finding in (look_at_filters if "filters" in name else look_at_layer)(results, atlas):
            assert len(" ".join(finding.reason.split())) < hostile.LONGEST_LINE
        assert listing(results.parent) == before
    finally:
        path.write_bytes(original)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}


FILES = (
    f"filters/{LAYER}/000.json",
    f"filters/{LAYER}/000.png",
    f"filters/{LAYER}/000.snapshots.webp",
    f"layers/{LAYER}.json",
    f"layers/{LAYER}.response.npy",
    f"mosaics/{LAYER}.png",
)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_something_has_been_at_is_found_whole_or_named(results, whole, atlas, name):
    @examples(60)
    @given(damaged((whole / name).read_bytes()))
    def tried(data):
        look_at(results, name, data, atlas)

    tried()


@pytest.mark.parametrize("name", FILES)
def test_any_bytes_in_a_files_place_are_named(results, atlas, name):
    @examples(40)
    @given(st.binary(max_size=200) | st.sampled_from([b"\x89PNG\r\n\x1a\n", b"RIFF", b"PK\3\4", b"\x93NUMPY\1\0"]))
    def tried(data):
        look_at(results, name, data, atlas)

    tried()


@examples(500)
@given(rebuilt(SMALL_PNG))
def test_chunks_of_any_kind_in_a_picture_are_borne_or_named(tmp_path, data):
    path = tmp_path / "any.png"
    path.write_bytes(data)

    for read in (lambda path: images.read_image(path, 8), images.read_mosaic, images.check_mosaic):
        mistake(read, path)


@pytest.mark.parametrize(
    ("place", "strange", "read"),
    [
        # After the header there are no pixels yet; after the pixels nobody expects a profile without a name.
        pytest.param(33, chunk(b"IEND", b""), images.check_mosaic, id="an end too early"),
        pytest.param(-12, chunk(b"iCCP", b""), lambda path: images.read_image(path, 8), id="a profile too late"),
    ],
)
def test_a_chunk_that_pillow_trips_over_is_named(tmp_path, place, strange, read):
    path = tmp_path / "any.png"
    path.write_bytes(SMALL_PNG[:place] + strange + SMALL_PNG[place:])

    assert "damaged picture" in mistake(read, path)


@pytest.mark.parametrize(
    "read",
    [
        lambda path: images.read_image(path, 8),
        images.check_mosaic,
        images.read_mosaic,
        lambda path: images.read_strip(path, 2),
    ],
    ids=["picture", "mosaic checked", "mosaic", "strip"],
)
def test_a_picture_of_no_kind_is_named_in_plain_words(tmp_path, read):
    path = tmp_path / "any.png"
    path.write_bytes(SMALL_PNG[:29] + b"no picture")

    assert f"{path}: damaged picture (of no known kind)" in mistake(read, path)


@pytest.mark.parametrize("place", range(11))
def test_other_formats_under_the_name_of_a_picture_are_refused(whole, tmp_path, place):
    _, image = records.read(layout.paths(whole, LAYER, 0))
    path = tmp_path / "000.png"
    path.write_bytes(other_formats(image)[place])

    assert "not an 8-bit RGB PNG picture" in mistake(images.read_image, path, len(image))


def record_of(results: Path) -> dict:
    return json.loads(layout.paths(results, LAYER, 0).record.read_text())


KEYS = st.sampled_from(["schema", *records.Record.__struct_encode_fields__])


@examples(300)
@given(KEYS, hostile.JSON | st.lists(hostile.JSON | st.just(float("nan")), max_size=30))
def test_any_value_in_any_place_of_a_record_is_right_or_named(results, whole, atlas, key, value):
    look_at(results, f"filters/{LAYER}/000.json", json.dumps(record_of(whole) | {key: value}).encode(), atlas)


@examples(200)
@given(st.sampled_from(["recipe", "versions"]), st.text(max_size=5), hostile.JSON)
def test_any_value_inside_an_object_of_a_record_is_right_or_named(results, whole, atlas, key, inside, value):
    record = record_of(whole)
    name = inside or next(iter(record[key]))
    record[key] = record[key] | {name: value}

    look_at(results, f"filters/{LAYER}/000.json", json.dumps(record).encode(), atlas)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_record_in_another_encoding_is_read_or_named(results, whole, atlas, encoding):
    data = json.dumps(record_of(whole), ensure_ascii=False).encode(encoding)

    look_at(results, f"filters/{LAYER}/000.json", data, atlas)


def places(value: object) -> list[tuple]:
    """Return the way to every value inside a value of JSON; of lists, to the first entry."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    return [(key, *rest) for key, each in inside for rest in ((), *places(each))]


def replaced(value: object, place: tuple, new: object) -> object:
    """Return a value of JSON with another one in one place."""
    copy = json.loads(json.dumps(value))
    inside = copy
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = new
    return copy


def test_any_value_in_any_place_of_a_summary_is_right_or_named(results, whole, atlas):
    name = f"layers/{LAYER}.json"
    summary = json.loads((whole / name).read_text())

    @examples(400)
    @given(st.sampled_from(places(summary)), hostile.JSON)
    def tried(place, value):
        data = json.dumps(replaced(summary, place, value)).encode()
        look_at(results, name, data, atlas)
        (results / name).write_bytes(data)
        if not mistake(atlases.read_layer, results, LAYER):
            assert all(type(number) is int for number in atlases.read_layer(results, LAYER).numbers)
        (results / name).write_bytes((whole / name).read_bytes())

    tried()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("filters", 0, "filter"), "../../../../elsewhere"),
        (("filters", 0, "filter"), 10**300),
        (("filters", 0, "colour"), "red;background:url(//elsewhere)"),
        (("filters", 0, "incoming", 0, "kernel"), [[None]]),
        (("filters", 0, "alive"), 1),
        (("canvas_px",), 10**9),
    ],
)
def test_a_summary_that_would_lead_elsewhere_is_named_with_the_place(whole, tmp_path, place, value):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(replaced(json.loads((whole / f"layers/{LAYER}.json").read_text()), place, value)))

    where = ".".join(map(str, place))
    message = mistake(layer_summary.read, path)
    assert message.startswith(f"{path}: {where}")
    assert message.endswith(": not the summary of a layer; delete it to make it anew")


def test_a_summary_that_lists_filters_twice_or_beyond_the_layer_is_named(whole, tmp_path):
    summary = json.loads((whole / f"layers/{LAYER}.json").read_text())
    path = tmp_path / "x.json"
    for numbers in ((0, 0), (1, 0), (0, 64), ()):
        filters = [summary["filters"][0] | {"filter": number} for number in numbers]
        path.write_text(json.dumps(summary | {"filters": filters}))

        assert "filters: should be some of the 64, each once, by number" in mistake(layer_summary.read, path)


HEADERS = st.sampled_from(
    [
        *(
            f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}}}"
            for kind in ("'<f4'", "'|O'", "['a']", "'<f8'", "[('a', '<f4')]", "'V0'", "None")
            for order in ("False", "True", "1")
            for shape in (
                "(2, 64)",
                "(999999999999, 64)",
                "(-1, 64)",
                "(0, 0)",
                "(2L, 64L)",
                "2",
                "(True, 64)",
                "()",
                "x()",
            )
        ),
        *("{", "[" * 300, "'", "1" * 5000, "\0"),
    ]
)


@examples(200)
@given(HEADERS | st.text(max_size=30), st.sampled_from([1, 2, 3, 4]), st.binary(max_size=16))
def test_any_header_of_a_response_matrix_is_right_or_named(results, atlas, header, version, rest):
    text = header.encode("utf-8", "surrogatepass") + b"\n"
    length = len(text).to_bytes(2 if version == 1 else 4, "little")

    data = b"\x93NUMPY" + bytes([version, 0]) + length + text + rest

    look_at(results, f"layers/{LAYER}.response.npy", data, atlas)


def test_an_archive_in_the_place_of_a_response_matrix_is_named(results, atlas):
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros((2, 64), np.float32))

    look_at(results, f"layers/{LAYER}.response.npy", buffer.getvalue(), atlas)


def test_depth_that_no_record_has_is_named(results, whole, atlas):
    for depth in (100, 300, 900, 980, 995, 100_000):
        nested = "[" * depth + "]" * depth
        text = json.dumps(record_of(whole) | {"recipe": {"steps": 1}}).replace('"steps": 1', f'"steps": {nested}')
        look_at(results, f"filters/{LAYER}/000.json", text.encode(), atlas)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_or_a_named_pipe_in_a_files_place_is_named_and_not_waited_for(whole, atlas, tmp_path, name):
    results = shutil.copytree(whole, tmp_path / "results")
    path = results / name
    for make in (Path.mkdir, os.mkfifo):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        make(path)

        found = (look_at_filters if "filters" in name else look_at_layer)(results, atlas)
        assert [finding.name for finding in found if finding.state == inspection.DAMAGED]


def test_a_file_too_large_to_be_ours_is_refused_unread(tmp_path):
    for name, read in (("x.json", files.read_json), ("x.png", lambda path: images.read_image(path, 16))):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(10**12)

        assert f"{name}: implausibly large (1,000,000,000,000 bytes)" in mistake(read, tmp_path / name)
