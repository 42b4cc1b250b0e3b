"""NLVR's scenes as they lie in the pictures: three grey boxes of 100 x 100 pixels, and coloured shapes in them.

A sentence has six pictures of 400 x 100 pixels, which show its boxes in every order; picture k has the k-th permutation
in lexicographic order, and its boxes start at x = 0, 150 and 300. Worked out from the pictures; a test looks at them.
https://github.com/lil-lab/nlvr/tree/master/nlvr
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data.records import Box
from data.sources import fields
from data.sources.fields import RecordError
from data.sources.ids import image_id_of
from data.sources.lines import decoded

WIDTH_PX, HEIGHT_PX = 400, 100
BOX_SIDE_PX, BOX_STEP_PX = 100, 150
ORDERS = tuple(itertools.permutations(range(3)))
COLOURS: Mapping[str, str] = {"#0099ff": "blue", "black": "black", "yellow": "yellow"}
SIZES: Mapping[int, str] = {10: "small", 20: "medium", 30: "big"}
SHAPES = ("circle", "square", "triangle")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A shape; x and y of its upper left corner and its size in pixels of its grey box."""

    x: int
    y: int
    size_px: int
    kind: str
    colour: str

    @property
    def size(self) -> str:
        """The word for its size."""
        return SIZES[self.size_px]

    def box(self, place: int) -> Box:
        """Its box in a picture where its grey box is the `place`-th from the left."""
        left = BOX_STEP_PX * place + self.x
        return (left, self.y, left + self.size_px, self.y + self.size_px)


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One line of the file: a sentence, whether it is true, and the three grey boxes of its scene."""

    identifier: str
    sentence: str
    is_true: bool
    boxes: tuple[tuple[Shape, ...], ...]

    @property
    def stem(self) -> str:
        """The number that the examples of one sentence share: `1572` of `1572-0`."""
        return self.identifier.split("-")[0]

    @property
    def scene(self) -> str:
        """What is in the scene, whatever the order of boxes and shapes: equal scenes give equal pictures."""
        return repr(sorted(sorted(map(repr, shapes)) for shapes in self.boxes))

    def image_id(self, permutation: int) -> str:
        """The id of one of the six pictures."""
        return f"nlvr1:{self.identifier}-{permutation}"

    def placed(self, permutation: int) -> tuple[tuple[Shape, ...], ...]:
        """The grey boxes from left to right in one of the six pictures."""
        return tuple(self.boxes[number] for number in ORDERS[permutation])


def grey_box(place: int) -> Box:
    """The `place`-th grey box from the left."""
    return (BOX_STEP_PX * place, 0, BOX_STEP_PX * place + BOX_SIDE_PX, BOX_SIDE_PX)


def example_of(line: bytes) -> Example:
    """The example of one JSON line. Raises RecordError for anything else."""
    try:
        item = json.loads(decoded(line))
    except (ValueError, RecursionError) as error:
        raise RecordError("line", "not a JSON object") from error
    identifier = fields.text(item, "identifier")
    if image_id_of(f"nlvr1:{identifier}-0") is None:
        raise RecordError("identifier", "not like 1572-0")
    label = fields.text(item, "label")
    if label not in ("true", "false"):
        raise RecordError("label", "neither true nor false")
    boxes = fields.members(item, "structured_rep")
    if len(boxes) != len(ORDERS[0]):
        raise RecordError("structured_rep", "not three boxes")
    return Example(
        identifier=identifier,
        sentence=fields.text(item, "sentence"),
        is_true=label == "true",
        boxes=tuple(_shapes(box) for box in boxes),
    )


def _shapes(box: Any) -> tuple[Shape, ...]:
    if not isinstance(box, list):
        raise RecordError("structured_rep", "not a list")
    return tuple(_shape(item) for item in box)


def _shape(item: Any) -> Shape:
    kind, colour = fields.text(item, "type"), COLOURS.get(fields.text(item, "color").lower())
    x, y, size_px = (fields.whole(item, name) for name in ("x_loc", "y_loc", "size"))
    if kind not in SHAPES or colour is None or size_px not in SIZES:
        raise RecordError("structured_rep", "unknown shape, colour or size")
    if max(x, y) + size_px > BOX_SIDE_PX:
        raise RecordError("structured_rep", "shape outside its box")
    return Shape(x=x, y=y, size_px=size_px, kind=kind, colour=colour)
