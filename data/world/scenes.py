"""Scenes of the generated world: which things stand where, and what is true of them. All from (seed, number)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from data.world.kinds import COLOURS, KINDS, MATERIALS, PATTERNS, SIZES, SWIMMERS, THEMES, Theme
from data.world.sprites import extent
from data.world.verbs import Verb

SIDE_PX = 112
Box = tuple[int, int, int, int]
Relation = Literal["on", "left", "right", "above", "below", "near"]
Aspect = Literal[
    "scene", "picture", "proposals", "captions", "phrases", "annotations", "vqa", "gqa", "nlvr2", "inference"
]
_ASPECTS: tuple[Aspect, ...] = get_args(Aspect)  # a new one goes last: its place is part of the seed

_CLEAR_PX = 18  # a relation of place is said only where the centres are at least this far apart
_NEAR_PX = 12  # and things are near where the gap between their boxes is at most this
_MAX_OVERLAP = 0.12  # of the smaller box's area
_MAX_TRIES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One object. `box` is x1, y1, x2, y2 in pixels; `stands_on` a material, or the index of another thing."""

    kind: str
    colour: str
    pattern: str
    size: str
    box: Box
    material: str
    stands_on: int | None = None

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box, x and y in pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def verb(self) -> Verb:
        """What it is doing: a thing's material decides where it cannot stand, else its kind."""
        material = MATERIALS[self.material]
        if self.stands_on is not None or material.verb is None:
            return KINDS[self.kind].verb
        return SWIMMERS.get(self.kind, material.verb) if self.material == "water" else material.verb


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Two or three things in a place; what is below `horizon_px` (y, pixels) is the theme's lower material."""

    number: int
    theme: str
    horizon_px: int
    things: tuple[Thing, ...]

    def relations(self, first: int, second: int) -> list[Relation]:
        """All that holds of thing `first` towards thing `second`, the most telling first."""
        if self.things[first].stands_on == second:
            return ["on"]
        if self.things[second].stands_on == first:
            return ["below"]
        return _relations_of_boxes(self.things[first], self.things[second])

    def groups(self) -> list[tuple[int, ...]]:
        """Every kind of which there are several things, as the indices of all of them."""
        kinds = [thing.kind for thing in self.things]
        return [
            tuple(i for i, other in enumerate(kinds) if other == kind)
            for kind in dict.fromkeys(kinds)
            if kinds.count(kind) > 1
        ]


def generator(seed: int, number: int, aspect: Aspect) -> np.random.Generator:
    """The random numbers of one aspect of one scene, independent of all others."""
    return np.random.default_rng([seed, number, _ASPECTS.index(aspect)])


def make_scene(seed: int, number: int) -> Scene:
    """The scene of this number."""
    draw = generator(seed, number, "scene")
    names = sorted(THEMES)
    while True:
        theme = names[draw.integers(len(names))]
        horizon_px = int(draw.integers(42, 57))
        things = _place_things(THEMES[theme], horizon_px, draw)
        if len(things) >= 2:
            return Scene(number=number, theme=theme, horizon_px=horizon_px, things=things)


def _place_things(theme: Theme, horizon_px: int, draw: np.random.Generator) -> tuple[Thing, ...]:
    things: list[Thing] = []
    for _ in range(2 if draw.random() < 0.45 else 3):
        like = things[0] if things and draw.random() < 0.2 else None
        placed = _place(things, like, theme, horizon_px, draw)
        if placed is not None:
            things.append(placed)
    return tuple(things)


def _place(
    things: Sequence[Thing], like: Thing | None, theme: Theme, horizon_px: int, draw: np.random.Generator
) -> Thing | None:
    """One more thing where it hides no other; in one of five cases like one that is there; None if it does not fit."""
    for _ in range(_MAX_TRIES):
        upper = bool(draw.random() < 0.25)
        kind = like.kind if like else _choose_kind(theme, upper, draw)
        if (upper and kind not in theme.upper_kinds) or (like is None and any(kind == thing.kind for thing in things)):
            continue
        size = sorted(SIZES)[draw.integers(2)]
        colour = like.colour if like and draw.random() < 0.7 else sorted(COLOURS)[draw.integers(len(COLOURS))]
        pattern = PATTERNS[draw.choice(len(PATTERNS), p=(0.5, 0.25, 0.25))]
        width_px, height_px = _size_px(kind, size, draw)
        holders = [i for i, t in enumerate(things) if KINDS[t.kind].holds and t.box[2] - t.box[0] >= width_px]
        if holders and not upper and KINDS[kind].climbs and draw.random() < 0.8:
            stands_on, box = holders[0], _box_on(things[holders[0]], width_px, height_px, draw)
        else:
            stands_on, box = None, _box_in(upper, horizon_px, width_px, height_px, draw)
        if box[1] >= 1 and all(_overlap(box, thing.box) <= _MAX_OVERLAP for thing in things):
            material = theme.upper if upper else theme.lower
            return Thing(
                kind=kind, colour=colour, pattern=pattern, size=size, box=box, material=material, stands_on=stands_on
            )
    return None


def _choose_kind(theme: Theme, upper: bool, draw: np.random.Generator) -> str:
    if upper:
        return theme.upper_kinds[draw.integers(len(theme.upper_kinds))]
    names = sorted(theme.likely if theme.only_likely else KINDS)
    weights = np.asarray([4.0 if name in theme.likely else 1.0 for name in names])
    return names[draw.choice(len(names), p=weights / weights.sum())]


def _size_px(kind: str, size: str, draw: np.random.Generator) -> tuple[int, int]:
    x1, y1, x2, y2 = extent(kind)
    low, high = SIZES[size]
    scale = int(draw.integers(low, high + 1)) / max(x2 - x1, y2 - y1)
    return round((x2 - x1) * scale), round((y2 - y1) * scale)


def _box_in(upper: bool, horizon_px: int, width_px: int, height_px: int, draw: np.random.Generator) -> Box:
    """A box whose foot is above or below the horizon; its top may be out of the picture (the caller checks)."""
    low, high = (height_px + 2, horizon_px - 1) if upper else (horizon_px + 12, SIDE_PX - 3)
    foot = int(draw.integers(min(low, high), high + 1))
    left = int(draw.integers(2, SIDE_PX - 2 - width_px))
    return left, foot - height_px, left + width_px, foot


def _box_on(holder: Thing, width_px: int, height_px: int, draw: np.random.Generator) -> Box:
    x1, y1, x2, _ = holder.box
    left = int(np.clip((x1 + x2 - width_px) // 2 + draw.integers(-3, 4), 2, SIDE_PX - 2 - width_px))
    return left, y1 + 1 - height_px, left + width_px, y1 + 1


def _overlap(first: Box, second: Box) -> float:
    width_px = min(first[2], second[2]) - max(first[0], second[0])
    height_px = min(first[3], second[3]) - max(first[1], second[1])
    smaller = min((b[2] - b[0]) * (b[3] - b[1]) for b in (first, second))
    return max(width_px, 0) * max(height_px, 0) / smaller


def _relations_of_boxes(first: Thing, second: Thing) -> list[Relation]:
    dx, dy = first.centre[0] - second.centre[0], first.centre[1] - second.centre[1]
    gap_x = max(first.box[0], second.box[0]) - min(first.box[2], second.box[2])
    gap_y = max(first.box[1], second.box[1]) - min(first.box[3], second.box[3])
    relations: list[Relation] = []
    if abs(dx) >= _CLEAR_PX and abs(dx) > abs(dy):
        relations.append("left" if dx < 0 else "right")
    if abs(dy) >= _CLEAR_PX and abs(dy) >= abs(dx):
        relations.append("above" if dy < 0 else "below")
    if max(gap_x, gap_y) <= _NEAR_PX:
        relations.append("near")
    return relations
