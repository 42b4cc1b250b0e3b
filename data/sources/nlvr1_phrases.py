"""Noun phrases without a verb that are true of a scene of NLVR, made from its annotation."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from data import draws
from data.records import Box
from data.sources.nlvr1_scenes import BOX_SIDE_PX, Shape, grey_box

PLACES = ("left", "middle", "right")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TOUCHING_PX = 2  # blocks of a tower stand one pixel apart


def phrases(image_id: str, boxes: Sequence[Sequence[Shape]]) -> Iterator[tuple[str, Box]]:
    """Distinct phrases with the box of what each is about; `boxes` from left to right.

    One for each shape, whose form is drawn by the image's id; then counts in a box, towers, and counts in the picture.
    """
    seen: set[str] = set()
    for text, box in _all(image_id, boxes):
        if text not in seen:
            seen.add(text)
            yield text, box


def _all(image_id: str, boxes: Sequence[Sequence[Shape]]) -> Iterator[tuple[str, Box]]:
    for place, shapes in enumerate(boxes):
        for number, shape in enumerate(shapes):
            forms = list(_about(shape, place, shapes))
            key = draws.row_keys([f"{image_id}/{place}/{number}"])
            yield forms[int(draws.integers(0, 0, key, "nlvr1 phrase", len(forms))[0, 0])], shape.box(place)
        yield from _about_box(place, shapes)
    yield from _counts(boxes)


def _about(shape: Shape, place: int, shapes: Sequence[Shape]) -> Iterator[str]:
    """Every phrase for one shape: alone, in its place, and beside each other shape of its box."""
    name = f"{shape.colour} {shape.kind}"
    yield f"{shape.size} {name}"
    yield f"{name} in the {PLACES[place]} box"
    yield f"{shape.size} {shape.kind} in the {PLACES[place]} box"
    yield from (f"{name} at the {edge} of the box" for edge in _edges(shape))
    for other in shapes:
        relation = _relation(shape, other)
        if relation is not None:
            yield f"{name} {relation} a {other.colour} {other.kind}"


def _edges(shape: Shape) -> Iterator[str]:
    touched = {
        "left edge": shape.x == 0,
        "right edge": shape.x + shape.size_px == BOX_SIDE_PX,
        "top": shape.y == 0,
        "bottom": shape.y + shape.size_px == BOX_SIDE_PX,
    }
    return (edge for edge, is_touched in touched.items() if is_touched)


def _relation(shape: Shape, other: Shape) -> str | None:
    """Where `shape` lies seen from `other`; None where they overlap in both directions (or are the same)."""
    gap_above, gap_below = other.y - shape.y - shape.size_px, shape.y - other.y - other.size_px
    share_column = shape.x < other.x + other.size_px and other.x < shape.x + shape.size_px
    if gap_above >= 0:
        return "on top of" if share_column and gap_above < _TOUCHING_PX else "above"
    if gap_below >= 0:
        return "under" if share_column and gap_below < _TOUCHING_PX else "below"
    if shape.x + shape.size_px <= other.x:
        return "to the left of"
    return "to the right of" if other.x + other.size_px <= shape.x else None


def _about_box(place: int, shapes: Sequence[Shape]) -> Iterator[tuple[str, Box]]:
    box = grey_box(place)
    yield f"{PLACES[place]} box with {_counted(len(shapes), 'object')}", box
    if _is_tower(shapes):
        yield f"tower of {_counted(len(shapes), 'block')} with a {shapes[-1].colour} top", box
        return
    for colour, count in sorted(Counter(shape.colour for shape in shapes).items()):
        yield f"box with {_counted(count, f'{colour} object')}", box


def _is_tower(shapes: Sequence[Shape]) -> bool:
    """Whether at least two squares stand on one another, the lowest first, as NLVR's towers are listed."""
    stacked = all(_relation(upper, lower) == "on top of" for lower, upper in itertools.pairwise(shapes))
    return len(shapes) > 1 and stacked and all(shape.kind == "square" for shape in shapes)


def _counts(boxes: Sequence[Sequence[Shape]]) -> Iterator[tuple[str, Box]]:
    """How many of each colour and kind the picture has, where there are several."""
    found: dict[str, list[Box]] = {}
    for place, shapes in enumerate(boxes):
        for shape in shapes:
            found.setdefault(f"{shape.colour} {shape.kind}", []).append(shape.box(place))
    for name, members in sorted(found.items()):
        if len(members) > 1:
            yield _counted(len(members), name), _around(members)


def _counted(count: int, name: str) -> str:
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} {name}" if count == 1 else f"{number} {name}s"


def _around(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return (min(left), min(top), max(right), max(bottom))
