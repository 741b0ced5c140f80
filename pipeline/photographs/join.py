"""The tables of all shares made one: `python -m pipeline.photographs.join`."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline import errors, options
from pipeline.errors import UserError
from pipeline.photographs import places
from pipeline.results import layout, photographs, strongest
from pipeline.results.strongest import Strongest

# What all shares have in common.
_SHARED = ("model", "objective", "precision", "weights_sha256", "collection_sha256", "layers")


def joined(paths: Sequence[Path]) -> Strongest:
    """Return the tables in files, each of other photographs, as one; one after the other is read, not all at once.

    Raises `UserError` for files that are not of one network, one set of photographs and one precision.
    """
    first = whole = strongest.read(paths[0])
    for path in paths[1:]:
        each = strongest.read(path)
        for name in _SHARED:
            if getattr(each, name) != getattr(first, name):
                raise UserError(f"{path}: {name}: not that of {paths[0]}; delete both to make them anew")
        if not np.array_equal(each.filters, first.filters) or np.isin(each.shown, whole.shown).any():
            raise UserError(f"{path}: not another share of what {paths[0]} is of; delete both to make them anew")
        whole = _added(whole, each)
    return whole


def _added(whole: Strongest, share: Strongest) -> Strongest:
    shown, sampled = (np.concatenate([getattr(whole, name), getattr(share, name)]) for name in ("shown", "sampled"))
    order = np.argsort(sampled)
    return dataclasses.replace(
        whole,
        # A share without photographs has not looked at the network.
        origin=whole.origin if len(whole.shown) else share.origin,
        best=places.merged([whole.best, share.best]),
        shown=np.sort(shown),
        sampled=sampled[order],
        sample=np.concatenate([whole.sample, share.sample])[order],
    )


def main() -> None:
    """Join the tables of all shares of the scan."""
    parser = options.Parser(
        prog="python -m pipeline.photographs.join",
        description="Join the strongest units in all shares of the photographs.",
    )
    options.add_results(parser)
    parser.add_argument("--shares", type=int, default=1, metavar="N", help="how many there are (default: 1)")
    parser.add_argument("--output", type=Path, required=True, help="the table to write")
    arguments = parser.parse_args()
    table = joined([layout.scan(arguments.results, each) for each in range(arguments.shares)])
    listed = len(photographs.read(layout.photographs(arguments.results)).photographs)
    if not np.array_equal(table.shown, np.arange(listed)):
        raise UserError(
            f"{layout.scan(arguments.results, 0).parent}: of {listed} photographs {len(table.shown)} have been looked "
            "at; delete the folder to make it anew"
        )
    strongest.write(arguments.output, table)


if __name__ == "__main__":
    errors.run(main)
