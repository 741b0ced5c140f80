"""The default recipe on filters whose best picture is known: stripes, colours and blobs of several kinds, measured."""

import numpy as np
import pytest

from pipeline.ascent import recipe as recipes
from pipeline.ascent.optimise import Ascent
from pipeline.measure import looks as descriptors
from pipeline.network.truncated import TruncatedNetwork, truncate
from pipeline.render import renderer

CANVAS_PX = 64
KERNEL_PX = 9
DIRECTIONS = (0, 30, 75, 120)
COLOURS = {
    "red": (1.0, -0.5, -0.5),
    "green": (-0.5, 1.0, -0.5),
    "blue": (-0.5, -0.5, 1.0),
    "yellow": (0.5, 0.5, -1.0),
}
# Radius of the bright middle, in pixels.
BLOBS = (1.0, 2.0)
SEEDS = (0, 1)


def kernels() -> np.ndarray:
    """Return (9, 9, 3, filters): stripes of each direction, then each colour, then each blob."""
    y, x = np.mgrid[:KERNEL_PX, :KERNEL_PX] - (KERNEL_PX - 1) / 2
    window = np.exp(-(x**2 + y**2) / 8)[..., None] * np.ones(3)
    filters = []
    for direction in np.radians(DIRECTIONS):
        # Rows count downwards, directions anticlockwise.
        across = x * np.sin(direction) + y * np.cos(direction)
        filters.append(window * np.sin(2 * np.pi * across / 6)[..., None])
    filters += [np.ones((KERNEL_PX, KERNEL_PX, 1)) * colour for colour in COLOURS.values()]
    for radius in BLOBS:
        blob = np.exp(-(x**2 + y**2) / (2 * radius**2)) - 0.25 * np.exp(-(x**2 + y**2) / (8 * radius**2))
        filters.append((blob - blob.mean())[..., None] * np.ones(3))
    kernel = np.stack(filters, axis=-1)
    return (kernel / np.abs(kernel).sum((0, 1, 2))).astype(np.float32)


@pytest.fixture(scope="module")
def network(sequential) -> TruncatedNetwork:
    kernel = kernels()
    filters = kernel.shape[-1]
    known = sequential(("Conv2D", {"filters": filters, "kernel_size": [KERNEL_PX] * 2, "padding": "same"}))
    return truncate(known, {"l0/kernel": kernel, "l0/bias": np.zeros(filters, np.float32)}, "l0", "float32")


@pytest.fixture(scope="module")
def pictures(network) -> np.ndarray:
    """Return what becomes of each filter from two seeds, uint8 (seeds, filters, 64, 64, 3)."""
    return draw(network, len(DIRECTIONS) + len(COLOURS) + len(BLOBS))


def draw(network: TruncatedNetwork, filters: int, **settings) -> np.ndarray:
    recipe = recipes.resolve(settings, field_px=KERNEL_PX, canvas_px=CANVAS_PX)
    ascent = Ascent(network.channel_responses, CANVAS_PX, recipe)
    images = []
    for seed in SEEDS:
        for filter in range(filters):
            *_, state = ascent.run(filter, np.random.default_rng([seed, filter]))
            images.append(renderer.to_8_bit(state.image, stretch=False))
    return np.stack(images).reshape(len(SEEDS), filters, CANVAS_PX, CANVAS_PX, 3)


def assert_striped(picture: np.ndarray, direction: float) -> None:
    looks = descriptors.describe(picture)
    # 179 degrees are next to 0.
    off = (looks.orientation - direction + 90) % 180 - 90
    assert abs(off) < 8
    assert looks.orientation_strength > 0.5


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_stripes_come_out_in_their_direction_from_every_seed(pictures, direction):
    for of_seed in pictures:
        assert_striped(of_seed[DIRECTIONS.index(direction)], direction)


def test_stripes_keep_their_direction_under_scaling_and_rotation(network):
    turned = draw(network, 2, scale=0.1, rotation_degrees=8.0)

    for of_seed in turned:
        for picture, direction in zip(of_seed, DIRECTIONS, strict=False):
            assert_striped(picture, direction)


@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_comes_out_as_most_of_the_picture_from_every_seed(pictures, name):
    place = len(DIRECTIONS) + list(COLOURS).index(name)
    wanted = np.array(COLOURS[name])
    for of_seed in pictures:
        colours = of_seed[place] / 255 - 0.5
        # More than 0.2 is a clear colour, and no grey, black or white gives it.
        assert (colours @ wanted > 0.2).mean() > 0.65
        assert np.corrcoef(colours.mean((0, 1)), wanted)[0, 1] > 0.9


def test_stripes_and_blobs_come_out_grey(pictures):
    for place in (*range(len(DIRECTIONS)), *range(-len(BLOBS), 0)):
        for of_seed in pictures:
            assert np.abs(of_seed[place].mean((0, 1)) / 255 - 0.5).max() < 0.12


def test_blobs_have_no_direction_and_the_larger_are_coarser(pictures):
    for of_seed in pictures:
        small, large = (descriptors.describe(picture) for picture in of_seed[-len(BLOBS) :])
        assert max(small.orientation_strength, large.orientation_strength) < 0.25
        assert large.period_px > 1.25 * small.period_px


def test_another_seed_gives_another_picture(pictures):
    first, second = pictures

    for one, other in zip(first, second, strict=True):
        assert not np.array_equal(one, other)
