"""The best places of filters, put together from those of several photographs: the same whatever the order."""

from collections.abc import Sequence

import numpy as np

from pipeline.results.strongest import KEPT, NONE, Best


def best(value: np.ndarray, photograph: np.ndarray, scale_px: np.ndarray, row: np.ndarray, column: np.ndarray) -> Best:
    """Return the best of places, the strongest first, of equally strong ones that of the first photograph.

    Args:
        value, photograph, scale_px, row, column: (filters, places), of each filter each place in another photograph;
            see `Best`. Those of no value are none.
    """
    count = value.shape[1]
    if count < KEPT:
        missing = ((0, 0), (0, KEPT - count))
        value, photograph, scale_px, row, column = (
            np.pad(each, missing) for each in (value, photograph, scale_px, row, column)
        )
    order = np.lexsort((photograph, -value))[:, :KEPT]
    value, photograph, scale_px, row, column = (
        np.take_along_axis(each, order, 1) for each in (value, photograph, scale_px, row, column)
    )
    there = value > 0
    return Best(
        value=np.where(there, value, 0).astype("<f4"),
        photograph=np.where(there, photograph, NONE).astype("<i4"),
        scale_px=np.where(there, scale_px, 0).astype("<i2"),
        row=np.where(there, row, 0).astype("<i2"),
        column=np.where(there, column, 0).astype("<i2"),
    )


def merged(several: Sequence[Best]) -> Best:
    """Return the best places of several tables of the same filters, whose photographs are different ones."""
    return best(
        *(
            np.concatenate([getattr(each, name) for each in several], 1)
            for name in ("value", "photograph", "scale_px", "row", "column")
        )
    )
