"""One filter in a process of its own: TensorFlow started, the weights at hand, and progress said on a terminal."""

from __future__ import annotations

import sys

# What `typing` has under this name, without the 7 ms that it adds to the start of every job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pipeline.render.request import RenderRequest


def in_this_process(request: RenderRequest) -> None:
    """Render what is asked for here; the first time, that imports TensorFlow."""
    prepare(request)
    from pipeline.render import renderer

    renderer.render(request, lambda step: show(request, step))


def prepare(request: RenderRequest) -> None:
    """Import TensorFlow, where that is still to be done, and fetch the weights where they are the usual ones and not
    there yet."""
    from pipeline.machine import start
    from pipeline.network.known import KNOWN
    from pipeline.render import request as requests

    # First, for the weights may be read by Keras, which would start it otherwise.
    start.import_tensorflow()
    named = request.network.model in KNOWN
    if named and request.weights == requests.DEFAULT_WEIGHTS and not request.weights.exists():
        from pipeline.weights import sources, store

        print("fetching the weights, once", file=sys.stderr)
        store.save(request.weights, sources.find(request.network, request.network.model, "imagenet"))


def show(request: RenderRequest, step: int) -> None:
    """Say on a terminal how far a render is."""
    if sys.stderr.isatty():
        end = "\n" if step == request.recipe.steps else ""
        print(f"\r{request.layer}/{request.filter}: step {step} of {request.recipe.steps}", end=end, file=sys.stderr)
