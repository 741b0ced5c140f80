"""The tables of all shares made one: `python -m pipeline.photographs.join`."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline import errors, options
from pipeline.errors import UserError
from pipeline.photographs import places
from pipeline.results import layout, photographs, strongest
from pipeline.results.strongest import Strongest

# Tables whose places are held before the best of them are kept: 18 MB for VGG16.
_HELD = 16


def joined(paths: Sequence[Path]) -> Strongest:
    """Return the tables in files, each of other photographs, as one, photographs by their digests; one after the other
    is read, not all at once.

    Of more than `SAMPLED` photographs in samples the first by their digests stay. Raises `UserError` for files that are
    not of one network and one precision.
    """
    every = tuple(sorted({digest for path in paths for digest in strongest.read_photographs(path)}))
    numbers = {digest: number for number, digest in enumerate(every)}
    first = whole = strongest.read(paths[0])
    best, sampled, sample, seen = [], [], [], set[str]()
    for path in paths:
        each = strongest.read(path)
        for name in strongest.SHARED:
            if getattr(each, name) != getattr(first, name):
                raise UserError(f"{path}: {name}: not that of {paths[0]}; delete both to make them anew")
        if not np.array_equal(each.filters, first.filters) or seen.intersection(each.photographs):
            raise UserError(f"{path}: not another share of what {paths[0]} is of; delete both to make them anew")
        seen.update(each.photographs)
        if each.photographs:
            # A share without photographs has not looked at the network.
            whole = each
        each = _numbered(each, every, numbers)
        best.append(each.best)
        if len(best) == _HELD:
            best = [places.merged(best)]
        stays = each.sampled < strongest.SAMPLED
        sampled.append(each.sampled[stays])
        sample.append(each.sample[stays])
    order = np.argsort(np.concatenate(sampled))
    return dataclasses.replace(
        whole,
        photographs=every,
        best=places.merged(best),
        sampled=np.concatenate(sampled)[order],
        sample=np.concatenate(sample)[order],
    )


def numbered(table: Strongest, photographs: Sequence[str]) -> Strongest:
    """Return a table with its photographs in another order, among others that it is not from: places and sample with
    their numbers there. Equally strong units stay as they are, so that this order has no say in which are kept.

    Args:
        table: a table.
        photographs: digests, all of the table's among them.
    """
    return _numbered(table, tuple(photographs), {digest: number for number, digest in enumerate(photographs)})


def _numbered(table: Strongest, photographs: tuple[str, ...], numbers: Mapping[str, int]) -> Strongest:
    number = np.array([numbers[each] for each in table.photographs] + [strongest.NONE], "<i4")
    sampled = number[table.sampled]
    order = np.argsort(sampled)
    return dataclasses.replace(
        table,
        photographs=photographs,
        # No place, −1, is the last of the numbers.
        best=dataclasses.replace(table.best, photograph=number[table.best.photograph]),
        sampled=sampled[order],
        sample=table.sample[order],
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
    listed = photographs.read_files(layout.photograph_files(arguments.results)).digests
    if set(table.photographs) != set(listed):
        raise UserError(
            f"{layout.scan(arguments.results, 0).parent}: not of the {len(listed)} photographs that are listed; delete "
            "the folder to make it anew"
        )
    strongest.write(arguments.output, numbered(table, listed))


if __name__ == "__main__":
    errors.run(main)
