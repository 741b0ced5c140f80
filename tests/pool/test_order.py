import re

import pytest

from pipeline.errors import UserError
from pipeline.pool import order
from pipeline.render import request as requests


def test_the_longest_waiting_job_of_a_compiled_kind_comes_first():
    assert order.choose([("a",), ("b",), ("c",), ("b",)], [("x",), ("b",)]) == ([1], 1)


def test_the_longest_waiting_job_comes_first_where_none_is_compiled():
    assert order.choose([("a",), ("b",)], [("x",), ("y",)]) == ([0], 0)


def test_jobs_of_one_kind_go_at_once_the_longest_waiting_first():
    waiting = [("a",), ("b",), ("a",), ("a",), ("a",)]

    assert order.choose(waiting, [()], most=3) == ([0, 2, 3], 0)
    assert order.choose(waiting, [("b",)], most=3) == ([1], 0)
    assert order.choose(waiting, [()], most=8) == ([0, 2, 3, 4], 0)


def test_jobs_that_differ_in_filter_output_and_seed_are_of_one_kind():
    one = order.kind(["--layer", "a", "--filter", "1", "--output", "1.png", "--canvas", "64", "--seed=3"])
    other = order.kind(["--layer", "a", "--filter=2", "--canvas", "64", "--output", "2.png"])

    assert one == other
    assert one != order.kind(["--layer", "b", "--filter", "1", "--canvas", "64"])


@pytest.mark.parametrize(
    "name", ["--filter", "--output", "--seed", "--filter=3", "-x", "--", "3", "", "--layer", "a=b"]
)
def test_a_layer_makes_a_kind_of_its_own_whatever_its_name(name):
    def job(layer: str, filter: str) -> list[str]:
        return ["--layer", layer, "--canvas", "64", "--filter", filter, "--seed", "0", "--output", f"{filter}.png"]

    of_layer = {order.kind(job(name, filter)) for filter in ("1", "2")}

    assert len(of_layer) == 1
    for other in ("a", "1", "2", "64", "--canvas"):
        assert order.kind(job(other, "1")) not in of_layer
    # The worker that gets the job reads it so, too.
    with pytest.raises(UserError, match=re.escape(f"no convolutional layer '{name}'")):
        requests.parse(job(name, "1"))
