import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import plan
from pipeline.photographs import shares
from pipeline.results import strongest
from pipeline.results.photographs import File


def a_file(name: str) -> File:
    return File(file=name, sha256=hashlib.sha256(name.encode()).hexdigest(), width_px=64, height_px=64)


MANY = [a_file(f"{number}.jpg") for number in range(1000)]


def parts(photographs, count: int) -> list[tuple[str, ...]]:
    return [shares.digests(photographs, number, count) for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 8, 21, 512])
def test_every_photograph_is_in_one_share(count):
    found = parts(MANY, count)

    assert sorted(digest for part in found for digest in part) == sorted(each.sha256 for each in MANY)


@given(st.integers(1, 900))
def test_a_new_photograph_changes_two_shares_at_most_and_none_grows_out_of_bounds(photographs):
    before, after = (parts(MANY[:count], plan.shares(count)) for count in (photographs, photographs + 1))

    assert sum(one != other for one, other in zip(before, after, strict=False)) <= 2
    assert len(after) - len(before) <= 1
    expected = 2 * plan.PHOTOGRAPHS_A_SHARE
    assert max(map(len, after)) <= expected + 5 * expected**0.5


def test_a_new_share_takes_its_photographs_from_one_alone():
    for count in range(1, 40):
        before, after = parts(MANY, count), parts(MANY, count + 1)

        (split,) = (number for number in range(count) if before[number] != after[number])
        assert sorted(after[split] + after[count]) == sorted(before[split])


def test_what_files_are_called_and_in_what_order_they_are_makes_no_difference():
    renamed = [File(file=f"x/{each.file}", sha256=each.sha256, width_px=9, height_px=9) for each in reversed(MANY)]

    assert shares.digests(renamed, 3, 8) == shares.digests(MANY, 3, 8)


@pytest.mark.parametrize("count", [1, 3, 16])
def test_the_sample_is_the_same_whatever_the_shares_and_bounded(count, monkeypatch):
    monkeypatch.setattr(strongest, "SAMPLED", 300)

    found = [digest for own in parts(MANY, count) for digest in own[: shares.sampled(MANY, own)]]

    assert sorted(found) == sorted(each.sha256 for each in MANY)[:300]
    assert shares.sampled(MANY[:5], ()) == 0
