"""Photographs that look like one another: the same one larger, lighter or compressed further.

Thumbnails of 16 × 16 pixels are compared by the correlation of their lightness after its plane, lighter above than
below, is taken out. Measured on 60 of 295 photographs: compressed to JPEG of quality 10, made a third as large, noisy,
grey, of 1.3 times the contrast, or cut by 1 % at each side they correlate with themselves by .98 and more; brightened
with clipping by .90 to .995 (a tenth below .975); two different ones by .85 at most, those of a stereo camera. What is
left of flat ones is noise, which says nothing: they look like one another where their colours are the same.
"""

import numpy as np
from PIL import Image

SIDE_PX = 16
ALIKE = 0.95
# Of 0..255: root mean square of what is left of the lightness, below which a photograph is flat, and of the difference
# in colour to another flat one that nobody sees.
FLAT = 2.0
SAME_COLOUR = 2.0

# Photographs that are compared with all before them at once: 64 MB of correlations where there are 100,000.
_BLOCK = 160


def thumbnail(picture: Image.Image) -> np.ndarray:
    """Return what is compared of a photograph, RGB: uint8 (16, 16, 3)."""
    return np.asarray(picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


def first_alike(thumbnails: np.ndarray) -> list[int | None]:
    """Return for each photograph the first before it that it looks like, among those that look like none themselves.

    Args:
        thumbnails: uint8 (photographs, 16, 16, 3), the one to keep of two that are alike before the other.
    """
    shapes, is_flat = _shapes(thumbnails)
    found: list[int | None] = [None] * len(thumbnails)
    stays = np.zeros(len(thumbnails), bool)
    # Colours that are further apart in the mean are so altogether, and a thousandth of the work.
    colours = thumbnails.mean((1, 2))
    for start in range(0, len(thumbnails), _BLOCK):
        end = min(start + _BLOCK, len(thumbnails))
        alike = shapes[start:end] @ shapes[:end].T >= ALIKE
        for place in range(start, end):
            if is_flat[place]:
                flat = np.flatnonzero(stays[:place] & is_flat[:place])
                flat = flat[_same(colours[flat], colours[place])]
                candidates = flat[_same(thumbnails[flat], thumbnails[place])]
            else:
                candidates = np.flatnonzero(stays[:place] & alike[place - start, :place])
            found[place] = int(candidates[0]) if len(candidates) else None
            stays[place] = not len(candidates)
    return found


def _shapes(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return lightness less its plane, of length 1, float32 (photographs, 256), zero where it is flat; and where."""
    lightness = (thumbnails.reshape(len(thumbnails), -1, 3) @ np.array([0.299, 0.587, 0.114], np.float32)).T
    row, column = np.divmod(np.arange(SIDE_PX**2), SIDE_PX)
    plane, _ = np.linalg.qr(np.stack([np.ones(SIDE_PX**2), row, column], 1))
    plane = plane.astype(np.float32)
    rest = (lightness - plane @ (plane.T @ lightness)).T
    length = np.linalg.norm(rest, axis=1)
    is_flat = length < FLAT * SIDE_PX
    return np.where(is_flat[:, None], 0, rest / np.maximum(length, 1)[:, None]).astype(np.float32), is_flat


def _same(several: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Return which of several thumbnails, or colours, are that of one, bool (several,)."""
    difference = (several.astype(np.float32) - one).reshape(len(several), one.size)
    found: np.ndarray = np.mean(difference**2, 1) < SAME_COLOUR**2
    return found
