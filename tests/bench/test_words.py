import numpy as np
import pytest
from PIL import Image

from bench import words
from pipeline.errors import UserError
from tests.support import pictures


def draw(folder, *images: np.ndarray):
    place = folder / "filters" / "first"
    place.mkdir(parents=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(place / f"{number:03}.png")
    return folder


@pytest.fixture
def atlas(tmp_path):
    striped = pictures.grating(90, 6, pictures.BLUE, pictures.ORANGE)
    return draw(tmp_path / "one", striped, striped, pictures.flat(pictures.RED), pictures.noise(20))


def test_it_says_how_well_the_words_part_an_atlas(atlas):
    found, _ = words.measured(atlas)
    said = "\n".join(words.parting(found))

    assert "stripes         50.0 %" in said
    assert "4 pictures, 75.0 % different descriptions, 50.0 % of the pictures have one of their own" in said
    assert "entropy: of the description 1.5 bits" in said


def test_usual_shares_are_the_mean_of_the_pictures(atlas):
    found, shares = words.measured(atlas)

    assert shares.sum() == pytest.approx(1)
    assert shares[0] >= 0.25
    assert [line.split()[0] for line in words.constants(found, shares)] == [
        *("SCALES", "RELIEFS", "VIVIDNESS", "LIGHTNESS", "USUAL_SHARES")
    ]


def test_what_is_drawn_again_the_same_keeps_its_words_and_what_is_not_loses_them(atlas, tmp_path):
    other = draw(tmp_path / "two", *[pictures.grating(0, 30, (0, 0, 0), (255, 255, 255))] * 2)
    found = words.measured(atlas)[0]

    same, changed = (list(words.keeping(found, each)) for each in (found, words.measured(other)[0]))
    assert "pattern        kept by 100.0 % of 4, 100.0 % of the 4 that have any" in same
    assert "direction      kept by 100.0 % of 4, 100.0 % of the 2 that have any" in same
    assert same[-1].endswith("words 100.0 % are said of the other picture, too")
    assert "scale          kept by   0.0 % of 2,   0.0 % of the 2 that have any" in changed


def test_a_folder_without_pictures_is_one_line(tmp_path):
    with pytest.raises(UserError, match="no pictures in filters/"):
        words.measured(tmp_path)
