"""The photographs that may be among the best nine of a rendered filter, looked at again in float32.

In bfloat16 strong units tie, at 5,984 and 5,984, and which of them comes first would depend on the machine: measured on
14 photographs, it is off by 0.1 % (median) to 0.9 % (99 % of the units) of a layer's best.

`python -m pipeline.photographs.finals`
"""

import json
from collections.abc import Mapping

import numpy as np

from pipeline import errors, options, selection
from pipeline.errors import UserError, at
from pipeline.machine.precision import Precision
from pipeline.network import catalogue
from pipeline.network.catalogue import Network
from pipeline.photographs import scan, shares
from pipeline.results import layout, photographs, strongest
from pipeline.results.exemplars import EXEMPLARS
from pipeline.results.strongest import NONE, Strongest
from pipeline.weights import store

# What is weaker than the ninth best by more than this share is not among the nine: twice what 99 % of the units are off
# by, on either side.
DOUBT = 0.04

EXACT: Precision = "float32"


def finalists(table: Strongest, rendered: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """Return the places in a table of the photographs that may be among the nine of a rendered filter, ascending; none
    where they have been looked at in float32 to begin with.

    Args:
        table: of all photographs.
        rendered: the rendered filters of each layer.
    """
    if table.precision == EXACT:
        return np.zeros(0, np.int32)
    best = table.best.of(columns(table, rendered))
    least = best.value[:, EXEMPLARS - 1 : EXEMPLARS] * (1 - DOUBT)
    found: np.ndarray = np.unique(best.photograph[(best.value >= least) & (best.photograph != NONE)])
    return found


def columns(table: Strongest, rendered: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """Return which columns of a table are rendered filters, layers in the order of the table."""
    return np.concatenate(
        [table.columns(layer).start + np.array(rendered[layer]) for layer in table.layers if layer in rendered]
    )


def parse_rendered(text: str, network: Network) -> dict[str, tuple[int, ...]]:
    """Return the rendered filters that an option names, as JSON: `{"block1_conv1": "0-31"}`."""
    try:
        found = json.loads(text)
        named = {str(layer): str(filters) for layer, filters in found.items()}
    except (ValueError, AttributeError, RecursionError):
        raise UserError('--rendered: should be layers and their filters as JSON, {"block1_conv1": "0-31"}') from None
    rendered = {}
    for layer, filters in named.items():
        with at("--rendered"):
            rendered[layer] = tuple(selection.parse_filters(filters))
            for filter in rendered[layer]:
                network.check_filter(layer, filter)
    return rendered


def main() -> None:
    """Look again at those of a share of the photographs that need it; write the table of their strongest units."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.finals",
        description="Look again, in float32, at the photographs that excite rendered filters most.",
    )
    scan.add_options(parser)
    parser.add_argument("--rendered", required=True, metavar="JSON", help="rendered filters of each layer")
    arguments = parser.parse_args()
    network = catalogue.load(arguments.model, arguments.preprocessing)
    rendered = parse_rendered(arguments.rendered, network)
    loaded = store.load(arguments.weights)
    loaded.check(network, arguments.weights)
    listed = photographs.read_files(layout.photograph_files(arguments.results))
    whole = strongest.read(layout.strongest(arguments.results))
    own = shares.digests(listed.photographs, arguments.share, arguments.shares)
    again = {whole.photographs[each] for each in finalists(whole, rendered).tolist()}
    wanted = scan.blank(
        network,
        loaded.sha256,
        whole.layers,
        [each for each in own if each in again],
        sampled=0,
        precision=EXACT,
        objective=arguments.objective,
    )
    # What was looked at before a stronger photograph came may stay: it is too weak to be shown.
    scan.make(arguments.output, wanted, network, loaded.tensors, scan.opener(arguments.results, listed), own)


if __name__ == "__main__":
    errors.run(main)
