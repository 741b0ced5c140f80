"""A share of an atlas: the layers that one of several machines makes, so that all end at about the same time."""

import dataclasses
import re
from collections.abc import Mapping

from pipeline import errors, options
from pipeline.config import file, plan
from pipeline.config.plan import Plan
from pipeline.errors import UserError
from pipeline.results import layout
from pipeline.workflow import cost

_SHARE = re.compile(r"(\d{1,4})/(\d{1,4})")


def split(costs: Mapping[str, float], shares: int) -> list[list[str]]:
    """Return the names in `costs` in as many lists as there are `shares`, of costs as equal as can easily be had.

    The dearest that is left goes to the share that has least: never more than a third above the best there is.
    """
    lists: list[list[str]] = [[] for _ in range(shares)]
    totals = [0.0] * shares
    for name in sorted(costs, key=lambda name: -costs[name]):
        least = totals.index(min(totals))
        lists[least].append(name)
        totals[least] += costs[name]
    order = list(costs)
    return [sorted(names, key=order.index) for names in lists]


def layers(plan: Plan, share: str) -> list[str]:
    """Return the layers of a share such as "2/4"; raise `UserError` where there is none of that name."""
    match = _SHARE.fullmatch(share)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UserError(f"share: {share} is none; write for example 2/4, the second of four")
    count = len(plan.filters)
    if int(match[2]) > count:
        raise UserError(f"share: {share}: the atlas has {count} layers, and no more shares than that")
    costs = {
        layer: cost.ascent_flops(dataclasses.replace(plan, filters={layer: filters}))
        for layer, filters in plan.filters.items()
    }
    return split(costs, int(match[2]))[int(match[1]) - 1]


def main() -> None:
    """Print the targets of a share, one a line: what Snakemake is to be asked for."""
    parser = options.Parser(
        prog="python -m pipeline.workflow.share",
        description="Say which of Snakemake's targets are one machine's share of an atlas: all that follows from its "
        "layers, the site apart. Options of Snakemake that it does not know are passed over.",
    )
    parser.add_argument("share", metavar="K/N", help="the K-th of N shares: 2/4")
    file.add_options(parser)
    arguments, _ = parser.parse_known_args()
    planned = plan.plan(file.read(arguments.configfile, arguments.config))
    for layer in layers(planned, arguments.share):
        print(layout.layer_paths(options.RESULTS, layer).copies)


if __name__ == "__main__":
    errors.run(main)
