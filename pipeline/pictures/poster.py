"""The poster: all filters of an atlas on one sheet of paper, under a title, arranged as on the map.

White paper, for ink is dear and type is clearest on it. One picture is in memory at a time, and the sheet itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import pipeline
from pipeline import errors, files, images, options, wording
from pipeline.errors import UserError
from pipeline.measure import likeness as looks
from pipeline.network.known import display_name
from pipeline.pictures import map as atlas_map
from pipeline.results import layer_summary, layout, sheets
from pipeline.results.layer_summary import Layer
from pipeline.results.sheets import ARRANGEMENTS, Arrangement, Sheet

# Width and height of paper, in millimetres (ISO 216).
PAPER_MM = {"A0": (841, 1189), "A1": (594, 841), "A2": (420, 594), "A3": (297, 420), "A4": (210, 297)}
MM_PER_INCH = 25.4

# Dots per inch. At 200 an A0 sheet shows each of 4,224 pictures with 90 pixels, what can be told apart at arm's length,
# and takes 190 MB of memory; 300 is the most that print shops ask for, and takes 420 MB.
DPI = 200
SMALLEST_DPI, LARGEST_DPI = 36, 300

# Of JPEG in the PDF: above it, files grow faster than pictures get better.
JPEG_QUALITY = 92

INK, SOFT, PAPER = (20, 20, 22), (96, 96, 102), (255, 255, 255)

# As shares of the paper's width.
MARGIN, TITLE, TEXT, FOOT, MEASURE = 0.045, 0.042, 0.0125, 0.0085, 0.64
# Of a cell's side, what is left free around each picture in all.
GAP = 0.06
# Of the room above a block, what its name takes.
NAME = 0.62

_LINE = 1.35

ENDINGS = (".pdf", ".png")


@dataclass(frozen=True)
class Words:
    """What is set in type: the title, a sentence or two below it, and a line at the foot."""

    title: str
    lead: str
    foot: str


def words(layers: list[Layer], arrangement: Arrangement, title: str = "") -> Words:
    """Return what a poster of layers says."""
    network, spoken = display_name(layers[0].model), layers[0].words
    count = sum(len(layer.filters) for layer in layers)
    order = {
        "layers": "Layer by layer, from the input at the top.",
        "likeness": "Arranged so that neighbours look alike.",
    }
    convolve = f"{len(layers)} convolutional layer{'s' if len(layers) > 1 else ''}"
    return Words(
        title=title or wording.title(network, spoken),
        lead=f"{count:,} filter{'s' if count != 1 else ''} of {convolve}. Each picture began as noise and was changed, "
        f"step by step, until {spoken.aim} {order[arrangement]}",
        foot=f"{network} · weights {layers[0].weights_sha256[:12]} · Filter Atlas {pipeline.__version__}",
    )


def room(said: Words, size: tuple[int, int]) -> float:
    """Return the aspect (height ÷ width) of what is left for pictures on paper of (width, height) pixels."""
    left, top, right, bottom = _room(said, size)
    return (bottom - top) / (right - left)


def _room(said: Words, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is left for pictures, pixels."""
    width, height = size
    margin = round(width * MARGIN)
    top = _set_type(ImageDraw.Draw(Image.new("RGB", (1, 1))), said, size, margin)
    return margin, top, width - margin, height - margin - round(2 * width * FOOT * _LINE)


def draw(results: Path, layers: list[Layer], sheet: Sheet, said: Words, size: tuple[int, int]) -> Image.Image:
    """Return the poster.

    Args:
        results: the results folder, of which the pictures are read.
        layers: in the order of the sheet's cells.
        sheet: where each filter is.
        said: what is set in type.
        size: width and height in pixels.
    """
    poster = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(poster)
    left, top, right, bottom = _room(said, size)
    cell = min((right - left) / sheet.columns, (bottom - top) / sheet.rows)
    # In the middle, with the title above its left edge.
    left = round((size[0] - cell * sheet.columns) / 2)
    _set_type(pen, said, size, left)
    side = max(1, round(cell * (1 - GAP)))
    for layer, cells in zip(layers, sheet.cells, strict=True):
        if sheet.arrangement == "layers":
            _name(pen, layer, cells, sheet, (left, top, cell))
        for number, place in zip(layer.numbers, cells, strict=True):
            path = layout.paths(results, layer.name, number).image
            picture = Image.fromarray(images.read_image(path, layer.canvas_px))
            at = (round(left + place % sheet.columns * cell), round(top + place // sheet.columns * cell))
            poster.paste(picture.resize((side, side), Image.Resampling.LANCZOS), at)
    return poster


def arrange(results: Path, layers: list[Layer], by: Arrangement, aspect: float) -> Sheet:
    """Return where filters are on a sheet of paper with an aspect (height ÷ width)."""
    if by == "layers":
        return atlas_map.by_layer(layers, aspect)
    seen = np.array([looks.features(picture) for picture in atlas_map.small_pictures(results, layers)])
    return atlas_map.by_likeness(layers, seen, aspect)


def _set_type(pen: ImageDraw.ImageDraw, said: Words, size: tuple[int, int], left: int) -> int:
    """Set title, lead and foot, and return where the sheet may begin, pixels from the top."""
    width, height = size
    margin = round(width * MARGIN)
    font = ImageFont.load_default(width * TITLE)
    # A long title is set smaller rather than in two lines.
    fit = (width - 2 * left) / max(1, pen.textlength(said.title, font))
    pen.text((left, margin), said.title, INK, ImageFont.load_default(max(1, width * TITLE * min(1, fit))))
    y = margin + round(width * TITLE * _LINE)
    text = ImageFont.load_default(max(1, width * TEXT))
    for line in _lines(pen, said.lead, text, round(width * MEASURE)):
        pen.text((left, y), line, SOFT, text)
        y += round(width * TEXT * _LINE)
    foot = ImageFont.load_default(max(1, width * FOOT))
    pen.text((left, height - margin), said.foot, SOFT, foot, anchor="ls")
    return y + round(width * TEXT)


def _lines(
    pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int
) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and pen.textlength(longer, font) > room:
            yield line
            longer = word
        line = longer
    yield line


def _name(
    pen: ImageDraw.ImageDraw, layer: Layer, cells: tuple[int, ...], sheet: Sheet, origin: tuple[int, int, float]
) -> None:
    """Set a layer's name into the room above its block, and after it, where there is room, what it is."""
    left, top, cell = origin
    above = _free_above(sheet, cells[0])
    size = above * cell * NAME
    x, y = (
        left + cells[0] % sheet.columns * cell,
        top + cells[0] // sheet.columns * cell - above * cell * (1 - NAME) / 2,
    )
    room = len({each % sheet.columns for each in cells}) * cell
    font = ImageFont.load_default(
        max(1, min(size, size * room / max(1, pen.textlength(layer.name, ImageFont.load_default(max(1, size))))))
    )
    pen.text((round(x), round(y)), layer.name, INK, font, anchor="ls")
    more = f"{len(layer.filters):,} filters, each sees {layer.receptive_field_px} by {layer.receptive_field_px} pixels"
    beside = ImageFont.load_default(max(1, size * 0.7))
    if pen.textlength(layer.name, font) + size + pen.textlength(more, beside) <= room:
        pen.text((round(x + room - cell * GAP), round(y)), more, SOFT, beside, anchor="rs")


def _free_above(sheet: Sheet, cell: int) -> int:
    """Return how many cells above one are free, up to the next filter or the edge."""
    taken = {each for cells in sheet.cells for each in cells}
    free = 0
    while cell - (free + 1) * sheet.columns >= 0 and cell - (free + 1) * sheet.columns not in taken:
        free += 1
    return free


def size_px(paper: str, dpi: int) -> tuple[int, int]:
    """Return width and height of a sheet of paper in pixels."""
    width, height = (round(side * dpi / MM_PER_INCH) for side in PAPER_MM[paper])
    return width, height


def write(poster: Image.Image, path: Path, dpi: int, title: str) -> None:
    """Write a poster as PDF or PNG, by the ending of its name; same poster, same bytes."""
    with files.replacing(path) as temporary:
        if path.suffix == ".pdf":
            # Without dates, which Pillow would otherwise take from the clock.
            poster.save(
                temporary, "PDF", resolution=dpi, quality=JPEG_QUALITY, title=title, creationDate=None, modDate=None
            )
        else:
            poster.save(temporary, "PNG", dpi=(dpi, dpi), compress_level=images.PNG_COMPRESS_LEVEL)


def main() -> None:
    """Make the poster."""
    parser = options.Parser(
        prog="python -m pipeline.pictures.poster",
        description="Put all filters of a finished atlas on one sheet of paper, for print.",
    )
    options.add_results(parser)
    parser.add_argument("--output", type=Path, required=True, help="the file to write, .pdf or .png")
    parser.add_argument(
        "--paper", type=str.upper, choices=PAPER_MM, default="A0", help="size of the paper, upright (default: A0)"
    )
    parser.add_argument("--dpi", type=int, default=DPI, help=f"dots per inch (default: {DPI})")
    parser.add_argument(
        "--by", choices=ARRANGEMENTS, default="layers", help="how filters are arranged (default: layers)"
    )
    parser.add_argument("--title", default="", help="what stands above (default: what the filters look for)")
    arguments = parser.parse_args()
    if arguments.output.suffix not in ENDINGS:
        raise UserError(f"{str(arguments.output)!r:.80}: no name of a poster: it should end in {' or '.join(ENDINGS)}")
    if not SMALLEST_DPI <= arguments.dpi <= LARGEST_DPI:
        raise UserError(f"dpi: should be {SMALLEST_DPI} to {LARGEST_DPI}, not {arguments.dpi}")
    if not layout.sheets(arguments.results).exists():
        raise UserError(f"{layout.sheets(arguments.results)}: no such file; make atlas makes what a poster is made of")
    named = sheets.read(arguments.results).layers
    layers = [layer_summary.read(layout.layer_paths(arguments.results, each.layer).summary) for each in named]
    files.check_place(arguments.output)
    # Their arrangement is the screen's; paper is upright.
    sheets.read_of(arguments.results, layers)
    said = words(layers, arguments.by, " ".join(arguments.title.split()))
    size = size_px(arguments.paper, arguments.dpi)
    poster = draw(
        arguments.results, layers, arrange(arguments.results, layers, arguments.by, room(said, size)), said, size
    )
    write(poster, arguments.output, arguments.dpi, said.title)
    print(f"{arguments.output}: {arguments.paper}, {poster.width} × {poster.height} pixels, {arguments.dpi} dpi")


if __name__ == "__main__":
    errors.run(main)
