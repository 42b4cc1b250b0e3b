"""Statements about pairs of pictures, as NLVR2 judges them: each knows its wordings and whether a pair bears it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np

from data.world.kinds import THEMES
from data.world.language import NUMBERS, choose
from data.world.scenes import Scene
from data.world.wordings import noun, say

Pair = tuple[Scene, Scene]
Side = Literal["left", "right"]
_SIDES: tuple[Side, ...] = ("left", "right")
_NUM_THINGS = range(4, 7)  # in two pictures together
_NUM_LIKE = range(2, 4)  # of one sort


@dataclass(frozen=True, slots=True)
class Sort:
    """Things of a colour, of a kind, or of both; what is None may be any."""

    colour: str | None = None
    kind: str | None = None

    def count(self, scene: Scene) -> int:
        """How many of the scene's things are of this sort."""
        return sum(self.colour in (None, t.colour) and self.kind in (None, t.kind) for t in scene.things)

    def one(self, random: np.random.Generator) -> str:
        """What one is called: "a red ball", "something red"."""
        if self.kind is None:
            return " ".join(filter(None, ["something", self.colour]))
        return " ".join(["a", *filter(None, [self.colour]), noun(self.kind, random).one])

    def many(self, random: np.random.Generator) -> str:
        """What several are called: "red balls", "things"."""
        name = "things" if self.kind is None else noun(self.kind, random).many
        return " ".join([*filter(None, [self.colour]), name])


@dataclass(frozen=True, kw_only=True, eq=False)
class Statement:
    """A statement in all its wordings, with `{one}` and `{many}` of its sort, and other words, left open."""

    template: str
    wordings: tuple[str, ...]
    is_true: Callable[[Pair], bool]
    sort: Sort = Sort()
    words: Mapping[str, str] = field(default_factory=dict)

    def text(self, random: np.random.Generator) -> str:
        """One of its wordings as a sentence."""
        names = {"one": self.sort.one(random), "many": self.sort.many(random)}
        return say(choose(self.wordings, random), [], **names, **self.words)


def statements(scenes: Sequence[Scene]) -> list[Statement]:
    """All that can be said of pairs of these scenes, by what is in them."""
    things = [thing for scene in scenes for thing in scene.things]
    kinds = [Sort(kind=kind) for kind in sorted({thing.kind for thing in things})]
    colours = [Sort(colour=colour) for colour in sorted({thing.colour for thing in things})]
    coloured = [Sort(*both) for both in sorted({(thing.colour, thing.kind) for thing in things})]
    sorts = [*kinds, *colours, *coloured]
    return [
        *(_on_one_side("kind on one side", sort, side) for sort, side in product(kinds, _SIDES)),
        *(_on_one_side("color on one side", sort, side) for sort, side in product([*colours, *coloured], _SIDES)),
        *(make(sort) for make, sort in product([_in_both, _in_one_at_least, _in_only_one], sorts)),
        *(_count(Sort(), number) for number in _NUM_THINGS),
        *(_count(sort, number) for sort, number in product([*kinds, *colours], _NUM_LIKE)),
        *(_more_on_one_side(sort, side) for sort, side in product([Sort(), *kinds, *colours], _SIDES)),
        *(_place(theme, side) for theme, side in product(sorted({scene.theme for scene in scenes}), _SIDES)),
        _same_place(),
    ]


def _on_one_side(template: str, sort: Sort, side: Side) -> Statement:
    return Statement(
        template=template,
        wordings=(
            "the {side} image shows {one}.",
            "there is {one} in the {side} image.",
            "the picture on the {side} contains {one}.",
        ),
        is_true=lambda pair: sort.count(_shown(pair, side)) > 0,
        sort=sort,
        words={"side": side},
    )


def _in_both(sort: Sort) -> Statement:
    return Statement(
        template="both",
        wordings=("both images contain {one}.", "there is {one} in both pictures."),
        is_true=lambda pair: all(sort.count(scene) > 0 for scene in pair),
        sort=sort,
    )


def _in_one_at_least(sort: Sort) -> Statement:
    return Statement(
        template="at least one",
        wordings=("at least one image shows {one}.", "there is {one} in at least one of the pictures."),
        is_true=lambda pair: any(sort.count(scene) > 0 for scene in pair),
        sort=sort,
    )


def _in_only_one(sort: Sort) -> Statement:
    return Statement(
        template="only one",
        wordings=("exactly one image shows {one}.", "only one of the two pictures contains {one}."),
        is_true=lambda pair: sum(sort.count(scene) > 0 for scene in pair) == 1,
        sort=sort,
    )


def _count(sort: Sort, number: int) -> Statement:
    """How many there are in both pictures together."""
    return Statement(
        template="count",
        wordings=("there are exactly {number} {many} in total.", "the two images show {number} {many} together."),
        is_true=lambda pair: sum(map(sort.count, pair)) == number,
        sort=sort,
        words={"number": NUMBERS[number]},
    )


def _more_on_one_side(sort: Sort, side: Side) -> Statement:
    other: Side = "left" if side == "right" else "right"
    return Statement(
        template="comparison",
        wordings=(
            "the {side} image shows more {many} than the {other} one.",
            "there are more {many} in the {side} picture than in the other.",
        ),
        is_true=lambda pair: sort.count(_shown(pair, side)) > sort.count(_shown(pair, other)),
        sort=sort,
        words={"side": side, "other": other},
    )


def _place(theme: str, side: Side) -> Statement:
    return Statement(
        template="place",
        wordings=("the {side} image shows the {place}.", "the {side} picture was taken {preposition} the {place}."),
        is_true=lambda pair: _shown(pair, side).theme == theme,
        words={"side": side, "place": theme, "preposition": THEMES[theme].preposition},
    )


def _same_place() -> Statement:
    return Statement(
        template="place",
        wordings=("both images show the same place.", "the two pictures were taken at the same place."),
        is_true=lambda pair: pair[0].theme == pair[1].theme,
    )


def _shown(pair: Pair, side: Side) -> Scene:
    return pair[_SIDES.index(side)]
