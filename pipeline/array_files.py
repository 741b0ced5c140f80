"""The header of a NumPy array file, read without trusting it: it says shape and type before anything is allocated."""

from typing import BinaryIO

import numpy as np


def read_header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, whether columns come first, and type of the array that begins here; leave `stream` at its values.

    Raises `ValueError` for what is no such header, or one of Python objects.
    """
    # Later versions exist for headers past 64 kB, which nothing of ours needs and a trap would use.
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"array format {version} is unknown")
    try:
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    except (OSError, ValueError):
        raise
    except Exception as error:
        # NumPy reads the header as Python, and hands on whatever Python has to say about it.
        raise ValueError(f"not the header of an array ({error})") from None
    if dtype.hasobject or any(side < 0 for side in shape):
        raise ValueError("an array of Python objects (a pickle), which is never opened")
    return shape, fortran_order, dtype
