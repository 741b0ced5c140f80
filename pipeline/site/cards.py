"""The cards that other sites show beside a link to a page (OpenGraph): a picture, and words set in type, as JPEG.

Neither AVIF nor anything below 200 pixels is shown there. Type is Pillow's own, the one that is there wherever Pillow
is, and it has few letters: what it cannot show is written with those that it has, or left out.
"""

import functools
import io
import unicodedata
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, JpegImagePlugin

from pipeline import images
from pipeline.network.known import display_name
from pipeline.results import layout
from pipeline.results.atlas import Atlas
from pipeline.results.layer_summary import Filter, Layer
from pipeline.site import addresses
from pipeline.site.pages import home

# Of all pages but those of filters, and of the workflow's report.
OF_SITE = "assets/card.jpg"

# What OpenGraph's readers expect, in pixels.
SIZE = (1200, 630)
SITE_QUALITY = 80
# Every filter has one, and a site 4,224 of them. With no more detail than is seen in a feed, where a picture is 180 px
# wide, and what is finer than that detail rounded more than JPEG's tables of this quality say, a card weighs 20 kB;
# with those tables alone, 25.
QUALITY = 15
DETAIL_PX = 112
# From this sum of a coefficient's row and column in a block; how many times more that is rounded; and how many times
# more all of colour.
FINE_FROM, FINE_TIMES, COLOUR_TIMES = 3, 2, 2

MARGIN_PX = 60
# The largest side of a filter's picture, four times its detail, and how much it is enlarged at most.
PICTURE_PX = 448
MOST_ENLARGED = 3
# A picture that begins where a block of JPEG begins, of colour too, takes a tenth less.
BLOCK_PX = 16

# What the mosaic of the site's card leaves for its title, and the sides of its tiles that are tried, in pixels: each
# fills the rest, with fewer pictures.
TITLE_PX = 150
TILES_PX = (120, 160, 240, 480)

GROUND, INK, SOFT = (22, 22, 24), (235, 235, 238), (166, 168, 173)
# Sizes of type in pixels, the largest and the smallest that a long text is set in.
NAME_PX, WORDS_PX, FOOT_PX, HEAD_PX = (50, 30), (38, 26), (28, 20), (64, 28)
LINE = 1.22

# Letters of Latin alphabets that are no letter with a mark, and signs: as they are written where they are missing.
_OTHERWISE = str.maketrans(
    {"×": "x", "−": "-", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l",
     "Ł": "L", "đ": "d", "Đ": "D", "þ": "th", "Þ": "Th", "ı": "i", "→": ">", "µ": "u"}
)  # fmt: skip


def write_of_site(site: Path, atlas: Atlas, title: str) -> None:
    """Write the card of a site, which has a title, into its folder, where the copies of its pictures are."""
    pictures = [_picture(site, *each) for each in home.spread(atlas, most_pictures())]
    (site / OF_SITE).write_bytes(of_site(pictures, title, display_name(atlas.network.model)))


def write_of_filters(site: Path, atlas: Atlas) -> None:
    """Write the cards of all filters into the folder of a site, where the copies of its pictures are."""
    network = display_name(atlas.network.model)

    def write_one(layer: Layer, filter: Filter) -> None:
        number = filter.filter
        card = of_filter(_picture(site, layer, number), f"{layer.name}/{number}", filter.description, network)
        (site / addresses.card_path(layer, number)).write_bytes(card)

    # Pillow lets go of Python while it decodes, scales and encodes.
    with ThreadPoolExecutor() as threads:
        for layer in atlas.layers:
            deque(threads.map(functools.partial(write_one, layer), layer.filters), maxlen=0)


def _picture(site: Path, layer: Layer, filter: int) -> Image.Image:
    with Image.open(site / addresses.filter_path(layer, filter, layout.PICTURE)) as copy:
        return copy.convert("RGB")


def of_filter(picture: Image.Image, name: str, words: str, foot: str) -> bytes:
    """Return the card of a filter as JPEG bytes.

    Args:
        picture: square.
        name: its layer and number, "block4_conv1/243".
        words: what it looks like.
        foot: what network it is of.
    """
    card = Image.new("RGB", SIZE, GROUND)
    side = min(PICTURE_PX, MOST_ENLARGED * picture.width)
    edge = BLOCK_PX * round((SIZE[1] - side) / 2 / BLOCK_PX)
    drawn = images.at_most(picture, DETAIL_PX).resize((side, side), Image.Resampling.BILINEAR)
    card.paste(drawn, (edge, edge))
    left = edge + side + MARGIN_PX
    width = SIZE[0] - MARGIN_PX - left
    pen = ImageDraw.Draw(card)
    layer, _, number = name.rpartition("/")
    top = _write(pen, (left, edge - 6), f"{showable(layer, 'filter')}/{number}", NAME_PX, INK, (width, 210))
    _write(pen, (left, top + 24), showable(words, ""), WORDS_PX, SOFT, (width, 200))
    _write(pen, (left, edge + side - 34), showable(foot, ""), FOOT_PX, SOFT, (width, 40))
    return _jpeg(card, qtables=_tables(), subsampling="4:2:0")


def of_site(pictures: Sequence[Image.Image], title: str, otherwise: str) -> bytes:
    """Return the card of the site as JPEG bytes: a mosaic of pictures, as many as fill it, above the title.

    Args:
        pictures: squares, at least one.
        title: of the site.
        otherwise: what is written where the type has too few of the title's letters.
    """
    card = Image.new("RGB", SIZE, GROUND)
    columns, rows, side = grid(len(pictures))
    left = (SIZE[0] - columns * side) // 2
    for place, picture in enumerate(pictures[: columns * rows]):
        row, column = divmod(place, columns)
        card.paste(_middle(picture, side), (left + column * side, row * side))
    pen = ImageDraw.Draw(card)
    _write(
        pen, (MARGIN_PX, SIZE[1] - TITLE_PX), showable(title, otherwise), HEAD_PX, INK,
        (SIZE[0] - 2 * MARGIN_PX, TITLE_PX), is_centred=True,
    )  # fmt: skip
    return _jpeg(card, quality=SITE_QUALITY)


def grid(pictures: int) -> tuple[int, int, int]:
    """Return columns, rows and the side of a tile of the site's card for so many pictures."""
    grids = [(SIZE[0] // side, (SIZE[1] - TITLE_PX) // side, side) for side in TILES_PX]
    fitting = [each for each in grids if each[0] * each[1] <= pictures]
    return fitting[0] if fitting else (1, 1, TILES_PX[-1])


def most_pictures() -> int:
    """Return how many pictures the site's card has room for."""
    columns, rows, _ = grid(SIZE[0] * SIZE[1])
    return columns * rows


def showable(text: str, otherwise: str) -> str:
    """Return a text in letters that the type has, or `otherwise` where less than half of its letters would be left."""
    text = unicodedata.normalize("NFC", text)
    written = "".join(map(_shown, text.translate(_OTHERWISE)))
    wanted = sum(map(str.isalnum, text))
    return " ".join(written.split()) if 2 * sum(map(str.isalnum, written)) >= wanted else otherwise


@functools.cache
def _shown(character: str) -> str:
    if character.isspace() or _has(character):
        return character
    return "".join(filter(_has, unicodedata.normalize("NFKD", character)))


@functools.cache
def _has(character: str) -> bool:
    # A font draws the same box for whatever it has not, and U+FFFF is nothing that one could have.
    own, box = (_font(NAME_PX[0]).getmask(each) for each in (character, "\uffff"))
    return (own.size, bytes(own)) != (box.size, bytes(box))


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    # Pillow's own font is a scalable one wherever Pillow was built with FreeType, as its wheels are.
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _write(
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    sizes: tuple[int, int],
    colour: tuple[int, int, int],
    room: tuple[int, int],
    *,
    is_centred: bool = False,
) -> int:
    """Write a text as large as a room allows, in lines; return where it ends. What has no room even at the smallest
    size is left out."""
    width, height = room
    size, lines = next(
        ((size, lines) for size in range(sizes[0], sizes[1] - 1, -2)
         if len(lines := _lines(text, _font(size), width)) * round(size * LINE) <= height),
        (sizes[1], _lines(text, _font(sizes[1]), width)[: max(1, height // round(sizes[1] * LINE))]),
    )  # fmt: skip
    step = round(size * LINE)
    left, top = place
    top += (height - len(lines) * step) // 2 if is_centred else 0
    for number, line in enumerate(lines):
        across = left + (width - round(_font(size).getlength(line))) // 2 if is_centred else left
        pen.text((across, top + number * step), line, colour, _font(size))
    return top + len(lines) * step


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Return a text broken into lines: between words, and within one that is longer than a line."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        lines += [""] if lines[-1] else []
        for character in word:
            if font.getlength(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def _middle(picture: Image.Image, side: int) -> Image.Image:
    """Return the middle of a picture at its own scale, or all of it, enlarged, where it has no more."""
    if picture.width <= side:
        return picture.resize((side, side), Image.Resampling.BICUBIC)
    edge = (picture.width - side) // 2
    return picture.crop((edge, edge, edge + side, edge + side))


def _jpeg(card: Image.Image, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    card.save(buffer, "JPEG", progressive=True, **settings)
    return buffer.getvalue()


@functools.cache
def _tables() -> list[list[int]]:
    """Return what the coefficients of a block are divided by before they are rounded: of luminance, and of colour."""
    with Image.open(io.BytesIO(_jpeg(Image.new("RGB", (8, 8)), quality=QUALITY))) as plain:
        assert isinstance(plain, JpegImagePlugin.JpegImageFile)
        luminance, colour = plain.quantization.values()
    fine = [FINE_TIMES if sum(divmod(place, 8)) >= FINE_FROM else 1 for place in range(64)]
    return [
        [min(255, round(times * fine[place] * step)) for place, step in enumerate(table)]
        for table, times in ((luminance, 1), (colour, COLOUR_TIMES))
    ]
