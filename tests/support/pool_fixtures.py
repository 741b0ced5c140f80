"""A pool of one worker, and jobs for it on a tiny network."""

import functools
from collections.abc import Callable, Iterator

import pytest

from tests.support import pools
from tests.support.pools import Owner


@pytest.fixture
def owner(tmp_path) -> Iterator[Owner]:
    one = Owner(tmp_path, workers=1)
    yield one
    one.end()


@pytest.fixture(scope="module")
def tiny(keras_file, keras_weights_file) -> Callable[..., tuple[str, ...]]:
    """Return a function that gives the arguments of a job on the tiny network."""
    return functools.partial(pools.arguments, keras_file, keras_weights_file)
