import io

import numpy as np
import pytest
from PIL import Image

from pipeline.site import cards
from tests.support.markup import Document, documents
from tests.support.sites import BASE, NUMBERS

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def properties(page: Document) -> dict[str, str]:
    return {each["property"]: each["content"] for each in page.all("meta") if "property" in each}


def test_every_filter_has_a_card_that_its_page_names_with_all_that_readers_want(public):
    for layer, numbers in NUMBERS.items():
        for number in numbers:
            said = properties(Document(public / layer / f"{number:03}.html"))
            assert said["og:image"] == f"{BASE}/{layer}/{number:03}-card.jpg"
            assert (said["og:image:width"], said["og:image:height"]) == ("1200", "630")
            assert said["og:image:type"] == "image/jpeg"
            assert said["og:image:alt"].startswith(f"Filter {number} of {layer}: ")
            with Image.open(public / layer / f"{number:03}-card.jpg") as card:
                assert (card.format, card.size) == ("JPEG", (1200, 630))


def test_all_other_pages_share_the_card_of_the_site(public):
    others = [page for name, page in documents(public).items() if not name.partition("/")[2][:1].isdigit()]
    assert {properties(page)["og:image"] for page in others if properties(page)} == {f"{BASE}/assets/card.jpg"}
    with Image.open(public / "assets/card.jpg") as card:
        assert (card.format, card.size) == ("JPEG", (1200, 630))


def test_without_an_address_there_is_the_sites_card_alone_and_no_page_names_it(plain):
    assert [*plain.rglob("*.jpg")] == [plain / cards.OF_SITE]
    assert "og:image" not in (plain / "index.html").read_text()


def test_a_card_shows_the_picture_at_most_three_times_as_large():
    card = np.asarray(opened(cards.of_filter(PICTURE, "l/0", "stripes", "VGG16")), int)
    inside = np.abs(card[:, :600] - cards.GROUND).max(axis=2) > 40
    rows = np.flatnonzero(inside.any(axis=1))

    assert abs(np.ptp(rows) - 3 * 64) < 8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("VGG16: What it looks for", "VGG16: What it looks for"),
        ("Éléphants à Łódź, 3 × 3", "Elephants a Lodz, 3 x 3"),
        ("フィルター", "otherwise"),
        ("Фильтры VGG", "otherwise"),
        ("two\nlines\tand  more", "two lines and more"),
        ("", ""),
    ],
)
def test_no_letter_becomes_a_box(text, shown):
    assert cards.showable(text, "otherwise") == shown


@pytest.mark.parametrize("name", ["x" * 300 + "/7", "model/encoder/block_3/conv@2/511", "слой/3", "/0"])
@pytest.mark.parametrize("words", ["", "word " * 200, "w" * 500])
def test_whatever_is_written_stays_within_the_card(name, words):
    card = np.asarray(opened(cards.of_filter(PICTURE, name, words, "n" * 200)), int)
    margin = np.abs(card[:, -cards.MARGIN_PX + 8 :] - cards.GROUND).max()

    assert card.shape == (630, 1200, 3)
    assert margin < 30


@pytest.mark.parametrize("count", [1, 2, 3, 11, 21, 40, 500])
def test_the_card_of_a_site_is_filled_with_as_many_pictures_as_there_are(count):
    columns, rows, side = cards.grid(count)

    assert columns * rows <= max(1, count)
    assert rows * side == 480
    assert opened(cards.of_site([PICTURE] * count, "A title " * 20, "VGG16")).size == cards.SIZE


def test_cards_are_the_same_bytes_every_time():
    assert cards.of_filter(PICTURE, "l/0", "a", "b") == cards.of_filter(PICTURE, "l/0", "a", "b")
    assert cards.of_site([PICTURE] * 40, "a", "b") == cards.of_site([PICTURE] * 40, "a", "b")
