"""Pictures that explain: all kernels of the first layer on a sheet, and a convolution carried out on a test card."""

import numpy as np

from pipeline.site.drawings import kernel_pixels

# Side of the test card in pixels: twice as large on the page, it fills a third of a column.
CARD_PX = 160

# Kernels that are slid over the card.
EXAMPLES = 4

# Pixels between kernels on the sheet, which the page shines through.
GAP_PX = 1


def test_card() -> np.ndarray:
    """Return a picture with edges in every direction, of every width and of several colours: uint8 (side, side, 3).

    Rings that narrow outwards (a zone plate), and four discs.
    """
    axis = np.arange(CARD_PX) - CARD_PX / 2 + 0.5
    y, x = np.meshgrid(axis, axis, indexing="ij")
    radius = np.hypot(x, y)
    # At the middle of a side the rings are 5 pixels wide, which the eye and a small kernel both resolve.
    rings = 0.5 + 0.42 * np.cos(np.pi * radius**2 / (5 * CARD_PX))
    card = np.repeat(rings[..., None], 3, axis=2)
    offset = 0.34 * CARD_PX
    colours = {
        (-1, -1): (0.85, 0.2, 0.15),
        (-1, 1): (0.15, 0.6, 0.25),
        (1, -1): (0.15, 0.3, 0.8),
        (1, 1): (0.95, 0.8, 0.2),
    }
    for (row, column), colour in colours.items():
        disc = np.hypot(y - row * offset, x - column * offset) < 0.11 * CARD_PX
        card[disc] = colour
    shades: np.ndarray = np.rint(255 * card).astype(np.uint8)
    return shades


def grey_test_card() -> np.ndarray:
    """Return the same as a network sees it whose images are grey: uint8 (side, side, 3), the three equal."""
    grey = np.rint(test_card().mean(axis=2, keepdims=True)).astype(np.uint8)
    return np.repeat(grey, 3, axis=2)


def response(card: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Slide a kernel over a picture and keep what is positive, brightest where it fits best.

    Args:
        card: uint8 (height, width, 3).
        kernel: (rows, columns, 3).

    Returns:
        uint8 (height − rows + 1, width − columns + 1): the response map, its mean colour's share taken off, 0 where
        that is negative, 255 where it is largest.
    """
    pixels = card / 255.0
    pixels -= pixels.mean(axis=(0, 1))
    windows = np.lib.stride_tricks.sliding_window_view(pixels, kernel.shape[:2], axis=(0, 1))
    values = np.maximum(0, np.einsum("yxcij,ijc->yx", windows, kernel))
    shades: np.ndarray = np.rint(255 * values / (values.max() or 1)).astype(np.uint8)
    return shades


def telling_kernels(kernels: np.ndarray) -> list[int]:
    """Return the numbers of a few kernels that differ most: the strongest, then whichever is farthest from the chosen.

    Args:
        kernels: (filters, rows, columns, 3); of none, none are chosen.
    """
    if not len(kernels):
        return []
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    norms = np.linalg.norm(flat, axis=1)
    directions = flat / np.maximum(norms, 1e-12)[:, None]
    chosen = [int(norms.argmax())]
    # Weak kernels are noise that any choice by direction would love.
    strong = norms >= np.median(norms)
    while len(chosen) < min(EXAMPLES, int(strong.sum())):
        nearest = np.abs(directions @ directions[chosen].T).max(axis=1)
        nearest[chosen] = np.inf
        chosen.append(int(np.where(strong, nearest, np.inf).argmin()))
    return chosen


def kernel_words(kernel: np.ndarray) -> str:
    """Return in two words what a kernel, (rows, columns, [red, green, blue]), finds on the test card."""
    flat = kernel.mean(axis=(0, 1))
    if flat @ flat * kernel.shape[0] * kernel.shape[1] > 0.5 * (kernel**2).sum():
        return _colour_words(flat)
    # The colour whose changes over the kernel are largest, and along which way they go.
    changes, strengths, _ = np.linalg.svd((kernel - flat).reshape(-1, 3), full_matrices=False)
    if strengths[0] == 0:
        return "even areas"
    rows, columns = kernel.shape[:2]
    shape = changes[:, 0].reshape(rows, columns)
    down = (shape * (np.arange(rows) - (rows - 1) / 2)[:, None]).sum()
    across = (shape * (np.arange(columns) - (columns - 1) / 2)).sum()
    # A step from one side to the other reaches about twice that; lines and spots, alike on both sides, nothing.
    if np.hypot(down, across) < 1:
        return "lines and spots"
    angle = np.degrees(np.arctan2(abs(down), abs(across)))
    return "vertical edges" if angle < 22.5 else "horizontal edges" if angle > 67.5 else "diagonal edges"


def _colour_words(weights: np.ndarray) -> str:
    if np.ptp(weights) < 0.5 * np.abs(weights).max():
        return "light areas" if weights.sum() > 0 else "dark areas"
    is_high = weights > weights.mean()
    names = {
        (True, False, False): "red areas",
        (False, True, False): "green areas",
        (False, False, True): "blue areas",
        (True, True, False): "yellow areas",
        (False, True, True): "turquoise areas",
        (True, False, True): "purple areas",
    }
    return names[bool(is_high[0]), bool(is_high[1]), bool(is_high[2])]


def kernel_sheet(kernels: np.ndarray) -> np.ndarray:
    """Return all kernels side by side, near-square, one pixel for each weight: uint8 (height, width, RGBA)."""
    count, rows, columns, _ = kernels.shape
    across = int(np.ceil(np.sqrt(count)))
    down = -(-count // across)
    shape = (down * (rows + GAP_PX) - GAP_PX, across * (columns + GAP_PX) - GAP_PX, 4)
    sheet = np.zeros(shape, np.uint8)
    for place, kernel in enumerate(kernels):
        top, left = place // across * (rows + GAP_PX), place % across * (columns + GAP_PX)
        sheet[top : top + rows, left : left + columns, :3] = kernel_pixels(kernel)
        sheet[top : top + rows, left : left + columns, 3] = 255
    return sheet


def icon() -> np.ndarray:
    """Return what stands for the atlas among the icons of a phone: `icon.svg` as uint8 (180, 180, 3), to the edges."""
    picture = np.full((180, 180, 3), (27, 28, 30), np.uint8)
    for row, column in ((28, 28), (101, 101)):
        picture[row : row + 51, column : column + 51] = (232, 98, 44)
    for row, column in ((28, 101), (101, 28)):
        picture[row : row + 51, column : column + 51] = (143, 182, 232)
        picture[row + 11 : row + 40, column + 11 : column + 40] = (27, 28, 30)
    return picture
