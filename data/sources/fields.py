"""Fields of a record, taken out and checked one by one: what is wrong with one is the rejection of the record."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from data.records import Box, Reject, Rejection

MAX_PIXELS = 1_000_000
MAX_NUMBER = 2**53
MAX_NAME_LENGTH = 64  # characters of a key that names its record in a message
Record = TypeVar("Record")


class RecordError(Exception):
    """One record cannot be used: the field, and the reason as a short fixed phrase (rows are counted by it)."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def each(
    items: Iterable[tuple[str, Any]], make: Callable[[Any], Record], *, source: str, reject: Reject
) -> Iterator[Record]:
    """`make` of each item; an item of which it raises RecordError is rejected under its name."""
    for name, item in items:
        try:
            record = make(item)
        except RecordError as bad:
            reject(Rejection(source=source, record=name, field=bad.field, reason=bad.reason))
        else:
            yield record


def field(item: Any, *names: str) -> Any:
    """The value under the first of `names` that the record has (formats renamed their fields over the years)."""
    if not isinstance(item, Mapping):
        raise RecordError("record", "not an object with fields")
    for name in names:
        if name in item:
            return item[name]
    raise RecordError(names[0], "missing field")


def has(item: Any, name: str) -> bool:
    """Whether the record has a field of that name."""
    if not isinstance(item, Mapping):
        raise RecordError("record", "not an object with fields")
    return name in item


def members(item: Any, *names: str) -> list[Any]:
    """A field that is a list."""
    value = field(item, *names)
    if not isinstance(value, list):
        raise RecordError(names[0], "not a list")
    return value


def mapping(item: Any, name: str) -> Mapping[str, Any]:
    """A field that is an object with fields of its own."""
    value = field(item, name)
    if not isinstance(value, Mapping):
        raise RecordError(name, "not an object with fields")
    return value


def number(item: Any, *names: str) -> float:
    """A field that is a finite number of ordinary size."""
    return _number(field(item, *names), names[0])


def whole(item: Any, *names: str) -> int:
    """A field that is a whole number from 0, such as an id."""
    value = number(item, *names)
    if value < 0 or value != int(value):
        raise RecordError(names[0], "not a whole number from 0")
    return int(value)


def pixels(item: Any, *names: str) -> int:
    """A field that is the width or height of an image in pixels."""
    value = whole(item, *names)
    if not 0 < value <= MAX_PIXELS:
        raise RecordError(names[0], "impossible image size")
    return value


def text(item: Any, *names: str) -> str:
    """A field that is a text with something in it, on one line, without space at its ends."""
    return as_text(field(item, *names), names[0])


def as_text(value: Any, name: str) -> str:
    """`value` as `text` gives it."""
    words = " ".join(as_written(value, name).split())
    if not words:
        raise RecordError(name, "empty text")
    return words


def as_written(value: Any, name: str) -> str:
    """`value` as it is, which must be a text and may be an empty one."""
    if not isinstance(value, str):
        raise RecordError(name, "not a text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise RecordError(name, "half a surrogate pair")
    return value


def box_of(item: Any, width: tuple[str, ...] = ("w", "width"), height: tuple[str, ...] = ("h", "height")) -> Box:
    """The box of a record that gives its corner `x`, `y` and its size, in pixels."""
    return corners(number(item, "x"), number(item, "y"), number(item, *width), number(item, *height))


def bbox_of(item: Any) -> Box:
    """The box of a record that gives `bbox` as [x, y, width, height] in pixels, as COCO does."""
    values = members(item, "bbox")
    if len(values) != 4:
        raise RecordError("bbox", "not four numbers")
    x, y, width, height = (_number(value, "bbox") for value in values)
    return corners(x, y, width, height)


def box_between(value: Any, name: str) -> Box:
    """`value` as a box that is given by its corners, [x1, y1, x2, y2] in pixels."""
    if not isinstance(value, list) or len(value) != 4:
        raise RecordError(name, "not four numbers")
    x1, y1, x2, y2 = (_number(side, name) for side in value)
    corners(x1, y1, x2 - x1, y2 - y1)
    return (x1, y1, x2, y2)


def corners(x: float, y: float, width: float, height: float) -> Box:
    """x1, y1, x2, y2 of a box; it must have an area and lie within a million pixels."""
    if not (width > 0 and height > 0):
        raise RecordError("box", "box without area")
    if max(abs(x), abs(y), width, height) > MAX_PIXELS:
        raise RecordError("box", "impossible box")
    return (x, y, x + width, y + height)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError(name, "not a number")
    if not abs(value) <= MAX_NUMBER or not math.isfinite(value):
        raise RecordError(name, "not a finite number")
    return value
