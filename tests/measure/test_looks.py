import numpy as np
import pytest

from pipeline.measure import colours, looks, words
from tests.support import pictures
from tests.support.pictures import BLACK, BLUE, ORANGE, RED, WHITE


@pytest.mark.parametrize(
    ("degrees", "period", "start"),
    [
        (90, 6, "tiny vertical stripes"),
        (0, 12, "fine horizontal stripes"),
        (45, 16.5, "coarse rising stripes"),
        (135, 30, "large falling stripes"),
    ],
)
def test_a_grating_is_said_to_be_stripes_of_its_colours(degrees, period, start):
    forms, seen, *_ = looks.describe(pictures.grating(degrees, period, BLUE, ORANGE, 160)).description.split(", ")

    assert forms.partition(" with ")[0] == start
    assert {"blue", "orange"} & set(seen.split(" and "))


@pytest.mark.parametrize(
    ("picture", "pattern"),
    [
        (pictures.crossed(12), "grid"),
        (pictures.rings(12), "swirls"),
        (pictures.patches(BLUE, RED), "blotches"),
        (pictures.flat(RED), "plain"),
    ],
)
def test_what_else_is_seen_at_once_has_its_name(picture, pattern):
    assert pattern in looks.describe(picture).description.split(",")[0].split()


def test_light_spots_are_highlights_and_dark_ones_shadows():
    light, dark = (looks.describe(pictures.spots(ground, spot)) for ground, spot in ((BLUE, WHITE), (WHITE, BLUE)))

    assert "with highlights" in light.description
    assert "with shadows" in dark.description


def test_measures_follow_their_definitions():
    halves = np.concatenate([pictures.flat((255, 0, 0))[:, :32], pictures.flat((255, 255, 255))[:, :32]], 1)

    found = looks.describe(halves)

    assert found.colour == "#ff8080"
    assert found.saturation == pytest.approx(0.5)
    assert found.lightness == pytest.approx((1 + 0.2126) / 2, abs=1e-4)
    assert found.contrast == pytest.approx((1 - 0.2126) / 2, abs=1e-4)


def test_a_flat_colour_is_plain():
    found = looks.describe(pictures.flat(RED))

    assert found.description == "plain, red, glaring, dark"
    assert (found.contrast, found.period_px, found.orientation_strength) == (0, 0, 0)


def test_every_description_keeps_to_the_vocabulary():
    levels = [{word for _, word in each} for each in (words.VIVIDNESS, words.LIGHTNESS)]
    forms = {word for _, word in (*words.SCALES, *words.RELIEFS)} | {*words.DIRECTIONS, *words.PATTERNS, "with"}
    names = {*colours.NAMES, "many-coloured", "and"}
    random = np.random.default_rng(0)
    for _ in range(100):
        values = random.integers(0, 256, (random.integers(1, 40), 3))
        across, down = random.integers(1, 12, 2)
        picture = np.resize(values, (40 // down + 1, 40 // across + 1, 3)).repeat(down, 0).repeat(across, 1)[:40, :40]
        first, *rest = looks.describe(picture.astype(np.uint8)).description.split(", ")
        seen = [each for each in rest if not any(each in level for level in levels)]
        assert set(first.split()) <= forms
        assert 1 <= len(seen) <= words.COLOURS_NAMED
        assert set(" ".join(seen).split()) <= names


@pytest.mark.parametrize("side", [1, 2, 3])
def test_the_smallest_pictures_are_described(side):
    assert looks.describe(pictures.flat(RED, side)).description.startswith("plain, red")


def test_a_picture_has_one_description():
    picture = pictures.noise(7)

    assert looks.describe(picture) == looks.describe(picture.copy())


def test_no_colour_is_named_where_colours_are_false():
    stripes = pictures.grating(90, 6, (200, 0, 0), (0, 0, 200))

    found = looks.describe(np.concatenate([stripes, stripes[..., :2]], axis=2))

    assert found.description == "tiny vertical stripes"
    assert (found.hue, found.saturation, found.chroma) == (None, 0.0, 0.0)


def test_a_grey_image_is_described_as_the_grey_picture_that_it_is():
    stripes = pictures.grating(0, 12, BLACK, WHITE)

    found = looks.describe(stripes[..., :1]).description

    assert found == looks.describe(stripes).description
    assert found.startswith("fine horizontal stripes, ")
    assert {"black", "white"} <= set(found.replace(",", "").split())
