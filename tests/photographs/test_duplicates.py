import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from pipeline.photographs import duplicates


def a_scene(seed: int) -> Image.Image:
    """Return a picture with structure of every size."""
    random = np.random.default_rng(seed)
    total = np.zeros((240, 320, 3))
    for cells in (3, 6, 12, 24, 48):
        part = Image.fromarray(random.integers(0, 256, (cells, cells, 3), np.uint8))
        total += np.asarray(part.resize((320, 240), Image.Resampling.BICUBIC), float)
    return Image.fromarray((total / 5).astype(np.uint8))


def flat(colour, noise: int = 1) -> Image.Image:
    pixels = np.full((60, 80, 3), colour) + np.random.default_rng(0).integers(-noise, noise + 1, (60, 80, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def sky(top: int, bottom: int, left: int = 0) -> Image.Image:
    """Return a smooth gradient."""
    pixels = np.linspace(top, bottom, 60)[:, None] + np.linspace(0, left, 80)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).convert("RGB")


def alike(*pictures: Image.Image) -> list[int | None]:
    return duplicates.first_alike(np.stack([duplicates.thumbnail(each) for each in pictures]))


def compressed(picture: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=10)
    return Image.open(buffer)


@pytest.mark.parametrize(
    "change",
    [
        compressed,
        lambda picture: picture.resize((80, 60)),
        lambda picture: picture.resize((320, 200)),
        lambda picture: picture.convert("L").convert("RGB"),
        lambda picture: picture.crop((3, 2, 317, 238)),
        lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
        lambda picture: ImageEnhance.Contrast(picture).enhance(0.7),
    ],
    ids=["compressed", "smaller", "stretched", "grey", "cut", "brighter", "paler"],
)
def test_the_same_photograph_is_known_however_it_was_changed(change):
    assert alike(a_scene(0), a_scene(1), change(a_scene(0))) == [None, None, 0]


def test_different_photographs_are_not_alike():
    assert alike(*map(a_scene, range(40))) == [None] * 40


def test_gradients_and_plain_colours_are_alike_only_in_the_same_colours():
    skies = [sky(200, 60), sky(210, 90), sky(60, 200), sky(200, 60, left=40)]
    plain = [flat((250, 250, 250)), flat((250, 240, 230)), flat((20, 20, 20))]

    assert alike(*skies, *plain) == [None] * 7
    assert alike(*skies, *plain, sky(200, 60), flat((250, 250, 250), noise=3)) == [None] * 7 + [0, 4]


def test_small_things_on_white_are_not_alike_for_their_white():
    things = []
    for place in range(4):
        picture = Image.new("RGB", (160, 160), (255, 255, 255))
        picture.paste((40, 40, 40), (20 + 30 * place, 60, 50 + 30 * place, 90))
        things.append(picture)

    assert alike(*things) == [None] * 4


def test_each_is_compared_with_those_that_stay_in_blocks_as_at_once(monkeypatch):
    pictures = [a_scene(seed) for seed in (0, 1, 0, 2, 1, 0, 3)]
    found = alike(*pictures)
    monkeypatch.setattr(duplicates, "_BLOCK", 2)

    assert found == alike(*pictures) == [None, None, 0, None, 1, 0, None]
