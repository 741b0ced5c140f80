import hashlib

import pytest

from pipeline.photographs import shares
from pipeline.results import strongest
from pipeline.results.photographs import File


def a_file(name: str) -> File:
    return File(file=name, sha256=hashlib.sha256(name.encode()).hexdigest(), width_px=64, height_px=64)


MANY = [a_file(f"{number}.jpg") for number in range(1000)]


@pytest.mark.parametrize("count", [1, 2, 8, 512])
def test_every_photograph_is_in_one_share(count):
    parts = [shares.digests(MANY, number, count) for number in range(count)]

    assert sorted(digest for part in parts for digest in part) == sorted(each.sha256 for each in MANY)
    assert max(map(len, parts)) <= 1000 / count + 5 * (1000 / count) ** 0.5 + 5


def test_a_new_photograph_changes_one_share_alone():
    before, after = ([shares.digests(files, number, 16) for number in range(16)] for files in (MANY[1:], MANY))

    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_what_files_are_called_and_in_what_order_they_are_makes_no_difference():
    renamed = [File(file=f"x/{each.file}", sha256=each.sha256, width_px=9, height_px=9) for each in reversed(MANY)]

    assert shares.digests(renamed, 3, 8) == shares.digests(MANY, 3, 8)


@pytest.mark.parametrize(("photographs", "count"), [(12, 1), (256, 4), (1000, 16), (100_000, 512)])
def test_the_sample_is_of_all_shares_and_bounded(photographs, count):
    of_each = photographs // count

    assert shares.sampled(of_each, count) == min(of_each, strongest.SAMPLED // count)
    assert shares.sampled(of_each, count) * count <= strongest.SAMPLED
