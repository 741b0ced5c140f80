"""What a unit of each layer sees of the image, and on which images the layer has a map.

Every call lies over its inputs by windows, by rule or measured (`network.windows`, `network.probing`). Sizes of maps
follow them forwards, from the image; fields backwards, from a unit in the middle of a very large image. A unit also
sees the whole image where something on its way has no place in it: a squeeze-and-excitation, a global pooling.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras

from pipeline.errors import UserError
from pipeline.network import windows
from pipeline.network.catalogue import LARGEST_CANVAS_PX
from pipeline.network.graph import Call, Graph, Value
from pipeline.network.probing import Relation, probe
from pipeline.network.responses import Response
from pipeline.network.windows import MisfitError, Place

# A response map smaller than this has no interior: every unit sees the zero padding on several sides.
SMALLEST_MAP_PX = 2
# An image to lay fields out on: larger than any, so that none meets an edge.
ROOM_PX = 2**15
# Neighbouring units whose fields are compared: by upsampling they may differ, from one to the next.
UNITS = 33
# A network that wants multiples of more than this is one of fixed size.
LARGEST_MULTIPLE_PX = 128
# Sides beyond the smallest that must fit: what has several strides may fit by chance for a while.
TRIED_PX = 2 * LARGEST_MULTIPLE_PX


@dataclass(frozen=True)
class Sizes:
    """The square images on which a layer has a map.

    Attributes:
        smallest_px: side of the smallest.
        multiple_px: what the side must be a multiple of.
        only_px: the one side that there is; None where there are many.
    """

    smallest_px: int
    multiple_px: int
    only_px: int | None


@dataclass(frozen=True)
class Field:
    """What a unit sees.

    Attributes:
        side_px: side of the square of pixels that it sees directly.
        stride_px: distance in pixels between neighbouring units; 1 where it is less.
        whole: whether it sees the whole image besides, by way of something that has no place in it.
    """

    side_px: int
    stride_px: int
    whole: bool


class Geometry:
    """How the values of a graph lie over its image.

    Args:
        graph: the graph.
        image: the input that is the image.
        place: which of its axes are rows and columns.
    """

    def __init__(self, graph: Graph, image: Value, place: Place) -> None:
        self._graph = graph
        self._image = image
        self._own_px = tuple(image.shape[axis] for axis in place)
        self._places: dict[str, Place | None] = {image.name: place}
        self._relations: dict[str, Relation] = {}
        self._probed: dict[str, Relation] = {}
        for call in graph.calls:
            if any(value.name in self._places for value in call.inputs):
                self._relations[call.name] = relation = self._relate(call)
                self._places.update((value.name, relation.place) for value in call.outputs)

    def sees(self, value: Value) -> bool:
        """Return whether a value depends on the image at all."""
        return value.name in self._places

    def place(self, value: Value) -> Place | None:
        """Return which axes of a value are the rows and columns of the image; None where it has no place in it."""
        return self._places.get(value.name)

    def map_size(self, value: Value, canvas_px: int) -> tuple[int, int] | None:
        """Return rows and columns of a value on a square image; None where it has no such map."""
        rows, columns = (self._lengths(canvas_px, axis).get(value.name) for axis in (0, 1))
        return None if rows is None or columns is None else (rows, columns)

    @functools.cache  # noqa: B019 (kept as long as what it is about)
    def sizes(self, value: Value) -> Sizes:
        """Return the square images on which a value has a map of at least `SMALLEST_MAP_PX`.

        Raises `UserError` where there are none.
        """
        if self.place(value) is None:
            return self._sizes_without_place(value)
        if any(self._bound(call) for call in self._graph.needed_for(value)):
            own = self._own_px[0]
            if own is not None and self._own_px == (own, own) and self._fits(value, own):
                return Sizes(own, own, own)
        smallest = next((side for side in range(1, LARGEST_CANVAS_PX + 1) if self._fits(value, side)), None)
        if smallest is None:
            raise UserError(f"{value.name} has no response map on square images of up to {LARGEST_CANVAS_PX} px")
        multiple = 1
        while multiple <= LARGEST_MULTIPLE_PX:
            first = -(-smallest // multiple) * multiple
            if all(self._fits(value, side) for side in range(first, first + TRIED_PX, multiple)):
                return Sizes(first, multiple, None)
            multiple *= 2
        return Sizes(smallest, smallest, smallest)

    def field(self, value: Value) -> Field:
        """Return what a unit of a value sees; of a map that has no place in the image, that is all of it."""
        if self.place(value) is None:
            side = self.sizes(value).smallest_px
            return Field(side, max(1, side // max(each for each in value.shape[1:3] if each)), whole=True)
        needed = self._graph.needed_for(value)
        whole = any(self._looks_everywhere(call) for call in needed)
        sizes = self.sizes(value)
        room = sizes.only_px or sizes.smallest_px + -(-ROOM_PX // sizes.multiple_px) * sizes.multiple_px
        found = [self._spread(value, needed, room, axis) for axis in (0, 1)]
        return Field(max(side for side, _ in found), max(stride for _, stride in found), whole)

    def origin(self, value: Value, canvas_px: int, stride_px: int) -> float | None:
        """Return how far the middle of what the first unit of a value sees is from the edge of a square image, in
        pixels, along rows and columns alike; None where it has no place in the image.

        It is told from a unit in the middle, which no edge cuts short.
        """
        if self.place(value) is None:
            return None
        lengths = self._lengths(canvas_px, 0)
        middle = lengths[value.name] // 2
        span = self._span(value, middle, self._graph.needed_for(value), lengths, 0)
        return None if span is None else (span[0] + span[1] + 1) / 2 - middle * stride_px

    def _sizes_without_place(self, value: Value) -> Sizes:
        """Return the size of the images that a map is made from by way of something without places: its own alone."""
        own = self._own_px[0]
        if own is None or self._own_px != (own, own):
            raise UserError(f"{value.name} has no response map on square images")
        return Sizes(own, own, own)

    def _relate(self, call: Call) -> Relation:
        places = [self._places.get(value.name) for value in call.inputs]
        known = {place for place in places if place is not None}
        if not known:
            return Relation(None, None)
        if len(known) == 1 and len(call.outputs) == 1:
            (place,) = known
            ranks = {len(value.shape) for value in (*call.inputs, call.output)}
            rules = [windows.window(call, place, axis) for axis in (0, 1)] if len(ranks) == 1 else [None, None]
            of_rows, of_columns = rules
            if of_rows is not None and of_columns is not None:
                return Relation(place, (of_rows, of_columns), windows.only_size(call, place))
        kind = _described(call, places)
        if kind not in self._probed:
            self._probed[kind] = self._probe(call, places)
        return self._probed[kind]

    def _probe(self, call: Call, places: Sequence[Place | None]) -> Relation:
        try:
            return probe(call, places)
        except Exception:
            # What runs on no map at all, by itself, is taken to lose what place there was.
            return Relation(None, None)

    def _bound(self, call: Call) -> bool:
        relation = self._relations.get(call.name)
        return relation is not None and relation.size is not None

    def _looks_everywhere(self, call: Call) -> bool:
        relation = self._relations.get(call.name)
        if relation is None or relation.place is None:
            return False
        return windows.looks_everywhere(call, relation.place) or any(
            self.sees(value) and self.place(value) is None for value in call.inputs
        )

    def _fits(self, value: Value, canvas_px: int) -> bool:
        size = self.map_size(value, canvas_px)
        return size is not None and min(size) >= SMALLEST_MAP_PX

    @functools.cache  # noqa: B019 (kept as long as what it is about)
    def _lengths(self, canvas_px: int, axis: int) -> Mapping[str, int]:
        """Return the rows, or columns, of every value that has a map on a square image."""
        lengths = {self._image.name: canvas_px}
        for call in self._graph.calls:
            relation = self._relations.get(call.name)
            if relation is not None and relation.windows is not None:
                try:
                    length = self._length(call, relation, lengths, axis)
                except MisfitError:
                    continue
                lengths.update((value.name, length) for value in call.outputs)
        return lengths

    def _length(self, call: Call, relation: Relation, lengths: Mapping[str, int], axis: int) -> int:
        placed = [value for value in call.inputs if self.place(value) is not None]
        if any(value.name not in lengths for value in placed):
            raise MisfitError(f"{call.name} reads what has no map")
        given = {lengths[value.name] for value in placed}
        # What is one unit is the same for all places.
        rows = max(given)
        assert relation.windows is not None, "what has a map has windows"
        if given - {rows, 1} or (relation.size is not None and relation.size[axis] != rows):
            raise MisfitError(f"{call.name} reads maps of {sorted(given)} rows")
        length = relation.windows[axis].length(rows)
        if length < 1:
            raise MisfitError(f"{call.name} has no rows")
        return length

    def _spread(self, value: Value, needed: Sequence[Call], room: int, axis: int) -> tuple[int, int]:
        """Return how many rows of the image a unit sees, and how many lie between neighbours, along an axis."""
        lengths = self._lengths(room, axis)
        middle = lengths[value.name] // 2
        grows = lengths[value.name] > min(lengths[call.output.name] for call in needed if call.output.name in lengths)
        count = min(UNITS if grows else 2, lengths[value.name] - middle)
        found = {unit: self._span(value, middle + unit, needed, lengths, axis) for unit in range(count)}
        spans = {unit: span for unit, span in found.items() if span is not None}
        side = max((last - first + 1 for first, last in spans.values()), default=1)
        ends = min(spans, default=0), max(spans, default=0)
        apart = spans[ends[1]][0] - spans[ends[0]][0] if spans else 0
        return side, max(1, round(apart / max(1, ends[1] - ends[0])))

    def _span(
        self, value: Value, unit: int, needed: Sequence[Call], lengths: Mapping[str, int], axis: int
    ) -> tuple[int, int] | None:
        """Return the first and last row of the image that a unit sees, within it or not; None where it sees none."""
        spans = {value.name: (unit, unit)}
        for call in reversed(needed):
            relation = self._relations.get(call.name)
            made = [spans[each.name] for each in call.outputs if each.name in spans]
            if relation is None or relation.windows is None or not made:
                continue
            first, last = min(low for low, _ in made), max(high for _, high in made)
            for each in call.inputs:
                rows = lengths.get(each.name)
                if self.place(each) is None or rows is None or (rows == 1 and lengths[call.output.name] > 1):
                    continue
                low, high = relation.windows[axis].reads(first, last, rows)
                if low > high:
                    # A row between those that a transposed convolution with a short kernel makes.
                    continue
                before = spans.get(each.name, (low, high))
                spans[each.name] = (min(low, before[0]), max(high, before[1]))
        return spans.get(self._image.name)


@dataclass(frozen=True, eq=False)
class Found:
    """A layer of filters, and how it lies over its image."""

    response: Response
    image: Value
    geometry: Geometry


def _described(call: Call, places: Sequence[Place | None]) -> str:
    """Return all that the relation of a call depends on; it is not its weights."""
    operation, arguments = call.operation, call.node.arguments
    settings = operation.get_config() if isinstance(operation, keras.Layer) else vars(operation)
    shown = {key: value for key, value in settings.items() if key != "name" and not key.startswith("_")}
    shapes = [(value.shape, value.dtype) for value in call.inputs]
    return repr((type(operation), shown, shapes, places, arguments.args, arguments.kwargs))


def maps(geometry: Geometry, graph: Graph, value: Value, canvas_px: int) -> Iterator[tuple[Call, tuple[int, int]]]:
    """Yield every call that a value needs and that has a map on a square image, with rows and columns of it."""
    for call in graph.needed_for(value):
        size = geometry.map_size(call.output, canvas_px)
        if size is not None:
            yield call, size
