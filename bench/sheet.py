"""A contact sheet: pictures in rows and columns, each row and column with its name."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TILE_PX = 112
GAP_PX = 4
NAME_PX = 96
TITLE_PX = 30
FONT_PX = 12
GROUND, TEXT = (22, 22, 24), (220, 220, 224)


def draw(rows: Mapping[str, Sequence[np.ndarray | None]], columns: Sequence[str]) -> Image.Image:
    """Return the sheet.

    Args:
        rows: by name, a picture for each column, uint8 RGB of any size, or None for an empty place.
        columns: their names; "/" begins a new line.
    """
    step = TILE_PX + GAP_PX
    sheet = Image.new("RGB", (NAME_PX + step * len(columns), TITLE_PX + step * len(rows)), GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(FONT_PX)
    for column, name in enumerate(columns):
        pen.text((NAME_PX + column * step, 1), name.replace("/", "\n"), TEXT, font, spacing=1)
    for row, (name, pictures) in enumerate(rows.items()):
        top = TITLE_PX + row * step
        pen.text((4, top + TILE_PX // 2), name.replace("/", "\n"), TEXT, font)
        for column, picture in enumerate(pictures):
            if picture is not None:
                tile = Image.fromarray(picture).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
                sheet.paste(tile, (NAME_PX + column * step, top))
    return sheet
