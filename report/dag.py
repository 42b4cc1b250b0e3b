"""The DAG as a picture: boxes with what each artifact took and holds, lines with what needs what."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from report.contents import DagNode
from report.layers import Layout, Point, lay_out

_BOX_PX = 96
_GAP_PX = 8
_TRUNK_PX = 10
_LINE_PX = 13
_PADDING_PX = 7
_BETWEEN_LAYERS_PX = 30
_LETTERS = 13  # of a label, in a line


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
    layout = lay_out({node.name: node.needs for node in nodes}, _room)
    labels = {node.name: label(node) for node in nodes}
    tops, heights = _bands(layout, labels)
    longest = max((node.seconds or 0.0 for node in nodes), default=0.0)
    boxes = [
        Box(
            node=node,
            x=round(layout.middles[layout.layer_of[node.name], node.name] - _BOX_PX / 2, 1),
            y=tops[layout.layer_of[node.name]],
            height=heights[layout.layer_of[node.name]],
            family=labels[node.name][0],
            variant=labels[node.name][1],
            share=(node.seconds or 0.0) / longest if longest else 0.0,
        )
        for node in nodes
    ]
    return Drawing(
        width=round(max((box.x + _BOX_PX for box in boxes), default=0.0) + 1, 1),
        height=tops[-1] + heights[-1] + 1 if tops else 0.0,
        boxes=boxes,
        paths=[_path(upper, lower, layout, tops, heights) for upper, lower in layout.segments],
        seconds=sum(node.seconds or 0.0 for node in nodes),
        num_bytes=sum(node.num_bytes for node in nodes),
    )


def label(node: DagNode) -> tuple[list[str], list[str]]:
    """The family of an artifact, and what else its name says, each in lines that fit a box."""
    return lines(node.family), lines(node.name.removeprefix(node.family))


def lines(text: str) -> list[str]:
    """A name in lines, broken at spaces, hyphens and underscores, and within words before capitals."""
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


def _room(point: Point, is_trunk: bool) -> float:
    return _TRUNK_PX if is_trunk else _BOX_PX + _GAP_PX


def _bands(layout: Layout, labels: dict[str, tuple[list[str], list[str]]]) -> tuple[list[float], list[float]]:
    """The top and the height of each layer: as high as its longest label and a line of costs."""
    num_layers = max(layout.layer_of.values(), default=-1) + 1
    heights: list[float] = []
    tops: list[float] = []
    for layer in range(num_layers):
        most = max(len(labels[name][0]) + len(labels[name][1]) for name, own in layout.layer_of.items() if own == layer)
        tops.append(tops[-1] + heights[-1] + _BETWEEN_LAYERS_PX if tops else 1.0)
        heights.append((most + 1) * _LINE_PX + 2 * _PADDING_PX)
    return tops, heights


def _path(upper: Point, lower: Point, layout: Layout, tops: list[float], heights: list[float]) -> str:
    """From the lower edge of one layer to the upper edge of the next; a trunk then runs on through that layer."""
    x1, x2 = layout.middles[upper], layout.middles[lower]
    y1, y2 = tops[upper[0]] + heights[upper[0]], tops[lower[0]]
    middle = (y1 + y2) / 2
    curve = f"M{x1:g} {y1:g}C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {y2:g}"
    is_trunk = lower[0] != layout.layer_of[lower[1]]
    return f"{curve}V{y2 + heights[lower[0]]:g}" if is_trunk else curve
