"""The DAG as a picture, left to right: boxes with what each artifact took and holds, lines with what needs what."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from report.inputs import DagNode
from report.layers import Layout, Point, lay_out

_BOX_PX = 96
_BETWEEN_LAYERS_PX = 34
_GAP_PX = 8
_TRUNK_PX = 10
_LINE_PX = 13
_PADDING_PX = 7
_LETTERS = 13  # of a name, in a line


@dataclass(frozen=True, kw_only=True)
class Box:
    """One artifact: left upper corner and size in px, its name in lines, its time as a share of the longest."""

    node: DagNode
    x: float
    y: float
    height: float
    family: list[str]
    variant: list[str]
    share: float
    width: float = _BOX_PX


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Boxes, and lines as SVG paths, all in px; and what everything together took."""

    width: float
    height: float
    boxes: list[Box]
    paths: list[str]
    seconds: float
    num_bytes: int


def draw(nodes: Sequence[DagNode]) -> Drawing:
    """The drawing of artifacts whose names are unique."""
    heights = {node.name: _height(node) for node in nodes}

    def room(point: Point, is_trunk: bool) -> float:
        return _TRUNK_PX if is_trunk else heights[point[1]] + _GAP_PX

    layout = lay_out({node.name: node.needs for node in nodes}, room)
    longest = max((node.seconds or 0.0 for node in nodes), default=0.0)
    boxes = [_box(node, layout, heights[node.name], longest) for node in nodes]
    return Drawing(
        width=max((box.x + box.width for box in boxes), default=0.0) + 1,
        height=round(max((box.y + box.height for box in boxes), default=0.0) + 1, 1),
        boxes=boxes,
        paths=[_path(left, right, layout) for left, right in layout.segments],
        seconds=sum(node.seconds or 0.0 for node in nodes),
        num_bytes=sum(node.num_bytes for node in nodes),
    )


def lines(text: str) -> list[str]:
    """A name in lines that fit a box, broken at spaces, hyphens and underscores, and within words before capitals."""
    found: list[str] = []
    for word in itertools.chain.from_iterable(map(_short_parts, re.split(r"[\s_-]+", text))):
        if found and len(found[-1]) + 1 + len(word) <= _LETTERS:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _short_parts(word: str) -> list[str]:
    """A word, cut before capitals where it is too long for a line, and anywhere where that is not enough."""
    parts = [word] if len(word) <= _LETTERS else re.split(r"(?<=[a-z])(?=[A-Z])", word)
    return [part[start : start + _LETTERS] for part in parts for start in range(0, len(part), _LETTERS)]


def _variant(node: DagNode) -> str:
    return node.name.removeprefix(node.family)


def _height(node: DagNode) -> float:
    """Room for the name and a line of costs."""
    return (len(lines(node.family)) + len(lines(_variant(node))) + 1) * _LINE_PX + 2 * _PADDING_PX


def _box(node: DagNode, layout: Layout, height: float, longest: float) -> Box:
    layer = layout.layer_of[node.name]
    return Box(
        node=node,
        x=_left(layer),
        y=round(layout.middles[layer, node.name] - height / 2, 1),
        height=height,
        family=lines(node.family),
        variant=lines(_variant(node)),
        share=(node.seconds or 0.0) / longest if longest else 0.0,
    )


def _left(layer: int) -> float:
    return 1.0 + layer * (_BOX_PX + _BETWEEN_LAYERS_PX)


def _path(start: Point, end: Point, layout: Layout) -> str:
    """From the right edge of one layer to the left edge of the next; a trunk then runs on through that layer."""
    y1, y2 = layout.middles[start], layout.middles[end]
    x1, x2 = _left(start[0]) + _BOX_PX, _left(end[0])
    middle = (x1 + x2) / 2
    curve = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    is_trunk = end[0] != layout.layer_of[end[1]]
    return f"{curve}H{x2 + _BOX_PX:g}" if is_trunk else curve
