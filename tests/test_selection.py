from hypothesis import given
from hypothesis import strategies as st

from pipeline import selection
from pipeline.errors import UserError

NUMBERS = st.lists(st.integers(0, 600), min_size=1, max_size=40).map(lambda numbers: tuple(sorted(set(numbers))))


@given(NUMBERS)
def test_filters_written_as_text_are_read_back(numbers):
    assert selection.parse_filters(selection.format_filters(numbers)) == numbers


@given(st.text(alphabet="0123456789,- x", max_size=12))
def test_any_text_of_filters_is_read_ascending_or_refused(text):
    try:
        numbers = selection.parse_filters(text)
    except UserError:
        return
    assert list(numbers) == sorted(set(numbers))


def test_filters_are_written_in_the_shortest_way():
    assert selection.format_filters((0, 1, 2, 9, 11, 12)) == "0-2,9,11-12"
    assert selection.format_filters((7,)) == "7"
