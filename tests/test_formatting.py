import pytest

from pipeline import formatting


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(0, 9, "0 %"), (9, 9, "100 %"), (4223, 4224, "99.9 %"), (1, 2, "50.0 %"), (0, 0, "–")]
)
def test_a_hundred_per_cent_means_all(part, whole, text):
    assert formatting.percent(part, whole) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234.5, "1,234"),
        (12.345, "12.3"),
        (-0.01234, "−0.0123"),
        (3.21e-7, "3.2 × 10⁻⁷"),
        (float("nan"), "–"),
    ],
)
def test_numbers_have_three_digits_and_a_true_minus(value, text):
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("text", "page", "line"),
    [
        ("A café, 画像, 🙂", None, None),
        ("two\nlines", None, "U+000A"),
        ("\u202egpj", None, "U+202E"),
        ("a\0b", "U+0000", "U+0000"),
        ("\ud800", "U+D800", "U+D800"),
        ("\x1b[31m", "U+001B", "U+001B"),
    ],
)
def test_what_no_page_and_no_line_can_hold_is_found(text, page, line):
    assert formatting.not_for_a_page(text) == page
    assert formatting.not_for_a_line(text) == line


def test_things_are_counted_in_words():
    assert formatting.counted(1, "photograph") == "one photograph"
    assert formatting.counted(0, "photograph") == "0 photographs"
    assert formatting.counted(1234, "photograph") == "1,234 photographs"
    assert formatting.counted(2, "family", "families") == "2 families"
