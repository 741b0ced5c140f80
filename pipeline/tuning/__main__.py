"""The command that measures how filters are tuned: `python -m pipeline.tuning`."""

from pipeline import errors, files, options
from pipeline.machine import device, precision, start
from pipeline.network import catalogue, known
from pipeline.results import document, layout
from pipeline.tuning.layers import tunings
from pipeline.weights import store
from pipeline.wording import DEFAULT, OBJECTIVES


def main() -> None:
    """Show gratings and flat colours to the network; write how each layer is tuned."""
    parser = options.Parser(
        prog="python -m pipeline.tuning", description="Show gratings to layers, and write how their filters are tuned."
    )
    known.add_options(parser)
    options.add_weights(parser)
    options.add_results(parser)
    options.add_layers(parser)
    parser.add_argument(
        "--precision", default="auto", choices=["auto", *precision.PRECISIONS], help="of the convolutions"
    )
    parser.add_argument("--objective", default=DEFAULT, choices=OBJECTIVES, help="what an answer is")
    parser.add_argument("--threads", type=int, default=1, help="threads of TensorFlow (default: 1)")
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    layers = [network.layer(name).name for name in arguments.layers]
    loaded = store.load(arguments.weights)
    loaded.check(network, arguments.weights)
    # A GPU is for the renders that go on meanwhile.
    start.import_tensorflow(arguments.threads, on=device.CPU)
    resolved = precision.resolve(arguments.precision, depthwise=network.is_depthwise)
    for each in tunings(network, loaded, layers, resolved, arguments.objective):
        path = layout.tuning(arguments.results, each.name)
        files.write_bytes(path, f"{document.to_line(each)}\n".encode())
        print(f"{path}: {sum(one.is_tuned for one in each.filters)} of {len(each.filters)} filters answer to a grating")


if __name__ == "__main__":
    errors.run(main)
