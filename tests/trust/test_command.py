import sys

import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.results import document, exemplars, layout, trust
from pipeline.results import record as records
from pipeline.results.exemplars import Exemplars
from pipeline.results.trust import PLACES
from pipeline.trust import __main__ as command
from tests.photographs.conftest import show  # noqa: F401
from tests.results.test_exemplars import a_filter, an_exemplar
from tests.support import documents

CANVAS = 64
FILTERS = 10


@pytest.fixture(scope="module")
def shown(functional, show):  # noqa: F811
    """Return a network of two layers, ten pictures of the later one, and nine photographs with their places."""
    model, network = functional(
        lambda x, layers: layers.Conv2D(FILTERS, 3, padding="same", activation="relu", name="b")(
            layers.Conv2D(6, 3, padding="same", activation="relu", name="a")(x)
        )
    )
    made = show(model, network, sizes=[(300, 260)] * (PLACES + 1))
    layer, random = network.layer("b"), np.random.default_rng(0)
    for number in range(FILTERS):
        picture = random.integers(0, 256, (CANVAS, CANVAS, 3), np.uint8)
        record = documents.a_record(
            model=network.name,
            layer="b",
            filter=number,
            receptive_field_px=layer.receptive_field_px,
            stride_px=layer.stride_px,
            canvas_px=CANVAS,
            image_sha256=records.image_digest(picture),
            weights_sha256=made.weights.sha256,
        )
        records.write(layout.paths(made.results, "b", number), record, picture, [picture])
    return made


def places(shown, count: int = PLACES, **changes) -> Exemplars:
    """Write what excites the filters: so many places of each, anywhere."""
    random = np.random.default_rng(1)
    filters = []
    for number in range(FILTERS):
        corners = random.integers(20, 200, (count, 2)).tolist()
        several = [an_exemplar(each, field=(x, y, x + 5, y + 5)) for each, (x, y) in enumerate(corners)]
        filters.append(a_filter(number, exemplars=tuple(several)))
    found = Exemplars(
        model=shown.network.name,
        name="b",
        weights_sha256=shown.weights.sha256,
        files_sha256=files.digest(layout.photograph_files(shown.results)),
        photographs=PLACES + 1,
        sampled=PLACES + 1,
        field_px=5,
        filters=tuple(filters),
        families=(),
    )
    files.write_json(layout.exemplars(shown.results, "b"), document.to_json(found) | changes)
    return exemplars.read(layout.exemplars(shown.results, "b"))


def run(shown, monkeypatch) -> trust.Trust:
    arguments = [
        *("--model", shown.network.model, "--preprocessing", "unit", "--results", str(shown.results)),
        *("--weights", str(layout.weights(shown.results)), "--layer", "b", "--precision", "float32"),
    ]
    monkeypatch.setattr(sys, "argv", ["trust", *arguments])
    command.main()
    return trust.read(layout.trust(shown.results, "b"))


def test_with_too_few_photographs_that_is_said_and_nothing_is_run(shown, monkeypatch):
    places(shown)
    monkeypatch.setattr(command, "_way", None)

    found = run(shown, monkeypatch)

    assert (found.photographs, found.filters, found.way) == (PLACES + 1, (), ())


def test_with_enough_the_way_to_the_layer_is_judged_and_judged_again_the_same(shown, monkeypatch):
    places(shown)
    monkeypatch.setattr(command, "FEWEST_PHOTOGRAPHS", PLACES)

    found = run(shown, monkeypatch)

    assert found.filters == tuple(range(FILTERS))
    assert [station.layer for station in found.way] == ["a", "b"]
    assert run(shown, monkeypatch) == found


def test_filters_are_spread_over_those_that_enough_photographs_excite(shown, monkeypatch):
    monkeypatch.setattr(command, "FEWEST_PHOTOGRAPHS", PLACES)
    monkeypatch.setattr(command, "FILTERS", 5)

    assert command.chosen(places(shown)) == (0, 2, 4, 6, 8)
    assert command.chosen(places(shown, PLACES - 1)) == ()


@pytest.mark.parametrize("key", ["layer", "weights_sha256", "files_sha256"])
def test_exemplars_of_something_else_are_named(shown, monkeypatch, key):
    places(shown, **{key: "0" * 64})

    with pytest.raises(UserError, match=rf"b\.json: {key}: 0{{40}}, not .*; delete it to make it anew"):
        run(shown, monkeypatch)
