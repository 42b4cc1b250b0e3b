"""The shapes that each kind is drawn from, in a unit square with y downwards, back to front."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Paint = Literal["body", "dark", "light", "stem"]
Form = Literal["ellipse", "polygon", "line", "ring"]
Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A form through `points` (x, y, x, y ...; of an ellipse or ring: its box), filled with a paint."""

    form: Form
    points: tuple[float, ...]
    paint: Paint = "body"


def _ellipse(*points: float, paint: Paint = "body") -> Shape:
    return Shape("ellipse", points, paint)


def _polygon(*points: float, paint: Paint = "body") -> Shape:
    return Shape("polygon", points, paint)


def _rectangle(x1: float, y1: float, x2: float, y2: float, *, paint: Paint = "body") -> Shape:
    return Shape("polygon", (x1, y1, x2, y1, x2, y2, x1, y2), paint)


def _line(*points: float, paint: Paint = "dark") -> Shape:
    return Shape("line", points, paint)


def _ring(*points: float, paint: Paint = "dark") -> Shape:
    return Shape("ring", points, paint)


SPRITES: Mapping[str, tuple[Shape, ...]] = {
    "ball": (_ellipse(0, 0, 1, 1), _ring(0.28, 0, 0.72, 1), _line(0, 0.5, 1, 0.5)),
    "bird": (
        _line(0.42, 0.75, 0.38, 1),
        _line(0.56, 0.75, 0.6, 1),
        _polygon(0.3, 0.48, 0, 0.3, 0.04, 0.66),
        _ellipse(0.14, 0.36, 0.8, 0.82),
        _ellipse(0.58, 0.1, 0.92, 0.46),
        _polygon(0.9, 0.2, 1, 0.28, 0.9, 0.36, paint="dark"),
        _ellipse(0.72, 0.2, 0.8, 0.28, paint="dark"),
        _polygon(0.3, 0.5, 0.62, 0.5, 0.4, 0.72, paint="light"),
    ),
    "boat": (
        _line(0.48, 0, 0.48, 0.64),
        _polygon(0.54, 0.06, 0.54, 0.56, 0.94, 0.56, paint="light"),
        _polygon(0.42, 0.14, 0.42, 0.56, 0.1, 0.56, paint="light"),
        _polygon(0, 0.62, 1, 0.62, 0.82, 0.98, 0.18, 0.98),
    ),
    "book": (
        _polygon(0, 0.16, 0.5, 0.3, 0.5, 0.92, 0, 0.78),
        _polygon(0.5, 0.3, 1, 0.16, 1, 0.78, 0.5, 0.92),
        _polygon(0.08, 0.28, 0.42, 0.38, 0.42, 0.5, 0.08, 0.4, paint="light"),
        _polygon(0.58, 0.38, 0.92, 0.28, 0.92, 0.4, 0.58, 0.5, paint="light"),
        _line(0.5, 0.3, 0.5, 0.92),
    ),
    "bottle": (
        _rectangle(0.4, 0, 0.6, 0.1, paint="dark"),
        _polygon(0.42, 0.1, 0.58, 0.1, 0.6, 0.3, 0.76, 0.42, 0.76, 1, 0.24, 1, 0.24, 0.42, 0.4, 0.3),
        _rectangle(0.25, 0.56, 0.75, 0.78, paint="light"),
    ),
    "car": (
        _polygon(0.18, 0.56, 0.32, 0.26, 0.7, 0.26, 0.84, 0.56),
        _polygon(0.28, 0.54, 0.37, 0.34, 0.48, 0.34, 0.48, 0.54, paint="light"),
        _polygon(0.54, 0.54, 0.54, 0.34, 0.66, 0.34, 0.74, 0.54, paint="light"),
        _rectangle(0, 0.54, 1, 0.82),
        _ellipse(0.12, 0.68, 0.38, 0.94, paint="dark"),
        _ellipse(0.62, 0.68, 0.88, 0.94, paint="dark"),
    ),
    "cat": (
        _line(0.75, 0.9, 0.98, 0.8, 0.94, 0.5),
        _ellipse(0.2, 0.44, 0.8, 1),
        _polygon(0.2, 0, 0.48, 0.18, 0.22, 0.36),
        _polygon(0.8, 0, 0.52, 0.18, 0.78, 0.36),
        _ellipse(0.16, 0.1, 0.84, 0.6),
        _ellipse(0.3, 0.24, 0.4, 0.38, paint="dark"),
        _ellipse(0.6, 0.24, 0.7, 0.38, paint="dark"),
        _line(0.08, 0.42, 0.4, 0.46),
        _line(0.6, 0.46, 0.92, 0.42),
    ),
    "chair": (
        _rectangle(0.14, 0, 0.3, 0.6),
        _rectangle(0.14, 0.48, 0.88, 0.64),
        _rectangle(0.14, 0.64, 0.24, 1, paint="dark"),
        _rectangle(0.76, 0.64, 0.86, 1, paint="dark"),
    ),
    "clock": (
        _ellipse(0, 0, 1, 1),
        _ellipse(0.16, 0.16, 0.84, 0.84, paint="light"),
        _line(0.5, 0.5, 0.5, 0.22),
        _line(0.5, 0.5, 0.7, 0.58),
    ),
    "cup": (
        _ring(0.58, 0.34, 1, 0.74),
        _polygon(0.04, 0.14, 0.74, 0.14, 0.66, 0.94, 0.12, 0.94),
        _ellipse(0.04, 0.06, 0.74, 0.24, paint="light"),
    ),
    "dog": (
        _polygon(0.24, 0.44, 0, 0.2, 0.08, 0.12, 0.34, 0.42),
        _rectangle(0.2, 0.64, 0.34, 1),
        _rectangle(0.6, 0.64, 0.74, 1),
        _ellipse(0.14, 0.36, 0.82, 0.76),
        _ellipse(0.6, 0.1, 0.98, 0.5),
        _polygon(0.62, 0.12, 0.74, 0.12, 0.7, 0.44, 0.58, 0.4, paint="dark"),
        _ellipse(0.8, 0.2, 0.87, 0.28, paint="dark"),
        _ellipse(0.92, 0.3, 1, 0.38, paint="dark"),
    ),
    "fish": (
        _polygon(0.66, 0.5, 1, 0.2, 1, 0.8),
        _polygon(0.3, 0.3, 0.5, 0.1, 0.56, 0.32),
        _ellipse(0, 0.24, 0.78, 0.76),
        _ellipse(0.12, 0.4, 0.22, 0.5, paint="dark"),
        _line(0.3, 0.32, 0.34, 0.5, 0.3, 0.68),
    ),
    "flower": (
        _line(0.5, 0.5, 0.5, 1, paint="stem"),
        _polygon(0.5, 0.86, 0.78, 0.66, 0.7, 0.86, paint="stem"),
        _ellipse(0.36, 0, 0.64, 0.3),
        _ellipse(0.58, 0.16, 0.88, 0.44),
        _ellipse(0.5, 0.38, 0.78, 0.66),
        _ellipse(0.22, 0.38, 0.5, 0.66),
        _ellipse(0.12, 0.16, 0.42, 0.44),
        _ellipse(0.38, 0.22, 0.62, 0.46, paint="dark"),
    ),
    "hat": (
        _ellipse(0, 0.6, 1, 0.9),
        _polygon(0.26, 0.14, 0.74, 0.14, 0.8, 0.74, 0.2, 0.74),
        _rectangle(0.22, 0.54, 0.78, 0.68, paint="dark"),
    ),
    "house": (
        _rectangle(0.08, 0.42, 0.92, 1),
        _polygon(0, 0.46, 0.5, 0, 1, 0.46, paint="dark"),
        _rectangle(0.54, 0.62, 0.76, 1, paint="dark"),
        _rectangle(0.18, 0.58, 0.42, 0.8, paint="light"),
    ),
    "kite": (
        _line(0.5, 0.74, 0.36, 0.84, 0.6, 0.9, 0.44, 1),
        _polygon(0.5, 0, 0.92, 0.34, 0.5, 0.78, 0.08, 0.34),
        _line(0.5, 0, 0.5, 0.78),
        _line(0.08, 0.34, 0.92, 0.34),
    ),
    "lamp": (
        _rectangle(0.45, 0.44, 0.55, 0.92, paint="dark"),
        _ellipse(0.22, 0.86, 0.78, 1, paint="dark"),
        _polygon(0.3, 0, 0.7, 0, 0.96, 0.46, 0.04, 0.46),
        _ellipse(0.4, 0.44, 0.6, 0.56, paint="light"),
    ),
    "train": (
        _rectangle(0.1, 0.08, 0.22, 0.36, paint="dark"),
        _rectangle(0, 0.3, 0.48, 0.76),
        _rectangle(0.54, 0.18, 1, 0.76),
        _rectangle(0.6, 0.28, 0.74, 0.46, paint="light"),
        _rectangle(0.8, 0.28, 0.94, 0.46, paint="light"),
        _line(0.46, 0.66, 0.56, 0.66),
        *(_ellipse(x, 0.7, x + 0.18, 0.9, paint="dark") for x in (0.04, 0.26, 0.56, 0.8)),
    ),
    "tree": (
        _rectangle(0.42, 0.72, 0.58, 1, paint="dark"),
        _polygon(0.5, 0.3, 0.94, 0.78, 0.06, 0.78),
        _polygon(0.5, 0, 0.84, 0.46, 0.16, 0.46),
    ),
    "umbrella": (
        _line(0.5, 0.4, 0.5, 0.9, 0.58, 0.98, 0.68, 0.9),
        _polygon(0, 0.5, 0.06, 0.3, 0.22, 0.1, 0.5, 0, 0.78, 0.1, 0.94, 0.3, 1, 0.5, 0.83, 0.42, 0.67, 0.5, 0.5, 0.42,
                 0.33, 0.5, 0.17, 0.42),
        _line(0.33, 0.5, 0.5, 0.02, 0.67, 0.5),
    ),
}  # fmt: skip


@functools.cache
def extent(kind: str) -> Extent:
    """The part of the unit square that a kind fills: x1, y1, x2, y2."""
    xs = [x for shape in SPRITES[kind] for x in shape.points[0::2]]
    ys = [y for shape in SPRITES[kind] for y in shape.points[1::2]]
    return min(xs), min(ys), max(xs), max(ys)
