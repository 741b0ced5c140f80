from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from pipeline.network import document
from pipeline.network.document import Bounds

Share = Annotated[float, Bounds(0, 1)]


@dataclass(frozen=True, kw_only=True)
class Part:
    name: Annotated[str, Bounds(1, 3)]


@dataclass(frozen=True, kw_only=True)
class Whole:
    kind: Literal["whole"]
    share: Share | None
    sides: tuple[Annotated[int, Bounds(1, 9)], int]
    parts: Annotated[tuple[Part, ...], Bounds(1, 2)]
    shapes: dict[Annotated[str, Bounds(1, 3)], tuple[Annotated[int, Bounds(0, 9)], ...]]


RIGHT = Whole(kind="whole", share=0.5, sides=(9, 10), parts=(Part(name="abc"),), shapes={"a": (0, 9)})


def test_what_was_written_is_read():
    assert document.parse(document.encode(RIGHT), Whole) == RIGHT


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"whole"', '"half"'),
        ('"share": 0.5', '"share": 1.5'),
        ('"share": 0.5', '"share": NaN'),
        ('"share": 0.5', '"share": "0.5"'),
        ('"name": "abc"', '"name": "abcd"'),
        ('"name": "abc"', '"name": ""'),
        ("9,\n  10", "10,\n  10"),
        ('"a": ', '"": '),
        ("0,\n   9", "0,\n   10"),
        ('"kind"', '"sort"'),
        ("{", "["),
    ],
)
def test_what_is_not_as_the_annotations_say_is_refused(right, wrong):
    data = document.encode(RIGHT).decode()
    assert right in data

    with pytest.raises(ValueError, match=r"."):
        document.parse(data.replace(right, wrong, 1).encode(), Whole)


@pytest.mark.parametrize("parts", [(), (Part(name="a"),) * 3])
def test_too_few_and_too_many_are_refused(parts):
    data = document.encode(Whole(kind="whole", share=None, sides=(1, 1), parts=parts, shapes={}))

    with pytest.raises(ValueError, match="is not within 1 and 2"):
        document.parse(data, Whole)
