"""A cheaper copy of a convolution: one along the columns after one along the rows, with few channels between them.

A kernel of rows × columns, seen as a matrix of (rows · inputs) × (columns · filters), is replaced by the nearest one of
a lower rank. Source: Jaderberg, Vedaldi, Zisserman, "Speeding up Convolutional Neural Networks with Low Rank
Expansions" (BMVC 2014); in closed form Tai, Xiao, Zhang, Wang, E, "Convolutional neural networks with low-rank
regularization" (ICLR 2016, arXiv 1511.06067).
"""

import hashlib

import numpy as np
from keras import layers

# With fewer inputs (a first layer, which reads colours) the convolution is cheap and its copy a poor one.
FEWEST_INPUTS = 16
# Numbers of channels that processors multiply without a remainder.
RANK_MULTIPLE = 16
# Two convolutions in place of one must save at least a quarter, or what each costs besides eats it up.
LARGEST_SHARE = 0.75


def rank_of(layer: layers.Conv2D, share: float) -> int | None:
    """Return how many channels the copy of a convolution has between its two parts; None where it gets no copy.

    Args:
        layer: a plain convolution, built.
        share: wanted channels ÷ the fewer of inputs and filters, 0..1.
    """
    rows, columns, inputs, filters = layer.kernel.shape
    if (
        not share
        or layer.groups > 1
        or max(layer.dilation_rate) > 1
        or inputs < FEWEST_INPUTS
        or min(rows, columns) < 2
    ):
        return None
    rank = max(1, round(share * min(inputs, filters) / RANK_MULTIPLE)) * RANK_MULTIPLE
    copied, exact = rank * (rows * inputs + columns * filters), rows * columns * inputs * filters
    return rank if copied <= LARGEST_SHARE * exact else None


def split(kernel: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the two kernels, one after the other, that come nearest to a kernel by the sum of squared differences.

    Args:
        kernel: float32 (rows, columns, inputs, filters).
        rank: channels between the two.

    Returns:
        float32 (rows, 1, inputs, rank) and float32 (1, columns, rank, filters), not to be changed: for the same kernel
        they are the same arrays again.
    """
    # A worker goes from layer to layer of one network, and each needs the kernels below it.
    key = (hashlib.sha256(kernel.tobytes()).digest(), kernel.shape, rank)
    if key not in _found:
        _found[key] = _split(kernel, rank)
    return _found[key]


_found: dict[tuple[bytes, tuple[int, ...], int], tuple[np.ndarray, np.ndarray]] = {}


def _split(kernel: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns, inputs, filters = kernel.shape
    matrix = kernel.transpose(0, 2, 1, 3).reshape(rows * inputs, columns * filters).astype(np.float64)
    # By the eigenvectors of the smaller Gram matrix, which takes a fifth of a singular value decomposition's time.
    wide = matrix.shape[0] <= matrix.shape[1]
    squares, vectors = np.linalg.eigh(matrix @ matrix.T if wide else matrix.T @ matrix)
    basis = vectors[:, ::-1][:, :rank]
    # Each part gets the root of a component's size, so that neither is large and the other small in bfloat16.
    sizes = np.maximum(squares[::-1][:rank], np.finfo(np.float64).tiny) ** 0.25
    if wide:
        first, second = basis * sizes, (basis.T @ matrix) / sizes[:, None]
    else:
        first, second = (matrix @ basis) / sizes, (basis * sizes).T
    return (
        first.reshape(rows, 1, inputs, rank).astype(np.float32),
        second.reshape(rank, columns, filters).transpose(1, 0, 2)[None].astype(np.float32),
    )
