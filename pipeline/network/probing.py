"""Which rows of its input a row of an operation's output depends on, measured by its gradient.

For whatever has no rule in `network.windows`: operations on arrays, layers of somebody's own, changes of shape. One
call is run alone, on random maps whose numbers of rows and columns are told apart.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import keras
import numpy as np
import tensorflow as tf

from pipeline.network.graph import Call
from pipeline.network.windows import MisfitError, Place, Window, measured

# Rows and columns of the maps on trial: enough to tell what reads a neighbourhood from what reads everything; the
# second for what takes only multiples of a large number.
TRIALS_PX = ((40, 56), (192, 256))
# Share of the rows that a row may depend on and still have a place of its own.
LOCAL_SHARE = 0.75
# Rows tried, around the middle: far from the edges, and as many apart as the usual changes of scale divide.
ROWS_APART = 12
# For an axis of free size that is neither rows nor columns.
_FREE_SIZE = 4
_SEED = 0

_Span = tuple[int, int] | None


@dataclass(frozen=True)
class Relation:
    """How the output of one call lies over its inputs.

    Attributes:
        place: which axes of the output are the rows and columns of the image; None where it has none any more.
        windows: along either axis, which rows of its inputs a row of the output depends on.
        size: rows and columns of the only maps that it takes; None where it takes others too.
    """

    place: Place | None
    windows: tuple[Window, Window] | None
    size: tuple[int | None, int | None] | None = None


def probe(call: Call, places: Sequence[Place | None]) -> Relation:
    """Return how the output of a call lies over its inputs.

    Args:
        call: at least one of its inputs has a place.
        places: which axes of each input are the rows and columns of the image, None for an input without.

    Raises what the operation raises where it runs on no map at all.
    """
    own = _own_size(call, places)
    for size in TRIALS_PX:
        try:
            relation, shape = _relation(call, places, size)
            larger = (2 * size[0], 2 * size[1])
            return replace(relation, size=None if _foretold(call, places, relation, shape, larger) else own)
        except Exception:
            # Whatever an operation of unknown kind has to say about maps of another size than it was made for.
            continue
    return replace(_relation(call, places, own)[0], size=own)


def _foretold(
    call: Call, places: Sequence[Place | None], relation: Relation, shape: tuple[int, ...], size: tuple[int, int]
) -> bool:
    """Return whether maps of another size become what a relation, or else the shape on trial, says."""
    found = tuple(call.run(_tensors(call, places, size, np.random.default_rng(_SEED)))[0].shape)
    if relation.place is None:
        return found == shape
    assert relation.windows is not None, "what has a place has windows"
    # What has one size whatever it is made from reads other rows in every size.
    return all(
        shape[axis] != found[axis] == rule.length(side)
        for axis, rule, side in zip(relation.place, relation.windows, size, strict=True)
    )


def _tensors(
    call: Call, places: Sequence[Place | None], size: tuple[int, int], random: np.random.Generator
) -> list[tf.Tensor]:
    return [
        tf.cast(random.standard_normal(shape).astype(np.float32), value.dtype)
        for value, shape in zip(call.inputs, _shapes(call, places, size), strict=True)
    ]


def _shapes(call: Call, places: Sequence[Place | None], size: tuple[int, int]) -> list[list[int]]:
    """Return the shape of each input for maps of a size."""
    known = next(place for place in places if place is not None)
    shapes = []
    for value, place in zip(call.inputs, places, strict=True):
        # What has no place may still have as many rows, or columns, as what has one.
        free = dict(zip(known, size, strict=True)) if place is None else {}
        shape = [1, *(side or free.get(axis, _FREE_SIZE) for axis, side in enumerate(value.shape[1:], 1))]
        for axis, side in zip(place or (), size, strict=False):
            shape[axis] = side
        shapes.append(shape)
    return shapes


def _own_size(call: Call, places: Sequence[Place | None]) -> tuple[int, int]:
    value, place = next((value, place) for value, place in zip(call.inputs, places, strict=True) if place is not None)
    rows, columns = (value.shape[axis] or TRIALS_PX[0][0] for axis in place)
    return rows, columns


def _relation(call: Call, places: Sequence[Place | None], size: tuple[int, int]) -> tuple[Relation, tuple[int, ...]]:
    """Return the relation that maps of one size show, and the shape of the output."""
    random = np.random.default_rng(_SEED)
    tensors = _tensors(call, places, size, random)
    watched = [(tensor, place) for tensor, place in zip(tensors, places, strict=True) if place is not None]
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch([tensor for tensor, _ in watched])
        output = tf.cast(call.run(tensors)[0], tf.float32)
        weighted = output * tf.constant(random.standard_normal(output.shape), tf.float32)
        sums = {axis: _sums(weighted, axis) for axis in range(1, len(output.shape)) if output.shape[axis] > 1}
    found: list[tuple[int, Window] | None] = [None, None]
    for axis, rows in sums.items():
        # Most axes are seen to be neither by one of their rows.
        first = _spans(tape, next(iter(rows.values())), watched)
        if any(_is_local(span, side) for span, side in zip(first, size, strict=True)):
            spans = {number: _spans(tape, row, watched) for number, row in rows.items()}
            for side in (0, 1):
                of_side = {number: each[side] for number, each in spans.items()}
                rule = _window(of_side, size[side], _length_of(call, places, size, (axis, side), output.shape[axis]))
                if found[side] is None and rule is not None:
                    found[side] = axis, rule
    shape = tuple(output.shape)
    along_rows, along_columns = found
    if along_rows is None or along_columns is None or along_rows[0] == along_columns[0]:
        return Relation(None, None), shape
    return Relation((along_rows[0], along_columns[0]), (along_rows[1], along_columns[1])), shape


def _sums(weighted: tf.Tensor, axis: int) -> Mapping[int, tf.Tensor]:
    """Return the sum of the rows around the middle of an axis, each by itself, by number."""
    count = weighted.shape[axis]
    first = max(0, count // 2 - ROWS_APART // 2)
    others = [each for each in range(len(weighted.shape)) if each != axis]
    totals = tf.reduce_sum(weighted, others)
    return {row: totals[row] for row in range(first, min(count, first + ROWS_APART + 1))}


def _spans(tape: tf.GradientTape, value: tf.Tensor, watched: Sequence[tuple[tf.Tensor, Place]]) -> tuple[_Span, _Span]:
    """Return the first and last row, and column, of any input that a value depends on; None where on none."""
    seen: tuple[list[int], list[int]] = ([], [])
    for tensor, place in watched:
        gradient = tape.gradient(value, tensor)
        if gradient is not None:
            touched = tf.abs(tf.cast(gradient, tf.float32)).numpy()
            for side in (0, 1):
                others = tuple(axis for axis in range(touched.ndim) if axis != place[side])
                seen[side].extend(np.flatnonzero(touched.max(others)).tolist())
    rows, columns = ((min(each), max(each)) if each else None for each in seen)
    return rows, columns


def _is_local(span: _Span, rows: int) -> bool:
    return span is not None and span[1] - span[0] + 1 <= LOCAL_SHARE * rows


def _length_of(
    call: Call, places: Sequence[Place | None], size: tuple[int, int], along: tuple[int, int], rows: int
) -> Callable[[int], int]:
    """Return how many rows an axis of the output has for so many, or columns, of the inputs: asked of Keras.

    Args:
        size: rows and columns of the maps on trial.
        along: the axis of the output; 0 for rows or 1 for columns.
        rows: of the output on trial.
    """
    axis, side = along
    if rows == size[side]:
        return lambda given: given

    @functools.cache
    def length(given: int) -> int:
        sides = (given, size[1]) if side == 0 else (size[0], given)
        tensors = {
            id(tensor): keras.KerasTensor(shape, value.dtype)
            for tensor, value, shape in zip(
                call.node.input_tensors, call.inputs, _shapes(call, places, sides), strict=True
            )
        }
        args, kwargs = call.node.arguments.fill_in(tensors)
        try:
            made = keras.tree.flatten(call.operation.compute_output_spec(*args, **kwargs))[0]
            found: int | None = made.shape[axis]
        except Exception as error:
            raise MisfitError(f"{call.name} takes no map of {given} rows") from error
        if found is None:
            raise MisfitError(f"{call.name} does not say what it makes of {given} rows")
        return found

    return length


def _window(spans: Mapping[int, _Span], rows_in: int, length: Callable[[int], int]) -> Window | None:
    """Return the window that spans of an input show, for rows of an axis of the output; None where they show none."""
    local = {number: span for number, span in spans.items() if span is not None and _is_local(span, rows_in)}
    if len(local) < len(spans):
        return None
    numbers = list(local)
    apart = numbers[-1] - numbers[0]
    step = Fraction(local[numbers[-1]][0] - local[numbers[0]][0], apart) if apart else Fraction(1)
    if step <= 0:
        return None
    starts = {row: int(row * step // 1) for row in numbers}
    before = max(starts[row] - first for row, (first, _) in local.items())
    after = max(last - starts[row] for row, (_, last) in local.items())
    return measured(step, before, after, length)
