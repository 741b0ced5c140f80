"""The command that renders one filter: `python -m pipeline.render --layer block3_conv1 --filter 159 --output x.png`."""

from __future__ import annotations

import sys

from pipeline import errors, pool_client

# What `typing` has under this name, without the 7 ms that it adds to the start of every job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pipeline.request import RenderRequest


def main() -> None:
    """Render the filter that the command line names: in a running workflow's pool, or else in this process."""
    code = pool_client.render(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from pipeline import request as requests

    in_this_process(requests.parse(sys.argv[1:]))


def in_this_process(request: RenderRequest) -> None:
    """Render what is asked for here; the first time, that imports TensorFlow."""
    prepare(request)
    from pipeline import renderer

    renderer.render(request, lambda step: show(request, step))


def prepare(request: RenderRequest) -> None:
    """Import TensorFlow, where that is still to be done, and fetch the weights where they are the usual ones and not
    there yet."""
    from pipeline import architecture
    from pipeline import request as requests

    named = request.network.name in architecture.PREPROCESSING
    if named and request.weights == requests.DEFAULT_WEIGHTS and not request.weights.exists():
        from pipeline import weights

        print("fetching the weights, once", file=sys.stderr)
        weights.save(request.weights, weights.find(request.network, request.network.name, "imagenet"))
    from pipeline import runtime

    runtime.import_tensorflow()


def show(request: RenderRequest, step: int) -> None:
    """Say on a terminal how far a render is."""
    if sys.stderr.isatty():
        end = "\n" if step == request.recipe.steps else ""
        print(f"\r{request.layer}/{request.filter}: step {step} of {request.recipe.steps}", end=end, file=sys.stderr)


if __name__ == "__main__":
    errors.run(main)
