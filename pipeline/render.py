"""The command that renders one filter: `python -m pipeline.render --layer block3_conv1 --filter 159 --output x.png`."""

import sys

from pipeline import errors


def main() -> None:
    """Render the filter that the command line names."""
    from pipeline import request as requests

    request = requests.parse(sys.argv[1:])
    if request.weights == requests.DEFAULT_WEIGHTS and not request.weights.exists():
        from pipeline import weights

        print("fetching the weights, once", file=sys.stderr)
        weights.save(request.weights, weights.find(request.network, "vgg16", "imagenet"))
    from pipeline import runtime

    runtime.import_tensorflow()
    from pipeline import renderer

    def show(step: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if step == request.recipe.steps else ""
            print(
                f"\r{request.layer}/{request.filter}: step {step} of {request.recipe.steps}", end=end, file=sys.stderr
            )

    renderer.render(request, show)


if __name__ == "__main__":
    errors.run(main)
