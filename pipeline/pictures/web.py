"""The small copies of a layer's pictures that web pages show.

For each filter a full-size picture, a thumbnail and the strip of snapshots, and for the layer its band (a sample of
its filters, for the overview) and its mosaic. All are AVIF: of what a page of 512 pictures may weigh, each gets 2.5 kB,
and at that size WebP shows blocks. The full-size picture is what figures stand beside that were measured on the PNG
file: what it may lose of that is bounded, at a third of the bytes.
"""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from pipeline import errors, files, options, selection
from pipeline.files import replacing_folder
from pipeline.images import (
    at_most,
    encode,
    encode_like,
    encode_within,
    is_false_colour,
    read_mosaic,
    read_strip,
    shown,
    square,
    strip,
)
from pipeline.results import layout, record

# Side of a thumbnail, in pixels: 512 of them still load as 1 MB, and a pattern of 8 pixels is still seen.
THUMBNAIL_PX = 96

# Largest band in bytes: thirteen of them are most of what the overview may weigh (300 KiB).
LARGEST_BAND_BYTES = 16_500

# How much the copy of a picture is like it at least (PSNR), and the AVIF qualities (0..100) that are tried for that;
# the first nearly always does. So each layer of VGG16 keeps 97 % of its activation or more, block 1 100 %; with one
# colour for four pixels it would be 94 % at any quality (`bench.copies`).
LEAST_DB = 27.0
PICTURE_QUALITIES = (48, 49, 52, 58, 66, 76, 86, 96)

# AVIF qualities of thumbnails, and strips, which come by the hundred.
THUMBNAIL_QUALITY = 37
STRIP_QUALITY = 27
BAND_QUALITIES = (60, 50, 42, 36, 30, 24, 18, 12)
MOSAIC_QUALITY = 31

# Longest side of a mosaic's copy, in pixels: 23 × 23 tiles of 100.
LARGEST_MOSAIC_PX = 4096


def make(results: Path, layer: str, filters: Sequence[int], output: Path) -> None:
    """Write the web copies of a layer's pictures into the folder `output`, whole or not at all.

    Args:
        results: the results folder.
        layer: name of the layer.
        filters: numbers of its rendered filters, ascending.
        output: the folder, replaced if it is there.
    """
    sample = set(layout.band_sample(filters))
    *_, band_tile_px = layout.band_grid(len(sample))
    band_tiles = []
    with replacing_folder(output) as folder:
        for number in filters:
            paths = layout.paths(results, layer, number)
            made, pixels = record.read(paths)
            picture = Image.fromarray(shown(pixels))
            count = len(made.snapshot_steps)
            for ending, data in web_copies(picture, read_strip(paths.snapshots, count), count).items():
                files.write_bytes(folder / f"{paths.image.stem}{ending}", data)
            if is_false_colour(made.channels):
                side = min(picture.width, layout.SNAPSHOT_PX)
                channels = strip(pixels).convert("RGB").resize((side * made.channels, side), Image.Resampling.LANCZOS)
                files.write_bytes(folder / f"{paths.image.stem}{layout.CHANNELS}", encode(channels, STRIP_QUALITY))
            if number in sample:
                band_tiles.append(square(picture, band_tile_px))
        files.write_bytes(folder / layout.BAND, encode_within(band(band_tiles), BAND_QUALITIES, LARGEST_BAND_BYTES))
        mosaic = at_most(read_mosaic(layout.layer_paths(results, layer).mosaic), LARGEST_MOSAIC_PX)
        files.write_bytes(folder / layout.MOSAIC, encode(mosaic, MOSAIC_QUALITY))


def web_copies(picture: Image.Image, snapshots: Image.Image, count: int) -> dict[str, bytes]:
    """Return the copies of one filter's pictures: the ending of each file's name and its AVIF bytes.

    Args:
        picture: the picture, square.
        snapshots: its snapshots, `count` squares in a row.
        count: of snapshots.
    """
    side = min(snapshots.height, layout.SNAPSHOT_PX)
    return {
        layout.PICTURE: picture_copy(picture),
        layout.THUMBNAIL: encode(at_most(picture, THUMBNAIL_PX), THUMBNAIL_QUALITY),
        layout.STEPS: encode(snapshots.resize((side * count, side), Image.Resampling.LANCZOS), STRIP_QUALITY),
    }


def picture_copy(picture: Image.Image) -> bytes:
    """Return the copy of a picture that its page shows, as AVIF bytes."""
    return encode_like(picture, PICTURE_QUALITIES, LEAST_DB)


def band(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return equal squares side by side, in one row or two, without gaps."""
    side = pictures[0].width
    columns, rows, _ = layout.band_grid(len(pictures))
    whole = Image.new("RGB", (columns * side, rows * side))
    for place, picture in enumerate(pictures):
        whole.paste(picture, (place % columns * side, place // columns * side))
    return whole


def main() -> None:
    """Make the web copies of one layer's pictures."""
    parser = options.Parser(
        prog="python -m pipeline.pictures.web",
        description="Make the small AVIF copies of a layer's pictures that the site shows.",
    )
    options.add_results(parser)
    options.add_layer(parser)
    options.add_filters(parser)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write, replaced if it is there")
    arguments = parser.parse_args()
    make(arguments.results, arguments.layer, selection.parse_filters(arguments.filters), arguments.output)


if __name__ == "__main__":
    errors.run(main)
