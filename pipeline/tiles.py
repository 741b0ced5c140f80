"""The small copies of a layer's pictures that web pages show.

For each filter a full-size picture, a thumbnail and the strip of snapshots, and for the layer its band (a sample of
its filters, for the overview) and its mosaic. All are AVIF: of what a page of 512 pictures may weigh, each gets 2.5 kB,
and at that size WebP shows blocks.
"""

import argparse
import io
import math
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from pipeline import config, errors, files, record
from pipeline.errors import UserError
from pipeline.folders import replacing_folder

# Side of a thumbnail, in pixels: 512 of them still load as 1 MB, and a pattern of 8 pixels is still seen.
THUMBNAIL_PX = 96

# Side of one snapshot in the strip, in pixels: enough to tell what is emerging.
SNAPSHOT_PX = 80

# The band: as many tiles as stand side by side on a laptop's screen, in one row or two.
BAND_TILE_PX = 72
BAND_COLUMNS = 12

# Largest band in bytes: thirteen of them are most of what the overview may weigh (300 KiB).
LARGEST_BAND_BYTES = 16_500

# AVIF qualities (0..100). Full pictures are looked at closely, small ones pixel by pixel; thumbnails and strips come
# by the hundred.
PICTURE_QUALITY = 43
SMALL_PICTURE_QUALITY = 63
THUMBNAIL_QUALITY = 37
STRIP_QUALITY = 27
BAND_QUALITIES = (60, 50, 42, 36, 30, 24, 18, 12)
MOSAIC_QUALITY = 31

# Pictures up to this side, in pixels, are shown so much enlarged that their colours need every pixel.
WHOLE_COLOUR_PX = 96

# The encoder's speed (0..10): 9 takes a quarter of the time of 8 and gives, at the same size, pictures 0.2 dB further
# from the original.
SPEED = 9

# How the copies' names end.
ENDING = ".avif"

# Longest side of a mosaic's copy, in pixels: 23 × 23 tiles of 100.
LARGEST_MOSAIC_PX = 4096

# A mosaic larger than this is no mosaic of ours: 5,000 filters of 100 pixels are 50 megapixels.
LARGEST_MOSAIC_PIXELS = 200_000_000


def make(results: Path, layer: str, filters: Sequence[int], output: Path) -> None:
    """Write the web copies of a layer's pictures into the folder `output`, whole or not at all.

    Args:
        results: the results folder.
        layer: name of the layer.
        filters: numbers of its rendered filters, ascending.
        output: the folder, replaced if it is there.
    """
    sample = set(band_sample(filters))
    band_tiles = []
    with replacing_folder(output) as folder:
        for number in filters:
            paths = record.paths(results, layer, number)
            made, pixels = record.read(paths)
            picture = Image.fromarray(pixels)
            count = len(made.snapshot_steps)
            for ending, data in web_copies(picture, read_strip(paths.snapshots, count), count).items():
                files.write_bytes(folder / f"{paths.image.stem}{ending}{ENDING}", data)
            if number in sample:
                band_tiles.append(square(picture, BAND_TILE_PX))
        files.write_bytes(folder / f"band{ENDING}", encode_within(band(band_tiles), BAND_QUALITIES, LARGEST_BAND_BYTES))
        mosaic = at_most(read_mosaic(results / "mosaics" / f"{record.slug(layer)}.png"), LARGEST_MOSAIC_PX)
        files.write_bytes(folder / f"mosaic{ENDING}", encode(mosaic, MOSAIC_QUALITY))


def web_copies(picture: Image.Image, strip: Image.Image, count: int) -> dict[str, bytes]:
    """Return the copies of one filter's pictures: the ending of each file's name and its AVIF bytes.

    Args:
        picture: the picture, square.
        strip: its snapshots, `count` squares in a row.
        count: of snapshots.
    """
    side = min(strip.height, SNAPSHOT_PX)
    quality = SMALL_PICTURE_QUALITY if picture.width <= WHOLE_COLOUR_PX else PICTURE_QUALITY
    return {
        "": encode(picture, quality),
        "-thumb": encode(at_most(picture, THUMBNAIL_PX), THUMBNAIL_QUALITY),
        "-steps": encode(strip.resize((side * count, side), Image.Resampling.LANCZOS), STRIP_QUALITY),
    }


def band_sample(filters: Sequence[int]) -> list[int]:
    """Return the filters that the band shows: evenly spread, one row or two, all when they are few."""
    rows = 2 if len(filters) >= 2 * BAND_COLUMNS else 1
    count = min(len(filters), rows * BAND_COLUMNS)
    return [filters[place * len(filters) // count] for place in range(count)]


def band(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return equal squares side by side, in one row or two, without gaps."""
    side = pictures[0].width
    columns = min(len(pictures), BAND_COLUMNS)
    whole = Image.new("RGB", (columns * side, math.ceil(len(pictures) / columns) * side))
    for place, picture in enumerate(pictures):
        whole.paste(picture, (place % columns * side, place // columns * side))
    return whole


def square(picture: Image.Image, side: int) -> Image.Image:
    """Return a square picture resampled to `side` pixels."""
    return picture if picture.width == side else picture.resize((side, side), Image.Resampling.LANCZOS)


def at_most(picture: Image.Image, largest: int) -> Image.Image:
    """Return the picture, made smaller if a side is longer than `largest` pixels."""
    if max(picture.size) <= largest:
        return picture
    scale = largest / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def encode(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as AVIF bytes, the same on any number of cores."""
    buffer = io.BytesIO()
    colour = "4:4:4" if max(picture.size) <= WHOLE_COLOUR_PX else "4:2:0"
    picture.save(buffer, "AVIF", quality=quality, speed=SPEED, subsampling=colour, max_threads=1)
    return buffer.getvalue()


def encode_within(picture: Image.Image, qualities: Iterable[int], largest: int) -> bytes:
    """Return the picture as AVIF bytes at the first quality that needs no more than `largest` bytes, else the last."""
    data = b""
    for quality in qualities:
        data = encode(picture, quality)
        if len(data) <= largest:
            break
    return data


def read_strip(path: Path, count: int) -> Image.Image:
    """Return the strip of `count` squares in `path`; raise `UserError` when it is anything else."""
    try:
        with files.opened(path) as stream, Image.open(stream, formats=["WEBP"]) as picture:
            if picture.width != picture.height * count:
                raise UserError(f"{path}: {picture.width} × {picture.height} pixels, not {count} squares in a row")
            return picture.convert("RGB")
    except record.PICTURE_DAMAGE as error:
        raise UserError(
            f"{path}: damaged picture ({record.damage_words(error)}); delete it and its record to render it anew"
        ) from None


def read_mosaic(path: Path) -> Image.Image:
    """Return the mosaic in `path`; raise `UserError` when it cannot be read."""
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            files.opened(path) as stream,
            Image.open(stream, formats=["PNG"]) as picture,
        ):
            if math.prod(picture.size) > LARGEST_MOSAIC_PIXELS:
                raise UserError(f"{path}: implausibly large ({picture.width} × {picture.height} pixels)")
            return picture.convert("RGB")
    except record.PICTURE_DAMAGE as error:
        raise UserError(f"{path}: damaged picture ({record.damage_words(error)}); delete it to make it anew") from None


def main() -> None:
    """Make the web copies of one layer's pictures."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.tiles",
        description="Make the small AVIF copies of a layer's pictures that the site shows.",
    )
    parser.add_argument("--results", type=Path, required=True, help="the results folder")
    parser.add_argument("--layer", required=True, help="name of the layer")
    parser.add_argument("--filters", required=True, help="its rendered filters, such as 0-7,159")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write, replaced if it is there")
    arguments = parser.parse_args()
    make(arguments.results, arguments.layer, config.parse_filters(arguments.filters), arguments.output)


if __name__ == "__main__":
    errors.run(main)
