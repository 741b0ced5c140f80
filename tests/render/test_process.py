import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.network import catalogue
from pipeline.render import process
from pipeline.render import request as requests
from pipeline.render.request import RenderRequest
from pipeline.weights import sources, store
from pipeline.weights.store import Weights
from tests.support import pools
from tests.support.terminal import Terminal

pytest_plugins = ["tests.support.pool_fixtures"]


@pytest.fixture
def request_for(tiny, tmp_path) -> Callable[..., RenderRequest]:
    """Return a function that gives the request of a small picture, with changes to it."""

    def make(**changes: object) -> RenderRequest:
        request = requests.parse(tiny("second", 5, str(tmp_path / "out/x.png")))
        return dataclasses.replace(request, **changes)

    return make


@pytest.fixture
def fetched(monkeypatch, tiny_tensors) -> list[tuple[str, str]]:
    """Return what weights are asked for, model and source, from now on; whoever asks gets small ones."""
    asked = []

    def find(network: object, model: str, weights: str) -> Weights:
        asked.append((model, weights))
        return Weights(dict(tiny_tensors), store.digest(tiny_tensors, tiny_tensors), "a test")

    monkeypatch.setattr(sources, "find", find)
    return asked


def test_a_picture_its_record_and_its_snapshots_are_made_here(request_for):
    request = request_for()

    process.in_this_process(request)

    assert pools.files(request.image.parent).keys() == {"x.png", "x.json", "x.snapshots.webp"}


def test_the_usual_weights_are_fetched_where_they_are_not_there_and_only_then(
    request_for, fetched, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    request = request_for(network=catalogue.load("vgg16"), weights=requests.DEFAULT_WEIGHTS)

    process.prepare(request)
    process.prepare(request)

    assert fetched == [("vgg16", "imagenet")]
    assert store.load(requests.DEFAULT_WEIGHTS).source == "a test"
    assert capsys.readouterr().err == "fetching the weights, once\n"


@pytest.mark.parametrize("model", ["tiny", "vgg16"])
def test_weights_that_were_named_are_never_fetched(request_for, fetched, model):
    network = {"network": catalogue.load("vgg16")} if model == "vgg16" else {}
    request = request_for(weights=Path("missing.npz"), **network)

    process.prepare(request)

    assert fetched == []
    assert not request.weights.exists()


def test_a_terminal_is_told_how_far_a_render_is(request_for, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())

    for step in (0, 3):
        process.show(request_for(), step)

    assert sys.stderr.getvalue() == "\rsecond/5: step 0 of 3\rsecond/5: step 3 of 3\n"


def test_a_log_is_not(request_for, capsys):
    process.show(request_for(), 3)

    assert capsys.readouterr().err == ""
